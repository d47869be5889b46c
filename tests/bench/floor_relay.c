/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A relay without any logic: what a child writes to a pipe goes to each of some
 * unix sockets, one after another, and one reader takes from all of them.
 */

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "bench/floor.h"
#include "bench/meter.h"
#include "bench/pipes.h"

enum { PIECE_BYTES = 64 * 1024, TAKE_BYTES = 256 * 1024, BATCH = 64 };

static pid_t fork_part(void)
{
    pid_t pid = fork();

    if (pid < 0)
        runner_fail("fork");
    if (pid == 0)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    return pid;
}

static void write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, data, size);

        if (written < 0)
            _exit(1);
        data += written;
        size -= (size_t)written;
    }
}

static _Noreturn void write_pieces(int fd, size_t bytes)
{
    static char piece[PIECE_BYTES];

    for (size_t at = 0; at < bytes; at += PIECE_BYTES)
        write_all(fd, piece, PIECE_BYTES);
    _exit(0);
}

static _Noreturn void relay(int from, const int *to, size_t count)
{
    static char buffer[PIECE_BYTES];
    ssize_t got;

    while ((got = read(from, buffer, sizeof(buffer))) > 0)
        for (size_t i = 0; i < count; i++)
            write_all(to[i], buffer, (size_t)got);
    _exit(0);
}

/* Until all of them are at their end. */
static size_t take_all(int epoll, size_t count)
{
    static char buffer[TAKE_BYTES];
    size_t total = 0;

    while (count > 0) {
        struct epoll_event events[BATCH];
        int ready = epoll_wait(epoll, events, BATCH, -1);

        for (int i = 0; i < ready; i++) {
            ssize_t got = read(events[i].data.fd, buffer, sizeof(buffer));

            if (got > 0) {
                total += (size_t)got;
                continue;
            }
            close(events[i].data.fd);
            count--;
        }
    }
    return total;
}

static void connect_readers(int epoll, int *to, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct epoll_event event = { .events = EPOLLIN };
        int ends[2];

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
            runner_fail("socketpair: %s", strerror(errno));
        to[i] = ends[0];
        event.data.fd = ends[1];
        epoll_ctl(epoll, EPOLL_CTL_ADD, ends[1], &event);
    }
}

double floor_relay(size_t readers, size_t bytes)
{
    int *to = g_new(int, readers);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    double begin;
    size_t total;
    pid_t parts[2];
    int ends[2];

    pipes_make(ends);
    connect_readers(epoll, to, readers);
    begin = meter_now_us();
    parts[0] = fork_part();
    if (parts[0] == 0)
        write_pieces(ends[1], bytes);
    close(ends[1]);
    parts[1] = fork_part();
    if (parts[1] == 0)
        relay(ends[0], to, readers);
    close(ends[0]);
    for (size_t i = 0; i < readers; i++)
        close(to[i]);
    total = take_all(epoll, readers);
    begin = meter_now_us() - begin;
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        waitpid(parts[i], NULL, 0);
    close(epoll);
    g_free(to);
    return (double)total / begin;
}
