/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_LOOP_H
#define EXECUTOR_LOOP_H

/*
 * The one loop of the executor: descriptors, timers, and work put off to the
 * end of the turn. Watches, timers and tasks are embedded in what they belong
 * to; nothing here allocates after loop_new, except the timer heap as it grows.
 *
 * Level-triggered: a callback does a bounded piece of work and is called again
 * while there is more, so that nobody keeps the loop for himself.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <remex/status.h>

struct loop;

struct loop_watch {
    void (*ready)(struct loop_watch *watch, uint32_t epoll_events);
    int fd;     /* -1: not watched */
    bool muted; /* the loop's */
};

struct loop_timer {
    void (*due)(struct loop_timer *timer);
    int64_t at;  /* monotonic nanoseconds */
    size_t slot; /* in the heap, from 1; 0: not set */
};

/* Runs once, at the end of the turn in which it was queued; the next one, if
 * that was by a task. Queueing it again before is nothing. */
struct loop_task {
    void (*run)(struct loop_task *task);
    struct loop_task *next;
    bool queued;
};

/* What is expected of a lookout. One thing that has just begun is stood still
 * for at the end of its turn, if that is all there is to do. Where there are
 * many, and others want the core, the loop sleeps for a moment and does not let
 * itself be woken for each. */
enum loop_outlook {
    LOOP_NOTHING = 0,
    LOOP_ONE,
    LOOP_MANY,
};

/* For what no descriptor tells of: it is looked for at the beginning of each
 * turn, before any watch. It does not wake a loop that sleeps. */
struct loop_lookout {
    bool (*sees)(struct loop_lookout *lookout);
    void (*ready)(struct loop_lookout *lookout); /* it sees something */
    /* Stands still for the one thing, but not for long. */
    void (*stand)(struct loop_lookout *lookout);
    enum loop_outlook outlook; /* its owner's */
};

REMEX_CHECKED enum remex_status loop_new(struct loop **out);
void loop_free(struct loop *loop); /* NULL is allowed */

/* Until loop_stop, from within a callback; that turn is finished first. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* Monotonic time at which this turn began. */
int64_t loop_now(const struct loop *loop);

/* Starts watching `fd` for `epoll_events` (EPOLLIN, EPOLLOUT). The watch stays
 * put until removed. Events already fetched for a removed watch are dropped. */
REMEX_CHECKED enum remex_status loop_add(struct loop *loop,
        struct loop_watch *watch, int fd, uint32_t epoll_events);
void loop_change(
        struct loop *loop, struct loop_watch *watch, uint32_t epoll_events);
void loop_remove(struct loop *loop, struct loop_watch *watch);

/* Nothing is told of it any more, also no hang-up, but it stays the watch of
 * its descriptor. The kernel forgets it: who writes into a pipe that is muted
 * wakes nobody, at a write's usual price. */
void loop_mute(struct loop *loop, struct loop_watch *watch);

/* Of one that is muted. A failure leaves it so. */
REMEX_CHECKED enum remex_status loop_unmute(
        struct loop *loop, struct loop_watch *watch, uint32_t epoll_events);

/* Sets or moves a timer. A failure leaves it as it was; one that is set can
 * always be moved. A timer that is due is cancelled before it is called. */
REMEX_CHECKED enum remex_status loop_timer_set(
        struct loop *loop, struct loop_timer *timer, int64_t at);
void loop_timer_cancel(struct loop *loop, struct loop_timer *timer);

/* The loop's only one; NULL: none. */
void loop_look_out(struct loop *loop, struct loop_lookout *lookout);

void loop_defer(struct loop *loop, struct loop_task *task);
void loop_cancel(struct loop *loop, struct loop_task *task);

#endif
