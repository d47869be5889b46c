/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remexd's lines where systemd's journal reads them: each begins with its
 * priority, and nowhere else does any.
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "support/command.h"
#include "support/remote.h"
#include "support/suite.h"

#define PROGRAM REMEX_BIN_DIR "/remexd"

/* In the child, as systemd does it for a service: whoever redirects stderr
 * later has the variable still. */
static void name_stream(ino_t added)
{
    char text[64];
    struct stat status;

    if (fstat(STDERR_FILENO, &status) < 0)
        abort();
    snprintf(text, sizeof(text), "%llu:%llu", (unsigned long long)status.st_dev,
            (unsigned long long)(status.st_ino + added));
    if (setenv("JOURNAL_STREAM", text, 1) < 0)
        abort();
}

static void be_a_journal(void)
{
    name_stream(0);
}

static void be_another_stream(void)
{
    name_stream(1);
}

static void check_refusal(
        void (*prepare)(void), const char *option, const char *beginning)
{
    struct command command;
    struct command_result result;

    command_start(&command,
            REMOTE_ARGV(PROGRAM, "--listen", "nonsense", option), prepare);
    command_finish(&command, NULL, 0, &result);
    g_assert_cmpint(result.status, ==, 2);
    if (!g_str_has_prefix(result.err_text, beginning))
        g_error("'%s' does not begin with '%s'", result.err_text, beginning);
    command_result_deinit(&result);
}

static void a_refusal_is_an_error(void)
{
    check_refusal(be_a_journal, NULL, "<3>remexd: ");
    check_refusal(be_another_stream, NULL, "remexd: ");
    check_refusal(NULL, NULL, "remexd: ");
}

/* All that one of them says from its start to its end; yours to g_free. */
static char *read_life(void (*prepare)(void), const char *option)
{
    char *directory = g_dir_make_tmp("remex-test-XXXXXX", NULL);
    char *address = g_strdup_printf("ipc://%s/socket", directory);
    struct command command;
    struct command_result result;
    char *told;
    char *text;

    command_start(&command,
            REMOTE_ARGV(PROGRAM, "--listen", address, "--ready-fd", "1",
                    "--drain", "5", option),
            prepare);
    told = command_read_line(command.out);
    g_assert_cmpstr(told, ==, address);
    kill(command.pid, SIGTERM);
    command_finish(&command, NULL, 0, &result);
    g_assert_cmpint(result.status, ==, 0);
    text = g_strdup(result.err_text);
    command_result_deinit(&result);
    g_free(told);
    g_free(address);
    g_assert_cmpint(g_rmdir(directory), ==, 0);
    g_free(directory);
    return text;
}

/* Checks that there are lines, and that each is as a pattern has it. */
static void check_lines(char *text, const char *pattern)
{
    char **lines = g_strsplit(text, "\n", 0);
    unsigned int count = 0;

    for (char **line = lines; **line; line++, count++)
        if (!g_regex_match_simple(pattern, *line, 0, 0))
            g_error("'%s' is not as '%s'", *line, pattern);
    g_assert_cmpuint(count, >=, 2);
    g_strfreev(lines);
    g_free(text);
}

static void each_line_of_the_log_has_its_own(void)
{
    check_lines(read_life(be_a_journal, NULL),
            "^(<6>20\\S+ info|<4>20\\S+ warning) [a-z]+: ");
    check_lines(read_life(be_another_stream, NULL), "^20\\S+ [a-z]+ [a-z]+: ");
    check_lines(read_life(NULL, "--log-priorities"),
            "^(<6>20\\S+ info|<4>20\\S+ warning) [a-z]+: ");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    suite_start_nng();
    SUITE_ADD("/journal", a_refusal_is_an_error);
    SUITE_ADD("/journal", each_line_of_the_log_has_its_own);
    return g_test_run();
}
