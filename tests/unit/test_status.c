/* SPDX-License-Identifier: Apache-2.0 */
#include <remex/status.h>

#include <string.h>

#include <glib.h>

#include "common/message.h"
#include "support/suite.h"

static void the_names_are_those_of_the_numbers(void)
{
    g_assert_cmpstr(remex_status_name(REMEX_OK), ==, "OK");
    g_assert_cmpstr(
            remex_status_name(REMEX_UNAUTHENTICATED), ==, "UNAUTHENTICATED");
    g_assert_cmpstr(remex_status_name(REMEX_NO_MEMORY), ==, "NO_MEMORY");
    g_assert_cmpstr(remex_launch_stage_name(REMEX_STAGE_EXEC), ==, "exec");
    g_assert_cmpstr(message_method_name(METHOD_OPEN), ==, "open");
    g_assert_cmpstr(message_method_name(METHOD_FORGET), ==, "forget");
}

/* Checks that the numbers from `first` to `last` have names, no two the same.
 */
static void check_distinct(
        const char *(*name_of)(int number), int first, int last)
{
    for (int i = first; i <= last; i++) {
        g_assert_cmpstr(name_of(i), !=, "?");
        for (int j = first; j < i; j++)
            g_assert_cmpstr(name_of(i), !=, name_of(j));
    }
    g_assert_cmpstr(name_of(first - 1), ==, "?");
    g_assert_cmpstr(name_of(last + 1), ==, "?");
}

static const char *status_name(int number)
{
    return remex_status_name((enum remex_status)number);
}

static const char *stage_name(int number)
{
    return remex_launch_stage_name((enum remex_launch_stage)number);
}

static const char *method_name(int number)
{
    return message_method_name((enum method)number);
}

static void every_number_has_a_name_of_its_own(void)
{
    check_distinct(status_name, REMEX_OK, REMEX_UNAUTHENTICATED);
    check_distinct(status_name, REMEX_AGAIN, REMEX_NO_MEMORY);
    check_distinct(stage_name, REMEX_STAGE_NONE, REMEX_STAGE_EXEC);
    check_distinct(method_name, METHOD_OPEN, METHOD_FORGET);
}

static void a_number_that_is_none_has_no_name(void)
{
    g_assert_cmpstr(method_name(METHOD_NONE), ==, "?");
    g_assert_cmpstr(method_name(-5), ==, "?");
    g_assert_cmpstr(status_name(1000), ==, "?");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/status", the_names_are_those_of_the_numbers);
    SUITE_ADD("/status", every_number_has_a_name_of_its_own);
    SUITE_ADD("/status", a_number_that_is_none_has_no_name);
    return g_test_run();
}
