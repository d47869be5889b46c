/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Signals to the remex command.
 */

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <glib.h>

#include "support/command.h"
#include "support/gate.h"
#include "support/remote.h"
#include "support/suite.h"
#include "support/tree.h"

#define SCRIPT(text) \
    REMOTE_ARGV(REMEX_BIN_DIR "/remex", "run", "--at", "local:", "--", \
            "/bin/sh", "-c", text)
/* The shell would tell how a sleep of its own ended. */
#define WAIT_HERE "exec 2>/dev/null; echo ready; while :; do sleep 0.01; done"
#define SECOND_MS 1000

static void expect_line(struct command *command, const char *wanted)
{
    char *line = command_read_line(command->out);

    g_assert_cmpstr(line, ==, wanted);
    g_free(line);
}

/* Starts the script and waits until it says "ready". */
static void start(
        struct command *command, const char *script, void (*prepare)(void))
{
    command_start(command, SCRIPT(script), prepare);
    expect_line(command, "ready");
}

static void send_signal(const struct command *command, int number)
{
    g_assert_cmpint(kill(command->pid, number), ==, 0);
}

static void check_end(struct command *command, int status, const char *out)
{
    struct command_result result;

    command_finish(command, NULL, 0, &result);
    g_assert_cmpstr(result.err_text, ==, "");
    g_assert_cmpstr(result.out_text, ==, out);
    g_assert_cmpint(result.status, ==, status);
    command_result_deinit(&result);
}

static void check_passed_on(int number)
{
    char *script = g_strdup_printf(
            "trap 'echo got %d; exit 9' %d; %s", number, number, WAIT_HERE);
    char *said = g_strdup_printf("got %d\n", number);
    struct command command;

    start(&command, script, NULL);
    send_signal(&command, number);
    check_end(&command, 9, said);
    g_free(said);
    g_free(script);
}

static void they_are_passed_on(void)
{
    check_passed_on(SIGINT);
    check_passed_on(SIGTERM);
    check_passed_on(SIGHUP);
}

static void a_program_that_dies_of_one_is_told_so(void)
{
    struct command command;

    start(&command, WAIT_HERE, NULL);
    send_signal(&command, SIGTERM);
    check_end(&command, 128 + SIGTERM, "");
}

static void a_second_interrupt_kills(void)
{
    struct command command;

    start(&command, "trap 'echo once' INT; " WAIT_HERE, NULL);
    send_signal(&command, SIGINT);
    expect_line(&command, "once");
    send_signal(&command, SIGINT);
    check_end(&command, 128 + SIGKILL, "");
}

static void ignore_hangups(void)
{
    signal(SIGHUP, SIG_IGN);
}

static void what_we_were_told_to_ignore_is_not_passed_on(void)
{
    struct command command;

    start(&command,
            "trap 'echo hup' HUP; trap 'echo term; exit 2' TERM; " WAIT_HERE,
            ignore_hangups);
    send_signal(&command, SIGHUP);
    send_signal(&command, SIGTERM);
    check_end(&command, 2, "term\n");
}

/* The child says on a FIFO that it got the signal, for what it writes does not
 * get past the output that nobody reads. */
static void a_blocked_stdout_does_not_hold_them_up(void)
{
    struct command command;
    struct command_result result;
    struct gate gate;
    char *script;
    char *line;
    int fifo;

    gate_init(&gate);
    script = g_strdup_printf("trap 'echo got >%s; exit 8' TERM; echo ready; "
                             "%s 900000; while :; do sleep 0.01; done",
            gate.path, REMOTE_CHILD("spew"));
    start(&command, script, NULL);
    send_signal(&command, SIGTERM);
    fifo = open(gate.path, O_RDONLY | O_CLOEXEC);
    line = command_read_line(fifo);
    g_assert_cmpstr(line, ==, "got");
    command_finish(&command, NULL, 0, &result);
    g_assert_cmpint(result.status, ==, 8);
    close(fifo);
    command_result_deinit(&result);
    gate_deinit(&gate);
    g_free(line);
    g_free(script);
}

static void nothing_outlives_a_killed_client(void)
{
    struct command command;
    struct command_result result;
    char *line;
    pid_t left;

    command_start(&command,
            REMOTE_ARGV(REMEX_BIN_DIR "/remex", "run", "--at", "local:", "--",
                    REMOTE_CHILD("deaf")),
            NULL);
    line = command_read_line(command.out);
    left = (pid_t)g_ascii_strtoll(line, NULL, 10);
    g_assert_cmpint(left, >, 1);
    g_assert_true(tree_is_there(left));
    send_signal(&command, SIGKILL);
    g_assert_true(tree_wait_gone(left, SECOND_MS));
    command_finish(&command, NULL, 0, &result);
    command_result_deinit(&result);
    g_free(line);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/cli_signals", they_are_passed_on);
    SUITE_ADD("/cli_signals", a_program_that_dies_of_one_is_told_so);
    SUITE_ADD("/cli_signals", a_second_interrupt_kills);
    SUITE_ADD("/cli_signals", what_we_were_told_to_ignore_is_not_passed_on);
    SUITE_ADD("/cli_signals", a_blocked_stdout_does_not_hold_them_up);
    SUITE_ADD("/cli_signals", nothing_outlives_a_killed_client);
    return g_test_run();
}
