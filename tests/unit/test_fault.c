/* SPDX-License-Identifier: Apache-2.0 */
#include "support/fault.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "support/suite.h"

static void only_the_nth_allocation_fails(void)
{
    /* Volatile, or clang leaves out allocations that nobody uses. */
    char *volatile first;
    char *volatile second;
    char *volatile third;

    fault_fail_allocation(2);
    first = malloc(1);
    g_assert_nonnull(first);
    errno = 0;
    second = calloc(1, 1);
    g_assert_null(second);
    g_assert_cmpint(errno, ==, ENOMEM);
    third = strdup("x");
    g_assert_nonnull(third);
    g_assert_true(fault_happened());
    free(first);
    free(third);
}

static void a_fault_that_never_came_is_told_and_called_off(void)
{
    char *volatile text;

    fault_fail_allocation(1);
    g_assert_false(fault_happened());
    text = strdup("x");
    g_assert_nonnull(text);
    g_assert_false(fault_happened());
    free(text);
}

static void shared_libraries_are_not_counted(void)
{
    char *text;

    fault_fail_allocation(1);
    text = g_strdup("x");
    g_free(text);
    g_assert_false(fault_happened());
}

/* Whom the watcher has been told of. */
static struct {
    const void *given;
    const void *freed;
    bool fails;
} seen;

static bool watch_fails(void)
{
    return seen.fails;
}

static void watch_given(const void *block)
{
    seen.given = block;
}

static void watch_freed(const void *block)
{
    seen.freed = block;
}

static void who_watches_decides_and_is_told(void)
{
    static const struct fault_watch watch = { watch_fails, watch_given,
        watch_freed };
    char *volatile block;
    char *volatile other;

    fault_set_watch(&watch);
    block = malloc(1);
    g_assert_true(seen.given == block);
    seen.fails = true;
    other = calloc(1, 1);
    g_assert_null(other);
    g_assert_null(seen.freed);
    free(block);
    g_assert_true(seen.freed == seen.given);
    fault_set_watch(NULL);
    other = malloc(1);
    g_assert_nonnull(other);
    free(other);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/fault", only_the_nth_allocation_fails);
    SUITE_ADD("/fault", a_fault_that_never_came_is_told_and_called_off);
    SUITE_ADD("/fault", shared_libraries_are_not_counted);
    SUITE_ADD("/fault", who_watches_decides_and_is_told);
    return g_test_run();
}
