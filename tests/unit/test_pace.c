/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/pace.h"

#include <glib.h>

#include "support/suite.h"

enum { LINE = 64, STEP_NS = 20000 };

/* As many lines in a row as make it rest. */
static int64_t talk(struct pace *pace, int64_t now)
{
    for (int i = 0; i < PACE_TIMES - 1; i++) {
        g_assert_false(pace_note(pace, LINE, now));
        now += STEP_NS;
    }
    g_assert_true(pace_note(pace, LINE, now));
    return now;
}

/* The first read of all is not soon after another one. */
static int64_t begin(struct pace *pace)
{
    *pace = (struct pace){ 0 };
    g_assert_false(pace_note(pace, LINE, 10 * PACE_QUICK_NS));
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
        g_assert_false(pace_note(&pace, LINE, now));
    }
}

static void much_at_once_is_not(void)
{
    struct pace pace;
    int64_t now = begin(&pace);

    for (int i = 0; i < 10 * PACE_TIMES; i++) {
        now += STEP_NS;
        g_assert_false(pace_note(&pace, PACE_LITTLE, now));
    }
}

static void a_rest_follows_another_while_it_pays(void)
{
    struct pace pace;
    int64_t now = talk(&pace, begin(&pace));

    for (int i = 0; i < 10; i++) {
        now += PACE_REST_NS;
        g_assert_true(pace_note(&pace, 100000, now));
    }
    now += PACE_REST_NS;
    g_assert_true(pace_note(&pace, PACE_WORTH, now));
    now += PACE_REST_NS;
    g_assert_false(pace_note(&pace, PACE_WORTH - 1, now));
    talk(&pace, now + STEP_NS);
}

static void who_is_spoken_to_is_not_made_to_rest(void)
{
    struct pace pace;
    int64_t now = begin(&pace);

    for (int i = 0; i < 10 * PACE_TIMES; i++) {
        now += STEP_NS;
        pace_hurry(&pace);
        g_assert_false(pace_note(&pace, LINE, now));
    }
    pace_hurry(&pace);
    now = talk(&pace, now + STEP_NS);
    pace_hurry(&pace);
    g_assert_false(pace_note(&pace, LINE, now + STEP_NS));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/pace", lines_in_a_row_are_worth_a_rest);
    SUITE_ADD("/pace", lines_now_and_then_are_not);
    SUITE_ADD("/pace", much_at_once_is_not);
    SUITE_ADD("/pace", a_rest_follows_another_while_it_pays);
    SUITE_ADD("/pace", who_is_spoken_to_is_not_made_to_rest);
    return g_test_run();
}
