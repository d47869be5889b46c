/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/report.h"

void output_guard(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        int wrong_way = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;

        if (fcntl(fd, F_GETFD) >= 0)
            continue;
        if (open("/dev/null", wrong_way) != fd)
            abort(); /* the lowest free one is ours by definition */
    }
}

static bool wait_until_writable(int fd)
{
    struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };

    return poll(&poll_fd, 1, -1) >= 0 || errno == EINTR;
}

bool output_write(int fd, struct remex_bytes bytes)
{
    const uint8_t *at = bytes.data;
    size_t left = bytes.size;

    while (left > 0) {
        ssize_t written = write(fd, at, left);

        if (written >= 0) {
            at += written;
            left -= (size_t)written;
        } else if (errno == EAGAIN) {
            if (!wait_until_writable(fd))
                return false;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

/* After a write that failed with this errno. As in a pipeline of local
 * programs, whoever writes to nobody ends, and says nothing. */
static int explain(const char *stream, int failure)
{
    if (failure == EPIPE)
        return REPORT_EXIT_SIGNAL + SIGPIPE;
    report("cannot write standard %s: %s", stream, strerror(failure));
    return REPORT_EXIT_FAILED;
}

int output_pass(enum remex_stream stream, struct remex_bytes data)
{
    bool is_stderr = stream == REMEX_STDERR;

    if (output_write(is_stderr ? STDERR_FILENO : STDOUT_FILENO, data))
        return 0;
    return explain(is_stderr ? "error" : "output", errno);
}

int output_finish(void)
{
    bool is_broken = ferror(stdout) != 0;

    if (fflush(stdout) == 0 && !is_broken)
        return 0;
    return explain("output", errno);
}
