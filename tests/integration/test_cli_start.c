/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex start: programs that stay when the command has gone.
 */

#include <string.h>
#include <unistd.h>

#include <glib.h>

#include "support/cli.h"
#include "support/daemon.h"
#include "support/suite.h"

#define SECOND_MS 1000
#define ID_BYTES 32

static struct daemon the_daemon;

#define START(...) CLI("start", "--at", the_daemon.address, __VA_ARGS__)
#define RUN(...) CLI("run", "--at", the_daemon.address, __VA_ARGS__)

/* Something that waits to be killed and can be found. */
#define WAITER(marker) "--", "/bin/sh", "-c", "sleep 1000; :", marker

static void the_program_outlives_the_command(void)
{
    const char *const marker = "remex-test-start-outlives";
    char *id = cli_read_line(START("--keep", "1m", WAITER(marker)));

    g_assert_cmpuint(strlen(id), ==, ID_BYTES);
    g_assert_cmpuint(daemon_count_marked(marker), >, 0);
    g_free(id);
}

static void it_is_kept_as_long_as_told(void)
{
    const char *const marker = "remex-test-start-kept";
    char *id = cli_read_line(START("--keep=50ms", WAITER(marker)));

    g_assert_true(daemon_wait_none_marked(marker, 20 * SECOND_MS));
    g_free(id);
}

/* When it is to end, as text that sorts; yours to g_free. */
static char *read_expiry(const char *id)
{
    char *text = cli_read(CLI("inspect", "--at", the_daemon.address, id));
    const char *line = strstr(text, "\nexpires ");
    char *expiry;

    g_assert_nonnull(line);
    expiry = g_strndup(line + 1, strcspn(line + 1, "\n"));
    g_free(text);
    return expiry;
}

static void a_repeated_start_keeps_it_anew(void)
{
    char *before;
    char *after;

    cli_check(START("--id", "again", WAITER("x")), 0, "again\n", "");
    before = read_expiry("again");
    cli_check(START("--id", "again", WAITER("x")), 0, "again\n", "");
    after = read_expiry("again");
    g_assert_cmpstr(after, >, before);
    g_free(after);
    g_free(before);
}

static void close_stdout(void)
{
    close(STDOUT_FILENO);
}

static void nothing_stays_that_nobody_was_told_of(void)
{
    const char *const marker = "remex-test-start-untold";
    struct command command;
    struct command_result result;

    command_start(&command, START(WAITER(marker)), close_stdout);
    command_finish(&command, NULL, 0, &result);
    g_assert_cmpint(result.status, ==, 125);
    g_assert_nonnull(strstr(result.err_text, "standard output"));
    g_assert_true(daemon_wait_none_marked(marker, 20 * SECOND_MS));
    command_result_deinit(&result);
}

static void an_id_can_be_chosen_once(void)
{
    cli_check(START("--id", "chosen", WAITER("one")), 0, "chosen\n", "");
    cli_check(START("--id", "chosen", WAITER("one")), 0, "chosen\n", "");
    cli_check_told(START("--id", "chosen", WAITER("other")), 125,
            "--id chosen is taken");
}

static void what_cannot_run_is_told_as_run_does(void)
{
    cli_check_told(START("--", "/no/such/program"), 127, "'/no/such/program'");
    cli_check_told(START("--", "/etc/passwd"), 126, "Permission denied");
    cli_check_told(START("--cwd", "/no/such", "--", "true"), 125, "'/no/such'");
}

static void an_executor_that_stays_is_asked_for(void)
{
    cli_check_told(CLI("start", "--", "true"), 125, "--at ADDR");
    cli_check_told(CLI("start", "--at", "local:", "--", "true"), 125,
            "$REMEX_EXECUTOR");
    cli_check_told(START("--owner-loss", "kill", "--", "true"), 125, "--keep");
    cli_check_told(
            START("--owner-loss=terminate", "--", "true"), 125, "--keep");
    cli_check_told(START("--"), 125, "no command given");
}

static void bad_values_are_told_by_option(void)
{
    cli_check_told(START("--id", "", "--", "true"), 125, "--id wants");
    cli_check_told(START("--keep", "soon", "--", "true"), 125, "--keep wants");
    cli_check_told(START("--keep", "0", "--", "true"), 125, "--keep wants");
    cli_check_told(START("--owner-loss", "x", "--", "true"), 125,
            "--owner-loss wants");
    cli_check_told(START("--stop-plan", "HUM", "--", "true"), 125, "'HUM'");
    cli_check_told(START("--rlimit", "x=1", "--", "true"), 125, "'x=1'");
    cli_check_told(START("--memory", "0", "--", "true"), 125, "--memory wants");
    cli_check_told(START("--memory", "1.5M", "--", "true"), 125, "'1.5M'");
    cli_check_told(START("--memory", "4095K", "--", "true"), 125, "4 MiB");
    cli_check_told(START("--memory", "9999T", "--", "true"), 125, "see --mem");
    cli_check_told(START("--pids", "0", "--", "true"), 125, "--pids wants");
    cli_check_told(START("--pids", "5000000", "--", "true"), 125, "see --pids");
    cli_check_told(START("--cpu", "0", "--", "true"), 125, "--cpu wants");
    cli_check_told(START("--cpu", "0.001", "--", "true"), 125, "see --cpu");
    cli_check_told(START("--label", "x", "--", "true"), 125, "NAME=VALUE");
    cli_check_told(START("--pty", "80", "--", "true"), 125, "24x80");
    cli_check_told(
            START("--stdin", "open", "--", "true"), 125, "pipe or closed");
    cli_check_told(START("--out", "best", "--", "true"), 125, "--out wants");
    cli_check_told(START("--err", "x", "--", "true"), 125, "--err wants");
    cli_check_told(
            START("--wall-time", "-1", "--", "true"), 125, "--wall-time wants");
}

static void options_reach_the_program(void)
{
    cli_check(RUN("--rlimit", "nofile=64:128", "--", "/bin/sh", "-c",
                      "ulimit -n; ulimit -Hn"),
            0, "64\n128\n", "");
    cli_check(RUN("--stdin", "closed", "--", "cat"), 0, "", "");
    cli_check(RUN("--wall-time", "50ms", "--", "sleep", "1000"), 124, "", "");
    cli_check(RUN("--out", "discard", "--", "/bin/sh", "-c",
                      "echo out; echo err >&2"),
            0, "", "err\n");
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    g_unsetenv("REMEX_EXECUTOR");
    daemon_start(&the_daemon);
    SUITE_ADD("/cli_start", the_program_outlives_the_command);
    SUITE_ADD("/cli_start", it_is_kept_as_long_as_told);
    SUITE_ADD("/cli_start", a_repeated_start_keeps_it_anew);
    SUITE_ADD("/cli_start", nothing_stays_that_nobody_was_told_of);
    SUITE_ADD("/cli_start", an_id_can_be_chosen_once);
    SUITE_ADD("/cli_start", what_cannot_run_is_told_as_run_does);
    SUITE_ADD("/cli_start", an_executor_that_stays_is_asked_for);
    SUITE_ADD("/cli_start", bad_values_are_told_by_option);
    SUITE_ADD("/cli_start", options_reach_the_program);
    status = g_test_run();
    daemon_stop(&the_daemon);
    return status;
}
