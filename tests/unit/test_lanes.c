/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/lanes.h"

#include <glib.h>

#include "support/suite.h"

static void what_overlaps_lies_side_by_side(void)
{
    struct lanes lanes;

    g_assert_true(lanes_init(&lanes, 5));
    g_assert_cmpuint(lanes_place(&lanes, 0, 10), ==, 0);
    g_assert_cmpuint(lanes_place(&lanes, 5, 7), ==, 1);
    g_assert_cmpuint(lanes_place(&lanes, 6, 20), ==, 2);
    g_assert_cmpuint(lanes_place(&lanes, 7, 8), ==, 1);
    g_assert_cmpuint(lanes_place(&lanes, 10, 11), ==, 0);
    lanes_deinit(&lanes);
}

static void spans_without_length_take_no_room(void)
{
    struct lanes lanes;

    g_assert_true(lanes_init(&lanes, 2));
    g_assert_cmpuint(lanes_place(&lanes, 3, 3), ==, 0);
    g_assert_cmpuint(lanes_place(&lanes, 3, 3), ==, 0);
    lanes_deinit(&lanes);
}

static void none_at_all_is_no_mistake(void)
{
    struct lanes lanes;

    g_assert_true(lanes_init(&lanes, 0));
    lanes_deinit(&lanes);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/lanes", what_overlaps_lies_side_by_side);
    SUITE_ADD("/lanes", spans_without_length_take_no_room);
    SUITE_ADD("/lanes", none_at_all_is_no_mistake);
    return g_test_run();
}
