/* SPDX-License-Identifier: Apache-2.0 */
#include "client/recovery.h"

#include <glib.h>

#include "common/clock.h"
#include "support/suite.h"

#define MS ((int64_t)1000 * 1000)
#define BEAT (1000 * MS)
#define PATIENCE (25000 * MS)

static struct recovery recovery;

static void open_at(int64_t now)
{
    recovery_init(&recovery, PATIENCE);
    recovery_opened(&recovery, BEAT, now);
}

static enum recovery_action tick(int64_t now)
{
    return recovery_tick(&recovery, true, now);
}

static void before_it_is_open_there_is_nothing_to_do(void)
{
    recovery_init(&recovery, PATIENCE);
    g_assert_cmpint(tick(100000 * MS), ==, RECOVERY_NOTHING);
    recovery_lost(&recovery, 0);
    g_assert_cmpint(recovery.state, ==, RECOVERY_CONNECTING);
    g_assert_cmpint(recovery_next(&recovery, true), ==, CLOCK_NEVER);
}

static void signs_of_life_keep_it_open(void)
{
    open_at(0);
    for (int64_t now = 0; now < 100 * BEAT; now += BEAT) {
        recovery_heard(&recovery, now);
        g_assert_cmpint(tick(now), ==, RECOVERY_NOTHING);
    }
    g_assert_cmpint(recovery.state, ==, RECOVERY_OPEN);
}

static void silence_is_asked_about_before_it_counts(void)
{
    open_at(0);
    g_assert_cmpint(recovery_next(&recovery, true), ==, 2 * BEAT);
    g_assert_cmpint(tick(2 * BEAT - 1), ==, RECOVERY_NOTHING);
    g_assert_cmpint(tick(2 * BEAT), ==, RECOVERY_PROBE);
    g_assert_cmpint(tick(2 * BEAT), ==, RECOVERY_NOTHING);
    recovery_heard(&recovery, 2 * BEAT + 1);
    g_assert_cmpint(recovery.state, ==, RECOVERY_OPEN);
    g_assert_cmpint(tick(3 * BEAT), ==, RECOVERY_NOTHING);
}

static void three_silent_beats_are_a_loss(void)
{
    open_at(0);
    g_assert_cmpint(tick(2 * BEAT), ==, RECOVERY_PROBE);
    g_assert_cmpint(recovery_next(&recovery, true), ==, 3 * BEAT);
    g_assert_cmpint(tick(3 * BEAT), ==, RECOVERY_SILENT);
    g_assert_cmpint(tick(3 * BEAT), ==, RECOVERY_RESUME);
}

static void a_broken_connection_is_resumed_at_once(void)
{
    open_at(0);
    recovery_lost(&recovery, 5000 * MS);
    g_assert_cmpint(tick(5000 * MS), ==, RECOVERY_RESUME);
    recovery_attempted(&recovery);
    g_assert_cmpint(tick(5001 * MS), ==, RECOVERY_NOTHING);
    recovery_resumed(&recovery, 5002 * MS);
    g_assert_cmpint(recovery.state, ==, RECOVERY_OPEN);
}

static void without_a_lane_it_waits_for_one(void)
{
    open_at(0);
    recovery_lost(&recovery, 5000 * MS);
    g_assert_cmpint(
            recovery_tick(&recovery, false, 5000 * MS), ==, RECOVERY_NOTHING);
    g_assert_cmpint(recovery_next(&recovery, false), ==, 5000 * MS + PATIENCE);
    g_assert_cmpint(tick(5001 * MS), ==, RECOVERY_RESUME);
}

/* Fails one attempt after the other; checks the pause before the next. */
static void fail_attempt(int64_t *now, int64_t pause)
{
    g_assert_cmpint(tick(*now), ==, RECOVERY_RESUME);
    recovery_attempted(&recovery);
    recovery_attempt_failed(&recovery, *now);
    g_assert_cmpint(tick(*now + pause - 1), ==, RECOVERY_NOTHING);
    g_assert_cmpint(recovery_next(&recovery, true), ==, *now + pause);
    *now += pause;
}

static void attempts_come_ever_more_slowly(void)
{
    int64_t now = 5000 * MS;

    open_at(0);
    recovery_lost(&recovery, now);
    fail_attempt(&now, 20 * MS);
    fail_attempt(&now, 40 * MS);
    fail_attempt(&now, 80 * MS);
    fail_attempt(&now, 160 * MS);
    fail_attempt(&now, 320 * MS);
    fail_attempt(&now, 640 * MS);
    fail_attempt(&now, 1000 * MS);
    fail_attempt(&now, 1000 * MS);
}

static void a_link_that_breaks_again_at_once_is_not_run_after(void)
{
    open_at(0);
    recovery_lost(&recovery, 5000 * MS);
    recovery_attempted(&recovery);
    recovery_resumed(&recovery, 5001 * MS);
    recovery_lost(&recovery, 5002 * MS);
    g_assert_cmpint(tick(5002 * MS), ==, RECOVERY_NOTHING);
    g_assert_cmpint(tick(5022 * MS), ==, RECOVERY_RESUME);
}

static void a_link_that_is_let_in_again_and_again_is_not_given_up(void)
{
    int64_t now = 5000 * MS;

    open_at(0);
    for (int i = 0; i < 20; i++) {
        recovery_lost(&recovery, now);
        now = recovery.retry_at;
        g_assert_cmpint(tick(now), ==, RECOVERY_RESUME);
        recovery_attempted(&recovery);
        recovery_resumed(&recovery, ++now);
    }
    recovery_lost(&recovery, now);
    g_assert_cmpint(tick(now + 159 * MS), ==, RECOVERY_NOTHING);
    g_assert_cmpint(tick(now + 160 * MS), ==, RECOVERY_RESUME);
}

static void the_deadline_ends_it(void)
{
    open_at(0);
    recovery_lost(&recovery, 5000 * MS);
    recovery_attempted(&recovery);
    g_assert_cmpint(recovery_next(&recovery, true), ==, 5000 * MS + PATIENCE);
    g_assert_cmpint(tick(5000 * MS + PATIENCE - 1), ==, RECOVERY_NOTHING);
    g_assert_cmpint(tick(5000 * MS + PATIENCE), ==, RECOVERY_FAIL);
    g_assert_cmpint(recovery.reason, ==, REMEX_FAILURE_LINK_LOST);
    g_assert_cmpint(tick(5000 * MS + PATIENCE), ==, RECOVERY_NOTHING);
}

static void without_patience_the_first_loss_is_final(void)
{
    recovery_init(&recovery, 0);
    recovery_opened(&recovery, BEAT, 0);
    recovery_lost(&recovery, 5 * MS);
    g_assert_cmpint(tick(5 * MS), ==, RECOVERY_FAIL);
}

static void the_first_reason_stays(void)
{
    open_at(0);
    recovery_fail(&recovery, REMEX_FAILURE_EXECUTOR_RESTARTED);
    recovery_fail(&recovery, REMEX_FAILURE_LINK_LOST);
    recovery_lost(&recovery, 1);
    recovery_heard(&recovery, 2);
    g_assert_cmpint(recovery.state, ==, RECOVERY_FAILED);
    g_assert_cmpint(recovery.reason, ==, REMEX_FAILURE_EXECUTOR_RESTARTED);
}

static void a_link_that_was_of_use_is_run_after_at_once(void)
{
    int64_t now = 5000 * MS;

    open_at(0);
    for (int i = 0; i < 100; i++) {
        recovery_lost(&recovery, now);
        recovery_used(&recovery); /* comes late, and does not count */
        g_assert_cmpint(tick(now), ==, RECOVERY_RESUME);
        recovery_attempted(&recovery);
        recovery_resumed(&recovery, ++now);
        recovery_used(&recovery);
        now++;
    }
    recovery_lost(&recovery, now);
    recovery_attempted(&recovery);
    recovery_resumed(&recovery, ++now);
    recovery_lost(&recovery, now);
    g_assert_cmpint(tick(now), ==, RECOVERY_NOTHING);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/recovery", before_it_is_open_there_is_nothing_to_do);
    SUITE_ADD("/recovery", signs_of_life_keep_it_open);
    SUITE_ADD("/recovery", silence_is_asked_about_before_it_counts);
    SUITE_ADD("/recovery", three_silent_beats_are_a_loss);
    SUITE_ADD("/recovery", a_broken_connection_is_resumed_at_once);
    SUITE_ADD("/recovery", without_a_lane_it_waits_for_one);
    SUITE_ADD("/recovery", attempts_come_ever_more_slowly);
    SUITE_ADD("/recovery", a_link_that_breaks_again_at_once_is_not_run_after);
    SUITE_ADD("/recovery", a_link_that_was_of_use_is_run_after_at_once);
    SUITE_ADD(
            "/recovery", a_link_that_is_let_in_again_and_again_is_not_given_up);
    SUITE_ADD("/recovery", the_deadline_ends_it);
    SUITE_ADD("/recovery", without_patience_the_first_loss_is_final);
    SUITE_ADD("/recovery", the_first_reason_stays);
    return g_test_run();
}
