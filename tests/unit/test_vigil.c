/* SPDX-License-Identifier: Apache-2.0 */
#include "common/vigil.h"

#include <glib.h>

#include "support/suite.h"

/* One, watched in vain to its end; false: it was not begun. */
static bool watch_in_vain(struct vigil *vigil, bool taken)
{
    int64_t at;

    if (!vigil_begin(vigil))
        return false;
    at = vigil->until - 1;
    g_assert_true(
            vigil_offered(vigil, at, at + (taken ? VIGIL_TAKEN_NS + 1 : 1)));
    at += VIGIL_TAKEN_NS + 1;
    g_assert_false(vigil_offered(vigil, at, at));
    vigil_end(vigil, false);
    return true;
}

static unsigned int count_in_vain(struct vigil *vigil, bool taken)
{
    unsigned int count = 0;

    while (watch_in_vain(vigil, taken))
        count++;
    return count;
}

static void it_lasts_for_its_time(void)
{
    struct vigil vigil = { 0 };
    int64_t end;

    g_assert_true(vigil_begin(&vigil));
    end = vigil.until;
    for (int64_t at = end - VIGIL_NS; at < end; at += VIGIL_NS / 8)
        g_assert_true(vigil_offered(&vigil, at, at + VIGIL_TAKEN_NS));
    g_assert_false(vigil_offered(&vigil, end, end));
    g_assert_cmpint(vigil.until, ==, end);
}

static void it_ends_by_itself(void)
{
    struct vigil vigil = { 0 };

    g_assert_true(vigil_begin(&vigil));
    while (vigil_goes_on(&vigil))
        ;
    vigil_end(&vigil, false);
    g_assert_cmpuint(vigil.in_vain, >, 0);
}

static void who_comes_back_late_looks_once_more(void)
{
    struct vigil vigil = { 0 };
    int64_t start;
    int64_t back;

    g_assert_true(vigil_begin(&vigil));
    start = vigil.until - VIGIL_NS;
    back = start + VIGIL_TAKEN_NS + 1;
    g_assert_true(vigil_offered(&vigil, start, back));
    g_assert_false(vigil_offered(&vigil, back, back));
}

static void in_vain_too_often_is_a_rest(void)
{
    struct vigil vigil = { 0 };

    for (int i = 0; i < 3; i++) {
        g_assert_cmpuint(count_in_vain(&vigil, false), ==, VIGIL_PATIENCE);
        for (unsigned int n = 1; n < VIGIL_RESTS; n++)
            g_assert_false(vigil_begin(&vigil));
    }
}

static void a_core_that_others_want_is_left_sooner(void)
{
    struct vigil vigil = { 0 };

    g_assert_cmpuint(
            count_in_vain(&vigil, true), ==, VIGIL_PATIENCE / VIGIL_TAKEN);
}

static void what_comes_now_and_then_is_enough(void)
{
    struct vigil vigil = { 0 };

    for (unsigned int i = 0; i < 10 * VIGIL_PATIENCE; i++) {
        for (unsigned int n = 1; n < VIGIL_PATIENCE; n++)
            g_assert_true(watch_in_vain(&vigil, false));
        g_assert_true(vigil_begin(&vigil));
        vigil_end(&vigil, true);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/vigil", it_lasts_for_its_time);
    SUITE_ADD("/vigil", it_ends_by_itself);
    SUITE_ADD("/vigil", who_comes_back_late_looks_once_more);
    SUITE_ADD("/vigil", in_vain_too_often_is_a_rest);
    SUITE_ADD("/vigil", a_core_that_others_want_is_left_sooner);
    SUITE_ADD("/vigil", what_comes_now_and_then_is_enough);
    return g_test_run();
}
