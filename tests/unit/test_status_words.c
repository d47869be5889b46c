/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/status_words.h"

#include <signal.h>
#include <stdint.h>

#include <glib.h>

#include "client/cli/ending.h"
#include "client/cli/report.h"
#include "support/suite.h"

/* What a newer library may say. */
static const unsigned int unheard_of = 99;

static void what_is_unheard_of_is_a_question_mark(void)
{
    g_assert_cmpstr(
            status_words_state((enum remex_process_state)unheard_of), ==, "?");
    g_assert_cmpstr(status_words_state((enum remex_process_state)0), ==, "?");
    g_assert_cmpstr(
            status_words_stream((enum remex_stream)unheard_of), ==, "?");
    g_assert_cmpstr(
            status_words_capture((enum remex_capture)unheard_of), ==, "?");
    g_assert_cmpstr(
            status_words_delivery((enum remex_delivery)unheard_of), ==, "?");
    g_assert_cmpstr(
            status_words_no_follower((enum remex_no_follower)unheard_of), ==,
            "?");
    g_assert_cmpstr(
            status_words_retention((enum remex_retention)unheard_of), ==, "?");
    g_assert_cmpstr(
            status_words_end((enum remex_stream_end_kind)unheard_of), ==, "?");
    g_assert_cmpstr(
            status_words_reason((enum remex_exit_reason)unheard_of), ==, "?");
    g_assert_cmpstr(status_words_owner_loss((enum remex_owner_loss)unheard_of),
            ==, "?");
    g_assert_cmpstr(status_words_role((enum remex_role)unheard_of), ==, "?");
}

static void check_size(uint64_t bytes, const char *expected)
{
    char text[STATUS_WORDS_BYTES];

    status_words_size(bytes, text);
    g_assert_cmpstr(text, ==, expected);
}

static void sizes_are_told_without_rounding(void)
{
    check_size(0, "0 bytes");
    check_size(1023, "1023 bytes");
    check_size(1024, "1 KiB");
    check_size(1025, "1025 bytes");
    check_size(64 * 1024 * 1024, "64 MiB");
    check_size(UINT64_C(1) << 40, "1 TiB");
    check_size(UINT64_C(1) << 50, "1024 TiB");
    check_size(UINT64_MAX, "18446744073709551615 bytes");
}

static void check_summary(
        const struct remex_process_status *status, const char *expected)
{
    char text[STATUS_WORDS_BYTES];

    status_words_summary(status, text);
    g_assert_cmpstr(text, ==, expected);
}

static void a_summary_is_the_ending_or_the_state(void)
{
    struct remex_process_status status = { .state = REMEX_PROCESS_RUNNING };

    check_summary(&status, "running");
    status.state = REMEX_PROCESS_CLOSED;
    status.has_exit = true;
    status.exit = (struct remex_exit){ .reason = REMEX_EXIT_OWN, .code = 3 };
    check_summary(&status, "exit 3");
    status.exit = (struct remex_exit){
        .reason = REMEX_EXIT_TERMINATED, .by_signal = true, .code = SIGTERM
    };
    check_summary(&status, "signal TERM");
    status.exit.reason = REMEX_EXIT_WALL_TIME;
    check_summary(&status, "timeout");
}

static void a_programs_ending_is_ours(void)
{
    struct remex_exit exited = { .reason = REMEX_EXIT_OWN, .code = 7 };

    g_assert_cmpint(ending_status(&exited), ==, 7);
    exited.by_signal = true;
    exited.code = SIGKILL;
    g_assert_cmpint(ending_status(&exited), ==, REPORT_EXIT_SIGNAL + SIGKILL);
    exited.reason = REMEX_EXIT_WALL_TIME;
    g_assert_cmpint(ending_status(&exited), ==, REPORT_EXIT_TIMED_OUT);
}

static void each_failure_has_words_of_its_own(void)
{
    GHashTable *told = g_hash_table_new(g_str_hash, g_str_equal);

    /* The first and the one past the last are none. */
    for (int i = 0; i <= REMEX_FAILURE_NO_MEMORY + 1; i++)
        (void)g_hash_table_add(told,
                (gpointer)(uintptr_t)ending_failure((enum remex_failure)i));
    g_assert_cmpuint(g_hash_table_size(told), ==, REMEX_FAILURE_NO_MEMORY + 1);
    g_assert_cmpstr(ending_failure(REMEX_FAILURE_NO_MEMORY), ==,
            "out of memory on this side");
    g_hash_table_destroy(told);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/status_words", what_is_unheard_of_is_a_question_mark);
    SUITE_ADD("/status_words", sizes_are_told_without_rounding);
    SUITE_ADD("/status_words", a_summary_is_the_ending_or_the_state);
    SUITE_ADD("/status_words", a_programs_ending_is_ours);
    SUITE_ADD("/status_words", each_failure_has_words_of_its_own);
    return g_test_run();
}
