/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Short commands in one round trip.
 */

#include <remex/run.h>

#include <string.h>

#include <glib.h>

#include "support/daemon.h"
#include "support/remote.h"
#include "support/suite.h"
#include "support/transcript.h"

#define SHELL(script) REMOTE_ARGV("/bin/sh", "-c", script)

static struct remex_run_result *run(struct remex_client *client,
        const char *const *argv, const char *input, size_t max_output)
{
    struct remex_run_result *result;
    struct remex_error error;

    if (remex_client_run(client, argv, NULL, input, input ? strlen(input) : 0,
                max_output, REMEX_FOREVER, &result, &error) != REMEX_OK)
        g_error("cannot run: %s", error.text);
    return result;
}

static void tell(struct transcript *story, const struct remex_run_result *from)
{
    transcript_init(story);
    for (size_t i = 0; i < from->count; i++)
        transcript_take(story, &from->events[i]);
}

static void output_and_ending_come_together(void)
{
    struct remex_client *client = remote_connect();
    struct remex_run_result *result = run(client,
            SHELL("read x; echo \"<$x>\"; echo no >&2; exit 3"), "line\n", 0);
    struct transcript story;

    tell(&story, result);
    transcript_check_text(&story, REMEX_STDOUT, "<line>\n");
    transcript_check_text(&story, REMEX_STDERR, "no\n");
    transcript_check_exit(&story, 3);
    g_assert_cmpint(result->exit.code, ==, 3);
    g_assert_false(result->truncated);
    transcript_deinit(&story);
    remex_run_result_free(result);
    remex_client_free(client);
}

static void without_input_there_is_none(void)
{
    struct remex_client *client = remote_connect();
    struct remex_run_result *result = run(client, REMOTE_ARGV("cat"), NULL, 0);

    g_assert_cmpuint(result->count, ==, 2);
    remex_run_result_free(result);
    remex_client_free(client);
}

static void output_beyond_the_bound_is_a_gap(void)
{
    struct remex_client *client = remote_connect();
    struct remex_run_result *result =
            run(client, SHELL("head -c 100000 /dev/zero"), NULL, 1000);
    size_t bytes = 0;

    for (size_t i = 0; i < result->count; i++) {
        if (result->events[i].kind == REMEX_EVENT_OUTPUT)
            bytes += result->events[i].output.data.size;
    }
    g_assert_cmpuint(bytes, <=, 1000);
    g_assert_true(result->truncated);
    g_assert_cmpint(result->exit.code, ==, 0);
    remex_run_result_free(result);
    remex_client_free(client);
}

static void a_failed_launch_is_told(void)
{
    struct remex_client *client = remote_connect();
    struct remex_run_result *result;
    struct remex_error error;

    g_assert_cmpint(remex_client_run(client, REMOTE_ARGV("/nowhere/at/all"),
                            NULL, NULL, 0, 0, REMEX_FOREVER, &result, &error),
            ==, REMEX_NOT_FOUND);
    g_assert_cmpint(error.kind, ==, REMEX_ERROR_LAUNCH_FAILED);
    remex_client_free(client);
}

/* More than fit on the lanes at once, and longer than one may wait. */
static void *run_slowly(void *data)
{
    struct remex_run_result *result =
            run(data, SHELL("sleep 1; echo done"), NULL, 0);

    g_assert_cmpint(result->exit.code, ==, 0);
    g_assert_cmpuint(result->count, ==, 3);
    remex_run_result_free(result);
    return NULL;
}

static void slow_ones_do_not_wait_for_one_another(void)
{
    struct remex_client *client = remote_connect();
    gint64 before = g_get_monotonic_time();
    GThread *threads[12];

    for (int i = 0; i < 12; i++)
        threads[i] = g_thread_new("run", run_slowly, client);
    for (int i = 0; i < 12; i++)
        g_thread_join(threads[i]);
    /* One after the other on three lanes they would take four seconds. */
    g_assert_cmpint(g_get_monotonic_time() - before, <, 3500 * 1000);
    remex_client_free(client);
}

static void what_takes_too_long_is_killed(void)
{
    static const char marker[] = "remex-run-too-long";
    struct daemon daemon;
    struct remex_client *client;
    struct remex_run_result *result;
    enum remex_status status;

    daemon_start(&daemon);
    client = remote_connect_to(daemon.address);
    status = remex_client_run(client,
            REMOTE_ARGV("/bin/sh", "-c", "sleep 1000; :", marker), NULL, NULL,
            0, 0, 300, &result, NULL);
    g_assert_true(status == REMEX_DEADLINE_EXCEEDED ||
            status == REMEX_OUTCOME_UNKNOWN);
    g_assert_true(daemon_wait_none_marked(marker, 10000));
    remex_client_free(client);
    daemon_stop(&daemon);
}

static void what_makes_no_sense_is_refused_by_name(void)
{
    struct remex_client *client = remote_connect();
    struct remex_pty_options pty = { .rows = 1 };
    struct remex_process_options wrong[3] = {
        REMEX_DEFAULTS(remex_process_options),
        REMEX_DEFAULTS(remex_process_options),
        REMEX_DEFAULTS(remex_process_options),
    };
    static const char *const names[] = { "options.pty", "options.stdin_mode",
        "options.window_bytes" };
    struct remex_run_result *result;
    struct remex_error error;

    wrong[0].pty = &pty;
    wrong[1].stdin_mode = REMEX_STDIN_PIPE;
    wrong[2].window_bytes = 1;
    for (int i = 0; i < 3; i++) {
        g_assert_cmpint(remex_client_run(client, REMOTE_ARGV("true"), &wrong[i],
                                NULL, 0, 0, 0, &result, &error),
                ==, REMEX_INVALID_ARGUMENT);
        g_assert_cmpstr(error.name, ==, names[i]);
    }
    remex_client_free(client);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/client_run", output_and_ending_come_together);
    SUITE_ADD("/client_run", without_input_there_is_none);
    SUITE_ADD("/client_run", output_beyond_the_bound_is_a_gap);
    SUITE_ADD("/client_run", a_failed_launch_is_told);
    SUITE_ADD("/client_run", slow_ones_do_not_wait_for_one_another);
    SUITE_ADD("/client_run", what_takes_too_long_is_killed);
    SUITE_ADD("/client_run", what_makes_no_sense_is_refused_by_name);
    return g_test_run();
}
