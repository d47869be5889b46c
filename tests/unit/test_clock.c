/* SPDX-License-Identifier: Apache-2.0 */
#include "common/clock.h"

#include <limits.h>
#include <time.h>

#include <glib.h>

#include "support/suite.h"

static void monotonic_time_does_not_go_back(void)
{
    int64_t before = clock_monotonic_ns();

    for (int i = 0; i < 1000; i++) {
        int64_t now = clock_monotonic_ns();

        g_assert_cmpint(now, >=, before);
        before = now;
    }
    g_assert_cmpint(before, >, 0);
}

static void real_time_is_that_of_the_calendar(void)
{
    int64_t seconds = clock_realtime_ns() / 1000000000;

    g_assert_cmpint(seconds, >=, time(NULL) - 1);
    g_assert_cmpint(seconds, <=, time(NULL) + 1);
}

static void for_ever_stays_for_ever(void)
{
    g_assert_cmpint(clock_from_ms(5), ==, 5000000);
    g_assert_cmpint(clock_from_ms(9223372036854), ==, 9223372036854000000);
    g_assert_cmpint(clock_from_ms(9223372036855), ==, CLOCK_NEVER);
    g_assert_cmpint(clock_from_ms(UINT64_MAX), ==, CLOCK_NEVER);
    g_assert_cmpint(clock_after(5, 6), ==, 11);
    g_assert_cmpint(clock_after(0, 0), ==, 0);
    g_assert_cmpint(clock_after(5, INT64_MAX - 5), ==, CLOCK_NEVER);
    g_assert_cmpint(clock_after(5, INT64_MAX - 4), ==, CLOCK_NEVER);
    g_assert_cmpint(clock_after(CLOCK_NEVER, CLOCK_NEVER), ==, CLOCK_NEVER);
}

static void a_poll_does_not_end_early(void)
{
    g_assert_cmpint(clock_poll_ms(10, 10), ==, 0);
    g_assert_cmpint(clock_poll_ms(10, 9), ==, 0);
    g_assert_cmpint(clock_poll_ms(0, 1), ==, 1);
    g_assert_cmpint(clock_poll_ms(0, 1000000), ==, 1);
    g_assert_cmpint(clock_poll_ms(0, 1000001), ==, 2);
    g_assert_cmpint(clock_poll_ms(0, CLOCK_NEVER), ==, -1);
    g_assert_cmpint(clock_poll_ms(0, CLOCK_NEVER - 1), ==, INT_MAX);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/clock", monotonic_time_does_not_go_back);
    SUITE_ADD("/clock", real_time_is_that_of_the_calendar);
    SUITE_ADD("/clock", for_ever_stays_for_ever);
    SUITE_ADD("/clock", a_poll_does_not_end_early);
    return g_test_run();
}
