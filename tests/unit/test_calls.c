/* SPDX-License-Identifier: Apache-2.0 */
#include "client/calls.h"

#include <glib.h>

#include "common/clock.h"
#include "support/suite.h"

static struct calls calls;
static unsigned int done_count;

static void count_done(struct call *call)
{
    g_assert_cmpint(call->state, ==, CALL_DONE);
    done_count++;
}

static struct call a_call(void)
{
    return (struct call){
        .deadline = CLOCK_NEVER,
        .repeatable = true,
        .done = count_done,
    };
}

static void set_up(void)
{
    calls = (struct calls){ .first = NULL };
    done_count = 0;
}

/* Sends what is next, which must be `call`. */
static void send_next(struct call *call, unsigned int lane)
{
    g_assert_true(calls_next(&calls) == call);
    calls_sent(&calls, call, lane);
}

static void the_oldest_goes_first(void)
{
    struct call first = a_call();
    struct call second = a_call();

    set_up();
    g_assert_null(calls_next(&calls));
    calls_add(&calls, &first);
    calls_add(&calls, &second);
    send_next(&first, 0);
    send_next(&second, 1);
    g_assert_null(calls_next(&calls));
    g_assert_true(calls_unsend(&calls, 0) == &first);
    calls_finish(&first);
    g_assert_true(calls_unsend(&calls, 1) == &second);
    calls_finish(&second);
    g_assert_cmpuint(done_count, ==, 2);
}

static void calls_that_wait_leave_a_lane_to_the_others(void)
{
    struct call waits[CALLS_LANES];
    struct call quick = a_call();

    set_up();
    for (unsigned int i = 0; i < CALLS_LANES; i++) {
        waits[i] = a_call();
        waits[i].waits = true;
        calls_add(&calls, &waits[i]);
    }
    for (unsigned int i = 0; i < CALLS_LANES - 1; i++)
        send_next(&waits[i], i);
    g_assert_null(calls_next(&calls));
    calls_add(&calls, &quick);
    send_next(&quick, CALLS_LANES - 1);
    g_assert_true(calls_unsend(&calls, 0) == &waits[0]);
    send_next(&waits[CALLS_LANES - 1], 0);
}

static void the_last_word_waits_for_what_was_given_up(void)
{
    struct call given_up = a_call();
    struct call last = a_call();
    struct call other = a_call();

    set_up();
    last.last = true;
    calls_add(&calls, &given_up);
    send_next(&given_up, 2);
    calls_abandon(&calls, &given_up);
    calls_add(&calls, &last);
    calls_add(&calls, &other);
    send_next(&other, 0); /* it may overtake whatever it likes */
    g_assert_null(calls_next(&calls));
    g_assert_null(calls_unsend(&calls, 2));
    send_next(&last, 2);
}

static void a_lost_call_is_sent_again_before_the_others(void)
{
    struct call lost = a_call();
    struct call other = a_call();

    set_up();
    calls_add(&calls, &lost);
    send_next(&lost, 0);
    calls_add(&calls, &other);
    calls_lost(&calls, calls_unsend(&calls, 0));
    g_assert_cmpuint(done_count, ==, 0);
    send_next(&lost, 0);
    send_next(&other, 1);
}

static void what_must_not_be_repeated_ends_unknown(void)
{
    struct call call = a_call();

    set_up();
    call.repeatable = false;
    call.changes = true;
    calls_add(&calls, &call);
    send_next(&call, 2);
    calls_lost(&calls, calls_unsend(&calls, 2));
    g_assert_cmpuint(done_count, ==, 1);
    g_assert_cmpint(call.error.status, ==, REMEX_OUTCOME_UNKNOWN);
    g_assert_null(calls_next(&calls));
}

static void what_was_never_sent_has_changed_nothing(void)
{
    struct call call = a_call();

    set_up();
    call.deadline = 100;
    call.changes = true;
    calls_add(&calls, &call);
    g_assert_cmpint(calls_next_overdue(&calls), ==, 100);
    calls_expire(&calls, 99);
    g_assert_cmpuint(done_count, ==, 0);
    calls_expire(&calls, 100);
    g_assert_cmpuint(done_count, ==, 1);
    g_assert_cmpint(call.error.status, ==, REMEX_DEADLINE_EXCEEDED);
}

static void what_was_sent_gets_a_little_longer_to_be_known(void)
{
    struct call call = a_call();

    set_up();
    call.deadline = 100;
    call.changes = true;
    calls_add(&calls, &call);
    send_next(&call, 0);
    calls_expire(&calls, 100);
    g_assert_cmpuint(done_count, ==, 0);
    g_assert_cmpint(calls_next_overdue(&calls), ==, calls_overdue_at(&call));
    calls_expire(&calls, calls_overdue_at(&call));
    g_assert_cmpint(call.error.status, ==, REMEX_OUTCOME_UNKNOWN);
    g_assert_null(calls_unsend(&calls, 0)); /* its reply is nobody's */
}

static void who_has_left_may_wake_once_for_nothing(void)
{
    struct call early = a_call();
    struct call late = a_call();

    set_up();
    early.deadline = 100;
    late.deadline = 200;
    calls_add(&calls, &late);
    calls_add(&calls, &early);
    calls_abandon(&calls, &early);
    g_assert_cmpuint(done_count, ==, 1);
    g_assert_cmpint(calls_next_overdue(&calls), ==, 100);
    calls_expire(&calls, 100);
    g_assert_cmpuint(done_count, ==, 1);
    g_assert_cmpint(calls_next_overdue(&calls), ==, 200);
    calls_expire(&calls, 200);
    g_assert_cmpuint(done_count, ==, 2);
    g_assert_cmpint(calls_next_overdue(&calls), ==, CLOCK_NEVER);
}

static void what_only_asks_is_never_unknown(void)
{
    struct call call = a_call();

    set_up();
    call.deadline = 100;
    calls_add(&calls, &call);
    send_next(&call, 0);
    calls_expire(&calls, 100);
    g_assert_cmpint(call.error.status, ==, REMEX_DEADLINE_EXCEEDED);
}

static void a_failure_ends_every_call_once(void)
{
    struct remex_error error = { .status = REMEX_DISCONNECTED };
    struct call queued = a_call();
    struct call sent = a_call();

    set_up();
    calls_add(&calls, &sent);
    send_next(&sent, 3);
    calls_add(&calls, &queued);
    calls_fail(&calls, &error);
    g_assert_cmpuint(done_count, ==, 2);
    g_assert_cmpint(queued.error.status, ==, REMEX_DISCONNECTED);
    g_assert_cmpint(sent.error.status, ==, REMEX_DISCONNECTED);
    calls_abandon(&calls, &queued);
    g_assert_cmpuint(done_count, ==, 2);
    g_assert_cmpint(calls_next_overdue(&calls), ==, CLOCK_NEVER);
}

static void one_can_be_taken_from_the_middle(void)
{
    struct call list[3] = { a_call(), a_call(), a_call() };

    set_up();
    for (unsigned int i = 0; i < 3; i++)
        calls_add(&calls, &list[i]);
    calls_abandon(&calls, &list[1]);
    send_next(&list[0], 0);
    send_next(&list[2], 1);
    g_assert_null(calls_next(&calls));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/calls", the_oldest_goes_first);
    SUITE_ADD("/calls", calls_that_wait_leave_a_lane_to_the_others);
    SUITE_ADD("/calls", the_last_word_waits_for_what_was_given_up);
    SUITE_ADD("/calls", a_lost_call_is_sent_again_before_the_others);
    SUITE_ADD("/calls", what_must_not_be_repeated_ends_unknown);
    SUITE_ADD("/calls", what_was_never_sent_has_changed_nothing);
    SUITE_ADD("/calls", what_was_sent_gets_a_little_longer_to_be_known);
    SUITE_ADD("/calls", who_has_left_may_wake_once_for_nothing);
    SUITE_ADD("/calls", what_only_asks_is_never_unknown);
    SUITE_ADD("/calls", a_failure_ends_every_call_once);
    SUITE_ADD("/calls", one_can_be_taken_from_the_middle);
    return g_test_run();
}
