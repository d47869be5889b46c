/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/lifeline.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "executor/list.h"

static void on_ready(struct loop_watch *watch, uint32_t events)
{
    struct lifeline *lifeline = CONTAINER_OF(watch, struct lifeline, watch);
    char byte;
    ssize_t size = recv(watch->fd, &byte, 1, MSG_DONTWAIT);

    (void)events;
    if (size == 1 && byte == LIFELINE_RELOAD)
        lifeline->reload(lifeline->user);
    else if (size == 1)
        lifeline->asked(lifeline->user);
    else if (size == 0 || (errno != EAGAIN && errno != EINTR))
        lifeline->alone(lifeline->user);
}

static void on_beat(struct loop_timer *timer)
{
    struct lifeline *lifeline = CONTAINER_OF(timer, struct lifeline, beat);

    lifeline_tell(lifeline, LIFELINE_ALIVE);
    /* One that was set can be set again. */
    (void)!loop_timer_set(lifeline->loop, timer,
            loop_now(lifeline->loop) + lifeline->beat_every);
}

enum remex_status lifeline_start(struct lifeline *lifeline, struct loop *loop,
        int fd, uint32_t watchdog_ms)
{
    enum remex_status status;

    lifeline->loop = loop;
    lifeline->watch = (struct loop_watch){ .ready = on_ready, .fd = -1 };
    lifeline->beat = (struct loop_timer){ .due = on_beat };
    lifeline->beat_every = clock_from_ms(watchdog_ms) / 3;
    status = loop_add(loop, &lifeline->watch, fd, EPOLLIN);
    if (status == REMEX_OK && lifeline->beat_every > 0)
        status = loop_timer_set(loop, &lifeline->beat, loop_now(loop));
    return status;
}

void lifeline_tell(const struct lifeline *lifeline, char what)
{
    /* Who does not read it has no need of it. */
    (void)!send(lifeline->watch.fd, &what, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void lifeline_stop(struct lifeline *lifeline)
{
    int fd = lifeline->watch.fd;

    if (!lifeline->loop || fd < 0)
        return;
    loop_timer_cancel(lifeline->loop, &lifeline->beat);
    loop_remove(lifeline->loop, &lifeline->watch);
    close(fd);
}
