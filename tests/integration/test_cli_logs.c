/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex logs and wait-line: the output of processes that somebody else has
 * started.
 */

#include <signal.h>
#include <string.h>

#include <glib.h>

#include "support/children/pattern.h"
#include "support/cli.h"
#include "support/daemon.h"
#include "support/gate.h"
#include "support/suite.h"

static struct daemon the_daemon;

#define AT "--at", the_daemon.address

/* The id; yours to g_free. */
static char *start(const char *script)
{
    return cli_read_line(CLI("start", AT, "--", "/bin/sh", "-c", script));
}

static char *start_and_end(const char *script)
{
    char *id = start(script);

    cli_check(CLI("attach", AT, "--no-stdin", "--from", "live", id), 0, "", "");
    return id;
}

static void logs_show_what_was_written(void)
{
    char *id = start_and_end("echo out; echo err >&2; echo more");

    cli_check(CLI("logs", AT, id), 0, "out\nmore\n", "err\n");
    cli_check(CLI("logs", AT, id, "-f"), 0, "out\nmore\n", "err\n");
    cli_check(CLI("logs", AT, id, "--stream", "stderr"), 0, "", "err\n");
    cli_check(CLI("logs", AT, "--stream=stdout", id), 0, "out\nmore\n", "");
    cli_check(CLI("logs", AT, id, "--from", "live"), 0, "", "");
    cli_check(CLI("logs", AT, id, "--from", "live", "--follow"), 0, "", "");
    cli_check(CLI("logs", AT, id, "-n", "1", "--stream", "stdout"), 0, "more\n",
            "");
    cli_check(CLI("logs", AT, id, "-n", "0"), 0, "", "");
    cli_check(CLI("logs", AT, id, "--lines", "100"), 0, "out\nmore\n", "err\n");
    g_free(id);
}

static void expect_line(struct command *command, const char *wanted)
{
    char *line = command_read_line(command->out);

    g_assert_cmpstr(line, ==, wanted);
    g_free(line);
}

static void logs_go_on_while_it_runs(void)
{
    struct gate gate;
    struct command command;
    char *script;
    char *told;
    char *id;

    gate_init(&gate);
    script = g_strdup_printf(
            "echo zero; echo one; read line <%s; echo two", gate.path);
    id = start(script);
    cli_check(CLI("wait-line", AT, id, "one"), 0, "one\n", "");
    cli_check(CLI("logs", AT, id), 0, "zero\none\n", "");
    command_start(&command, CLI("logs", AT, id, "-f", "-n", "1"), NULL);
    expect_line(&command, "one");
    told = cli_read(CLI("inspect", AT, id)); /* it is not sent it twice */
    g_assert_nonnull(strstr(told, "\nfollowers   0\n"));
    g_free(told);
    gate_open(&gate);
    cli_check_end(&command, 0, "two\n", "");
    gate_deinit(&gate);
    g_free(id);
    g_free(script);
}

static void bytes_stay_what_they_are(void)
{
    char *script = g_strdup_printf("exec %s 300000", REMOTE_CHILD("spew"));
    struct command_result attached;
    struct command_result logged;
    char *id = start(script);

    command_run(CLI("attach", AT, id, "--no-stdin"), &attached);
    command_run(CLI("logs", AT, id), &logged);
    g_assert_cmpstr(logged.err_text, ==, "");
    g_assert_cmpuint(logged.out->len, ==, 300000);
    g_assert_cmpuint(attached.out->len, ==, 300000);
    g_assert_true(memcmp(logged.out->data, attached.out->data, 300000) == 0);
    command_result_deinit(&logged);
    command_result_deinit(&attached);
    g_free(id);
    g_free(script);
}

static void what_was_not_kept_is_told(void)
{
    char *id = cli_read_line(CLI("start", AT, "--out", "retain=1K,chunk=512",
            "--", "/bin/sh", "-c",
            "i=0; while [ $i -lt 1000 ]; do echo 0123456789; i=$((i+1)); "
            "done"));
    struct command_result result;

    cli_check(CLI("wait", AT, id), 0, "", "");
    command_run(CLI("logs", AT, id), &result);
    g_assert_cmpint(result.status, ==, 0);
    g_assert_nonnull(strstr(result.err_text, "bytes of output are lost"));
    g_assert_cmpuint(result.out->len, <=, 2048);
    command_result_deinit(&result);
    g_free(id);
}

/* As in a pipeline of local programs. */
static void nobody_who_reads_is_no_news(void)
{
    char *script = g_strdup_printf("exec %s 300000", REMOTE_CHILD("spew"));
    char *id = start(script);
    char *pipeline = g_strdup_printf(
            "{ %s logs --at %s %s; echo $? >&2; } | head -c 1 >/dev/null",
            REMEX_BIN_DIR "/remex", the_daemon.address, id);

    cli_check(CLI("wait", AT, id), 0, "", "");
    cli_check(REMOTE_ARGV("/bin/sh", "-c", pipeline), 0, "", "141\n");
    g_free(pipeline);
    g_free(id);
    g_free(script);
}

/* Nobody reads what it is shown; the program ends all the same. */
static void a_slow_reader_holds_nothing_up(void)
{
    char *script = g_strdup_printf(
            "echo ready; exec %s 9000000", REMOTE_CHILD("spew"));
    struct command command;
    struct command_result result;
    char *id = start(script);

    command_start(&command, CLI("logs", AT, id, "-f"), NULL);
    cli_check(CLI("wait", AT, id, "--timeout", "50s"), 0, "", "");
    command_finish(&command, NULL, 0, &result);
    g_assert_cmpint(result.status, ==, 0);
    command_result_deinit(&result);
    g_free(id);
    g_free(script);
}

static void a_line_is_waited_for(void)
{
    struct gate gate;
    struct command command;
    char *script;
    char *id;

    gate_init(&gate);
    script = g_strdup_printf("echo ready 1 >&2; read line <%s; echo ready 2; "
                             "sleep 1000",
            gate.path);
    id = start(script);
    cli_check(CLI("wait-line", AT, id, "^ready [0-9]$"), 0, "ready 1\n", "");
    cli_check_told(CLI("wait-line", AT, id, "ready", "--stream", "stdout",
                           "--timeout", "50ms"),
            124, "--timeout");
    command_start(&command,
            CLI("wait-line", AT, id, "ready", "--stream", "stdout"), NULL);
    gate_open(&gate);
    cli_check_end(&command, 0, "ready 2\n", "");
    cli_check(CLI("stop", AT, id), 0, "", "");
    gate_deinit(&gate);
    g_free(id);
    g_free(script);
}

static void an_end_without_the_line_is_told(void)
{
    char *id = start("echo other");

    cli_check_told(CLI("wait-line", AT, id, "ready"), 1, "has ended without");
    g_free(id);
}

/* Ends by the signal, and holds nothing any more: neither one that has nothing
 * to read, nor one that always has, nor one whose reader has stopped. */
static void check_left(const char *script, const char *const *argv, int number)
{
    char *id = start(script);
    char *told;
    bool follows;
    struct command command;
    struct command_result result;
    const char *words[12] = { argv[0], argv[1], AT, id };

    for (size_t i = 2; argv[i]; i++)
        words[i + 3] = argv[i];
    command_start(&command, words, NULL);
    do {
        told = cli_read(CLI("inspect", AT, id));
        follows = strstr(told, "\nfollowers   1\n") != NULL;
        g_free(told);
    } while (!follows);
    g_assert_cmpint(kill(command.pid, number), ==, 0);
    command_finish(&command, NULL, 0, &result);
    g_assert_cmpint(result.status, ==, 128 + number);
    told = cli_read(CLI("inspect", AT, id));
    g_assert_nonnull(strstr(told, "\nfollowers   0\n"));
    g_free(told);
    command_result_deinit(&result);
    cli_check(CLI("stop", AT, id, "--now"), 0, "", "");
    g_free(id);
}

static void who_is_told_to_leaves_in_order(void)
{
    char *chatty =
            g_strdup_printf("exec %s 1000000000000", REMOTE_CHILD("spew"));

    check_left("exec sleep 1000", CLI("attach", "--no-stdin"), SIGINT);
    check_left(chatty, CLI("attach", "--no-stdin"), SIGTERM);
    check_left("exec sleep 1000", CLI("wait-line", "no such"), SIGHUP);
    check_left("exec yes", CLI("wait-line", "no such"), SIGINT);
    g_free(chatty);
}

static void check_lost(struct command *command)
{
    struct command_result result;

    command_finish(command, NULL, 0, &result);
    g_assert_cmpint(result.status, ==, 125);
    g_assert_true(g_str_has_prefix(result.err_text, "remex: "));
    command_result_deinit(&result);
}

static void a_lost_executor_is_told(void)
{
    struct daemon daemon;
    struct command logs;
    struct command attach;
    struct command line;
    char *id;

    daemon_start(&daemon);
    id = cli_read_line(CLI("start", "--at", daemon.address, "--", "/bin/sh",
            "-c", "echo up; exec sleep 1000"));
    command_start(&logs, CLI("logs", "--at", daemon.address, "-f", id), NULL);
    command_start(&attach, CLI("attach", "--at", daemon.address, id), NULL);
    expect_line(&logs, "up");
    expect_line(&attach, "up");
    command_start(
            &line, CLI("wait-line", "--at", daemon.address, id, "down"), NULL);
    daemon_kill(&daemon);
    daemon_restart(&daemon);
    check_lost(&logs);
    check_lost(&attach);
    check_lost(&line);
    daemon_stop(&daemon);
    g_free(id);
}

static void bad_usage_is_told(void)
{
    cli_check_told(CLI("logs", AT, "x", "--lines", "many"), 125, "--lines");
    cli_check_told(CLI("logs", AT, "x", "-n"), 125, "-n: a value is missing");
    cli_check_told(CLI("logs", AT, "x", "-n", "100001"), 125, "100000");
    cli_check_told(CLI("logs", AT, "x", "--from", "-1"), 125, "--from");
    cli_check_told(CLI("logs", AT, "x", "--stream", "3"), 125, "--stream");
    cli_check_told(CLI("logs", AT, "x", "-q"), 125, "-q: no such option");
    cli_check_told(CLI("wait-line", AT, "x"), 125, "an operand is missing");
    cli_check_told(CLI("wait-line", AT, "x", "("), 125, "regular expression");
    cli_check_told(CLI("wait-line", AT, "unknown", "y"), 125, "'unknown'");
    cli_check_told(
            CLI("wait-line", AT, "x", "y", "--timeout", ""), 125, "--timeout");
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    g_unsetenv("REMEX_EXECUTOR");
    daemon_start(&the_daemon);
    SUITE_ADD("/cli_logs", logs_show_what_was_written);
    SUITE_ADD("/cli_logs", logs_go_on_while_it_runs);
    SUITE_ADD("/cli_logs", bytes_stay_what_they_are);
    SUITE_ADD("/cli_logs", what_was_not_kept_is_told);
    SUITE_ADD("/cli_logs", nobody_who_reads_is_no_news);
    SUITE_ADD("/cli_logs", a_slow_reader_holds_nothing_up);
    SUITE_ADD("/cli_logs", a_line_is_waited_for);
    SUITE_ADD("/cli_logs", an_end_without_the_line_is_told);
    SUITE_ADD("/cli_logs", who_is_told_to_leaves_in_order);
    SUITE_ADD("/cli_logs", a_lost_executor_is_told);
    SUITE_ADD("/cli_logs", bad_usage_is_told);
    status = g_test_run();
    daemon_stop(&the_daemon);
    return status;
}
