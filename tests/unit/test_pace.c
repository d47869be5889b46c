/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/pace.h"

#include <glib.h>

#include "support/suite.h"

enum { LINE = 64, STEP_NS = 20000 };

/* As many lines in a row as make it rest. */
static int64_t talk(struct pace *pace, int64_t now)
{
    for (int i = 0; i < PACE_TIMES - 1; i++) {
        g_assert_cmpint(pace_note(pace, LINE, now), ==, 0);
        now += STEP_NS;
    }
    g_assert_cmpint(pace_note(pace, LINE, now), ==, PACE_LEAST_NS);
    return now;
}

/* The first read of all is not soon after another one. */
static int64_t begin(struct pace *pace)
{
    *pace = (struct pace){ 0 };
    g_assert_cmpint(pace_note(pace, LINE, 10 * PACE_QUICK_NS), ==, 0);
    return 10 * PACE_QUICK_NS + STEP_NS;
}

static void lines_in_a_row_are_worth_a_rest(void)
{
    struct pace pace;

    talk(&pace, begin(&pace));
}

static void lines_now_and_then_are_not(void)
{
    struct pace pace;
    int64_t now = begin(&pace);

    for (int i = 0; i < 10 * PACE_TIMES; i++) {
        now += PACE_QUICK_NS;
        g_assert_cmpint(pace_note(&pace, LINE, now), ==, 0);
    }
}

static void much_at_once_is_not(void)
{
    struct pace pace;
    int64_t now = begin(&pace);

    for (int i = 0; i < 10 * PACE_TIMES; i++) {
        now += STEP_NS;
        g_assert_cmpint(pace_note(&pace, PACE_LITTLE, now), ==, 0);
    }
}

static void a_rest_follows_another_while_it_pays(void)
{
    struct pace pace;
    int64_t now = talk(&pace, begin(&pace));

    for (int i = 0; i < 10; i++) {
        now += pace.rest;
        g_assert_cmpint(pace_note(&pace, 100000, now), >, 0);
    }
    now += pace.rest;
    g_assert_cmpint(pace_note(&pace, PACE_WORTH, now), >, 0);
    now += pace.rest;
    g_assert_cmpint(pace_note(&pace, PACE_WORTH - 1, now), ==, 0);
    talk(&pace, now + STEP_NS);
}

static void check_rest(
        struct pace *pace, int64_t *now, size_t size, int64_t expected)
{
    *now += pace->rest;
    g_assert_cmpint(pace_note(pace, size, *now), ==, expected);
}

static void rests_grow_and_shrink_with_what_they_bring(void)
{
    struct pace pace;
    int64_t now = talk(&pace, begin(&pace));

    check_rest(&pace, &now, PACE_MUCH / 4 - 1, 2 * PACE_LEAST_NS);
    check_rest(&pace, &now, PACE_MUCH / 4, 2 * PACE_LEAST_NS);
    check_rest(&pace, &now, PACE_WORTH, 4 * PACE_LEAST_NS);
    check_rest(&pace, &now, PACE_WORTH, PACE_MOST_NS);
    check_rest(&pace, &now, PACE_MUCH, PACE_MOST_NS);
    check_rest(&pace, &now, PACE_MUCH + 1, PACE_MOST_NS / 2);
    check_rest(&pace, &now, PACE_MUCH + 1, PACE_MOST_NS / 4);
    check_rest(&pace, &now, PACE_MUCH + 1, PACE_LEAST_NS);
    check_rest(&pace, &now, PACE_WORTH - 1, 0);
    /* The next one begins anew. */
    now = talk(&pace, now + STEP_NS);
    check_rest(&pace, &now, PACE_WORTH, 2 * PACE_LEAST_NS);
}

static void who_is_spoken_to_is_not_made_to_rest(void)
{
    struct pace pace;
    int64_t now = begin(&pace);

    for (int i = 0; i < 10 * PACE_TIMES; i++) {
        now += STEP_NS;
        pace_hurry(&pace);
        g_assert_cmpint(pace_note(&pace, LINE, now), ==, 0);
    }
    pace_hurry(&pace);
    now = talk(&pace, now + STEP_NS);
    pace_hurry(&pace);
    g_assert_cmpint(pace_note(&pace, LINE, now + STEP_NS), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/pace", lines_in_a_row_are_worth_a_rest);
    SUITE_ADD("/pace", lines_now_and_then_are_not);
    SUITE_ADD("/pace", much_at_once_is_not);
    SUITE_ADD("/pace", a_rest_follows_another_while_it_pays);
    SUITE_ADD("/pace", rests_grow_and_shrink_with_what_they_bring);
    SUITE_ADD("/pace", who_is_spoken_to_is_not_made_to_rest);
    return g_test_run();
}
