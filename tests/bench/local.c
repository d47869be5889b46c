/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/local.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { READ_BYTES = 64 * 1024 };

struct local_child {
    pid_t pid;
    struct pollfd pipes[2];
};

static void check(int failed, const char *what)
{
    if (!failed)
        return;
    perror(what);
    exit(1);
}

static void spawn(struct local_child *child, const char *const *argv)
{
    posix_spawn_file_actions_t actions;
    int out[2];
    int err[2];

    check(pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC), "pipe2");
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    posix_spawn_file_actions_adddup2(&actions, err[1], 2);
    errno = posix_spawnp(&child->pid, argv[0], &actions, NULL,
            (char *const *)(uintptr_t)argv, environ);
    check(errno != 0, argv[0]);
    posix_spawn_file_actions_destroy(&actions);
    close(out[1]);
    close(err[1]);
    child->pipes[0] = (struct pollfd){ .fd = out[0], .events = POLLIN };
    child->pipes[1] = (struct pollfd){ .fd = err[0], .events = POLLIN };
}

/* How much one readable pipe gave; closes it at its end. */
static uint64_t drain(struct pollfd *pipe)
{
    static char buffer[READ_BYTES];
    ssize_t count = read(pipe->fd, buffer, sizeof(buffer));

    check(count < 0, "read");
    if (count == 0) {
        close(pipe->fd);
        pipe->fd = -1;
    }
    return (uint64_t)count;
}

uint64_t local_run(const char *const *argv)
{
    struct local_child child;
    uint64_t total = 0;
    int status;

    spawn(&child, argv);
    while (child.pipes[0].fd >= 0 || child.pipes[1].fd >= 0) {
        check(poll(child.pipes, 2, -1) < 0, "poll");
        if (child.pipes[0].fd >= 0 && child.pipes[0].revents)
            total += drain(&child.pipes[0]);
        if (child.pipes[1].fd >= 0 && child.pipes[1].revents)
            (void)drain(&child.pipes[1]);
    }
    check(waitpid(child.pid, &status, 0) != child.pid, "waitpid");
    check(status != 0, "the child failed");
    return total;
}
