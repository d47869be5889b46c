/* SPDX-License-Identifier: Apache-2.0 */
#include "client/ssh.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/helper.h"
#include "common/clock.h"
#include "common/error.h"

#define PROGRAM "ssh"
#define REMOTE_PROGRAM "remexd"

enum { MAX_ARGUMENTS = 20, PORT_BYTES = 8, COMMAND_BYTES = 320 };

/* --- What it is told ----------------------------------------------------- */

/* A link that is dead without a word has 15 s. Output is our own framing, and
 * compressing or waiting for more of it would only make it late. */
static char *const common_arguments[] = {
    (char[]){ PROGRAM },
    (char[]){ "-T" },
    (char[]){ "-oBatchMode=yes" },
    (char[]){ "-oServerAliveInterval=5" },
    (char[]){ "-oServerAliveCountMax=3" },
    (char[]){ "-oForwardAgent=no" },
    (char[]){ "-oForwardX11=no" },
    (char[]){ "-oClearAllForwardings=yes" },
};

static char *const no_more_options = (char[]){ "--" };

/* What argv points to has to live as long as it: here. */
struct words {
    char *argv[MAX_ARGUMENTS];
    size_t count;
    char user[SSH_PART_BYTES + 2];
    char host[SSH_PART_BYTES];
    char port[PORT_BYTES];
    char command[COMMAND_BYTES];
};

static void add(struct words *words, char *word)
{
    assert(words->count + 1 < MAX_ARGUMENTS);
    words->argv[words->count++] = word;
    words->argv[words->count] = NULL;
}

static void compose(struct words *words, const struct ssh_address *address)
{
    const size_t commons = sizeof(common_arguments) / sizeof(char *);

    words->count = 0;
    for (size_t i = 0; i < commons; i++)
        add(words, common_arguments[i]);
    if (address->user[0]) {
        snprintf(words->user, sizeof(words->user), "-l%s", address->user);
        add(words, words->user);
    }
    if (address->port > 0) {
        snprintf(words->port, sizeof(words->port), "-p%u",
                (unsigned int)address->port);
        add(words, words->port);
    }
    memcpy(words->host, address->host, sizeof(words->host));
    snprintf(words->command, sizeof(words->command), "exec %s --stdio%s",
            address->path[0] ? address->path : REMOTE_PROGRAM,
            address->stay ? " --stay" : "");
    add(words, no_more_options);
    add(words, words->host);
    add(words, words->command);
}

/* --- Life ---------------------------------------------------------------- */

static enum remex_status cannot(
        const char *program, int answer, struct remex_error *error)
{
    enum remex_status status = error_set(error, REMEX_UNAVAILABLE,
            "cannot start '%s': %s; install OpenSSH's client, or set REMEX_SSH "
            "to its path",
            program, strerrordesc_np(answer));

    if (error)
        error->os_error = answer;
    return status;
}

/* An errno. */
static int open_ends(int pair[2], int errors[2])
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return errno;
    if (pipe2(errors, O_CLOEXEC | O_NONBLOCK) == 0)
        return 0;
    close(pair[0]);
    close(pair[1]);
    return errno;
}

enum remex_status ssh_start(struct ssh *ssh, const char *program,
        const struct ssh_address *address, struct remex_error *error)
{
    struct words words;
    int errors[2];
    int pair[2];
    int answer = open_ends(pair, errors);

    *ssh = (struct ssh){ .fd = -1, .stderr_fd = -1 };
    program = program ? program : PROGRAM;
    if (answer != 0)
        return cannot(program, answer, error);
    compose(&words, address);
    /* Only our end of the pipe must not wait; there is no flag for one end. */
    fcntl(errors[1], F_SETFL, 0);
    answer = helper_start(program, words.argv,
            (const int[]){ pair[1], pair[1], errors[1] }, 3, &ssh->pid);
    close(pair[1]);
    close(errors[1]);
    ssh->fd = pair[0];
    ssh->stderr_fd = errors[0];
    if (answer == 0) {
        ssh->pidfd = pidfd_open(ssh->pid, 0);
        return REMEX_OK;
    }
    ssh->pid = 0;
    close(ssh->fd);
    close(ssh->stderr_fd);
    return cannot(program, answer, error);
}

/* --- What it complains of ------------------------------------------------- */

/* Keeps the beginning of the newest line that is not empty. */
static void keep(struct ssh *ssh, char byte)
{
    bool is_end = byte == '\n' || byte == '\r';

    if (ssh->said_size > 0 && ssh->said[ssh->said_size - 1] == '\n') {
        if (is_end)
            return;
        ssh->said_size = 0;
    }
    if (is_end && ssh->said_size == 0)
        return;
    if (!is_end && (byte < ' ' || byte > '~'))
        byte = '?';
    if (ssh->said_size + 2 < sizeof(ssh->said) || is_end)
        ssh->said[ssh->said_size++] = is_end ? '\n' : byte;
    ssh->said[ssh->said_size] = '\0';
}

void ssh_hear(struct ssh *ssh)
{
    char bytes[256];
    ssize_t got;

    while ((got = read(ssh->stderr_fd, bytes, sizeof(bytes))) > 0)
        for (ssize_t i = 0; i < got; i++)
            keep(ssh, bytes[i]);
}

enum remex_status ssh_tell(const struct ssh *ssh,
        const struct ssh_address *address, const char *otherwise,
        struct remex_error *error)
{
    int size = (int)strcspn(ssh->said, "\n");

    if (size == 0)
        return error_set(error, REMEX_UNAVAILABLE, "ssh to %s: %s",
                address->host, otherwise);
    return error_set(error, REMEX_UNAVAILABLE, "ssh to %s says: %.*s",
            address->host, size, ssh->said);
}

/* --- The end ------------------------------------------------------------- */

static void wait_for_its_end(const struct ssh *ssh, int64_t deadline)
{
    struct pollfd poller = { .fd = ssh->fd, .events = POLLIN };
    char rest[4096];
    int64_t now;

    while ((now = clock_monotonic_ns()) < deadline) {
        ssize_t got = recv(ssh->fd, rest, sizeof(rest), MSG_DONTWAIT);

        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
            return;
        if (got < 0)
            poll(&poller, 1, clock_poll_ms(now, deadline));
    }
}

void ssh_stop(struct ssh *ssh, int64_t deadline)
{
    if (ssh->pid == 0)
        return;
    shutdown(ssh->fd, SHUT_WR);
    wait_for_its_end(ssh, deadline);
    if (ssh->pidfd >= 0) {
        pidfd_send_signal(ssh->pidfd, SIGKILL, NULL, 0);
        close(ssh->pidfd);
    }
    helper_reap(ssh->pid);
    ssh->pid = 0;
    close(ssh->fd);
    close(ssh->stderr_fd);
}
