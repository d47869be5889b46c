/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/loop.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/vigil.h"

/* Descriptors served per turn; epoll hands out the others first next time. */
#define TURN_EVENTS 64

#define SECOND_NS INT64_C(1000000000)

/* A little less than a child takes to its program. */
#define REST_NS 100000

struct task_list {
    struct loop_task *first;
    struct loop_task *last;
};

struct loop {
    int epoll_fd;
    bool stopped;
    bool coarse; /* there is no finer wait than by milliseconds */
    int64_t now;
    struct vigil vigil;
    struct loop_lookout *lookout; /* NULL: none */

    /* A binary heap from slot 1 on, the earliest on top. */
    struct loop_timer **timers;
    size_t timer_count;
    size_t timer_capacity;

    struct task_list tasks; /* of this turn */
    struct task_list due;   /* of the turn that ends */

    /* What epoll told; served up to next_event. */
    struct epoll_event events[TURN_EVENTS];
    size_t event_count;
    size_t next_event;
};

enum remex_status loop_new(struct loop **out)
{
    struct loop *loop = calloc(1, sizeof(*loop));

    if (!loop)
        return REMEX_NO_MEMORY;
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll_fd < 0) {
        free(loop);
        return REMEX_RESOURCE_EXHAUSTED;
    }
    loop->now = clock_monotonic_ns();
    *out = loop;
    return REMEX_OK;
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    close(loop->epoll_fd);
    free(loop->timers);
    free(loop);
}

int64_t loop_now(const struct loop *loop)
{
    return loop->now;
}

void loop_stop(struct loop *loop)
{
    loop->stopped = true;
}

/* --- Watches ------------------------------------------------------------- */

enum remex_status loop_add(struct loop *loop, struct loop_watch *watch, int fd,
        uint32_t epoll_events)
{
    struct epoll_event event = { .events = epoll_events, .data.ptr = watch };

    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
        assert(errno == ENOMEM || errno == ENOSPC || errno == EPERM);
        return errno == EPERM ? REMEX_INVALID_ARGUMENT
                              : REMEX_RESOURCE_EXHAUSTED;
    }
    watch->fd = fd;
    watch->muted = false;
    return REMEX_OK;
}

void loop_change(
        struct loop *loop, struct loop_watch *watch, uint32_t epoll_events)
{
    struct epoll_event event = { .events = epoll_events, .data.ptr = watch };
    int result = epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, watch->fd, &event);

    assert(result == 0);
    (void)result;
}

static void drop_fetched(struct loop *loop, const struct loop_watch *watch)
{
    for (size_t i = loop->next_event; i < loop->event_count; i++) {
        if (loop->events[i].data.ptr == watch)
            loop->events[i].data.ptr = NULL;
    }
}

void loop_mute(struct loop *loop, struct loop_watch *watch)
{
    int result = epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);

    assert(result == 0);
    (void)result;
    watch->muted = true;
    drop_fetched(loop, watch);
}

enum remex_status loop_unmute(
        struct loop *loop, struct loop_watch *watch, uint32_t epoll_events)
{
    assert(watch->muted);
    return loop_add(loop, watch, watch->fd, epoll_events);
}

void loop_remove(struct loop *loop, struct loop_watch *watch)
{
    if (!watch->muted)
        loop_mute(loop, watch);
    watch->fd = -1;
}

/* --- Timers -------------------------------------------------------------- */

static void place(struct loop *loop, struct loop_timer *timer, size_t slot)
{
    loop->timers[slot] = timer;
    timer->slot = slot;
}

/* Moves a timer up or down to where its time belongs. */
static void settle(struct loop *loop, struct loop_timer *timer, size_t slot)
{
    while (slot > 1 && timer->at < loop->timers[slot / 2]->at) {
        place(loop, loop->timers[slot / 2], slot);
        slot /= 2;
    }
    for (size_t child; (child = 2 * slot) <= loop->timer_count; slot = child) {
        if (child < loop->timer_count &&
                loop->timers[child + 1]->at < loop->timers[child]->at)
            child++;
        if (timer->at <= loop->timers[child]->at)
            break;
        place(loop, loop->timers[child], slot);
    }
    place(loop, timer, slot);
}

static enum remex_status timers_grow(struct loop *loop)
{
    size_t capacity = loop->timer_capacity ? 2 * loop->timer_capacity : 16;
    struct loop_timer **timers;

    if (loop->timer_count + 1 < loop->timer_capacity)
        return REMEX_OK;
    timers = realloc(loop->timers, capacity * sizeof(struct loop_timer *));
    if (!timers)
        return REMEX_NO_MEMORY;
    loop->timers = timers;
    loop->timer_capacity = capacity;
    return REMEX_OK;
}

enum remex_status loop_timer_set(
        struct loop *loop, struct loop_timer *timer, int64_t at)
{
    if (timer->slot == 0) {
        enum remex_status status = timers_grow(loop);

        if (status != REMEX_OK)
            return status;
        timer->slot = ++loop->timer_count;
    }
    timer->at = at;
    settle(loop, timer, timer->slot);
    return REMEX_OK;
}

void loop_timer_cancel(struct loop *loop, struct loop_timer *timer)
{
    size_t slot = timer->slot;
    struct loop_timer *last;

    if (slot == 0)
        return;
    last = loop->timers[loop->timer_count--];
    timer->slot = 0;
    if (last != timer)
        settle(loop, last, slot);
}

/* No more than there were at first, so that a timer which sets itself anew for
 * now has to wait for the next turn. */
static void run_timers(struct loop *loop)
{
    size_t bound = loop->timer_count;

    while (bound-- > 0 && loop->timer_count > 0) {
        struct loop_timer *timer = loop->timers[1];

        if (timer->at > loop->now)
            return;
        loop_timer_cancel(loop, timer);
        timer->due(timer);
    }
}

/* --- Tasks --------------------------------------------------------------- */

static bool list_remove(struct task_list *list, struct loop_task *task)
{
    struct loop_task *before = NULL;
    struct loop_task *at = list->first;

    for (; at && at != task; at = at->next)
        before = at;
    if (!at)
        return false;
    if (before)
        before->next = task->next;
    else
        list->first = task->next;
    if (list->last == task)
        list->last = before;
    return true;
}

void loop_defer(struct loop *loop, struct loop_task *task)
{
    if (task->queued)
        return;
    task->queued = true;
    task->next = NULL;
    if (loop->tasks.last)
        loop->tasks.last->next = task;
    else
        loop->tasks.first = task;
    loop->tasks.last = task;
}

void loop_cancel(struct loop *loop, struct loop_task *task)
{
    if (!task->queued)
        return;
    if (!list_remove(&loop->tasks, task))
        list_remove(&loop->due, task);
    task->queued = false;
}

static void run_tasks(struct loop *loop)
{
    loop->due = loop->tasks;
    loop->tasks = (struct task_list){ 0 };
    while (loop->due.first) {
        struct loop_task *task = loop->due.first;

        list_remove(&loop->due, task);
        task->queued = false;
        task->run(task);
    }
}

/* --- The lookout --------------------------------------------------------- */

void loop_look_out(struct loop *loop, struct loop_lookout *lookout)
{
    loop->lookout = lookout;
}

static bool lookout_sees(const struct loop *loop)
{
    return loop->lookout && loop->lookout->sees(loop->lookout);
}

/* --- Turns --------------------------------------------------------------- */

/* How long there is nothing to do but to wait; CLOCK_NEVER: for ever. */
static int64_t idle_ns(const struct loop *loop)
{
    int64_t now;

    if (loop->tasks.first || lookout_sees(loop))
        return 0;
    if (loop->timer_count == 0 || loop->timers[1]->at == CLOCK_NEVER)
        return CLOCK_NEVER;
    now = clock_monotonic_ns();
    return loop->timers[1]->at > now ? loop->timers[1]->at - now : 0;
}

/* Where the kernel, or a filter of system calls, does not know the finer wait,
 * timers come up to a millisecond late. */
static int wait_for_events(struct loop *loop)
{
    int64_t idle = idle_ns(loop);
    struct timespec time = { idle / SECOND_NS, idle % SECOND_NS };
    int count = -1;

    if (!loop->coarse)
        count = epoll_pwait2(loop->epoll_fd, loop->events, TURN_EVENTS,
                idle == CLOCK_NEVER ? NULL : &time, NULL);
    if (count < 0 && (errno == ENOSYS || errno == EPERM))
        loop->coarse = true;
    if (loop->coarse)
        count = epoll_wait(loop->epoll_fd, loop->events, TURN_EVENTS,
                clock_poll_ms(0, idle));
    return count;
}

static int watch_awake(struct loop *loop)
{
    int count;

    if (!vigil_begin(&loop->vigil))
        return 0;
    do
        count = epoll_wait(loop->epoll_fd, loop->events, TURN_EVENTS, 0);
    while (count == 0 && vigil_goes_on(&loop->vigil));
    vigil_end(&loop->vigil, count > 0);
    return count;
}

static bool expects_many(const struct loop *loop)
{
    return loop->lookout && loop->lookout->outlook == LOOP_MANY;
}

static void rest(void)
{
    const struct timespec time = { .tv_nsec = REST_NS };

    nanosleep(&time, NULL);
}

/* Without a rest each thing that happens takes the core from those whose end is
 * waited for. */
static int take_events_of_many(struct loop *loop)
{
    int count = epoll_wait(loop->epoll_fd, loop->events, TURN_EVENTS, 0);

    if (count > 0)
        return count;
    if (vigil_core_is_wanted())
        rest();
    return wait_for_events(loop);
}

static int take_events(struct loop *loop)
{
    int count;

    if (loop->tasks.first)
        return wait_for_events(loop);
    if (expects_many(loop))
        return take_events_of_many(loop);
    count = watch_awake(loop);
    return count > 0 ? count : wait_for_events(loop);
}

static void serve_watches(struct loop *loop)
{
    while (loop->next_event < loop->event_count) {
        struct epoll_event event = loop->events[loop->next_event++];
        struct loop_watch *watch = event.data.ptr;

        if (watch)
            watch->ready(watch, event.events);
    }
}

static bool is_quiet(const struct loop *loop)
{
    struct epoll_event event;

    return epoll_wait(loop->epoll_fd, &event, 1, 0) == 0;
}

/* Before what the turn has to tell leaves: it leaves together. */
static void look_out(struct loop *loop)
{
    struct loop_lookout *lookout = loop->lookout;

    if (!lookout || lookout->outlook != LOOP_ONE || !is_quiet(loop))
        return;
    lookout->stand(lookout);
    if (lookout->sees(lookout))
        lookout->ready(lookout);
}

static void turn(struct loop *loop)
{
    int count = take_events(loop);

    assert(count >= 0 || errno == EINTR);
    loop->event_count = count > 0 ? (size_t)count : 0;
    loop->next_event = 0;
    loop->now = clock_monotonic_ns();
    if (lookout_sees(loop))
        loop->lookout->ready(loop->lookout);
    serve_watches(loop);
    run_timers(loop);
    look_out(loop);
    run_tasks(loop);
}

void loop_run(struct loop *loop)
{
    loop->stopped = false;
    while (!loop->stopped)
        turn(loop);
}
