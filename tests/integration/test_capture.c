/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Commands run to their end, or to that of one's patience: all that is known of
 * them comes together.
 */

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

#include <remex/capture.h>

#include "support/daemon.h"
#include "support/gate.h"
#include "support/remote.h"
#include "support/suite.h"
#include "support/tree.h"

#define MIB ((size_t)1024 * 1024)

static struct remex_capture_result *capture(struct remex_client *client,
        const char *script, const struct remex_process_options *process_options,
        const struct remex_capture_options *options)
{
    struct remex_capture_result *result = NULL;
    struct remex_error error;

    if (remex_capture(client, REMOTE_ARGV("/bin/sh", "-c", script),
                process_options, options, &result, &error) != REMEX_OK)
        g_error("cannot capture: %s", error.text);
    return result;
}

static void check_text(const struct remex_captured *captured, const char *text)
{
    g_assert_cmpstr(captured->data.data, ==, text);
    g_assert_cmpuint(captured->data.size, ==, strlen(text));
    g_assert_false(captured->lossy);
}

static void check_own_exit(
        const struct remex_capture_result *result, int exit_code)
{
    g_assert_cmpint(result->ending.status, ==, REMEX_OK);
    g_assert_cmpuint(result->ending.end_count, ==, 2);
    g_assert_true(result->ending.has_exit);
    g_assert_false(result->ending.exit.by_signal);
    g_assert_cmpint(result->ending.exit.code, ==, exit_code);
    g_assert_cmpuint(result->stop.count, ==, 0);
}

static void all_of_it_comes_together(void)
{
    struct remex_client *client = remote_connect();
    struct remex_capture_result *result =
            capture(client, "echo a; echo b >&2; cat; exit 3", NULL, NULL);

    check_own_exit(result, 3);
    check_text(&result->out, "a\n");
    check_text(&result->err, "b\n");
    g_assert_false(result->out.truncated || result->err.truncated);
    remex_capture_result_free(result);

    result = capture(client, "kill -9 $$", NULL, NULL);
    g_assert_cmpint(result->ending.status, ==, REMEX_OK);
    g_assert_true(result->ending.exit.by_signal);
    g_assert_cmpint(result->ending.exit.code, ==, 9);
    check_text(&result->out, "");
    remex_capture_result_free(result);
    remex_client_free(client);
}

static void first_or_last_within_bounds(void)
{
    struct remex_client *client = remote_connect();
    struct remex_capture_options options =
            REMEX_DEFAULTS(remex_capture_options);
    struct remex_capture_result *result;

    options.max_out_bytes = 4;
    options.max_err_bytes = 5;
    options.keep_err = REMEX_KEEP_LAST;
    result = capture(
            client, "printf abcdefgh; printf abcdefgh >&2", NULL, &options);
    check_own_exit(result, 0);
    check_text(&result->out, "abcd");
    check_text(&result->err, "defgh");
    g_assert_true(result->out.truncated && result->err.truncated);
    g_assert_cmpuint(result->out.bytes, ==, 8);
    g_assert_cmpuint(result->err.bytes, ==, 8);
    remex_capture_result_free(result);
    remex_client_free(client);
}

static void much_output_takes_little_memory(void)
{
    struct remex_client *client = remote_connect();
    struct remex_capture_result *result =
            capture(client, "head -c 100000000 /dev/zero", NULL, NULL);

    check_own_exit(result, 0);
    g_assert_cmpuint(result->out.bytes, ==, 100000000);
    g_assert_cmpuint(result->out.data.size, ==, MIB);
    g_assert_true(result->out.truncated);
    remex_capture_result_free(result);
    remex_client_free(client);
}

/* --- Input --------------------------------------------------------------- */

static void input_and_output_do_not_block_each_other(void)
{
    const size_t size = 20 * MIB;
    struct remex_client *client = remote_connect();
    struct remex_capture_options options =
            REMEX_DEFAULTS(remex_capture_options);
    struct remex_capture_result *result;
    char *input = g_malloc(size);

    for (size_t i = 0; i < size; i++)
        input[i] = (char)(i * 31 / 7);
    options.input = input;
    options.input_size = size;
    options.max_out_bytes = size;
    result = capture(client, "cat; echo end >&2", NULL, &options);
    check_own_exit(result, 0);
    g_assert_cmpint(result->input_status, ==, REMEX_OK);
    g_assert_cmpuint(result->input_bytes, ==, size);
    g_assert_cmpuint(result->out.data.size, ==, size);
    g_assert_true(memcmp(result->out.data.data, input, size) == 0);
    g_assert_false(result->out.truncated);
    check_text(&result->err, "end\n");
    remex_capture_result_free(result);
    g_free(input);
    remex_client_free(client);
}

static void input_that_nobody_reads_is_no_failure(void)
{
    const size_t size = 20 * MIB;
    struct remex_client *client = remote_connect();
    struct remex_capture_options options =
            REMEX_DEFAULTS(remex_capture_options);
    struct remex_capture_result *result;
    char *input = g_malloc0(size);

    options.input = input;
    options.input_size = size;
    result = capture(client, "echo a", NULL, &options);
    check_own_exit(result, 0);
    check_text(&result->out, "a\n");
    g_assert_cmpint(result->input_status, ==, REMEX_FAILED_PRECONDITION);
    g_assert_cmpuint(result->input_bytes, <, size);
    remex_capture_result_free(result);
    g_free(input);
    remex_client_free(client);
}

static void a_pipe_without_input_is_at_its_end(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process_options options = remote_with_stdin();
    struct remex_capture_result *result =
            capture(client, "cat; echo a", &options, NULL);

    check_own_exit(result, 0);
    check_text(&result->out, "a\n");
    remex_capture_result_free(result);
    remex_client_free(client);
}

/* --- Time ---------------------------------------------------------------- */

static void h8_a_timeout_leaves_all_that_is_known(void)
{
    const size_t size = 20 * MIB;
    struct remex_client *client = remote_connect();
    struct remex_capture_options options =
            REMEX_DEFAULTS(remex_capture_options);
    struct remex_capture_result *result;
    char *input = g_malloc0(size); /* is not read, and is no hindrance */

    options.timeout_ms = 300;
    options.input = input;
    options.input_size = size;
    result = capture(client,
            "trap 'echo b >&2; exit 4' TERM; echo a;"
            "while :; do sleep 0.02; done",
            NULL, &options);
    g_assert_cmpint(result->ending.status, ==, REMEX_DEADLINE_EXCEEDED);
    g_assert_cmpuint(result->ending.end_count, ==, 2);
    g_assert_cmpint(result->ending.exit.code, ==, 4);
    check_text(&result->out, "a\n");
    /* The shell tells of its sleep, which the signal met as well. */
    g_assert_true(g_str_has_suffix(result->err.data.data, "b\n"));
    g_assert_cmpint(result->stop.status, ==, REMEX_OK);
    g_assert_cmpuint(result->stop.count, ==, 2);
    g_assert_cmpint(result->stop.attempts[0].result, ==, REMEX_STOP_EXITED);
    remex_capture_result_free(result);
    g_free(input);
    remex_client_free(client);
}

/* It would never get to its exit if nobody took what it writes. */
static void output_is_taken_while_it_stops(void)
{
    const struct remex_stop_step plan = { SIGTERM, 60 * 1000 };
    struct remex_client *client = remote_connect();
    struct remex_capture_options options =
            REMEX_DEFAULTS(remex_capture_options);
    struct remex_capture_result *result;

    options.timeout_ms = 300;
    options.stop_plan = &plan;
    options.stop_step_count = 1;
    result = capture(client,
            "trap 'head -c 20000000 /dev/zero; exit 4' TERM;"
            "while :; do sleep 0.02; done",
            NULL, &options);
    g_assert_cmpint(result->ending.status, ==, REMEX_DEADLINE_EXCEEDED);
    g_assert_cmpint(result->ending.exit.code, ==, 4);
    g_assert_cmpuint(result->out.bytes, ==, 20000000);
    remex_capture_result_free(result);
    remex_client_free(client);
}

static void who_writes_for_ever_is_stopped_too(void)
{
    const struct remex_stop_step none = { 0 };
    struct remex_client *client = remote_connect();
    struct remex_capture_options options =
            REMEX_DEFAULTS(remex_capture_options);
    struct remex_capture_result *result;

    options.timeout_ms = 200;
    options.max_out_bytes = 100; /* which is there however slow it is here */
    options.stop_plan = &none;
    result = capture(client, "exec yes", NULL, &options);
    g_assert_cmpint(result->ending.status, ==, REMEX_DEADLINE_EXCEEDED);
    g_assert_true(result->ending.exit.by_signal);
    g_assert_cmpuint(result->stop.count, ==, 1);
    g_assert_true(result->out.truncated);
    remex_capture_result_free(result);
    remex_client_free(client);
}

static void h8_a_held_pipe_costs_neither_exit_nor_output(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process_options process_options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_capture_options options =
            REMEX_DEFAULTS(remex_capture_options);
    struct remex_capture_result *result;

    process_options.eof_linger_ms = REMEX_FOREVER;
    options.timeout_ms = 300;
    result = capture(
            client, "sleep 1000 & echo $!; exit 3", &process_options, &options);
    g_assert_cmpint(result->ending.status, ==, REMEX_DEADLINE_EXCEEDED);
    g_assert_cmpint(result->ending.exit.code, ==, 3);
    g_assert_cmpuint(result->ending.end_count, ==, 2);
    g_assert_cmpuint(result->stop.count, ==, 1); /* of the tree */
    g_assert_true(tree_wait_gone(
            (pid_t)g_ascii_strtoll(result->out.data.data, NULL, 10), 10000));
    remex_capture_result_free(result);

    process_options.eof_linger_ms = 200;
    options.timeout_ms = 0;
    result = capture(
            client, "sleep 1000 & echo a; exit 3", &process_options, &options);
    check_own_exit(result, 3);
    check_text(&result->out, "a\n");
    g_assert_cmpint(result->ending.ends[0].kind, ==, REMEX_END_ABANDONED);
    remex_capture_result_free(result);
    remex_client_free(client);
}

/* --- Failure ------------------------------------------------------------- */

struct lost {
    struct daemon daemon;
    struct gate gate;
};

/* Once the process has come to the gate, a while after its output. */
static void *kill_executor(void *user)
{
    struct lost *lost = user;

    int fd = open(lost->gate.path, O_RDONLY | O_CLOEXEC);

    g_assert_cmpint(fd, >=, 0);
    close(fd);
    daemon_kill_executor(&lost->daemon);
    return NULL;
}

static void h8_a_lost_link_leaves_what_had_come(void)
{
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);
    struct remex_client *client = NULL;
    struct remex_capture_result *result;
    struct lost lost;
    GThread *thread;
    char *script;

    daemon_start(&lost.daemon);
    gate_init(&lost.gate);
    options.recovery_ms = REMEX_AT_ONCE;
    g_assert_cmpint(
            remex_client_connect(lost.daemon.address, &options, &client, NULL),
            ==, REMEX_OK);
    script = g_strdup_printf(
            "echo a; sleep 0.3; : >%s; sleep 1000", lost.gate.path);
    thread = g_thread_new("kill", kill_executor, &lost);
    result = capture(client, script, NULL, NULL);
    g_thread_join(thread);
    g_assert_cmpint(result->ending.status, ==, REMEX_DISCONNECTED);
    g_assert_cmpint(result->ending.failure, !=, 0);
    g_assert_false(result->ending.has_exit);
    g_assert_cmpuint(result->ending.end_count, ==, 0);
    check_text(&result->out, "a\n");
    remex_capture_result_free(result);
    remex_client_free(client);
    gate_deinit(&lost.gate);
    daemon_stop(&lost.daemon);
    g_free(script);
}

static void what_cannot_be_started_has_no_result(void)
{
    struct remex_client *client = remote_connect();
    struct remex_capture_options options =
            REMEX_DEFAULTS(remex_capture_options);
    struct remex_capture_result *result = NULL;
    struct remex_error error;

    g_assert_cmpint(remex_capture(client, REMOTE_ARGV("/no/such"), NULL, NULL,
                            &result, &error),
            ==, REMEX_NOT_FOUND);
    g_assert_cmpint(error.stage, ==, REMEX_STAGE_EXEC);
    options.timeout_ms = -1;
    g_assert_cmpint(remex_capture(client, REMOTE_ARGV("true"), NULL, &options,
                            &result, &error),
            ==, REMEX_INVALID_ARGUMENT);
    options.timeout_ms = 0;
    options.stop_step_count = 1;
    g_assert_cmpint(remex_capture(client, REMOTE_ARGV("true"), NULL, &options,
                            &result, &error),
            ==, REMEX_INVALID_ARGUMENT);
    g_assert_cmpstr(error.name, ==, "options.stop_plan");
    g_assert_null(result);
    remex_capture_result_free(NULL);
    remex_client_free(client);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/capture", all_of_it_comes_together);
    SUITE_ADD("/capture", first_or_last_within_bounds);
    SUITE_ADD("/capture", much_output_takes_little_memory);
    SUITE_ADD("/capture", input_and_output_do_not_block_each_other);
    SUITE_ADD("/capture", input_that_nobody_reads_is_no_failure);
    SUITE_ADD("/capture", a_pipe_without_input_is_at_its_end);
    SUITE_ADD("/capture", h8_a_timeout_leaves_all_that_is_known);
    SUITE_ADD("/capture", output_is_taken_while_it_stops);
    SUITE_ADD("/capture", who_writes_for_ever_is_stopped_too);
    SUITE_ADD("/capture", h8_a_held_pipe_costs_neither_exit_nor_output);
    SUITE_ADD("/capture", h8_a_lost_link_leaves_what_had_come);
    SUITE_ADD("/capture", what_cannot_be_started_has_no_result);
    return g_test_run();
}
