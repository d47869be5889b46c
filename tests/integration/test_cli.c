/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The remex command as its user meets it: exit statuses and what is said about
 * them.
 */

#include <string.h>

#include <glib.h>

#include "support/command.h"
#include "support/remote.h"
#include "support/suite.h"

#define REMEX(...) REMOTE_ARGV(REMEX_BIN_DIR "/remex", __VA_ARGS__)
#define RUN(...) REMEX("run", "--at", "local:", __VA_ARGS__)
#define SCRIPT(text) RUN("--", "/bin/sh", "-c", text)

/* Says nothing itself, and ends like that. */
static void check_quiet(
        const char *const *argv, int status, const char *out, const char *err)
{
    struct command_result result;

    command_run(argv, &result);
    g_assert_cmpstr(result.err_text, ==, err);
    g_assert_cmpstr(result.out_text, ==, out);
    g_assert_cmpint(result.status, ==, status);
    command_result_deinit(&result);
}

static unsigned int count_newlines(const char *text)
{
    unsigned int count = 0;

    for (; *text; text++)
        if (*text == '\n')
            count++;
    return count;
}

/* Ends with that status, and says one line which holds `words`. */
static void check_told(const char *const *argv, int status, const char *words)
{
    struct command_result result;

    command_run(argv, &result);
    if (!strstr(result.err_text, words) ||
            !g_str_has_prefix(result.err_text, "remex: ") ||
            count_newlines(result.err_text) != 1)
        g_error("expected one line 'remex: ...%s...', not: %s", words,
                result.err_text);
    g_assert_cmpint(result.status, ==, status);
    g_assert_cmpstr(result.out_text, ==, "");
    command_result_deinit(&result);
}

static void both_outputs_and_the_status_come_through(void)
{
    check_quiet(SCRIPT("echo out; echo err >&2; exit 7"), 7, "out\n", "err\n");
    check_quiet(SCRIPT("exit 0"), 0, "", "");
    check_quiet(SCRIPT("exit 255"), 255, "", "");
}

static void a_signal_is_128_and_its_number(void)
{
    check_quiet(SCRIPT("kill -TERM $$"), 143, "", "");
    check_quiet(SCRIPT("echo x; kill -KILL $$"), 137, "x\n", "");
}

static void out_of_time_is_124(void)
{
    check_quiet(RUN("--timeout", "0.2", "--", "sleep", "1000"), 124, "", "");
    check_quiet(RUN("--timeout=0.2", "/bin/sh", "-c",
                        "trap '' TERM; echo x; while :; do sleep 1000; done"),
            124, "x\n", "");
    check_quiet(RUN("--timeout", "1000", "--", "echo", "x"), 0, "x\n", "");
}

static void what_cannot_run_is_126_or_127(void)
{
    check_told(RUN("--", "/no/such/program"), 127, "'/no/such/program'");
    check_told(RUN("--", "no-such-program"), 127, "No such file");
    check_told(RUN("--", "-x"), 127, "'-x'");
    check_told(RUN("--", "/etc/passwd"), 126, "Permission denied");
    check_told(RUN("--", "/usr"), 126, "'/usr'");
}

static void our_own_failures_are_125(void)
{
    check_told(RUN("--cwd", "/no/such", "--", "true"), 125, "'/no/such'");
    check_told(REMEX("run", "--at", "ipc:///no/such/executor", "--", "true"),
            125, "ipc:///no/such/executor");
    check_told(REMEX("run", "--at", "tcp://127.0.0.1:1", "--", "true"), 125,
            "tcp://127.0.0.1:1");
    check_told(REMEX("run", "--at", "nonsense", "--", "true"), 125, "nonsense");
    check_told(
            RUN("--token-file", "/no/such", "--", "true"), 125, "'/no/such'");
}

static void bad_usage_is_125_and_names_the_word(void)
{
    check_told(REMOTE_ARGV(REMEX_BIN_DIR "/remex"), 125, "remex help");
    check_told(REMEX("walk"), 125, "walk");
    check_told(REMEX("run"), 125, "no command");
    check_told(REMEX("run", "--"), 125, "no command");
    check_told(RUN("--colour", "--", "true"), 125, "--colour");
    check_told(RUN("-x", "--", "true"), 125, "-x");
    check_told(RUN("--timeout"), 125, "--timeout");
    check_told(RUN("--timeout", "soon", "--", "true"), 125, "soon");
    check_told(RUN("--timeout", "0", "--", "true"), 125, "--timeout");
    check_told(RUN("--timeout", "-1", "--", "true"), 125, "'-1'");
    check_told(RUN("--timeout", "nan", "--", "true"), 125, "'nan'");
    check_told(RUN("--timeout=", "--", "true"), 125, "''");
    check_told(RUN("--env", "NAME", "--", "true"), 125, "NAME=VALUE");
    check_told(RUN("--env", "=x", "--", "true"), 125, "'=x'");
    check_told(RUN("--cwd", "relative", "--", "true"), 125,
            "--cwd wants an absolute path");
    check_told(REMEX("run", "--at", "", "--", "true"), 125, "--at");
}

static void a_terminal_is_safe_from_what_is_reported(void)
{
    check_told(RUN("--", "/no/\033[31mred\n"), 127, "/no/\\x1b[31mred\\x0a");
}

static void check_says(const char *const *argv, const char *beginning)
{
    struct command_result result;

    command_run(argv, &result);
    g_assert_cmpstr(result.err_text, ==, "");
    g_assert_cmpint(result.status, ==, 0);
    if (!g_str_has_prefix(result.out_text, beginning))
        g_error("expected '%s...', not: %s", beginning, result.out_text);
    command_result_deinit(&result);
}

static void help_and_version_go_to_stdout(void)
{
    check_says(REMEX("--help"), "usage: remex VERB ");
    check_says(REMEX("help"), "usage: remex VERB ");
    check_says(REMEX("run", "--help"), "usage: remex run ");
    check_says(REMEX("help", "run"), "usage: remex run ");
    check_says(REMEX("--version"), "remex " REMEX_VERSION "\n");
    check_says(REMEX("version"), "remex " REMEX_VERSION "\n");
    check_told(REMEX("help", "walk"), 125, "walk: no such verb");
    check_told(REMEX("help", "run", "walk"), 125, "an operand too many");
    check_told(REMEX("version", "--full"), 125, "--full");
}

static void options_reach_the_program(void)
{
    check_quiet(RUN("--env", "A=1", "--env=B=2=3", "--env", "C=", "--cwd=/usr",
                        "--", "/bin/sh", "-c", "echo $A $B ${C-unset}.; pwd"),
            0, "1 2=3 .\n/usr\n", "");
    /* Options end at the first word that is none. */
    check_quiet(
            RUN("echo", "--env", "A=1", "--help"), 0, "--env A=1 --help\n", "");
}

static void a_private_executor_starts_where_we_are(void)
{
    char *here = g_get_current_dir();
    char *wanted = g_strconcat(here, "\n", NULL);

    check_quiet(RUN("--", "/bin/pwd"), 0, wanted, "");
    g_free(wanted);
    g_free(here);
}

static void the_environment_names_the_executor(void)
{
    g_setenv("REMEX_EXECUTOR", "ipc:///no/such/named", TRUE);
    check_told(REMEX("run", "--", "true"), 125, "ipc:///no/such/named");
    check_quiet(RUN("--", "echo", "x"), 0, "x\n", "");
    g_unsetenv("REMEX_EXECUTOR");
    check_quiet(REMEX("run", "--", "echo", "x"), 0, "x\n", "");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_unsetenv("REMEX_EXECUTOR");
    SUITE_ADD("/cli", both_outputs_and_the_status_come_through);
    SUITE_ADD("/cli", a_signal_is_128_and_its_number);
    SUITE_ADD("/cli", out_of_time_is_124);
    SUITE_ADD("/cli", what_cannot_run_is_126_or_127);
    SUITE_ADD("/cli", our_own_failures_are_125);
    SUITE_ADD("/cli", bad_usage_is_125_and_names_the_word);
    SUITE_ADD("/cli", a_terminal_is_safe_from_what_is_reported);
    SUITE_ADD("/cli", help_and_version_go_to_stdout);
    SUITE_ADD("/cli", options_reach_the_program);
    SUITE_ADD("/cli", a_private_executor_starts_where_we_are);
    SUITE_ADD("/cli", the_environment_names_the_executor);
    return g_test_run();
}
