/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/tree_limits.h"

#include <glib.h>

#include "support/suite.h"

#define ALL ((1U << TREE_LIMITS) - 1)

static void they_have_names(void)
{
    g_assert_cmpstr(tree_limit_name(TREE_MEMORY), ==, "memory_bytes");
    g_assert_cmpstr(tree_limit_name(TREE_PIDS), ==, "pids");
    g_assert_cmpstr(tree_limit_name(TREE_CPU), ==, "cpu_millis");
    g_assert_cmpstr(tree_limit_capability(TREE_MEMORY), ==, "limit-memory");
    g_assert_cmpstr(tree_limit_capability(TREE_PIDS), ==, "limit-pids");
    g_assert_cmpstr(tree_limit_capability(TREE_CPU), ==, "limit-cpu");
}

static void what_is_set_is_told(void)
{
    const struct tree_limits none = { 0 };
    const struct tree_limits two = { .memory_bytes = 1, .cpu_millis = 3 };

    g_assert_cmpuint(tree_limits_set(&none), ==, 0);
    g_assert_cmpuint(tree_limits_set(&two), ==,
            TREE_LIMIT(TREE_MEMORY) | TREE_LIMIT(TREE_CPU));
    g_assert_cmpuint(tree_limits_get(&two, TREE_MEMORY), ==, 1);
    g_assert_cmpuint(tree_limits_get(&two, TREE_PIDS), ==, 0);
    g_assert_cmpuint(tree_limits_get(&two, TREE_CPU), ==, 3);
}

static void check(const struct tree_limits *asked,
        const struct tree_limits *most, unsigned int available,
        enum remex_status status, const char *name)
{
    struct remex_error error = { .name = "" };

    g_assert_cmpint(
            tree_limits_check(asked, most, available, &error), ==, status);
    g_assert_cmpstr(error.name, ==, name);
}

static void what_cannot_be_had_is_refused(void)
{
    const struct tree_limits none = { 0 };
    const struct tree_limits asked = { 1, 2, 3 };

    check(&asked, &none, ALL, REMEX_OK, "");
    check(&asked, &none, ALL & ~TREE_LIMIT(TREE_MEMORY), REMEX_UNIMPLEMENTED,
            "start.tree_limits.memory_bytes");
    check(&asked, &none, ALL & ~TREE_LIMIT(TREE_PIDS), REMEX_UNIMPLEMENTED,
            "start.tree_limits.pids");
    check(&asked, &none, ALL & ~TREE_LIMIT(TREE_CPU), REMEX_UNIMPLEMENTED,
            "start.tree_limits.cpu_millis");
    check(&none, &none, 0, REMEX_OK, "");
}

static void more_than_the_most_is_refused(void)
{
    const struct tree_limits most = { .pids = 7 };
    const struct tree_limits asked = { 100, 7, 100 };
    const struct tree_limits more = { .pids = 8 };
    struct remex_error error;

    check(&asked, &most, ALL, REMEX_OK, "");
    check(&more, &most, ALL, REMEX_INVALID_ARGUMENT, "pids");
    g_assert_cmpint(tree_limits_check(&more, &most, ALL, &error), ==,
            REMEX_INVALID_ARGUMENT);
    g_assert_cmpint(error.kind, ==, REMEX_ERROR_LIMIT_HIT);
    g_assert_cmpuint(error.allowed, ==, 7);
    g_assert_cmpuint(error.asked, ==, 8);
}

static void who_asks_for_none_has_the_most(void)
{
    const struct tree_limits most = { 10, 20, 0 };
    const struct tree_limits asked = { .pids = 5 };
    struct tree_limits settled = tree_limits_settle(&asked, &most);

    g_assert_cmpuint(settled.memory_bytes, ==, 10);
    g_assert_cmpuint(settled.pids, ==, 5);
    g_assert_cmpuint(settled.cpu_millis, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/tree_limits", they_have_names);
    SUITE_ADD("/tree_limits", what_is_set_is_told);
    SUITE_ADD("/tree_limits", what_cannot_be_had_is_refused);
    SUITE_ADD("/tree_limits", more_than_the_most_is_refused);
    SUITE_ADD("/tree_limits", who_asks_for_none_has_the_most);
    return g_test_run();
}
