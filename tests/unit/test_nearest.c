/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/nearest.h"

#include <string.h>

#include <glib.h>

#include "support/suite.h"

static const char *find(const char *word)
{
    static const char *const names[] = { "run", "start", "stop", "ps",
        "inspect", "wait", "wait-line", "version" };
    struct nearest nearest = nearest_to(word);

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        nearest_try(&nearest, names[i]);
    return nearest.name;
}

static void mistakes_are_seen_through(void)
{
    g_assert_cmpstr(find("strat"), ==, "start");
    g_assert_cmpstr(find("stp"), ==, "stop");
    g_assert_cmpstr(find("inspetc"), ==, "inspect");
    g_assert_cmpstr(find("waitline"), ==, "wait-line");
    g_assert_cmpstr(find("verison"), ==, "version");
    g_assert_cmpstr(find("rum"), ==, "run");
}

static void beginnings_are_taken_for_the_whole(void)
{
    g_assert_cmpstr(find("insp"), ==, "inspect");
    g_assert_cmpstr(find("wai"), ==, "wait");
    g_assert_cmpstr(find("vers"), ==, "version");
}

static void what_is_far_from_all_is_nothing(void)
{
    g_assert_null(find("walk"));
    g_assert_null(find("p"));
    g_assert_null(find(""));
    g_assert_null(find("xx"));
    g_assert_null(find("a-very-long-word-that-is-none-of-them"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/nearest", mistakes_are_seen_through);
    SUITE_ADD("/nearest", beginnings_are_taken_for_the_whole);
    SUITE_ADD("/nearest", what_is_far_from_all_is_nothing);
    return g_test_run();
}
