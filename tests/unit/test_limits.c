/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/limits.h"

#include <string.h>

#include <glib.h>

#include "support/suite.h"

static void set(struct message_limits *limits, const char *text)
{
    struct limit_word word;

    g_assert_null(limits_parse(text, &word));
    limits_set(limits, &word);
}

static void a_limit_is_set_by_its_name(void)
{
    struct message_limits limits;
    struct message_limits before;

    limits_default(&limits);
    before = limits;
    set(&limits, "processes=1000");
    g_assert_cmpuint(limits.processes, ==, 1000);
    limits.processes = before.processes;
    g_assert_true(memcmp(&limits, &before, sizeof(limits)) == 0);
    set(&limits, "retained_bytes_in_all=2147483648");
    g_assert_cmpuint(limits.retained_bytes_in_all, ==, 2147483648);
    set(&limits, "memory_bytes=4194304");
    set(&limits, "pids=0");
    set(&limits, "cpu_millis=10");
    g_assert_cmpuint(limits.tree.memory_bytes, ==, 4194304);
    g_assert_cmpuint(limits.tree.pids, ==, 0);
    g_assert_cmpuint(limits.tree.cpu_millis, ==, 10);
    set(&limits, "starts_per_second=0");
    g_assert_cmpuint(limits.starts_per_second, ==, 0);
}

static void what_is_no_limit_is_told(void)
{
    static const struct {
        const char *text;
        const char *why;
    } wrong[] = {
        { "processes", "NAME=VALUE" },
        { "", "NAME=VALUE" },
        { "=5", "no limit of that name" },
        { "process=5", "no limit of that name" },
        { "processesx=5", "no limit of that name" },
        { "request_bytes=5", "no limit of that name" },
        { "processes=", "plain number" },
        { "processes=5k", "plain number" },
        { "processes=-5", "plain number" },
        { "processes= 5", "plain number" },
        { "processes=99999999999999999999", "plain number" },
        { "processes=0", "less than" },
        { "retained_bytes=65535", "less than" },
        { "processes=1000001", "more than" },
        { "memory_bytes=4194303", "less than" },
        { "memory_bytes=1125899906842625", "more than" },
        { "pids=4194305", "more than" },
        { "cpu_millis=9", "less than" },
        { "cpu_millis=10000001", "more than" },
    };
    struct limit_word word;

    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        const char *why = limits_parse(wrong[i].text, &word);

        if (!why || !strstr(why, wrong[i].why))
            g_error("'%s': '%s' does not say '%s'", wrong[i].text,
                    why ? why : "", wrong[i].why);
    }
}

static void some_are_of_a_principal(void)
{
    struct limit_word word;

    g_assert_null(limits_parse("sessions=1", &word));
    g_assert_true(limits_is_of_principal(&word));
    g_assert_null(limits_parse("retained_bytes_per_principal=65536", &word));
    g_assert_true(limits_is_of_principal(&word));
    g_assert_null(limits_parse("stdin_bytes_per_principal=1", &word));
    g_assert_true(limits_is_of_principal(&word));
    g_assert_null(limits_parse("sessions_in_all=1", &word));
    g_assert_false(limits_is_of_principal(&word));
    g_assert_null(limits_parse("cpu_millis=500", &word));
    g_assert_true(limits_is_of_principal(&word));
}

static void what_waits_must_have_room(void)
{
    struct message_limits limits;
    struct remex_error error;

    limits_default(&limits);
    g_assert_cmpint(limits_check(&limits, &error), ==, REMEX_OK);
    set(&limits, "sessions_in_all=1000");
    g_assert_cmpint(limits_check(&limits, &error), ==, REMEX_INVALID_ARGUMENT);
    g_assert_nonnull(strstr(error.text, "parked=64"));
    set(&limits, "parked=18");
    g_assert_cmpint(limits_check(&limits, &error), ==, REMEX_OK);
}

static void a_whole_is_no_less_than_one(void)
{
    struct message_limits limits;
    struct remex_error error;

    limits_default(&limits);
    set(&limits, "retained_bytes_per_principal=1000000");
    g_assert_cmpint(limits_check(&limits, &error), ==, REMEX_INVALID_ARGUMENT);
    g_assert_nonnull(strstr(error.text,
            "retained_bytes=1048576 is more than "
            "retained_bytes_per_principal="));
    set(&limits, "retained_bytes=1000000");
    g_assert_cmpint(limits_check(&limits, &error), ==, REMEX_OK);
    set(&limits, "stdin_bytes=268435457");
    g_assert_cmpint(limits_check(&limits, &error), ==, REMEX_INVALID_ARGUMENT);
    g_assert_nonnull(strstr(error.text, "stdin_bytes_per_principal="));
}

static uint64_t settled_retention(struct message_limits limits)
{
    limits_settle(&limits, "uid:1");
    return limits.retained_bytes_per_principal;
}

static void what_is_kept_for_one_follows_the_other_limits(void)
{
    const uint64_t mib = 1024 * 1024;
    struct message_limits limits;

    limits_default(&limits);
    g_assert_cmpuint(settled_retention(limits), ==, 512 * mib);
    set(&limits, "processes=1000");
    g_assert_cmpuint(settled_retention(limits), ==, 1000 * mib);
    set(&limits, "processes=10000");
    g_assert_cmpuint(settled_retention(limits), ==, 1024 * mib);
    set(&limits, "processes=10");
    g_assert_cmpuint(settled_retention(limits), ==, 512 * mib);
    set(&limits, "retained_bytes_per_principal=2000000");
    g_assert_cmpuint(settled_retention(limits), ==, 2000000);
}

static void a_rate_by_default_is_the_networks(void)
{
    struct message_limits limits;

    limits_default(&limits);
    limits_settle(&limits, "uid:1000");
    g_assert_cmpuint(limits.starts_per_second, ==, 0);
    limits_default(&limits);
    limits_settle(&limits, "cert:uid:1");
    g_assert_cmpuint(limits.starts_per_second, ==, 200);
    set(&limits, "starts_per_second=7");
    limits_settle(&limits, "uid:1000");
    g_assert_cmpuint(limits.starts_per_second, ==, 7);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/limits", a_limit_is_set_by_its_name);
    SUITE_ADD("/limits", what_is_no_limit_is_told);
    SUITE_ADD("/limits", some_are_of_a_principal);
    SUITE_ADD("/limits", what_waits_must_have_room);
    SUITE_ADD("/limits", a_whole_is_no_less_than_one);
    SUITE_ADD("/limits", what_is_kept_for_one_follows_the_other_limits);
    SUITE_ADD("/limits", a_rate_by_default_is_the_networks);
    return g_test_run();
}
