/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/pipes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { READ_BYTES = 64 * 1024, BATCH = 64 };

void pipes_init(struct pipes *pipes)
{
    pipes->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (pipes->epoll < 0)
        runner_fail("epoll_create1: %s", strerror(errno));
}

void pipes_deinit(struct pipes *pipes)
{
    close(pipes->epoll);
}

void pipes_add(struct pipes *pipes, struct pipes_job *job, enum pipes_kind kind,
        int fd)
{
    struct pipes_end *end = &job->ends[kind];
    struct epoll_event wanted = { .events = EPOLLIN, .data.ptr = end };

    *end = (struct pipes_end){ .job = job, .fd = fd };
    job->open++;
    if (epoll_ctl(pipes->epoll, EPOLL_CTL_ADD, fd, &wanted) < 0)
        runner_fail("epoll_ctl: %s", strerror(errno));
}

static void close_input(struct pipes_job *job)
{
    if (job->in >= 0)
        close(job->in);
    job->in = -1;
}

static void read_end(struct pipes *pipes, struct pipes_end *end)
{
    static char buffer[READ_BYTES];
    struct pipes_job *job = end->job;
    ssize_t count = read(end->fd, buffer, sizeof(buffer));

    if (count < 0 && errno != ECONNRESET)
        runner_fail("read: %s", strerror(errno));
    if (count > 0) {
        if (end == &job->ends[PIPES_OUT])
            job->job.bytes += (uint64_t)count;
        if (end == &job->ends[PIPES_CONTROL])
            pipes->told(job, buffer, (size_t)count);
        return;
    }
    /* A child that is about to exec may hold it still, and so would epoll. */
    epoll_ctl(pipes->epoll, EPOLL_CTL_DEL, end->fd, NULL);
    close(end->fd);
    if (--job->open > 0)
        return;
    close_input(job);
    pipes->ended(job);
    job->job.closed = true;
}

void pipes_step(struct pipes *pipes)
{
    struct epoll_event events[BATCH];
    int count = epoll_wait(pipes->epoll, events, BATCH, -1);

    for (int i = 0; i < count; i++)
        read_end(pipes, events[i].data.ptr);
}

void pipes_write(
        struct runner *runner, struct job *job, const void *data, size_t size)
{
    const struct pipes_job *this = (struct pipes_job *)job;
    const char *at = data;

    (void)runner;
    while (size > 0) {
        ssize_t count = write(this->in, at, size);

        if (count < 0)
            runner_fail("write: %s", strerror(errno));
        at += count;
        size -= (size_t)count;
    }
}

void pipes_close_stdin(struct runner *runner, struct job *job)
{
    (void)runner;
    close_input((struct pipes_job *)job);
}

void pipes_make(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) < 0)
        runner_fail("pipe2: %s", strerror(errno));
}
