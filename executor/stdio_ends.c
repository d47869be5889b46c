/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/stdio_ends.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "executor/terminal.h"

/* Only our end must not block: the child's is its own affair. */
static bool open_pipe(int *ours, int *theirs, bool we_read)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return false;
    *ours = ends[we_read ? 0 : 1];
    *theirs = ends[we_read ? 1 : 0];
    return fcntl(*ours, F_SETFL, O_NONBLOCK) == 0;
}

static bool open_pipes(const struct process_spec *spec, struct stdio_ends *out)
{
    const bool piped[SPAWN_STDIO] = {
        spec->stdin_kind == STDIN_PIPE,
        spec->out.capture == CAPTURE_PIPE,
        spec->err.capture == CAPTURE_PIPE,
    };

    for (int i = 0; i < SPAWN_STDIO; i++) {
        if (piped[i] && !open_pipe(&out->ours[i], &out->theirs[i], i > 0))
            return false;
    }
    return true;
}

/* Nobody will write to a closed stdin, but a terminal is there to be read: what
 * is read first is the end of file. */
static bool type_end_of_file(int ours)
{
    uint8_t typed[TERMINAL_EOF_BYTES];
    size_t size = terminal_end_of_file(ours, -1, typed);
    ssize_t written;

    do {
        written = write(ours, typed, size);
    } while (written < 0 && errno == EINTR);
    return written == (ssize_t)size;
}

/* Twice ours, for reading and writing are waited for apart. */
static bool open_terminal(
        const struct process_spec *spec, struct stdio_ends *out)
{
    struct terminal terminal;

    if (!terminal_open(spec->pty, &terminal))
        return false;
    out->ours[1] = terminal.ours;
    out->theirs[0] = terminal.theirs;
    if (spec->stdin_kind != STDIN_PIPE)
        return type_end_of_file(terminal.ours);
    out->ours[0] = fcntl(terminal.ours, F_DUPFD_CLOEXEC, 0);
    return out->ours[0] >= 0;
}

/* Without descriptors, memory or free terminals; else there are no terminals on
 * this host at all. */
static enum remex_launch_stage stage_of(bool terminal, int os_error)
{
    bool scarce = os_error == EMFILE || os_error == ENFILE ||
            os_error == ENOMEM || os_error == ENOSPC || os_error == EAGAIN;

    return terminal && !scarce ? REMEX_STAGE_SESSION : REMEX_STAGE_RESOURCES;
}

bool stdio_ends_open(const struct process_spec *spec, struct stdio_ends *out,
        struct spawn_failure *failure)
{
    *out = (struct stdio_ends){
        .ours = { -1, -1, -1 },
        .theirs = { -1, -1, -1 },
        .terminal = spec->pty != NULL,
    };
    if (spec->pty ? open_terminal(spec, out) : open_pipes(spec, out))
        return true;
    *failure = (struct spawn_failure){ stage_of(out->terminal, errno), errno };
    return false;
}

static void close_all(int fds[SPAWN_STDIO])
{
    for (int i = 0; i < SPAWN_STDIO; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
        fds[i] = -1;
    }
}

void stdio_ends_close(struct stdio_ends *ends)
{
    close_all(ends->ours);
    close_all(ends->theirs);
}

void stdio_ends_give(
        const struct stdio_ends *ends, int null_fd, int out[SPAWN_STDIO])
{
    for (int i = 0; i < SPAWN_STDIO; i++) {
        int fd = ends->theirs[ends->terminal ? 0 : i];

        out[i] = fd >= 0 ? fd : null_fd;
    }
}
