/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Programs on a terminal of their own, by --pty.
 */

#include <string.h>

#include <glib.h>

#include "support/cli.h"
#include "support/daemon.h"
#include "support/suite.h"

static struct daemon the_daemon;

#define AT "--at", the_daemon.address

static void set_term(void)
{
    g_setenv("TERM", "vt220", TRUE);
}

static void a_program_finds_its_terminal(void)
{
    struct command command;

    command_start(&command,
            CLI("run", AT, "--pty", "12x34", "--", "/bin/sh", "-c",
                    "tty >/dev/null && stty size; echo $TERM >&2; exit 3"),
            set_term);
    cli_check_end(&command, 3, "12 34\r\nvt220\r\n", "");
}

static void write_types(const char *id, const char *text)
{
    struct command command;
    struct command_result result;

    command_start(&command, CLI("write", AT, id), NULL);
    command_finish(&command, text, strlen(text), &result);
    g_assert_cmpstr(result.err_text, ==, "");
    g_assert_cmpint(result.status, ==, 0);
    command_result_deinit(&result);
}

static void what_is_written_is_typed(void)
{
    char *id = cli_read_line(CLI("start", AT, "--pty", "24x80", "--", "/bin/sh",
            "-c", "stty -echo; echo ready; read line; echo got $line; cat"));

    cli_check(CLI("wait-line", AT, id, "^ready"), 0, "ready\r\n", "");
    write_types(id, "word\n");
    cli_check(CLI("wait-line", AT, id, "--stream", "stdout", "^got"), 0,
            "got word\r\n", "");
    write_types(id, "\003"); /* ^C */
    cli_check(CLI("wait", AT, id), 130, "", "");
    cli_check(CLI("logs", AT, id, "--stream", "stdout"), 0,
            "ready\r\ngot word\r\n", "");
    g_free(id);
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    g_unsetenv("REMEX_EXECUTOR");
    daemon_start(&the_daemon);
    SUITE_ADD("/cli_terminal", a_program_finds_its_terminal);
    SUITE_ADD("/cli_terminal", what_is_written_is_typed);
    status = g_test_run();
    daemon_stop(&the_daemon);
    return status;
}
