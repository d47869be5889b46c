/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <glib.h>

#include "common/clock.h"
#include "executor/list.h"
#include "support/fault.h"
#include "support/kernel.h"
#include "support/suite.h"

static struct loop *new_loop(void)
{
    struct loop *loop = NULL;

    g_assert_cmpint(loop_new(&loop), ==, REMEX_OK);
    return loop;
}

/* Something that notes its name when it is called, and may stop the loop. */
struct caller {
    struct loop_watch watch;
    struct loop_timer timer;
    struct loop_task task;
    struct loop *loop;
    GString *calls;
    char name;
    int stops_after; /* calls; 0: never */
    struct caller *removes;
    int pipe[2];
};

static void note(struct caller *caller)
{
    g_string_append_c(caller->calls, caller->name);
    if (caller->stops_after > 0 && --caller->stops_after == 0)
        loop_stop(caller->loop);
}

static void on_ready(struct loop_watch *watch, uint32_t epoll_events)
{
    struct caller *caller = CONTAINER_OF(watch, struct caller, watch);

    g_assert_cmpuint(epoll_events & EPOLLIN, ==, EPOLLIN);
    note(caller);
    if (caller->removes) {
        loop_remove(caller->loop, &caller->removes->watch);
        caller->removes = NULL;
    }
}

static void on_due(struct loop_timer *timer)
{
    struct caller *caller = CONTAINER_OF(timer, struct caller, timer);

    g_assert_cmpuint(timer->slot, ==, 0);
    g_assert_cmpint(loop_now(caller->loop), >=, timer->at);
    note(caller);
}

static void on_task(struct loop_task *task)
{
    note(CONTAINER_OF(task, struct caller, task));
}

static struct caller caller_of(struct loop *loop, GString *calls, char name)
{
    return (struct caller){ .watch = { .ready = on_ready, .fd = -1 },
        .timer = { .due = on_due },
        .task = { .run = on_task },
        .loop = loop,
        .calls = calls,
        .name = name,
        .pipe = { -1, -1 } };
}

static void open_ready_pipe(struct caller *caller)
{
    g_assert_cmpint(pipe2(caller->pipe, O_CLOEXEC), ==, 0);
    g_assert_cmpint(write(caller->pipe[1], "x", 1), ==, 1);
    g_assert_cmpint(
            loop_add(caller->loop, &caller->watch, caller->pipe[0], EPOLLIN),
            ==, REMEX_OK);
}

static void close_pipe(struct caller *caller)
{
    if (caller->watch.fd >= 0)
        loop_remove(caller->loop, &caller->watch);
    close(caller->pipe[0]);
    close(caller->pipe[1]);
}

static void set(struct caller *caller, int64_t at)
{
    g_assert_cmpint(
            loop_timer_set(caller->loop, &caller->timer, at), ==, REMEX_OK);
}

/* --- Watches ------------------------------------------------------------- */

static void what_is_not_read_is_told_again_and_nobody_is_left_out(void)
{
    struct loop *loop = new_loop();
    GString *calls = g_string_new(NULL);
    struct caller a = caller_of(loop, calls, 'a');
    struct caller b = caller_of(loop, calls, 'b');

    open_ready_pipe(&a);
    open_ready_pipe(&b);
    a.stops_after = 3;
    loop_run(loop);
    g_assert_cmpuint(calls->len, ==, 6);
    close_pipe(&a);
    close_pipe(&b);
    g_string_free(calls, TRUE);
    loop_free(loop);
}

static void on_unmuting(struct loop_timer *timer)
{
    struct caller *caller = CONTAINER_OF(timer, struct caller, timer);

    g_assert_cmpuint(caller->calls->len, ==, 0);
    g_assert_cmpint(
            loop_unmute(caller->loop, &caller->watch, EPOLLIN), ==, REMEX_OK);
}

/* Before it was fetched, and after. */
static void of_what_is_muted_nothing_is_told(void)
{
    struct loop *loop = new_loop();
    GString *calls = g_string_new(NULL);
    struct caller a = caller_of(loop, calls, 'a');

    open_ready_pipe(&a);
    loop_mute(loop, &a.watch);
    g_assert_cmpint(a.watch.fd, ==, a.pipe[0]);
    a.timer.due = on_unmuting;
    set(&a, clock_monotonic_ns() + clock_from_ms(20));
    a.stops_after = 1;
    loop_run(loop);
    g_assert_cmpstr(calls->str, ==, "a");
    loop_mute(loop, &a.watch);
    loop_remove(loop, &a.watch);
    g_assert_cmpint(a.watch.fd, ==, -1);
    close_pipe(&a);
    g_string_free(calls, TRUE);
    loop_free(loop);
}

static void who_cannot_be_unmuted_stays_muted(void)
{
    struct loop *loop = new_loop();
    GString *calls = g_string_new(NULL);
    struct caller a = caller_of(loop, calls, 'a');

    open_ready_pipe(&a);
    loop_mute(loop, &a.watch);
    kernel_refuse(KERNEL_EPOLL_CTL, 1, ENOMEM);
    g_assert_cmpint(
            loop_unmute(loop, &a.watch, EPOLLIN), ==, REMEX_RESOURCE_EXHAUSTED);
    g_assert_true(kernel_refused());
    g_assert_true(a.watch.muted);
    g_assert_cmpint(loop_unmute(loop, &a.watch, EPOLLIN), ==, REMEX_OK);
    a.stops_after = 1;
    loop_run(loop);
    close_pipe(&a);
    g_string_free(calls, TRUE);
    loop_free(loop);
}

static void events_of_a_removed_watch_are_dropped(void)
{
    struct loop *loop = new_loop();
    GString *calls = g_string_new(NULL);
    struct caller a = caller_of(loop, calls, 'a');
    struct caller b = caller_of(loop, calls, 'b');

    open_ready_pipe(&a);
    open_ready_pipe(&b);
    /* Whoever is called first removes the other, and both were fetched. */
    a.removes = &b;
    b.removes = &a;
    a.stops_after = 1;
    b.stops_after = 1;
    loop_run(loop);
    g_assert_cmpuint(calls->len, ==, 1);
    close_pipe(&a);
    close_pipe(&b);
    g_string_free(calls, TRUE);
    loop_free(loop);
}

static void what_cannot_be_watched_is_refused(void)
{
    struct loop *loop = new_loop();
    struct caller a = caller_of(loop, NULL, 'a');
    int file = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

    g_assert_cmpint(loop_add(loop, &a.watch, file, EPOLLIN), ==,
            REMEX_INVALID_ARGUMENT);
    g_assert_cmpint(a.watch.fd, ==, -1);
    close(file);
    loop_free(loop);
}

/* --- Timers -------------------------------------------------------------- */

static void timers_are_due_in_order_and_not_early(void)
{
    struct loop *loop = new_loop();
    GString *calls = g_string_new(NULL);
    struct caller a = caller_of(loop, calls, 'a');
    struct caller b = caller_of(loop, calls, 'b');
    struct caller c = caller_of(loop, calls, 'c');
    int64_t now = clock_monotonic_ns();

    set(&a, now + 3000000);
    set(&b, now + 1000000);
    set(&c, now + 2000000);
    a.stops_after = 1;
    loop_run(loop);
    g_assert_cmpstr(calls->str, ==, "bca");
    g_assert_cmpint(clock_monotonic_ns(), >=, now + 3000000);
    g_string_free(calls, TRUE);
    loop_free(loop);
}

static void a_cancelled_timer_is_not_called_and_a_moved_one_moves(void)
{
    struct loop *loop = new_loop();
    GString *calls = g_string_new(NULL);
    struct caller a = caller_of(loop, calls, 'a');
    struct caller b = caller_of(loop, calls, 'b');
    struct caller c = caller_of(loop, calls, 'c');

    set(&a, 1);
    set(&b, 2);
    set(&c, 3);
    loop_timer_cancel(loop, &a.timer);
    loop_timer_cancel(loop, &a.timer);
    set(&b, 4);
    b.stops_after = 1;
    loop_run(loop);
    g_assert_cmpstr(calls->str, ==, "cb");
    g_string_free(calls, TRUE);
    loop_free(loop);
}

#define TIMERS 500

static void many_timers_keep_their_order(void)
{
    struct loop *loop = new_loop();
    GString *calls = g_string_new(NULL);
    struct caller *callers = g_new(struct caller, TIMERS);
    struct caller last = caller_of(loop, calls, '!');
    int64_t latest = 0;
    int left = 0;

    for (int i = 0; i < TIMERS; i++) {
        callers[i] = caller_of(loop, calls, 'x');
        set(&callers[i], g_test_rand_int_range(1, 1000));
    }
    for (int i = 0; i < TIMERS; i++) {
        int which = g_test_rand_int_range(0, 3);

        if (which == 0)
            loop_timer_cancel(loop, &callers[i].timer);
        if (which == 1)
            set(&callers[i], g_test_rand_int_range(1, 1000));
        left += which != 0;
        latest = MAX(latest, callers[i].timer.at);
    }
    set(&last, latest + 1);
    last.stops_after = 1;
    loop_run(loop);
    g_assert_cmpuint(calls->len, ==, (guint)left + 1);
    g_assert_cmpint(calls->str[left], ==, '!');
    for (int i = 0; i < TIMERS; i++)
        g_assert_cmpuint(callers[i].timer.slot, ==, 0);
    g_free(callers);
    g_string_free(calls, TRUE);
    loop_free(loop);
}

static void due_again(struct loop_timer *timer)
{
    struct caller *caller = CONTAINER_OF(timer, struct caller, timer);

    note(caller);
    set(caller, 1);
}

static void a_timer_that_is_always_due_lets_others_have_their_turn(void)
{
    struct loop *loop = new_loop();
    GString *calls = g_string_new(NULL);
    struct caller a = caller_of(loop, calls, 'a');
    struct caller b = caller_of(loop, calls, 'b');

    a.timer.due = due_again;
    set(&a, 1);
    open_ready_pipe(&b);
    b.stops_after = 3;
    loop_run(loop);
    g_assert_cmpstr(calls->str, ==, "bababa");
    loop_timer_cancel(loop, &a.timer);
    close_pipe(&b);
    g_string_free(calls, TRUE);
    loop_free(loop);
}

static void a_failed_allocation_leaves_a_timer_as_it_was(void)
{
    struct loop *loop = new_loop();
    struct caller a = caller_of(loop, NULL, 'a');

    fault_fail_allocation(1);
    g_assert_cmpint(loop_timer_set(loop, &a.timer, 1), ==, REMEX_NO_MEMORY);
    g_assert_true(fault_happened());
    g_assert_cmpuint(a.timer.slot, ==, 0);
    set(&a, 1);
    fault_fail_allocation(1);
    set(&a, 2); /* to move it takes no memory */
    g_assert_false(fault_happened());
    loop_timer_cancel(loop, &a.timer);
    loop_free(loop);
}

/* --- Tasks --------------------------------------------------------------- */

static void tasks_run_once_at_the_end_of_the_turn(void)
{
    struct loop *loop = new_loop();
    GString *calls = g_string_new(NULL);
    struct caller a = caller_of(loop, calls, 'a');
    struct caller b = caller_of(loop, calls, 'b');
    struct caller timer = caller_of(loop, calls, 't');

    loop_defer(loop, &a.task);
    loop_defer(loop, &b.task);
    loop_defer(loop, &a.task);
    set(&timer, 1);
    b.stops_after = 1;
    loop_run(loop);
    g_assert_cmpstr(calls->str, ==, "tab");
    g_string_free(calls, TRUE);
    loop_free(loop);
}

static void a_cancelled_task_does_not_run(void)
{
    struct loop *loop = new_loop();
    GString *calls = g_string_new(NULL);
    struct caller a = caller_of(loop, calls, 'a');
    struct caller b = caller_of(loop, calls, 'b');
    struct caller c = caller_of(loop, calls, 'c');

    loop_defer(loop, &a.task);
    loop_defer(loop, &b.task);
    loop_cancel(loop, &b.task);
    loop_cancel(loop, &b.task);
    loop_defer(loop, &c.task);
    c.stops_after = 1;
    loop_run(loop);
    g_assert_cmpstr(calls->str, ==, "ac");
    g_string_free(calls, TRUE);
    loop_free(loop);
}

static void again(struct loop_task *task)
{
    struct caller *caller = CONTAINER_OF(task, struct caller, task);

    note(caller);
    loop_defer(caller->loop, task);
}

/* A task that queues itself keeps nobody from his turn. */
static void a_task_of_a_task_runs_in_the_next_turn(void)
{
    struct loop *loop = new_loop();
    GString *calls = g_string_new(NULL);
    struct caller a = caller_of(loop, calls, 'a');
    struct caller b = caller_of(loop, calls, 'b');

    a.task.run = again;
    loop_defer(loop, &a.task);
    open_ready_pipe(&b);
    b.stops_after = 3;
    loop_run(loop);
    g_assert_cmpstr(calls->str, ==, "bababa");
    loop_cancel(loop, &a.task);
    close_pipe(&b);
    g_string_free(calls, TRUE);
    loop_free(loop);
}

/* What the loop looks out for, and when it did. */
struct watchman {
    struct loop_lookout lookout;
    struct caller *caller;
    bool there; /* what it is looked out for */
    bool comes; /* when it is stood still for */
};

static bool watchman_sees(struct loop_lookout *lookout)
{
    return CONTAINER_OF(lookout, struct watchman, lookout)->there;
}

static void watchman_ready(struct loop_lookout *lookout)
{
    struct watchman *watchman = CONTAINER_OF(lookout, struct watchman, lookout);

    watchman->there = false;
    lookout->outlook = LOOP_NOTHING;
    note(watchman->caller);
}

static void watchman_stand(struct loop_lookout *lookout)
{
    struct watchman *watchman = CONTAINER_OF(lookout, struct watchman, lookout);

    g_string_append_c(watchman->caller->calls, '!');
    watchman->there = watchman->comes;
    lookout->outlook = LOOP_NOTHING;
}

static struct watchman watchman_of(struct caller *caller)
{
    return (struct watchman){
        .lookout = { watchman_sees, watchman_ready, watchman_stand, 0 },
        .caller = caller,
    };
}

static void what_is_seen_comes_before_all_else_in_a_turn(void)
{
    struct loop *loop = new_loop();
    GString *calls = g_string_new(NULL);
    struct caller seen = caller_of(loop, calls, 's');
    struct caller watch = caller_of(loop, calls, 'w');
    struct watchman watchman = watchman_of(&seen);

    watchman.there = true;
    watchman.lookout.outlook = LOOP_MANY;
    loop_look_out(loop, &watchman.lookout);
    open_ready_pipe(&watch);
    watch.stops_after = 2;
    loop_run(loop);
    g_assert_cmpstr(calls->str, ==, "sww");
    close_pipe(&watch);
    g_string_free(calls, TRUE);
    loop_free(loop);
}

/* There is nothing else that would wake it. */
static void nobody_sleeps_over_what_is_seen(void)
{
    struct loop *loop = new_loop();
    GString *calls = g_string_new(NULL);
    struct caller seen = caller_of(loop, calls, 's');
    struct watchman watchman = watchman_of(&seen);

    watchman.there = true;
    seen.stops_after = 1;
    loop_look_out(loop, &watchman.lookout);
    loop_run(loop);
    g_assert_cmpstr(calls->str, ==, "s");
    g_string_free(calls, TRUE);
    loop_free(loop);
}

/* What it brings is told before the turn's tasks run. */
static void one_thing_is_stood_still_for_if_that_is_all(void)
{
    struct loop *loop = new_loop();
    GString *calls = g_string_new(NULL);
    struct caller seen = caller_of(loop, calls, 's');
    struct caller task = caller_of(loop, calls, 't');
    struct watchman watchman = watchman_of(&seen);

    watchman.comes = true;
    watchman.lookout.outlook = LOOP_ONE;
    loop_look_out(loop, &watchman.lookout);
    loop_defer(loop, &task.task);
    task.stops_after = 1;
    loop_run(loop);
    g_assert_cmpstr(calls->str, ==, "!st");
    g_string_free(calls, TRUE);
    loop_free(loop);
}

static void nobody_stands_still_with_something_else_to_do(void)
{
    struct loop *loop = new_loop();
    GString *calls = g_string_new(NULL);
    struct caller seen = caller_of(loop, calls, 's');
    struct caller watch = caller_of(loop, calls, 'w');
    struct watchman watchman = watchman_of(&seen);

    watchman.comes = true;
    watchman.lookout.outlook = LOOP_ONE;
    loop_look_out(loop, &watchman.lookout);
    open_ready_pipe(&watch);
    watch.stops_after = 3;
    loop_run(loop);
    g_assert_cmpstr(calls->str, ==, "www");
    close_pipe(&watch);
    g_string_free(calls, TRUE);
    loop_free(loop);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/loop", what_is_not_read_is_told_again_and_nobody_is_left_out);
    SUITE_ADD("/loop", of_what_is_muted_nothing_is_told);
    SUITE_ADD("/loop", who_cannot_be_unmuted_stays_muted);
    SUITE_ADD("/loop", events_of_a_removed_watch_are_dropped);
    SUITE_ADD("/loop", what_cannot_be_watched_is_refused);
    SUITE_ADD("/loop", timers_are_due_in_order_and_not_early);
    SUITE_ADD("/loop", a_cancelled_timer_is_not_called_and_a_moved_one_moves);
    SUITE_ADD("/loop", many_timers_keep_their_order);
    SUITE_ADD("/loop", a_timer_that_is_always_due_lets_others_have_their_turn);
    SUITE_ADD("/loop", a_failed_allocation_leaves_a_timer_as_it_was);
    SUITE_ADD("/loop", tasks_run_once_at_the_end_of_the_turn);
    SUITE_ADD("/loop", a_cancelled_task_does_not_run);
    SUITE_ADD("/loop", a_task_of_a_task_runs_in_the_next_turn);
    SUITE_ADD("/loop", what_is_seen_comes_before_all_else_in_a_turn);
    SUITE_ADD("/loop", nobody_sleeps_over_what_is_seen);
    SUITE_ADD("/loop", one_thing_is_stood_still_for_if_that_is_all);
    SUITE_ADD("/loop", nobody_stands_still_with_something_else_to_do);
    return g_test_run();
}
