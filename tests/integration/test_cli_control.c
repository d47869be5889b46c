/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex wait, write, signal, stop and attach: processes that somebody else has
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

#define SECOND_MS 1000
#define MIB ((size_t)1024 * 1024)

static struct daemon the_daemon;

#define AT "--at", the_daemon.address
/* The shell would tell how a sleep of its own ended. */
#define WAIT_HERE "exec 2>/dev/null; echo ready; while :; do sleep 0.01; done"

/* The id; yours to g_free. */
static char *start(const char *script)
{
    return cli_read_line(
            CLI("start", AT, "--stdin", "pipe", "--", "/bin/sh", "-c", script));
}

/* Starts it and waits until it says "ready". */
static char *start_ready(const char *script)
{
    char *id = start(script);

    cli_check(CLI("wait-line", AT, id, "^ready$"), 0, "ready\n", "");
    return id;
}

static void check_wait(const char *script, int status)
{
    char *id = start(script);

    cli_check(CLI("wait", AT, id), status, "", "");
    cli_check(CLI("wait", AT, id), status, "", "");
    g_free(id);
}

static void wait_exits_as_run_would(void)
{
    char *id;

    check_wait("exit 0", 0);
    check_wait("exit 7", 7);
    check_wait("kill -TERM $$", 143);
    id = cli_read_line(
            CLI("start", AT, "--wall-time", "10ms", "--", "sleep", "1000"));
    cli_check(CLI("wait", AT, id), 124, "", "");
    g_free(id);
}

static void wait_gives_up_in_time(void)
{
    char *id = start("sleep 1000; :");

    cli_check_told(CLI("wait", AT, id, "--timeout", "50ms"), 124, "--timeout");
    cli_check(CLI("stop", AT, id, "--now", "--wait"), 0, "", "");
    cli_check(CLI("wait", AT, id, "--timeout", "10s"), 137, "", "");
    g_free(id);
}

/* More than any window or pipe holds. */
static void who_waits_holds_nothing_up(void)
{
    char *script = g_strdup_printf("%s 9000000; exit 3", REMOTE_CHILD("spew"));
    char *id = start(script);

    cli_check(CLI("wait", AT, id, "--timeout", "50s"), 3, "", "");
    g_free(id);
    g_free(script);
}

static void check_write(const char *const *argv, const void *input, size_t size)
{
    struct command command;
    struct command_result result;

    command_start(&command, argv, NULL);
    command_finish(&command, input, size, &result);
    g_assert_cmpstr(result.err_text, ==, "");
    g_assert_cmpint(result.status, ==, 0);
    command_result_deinit(&result);
}

static void write_goes_to_its_stdin(void)
{
    char *id = cli_read_line(CLI("start", AT, "--stdin=pipe", "--", "cat"));

    check_write(CLI("write", AT, id), "one\n", 4);
    cli_check(CLI("wait-line", AT, id, "one"), 0, "one\n", "");
    check_write(CLI("write", AT, id, "--eof"), "two", 3);
    cli_check(CLI("wait", AT, id), 0, "", "");
    cli_check(CLI("logs", AT, id), 0, "one\ntwo", "");
    g_free(id);
}

/* Its output goes nowhere, and is more than anybody keeps. */
static void much_goes_through(void)
{
    char *id = cli_read_line(CLI(
            "start", AT, "--stdin=pipe", "--out", "retain=64K", "--", "cat"));
    uint8_t *input = g_malloc(16 * MIB);
    char *told;

    pattern_fill(input, 16 * MIB, 0);
    check_write(CLI("write", AT, id, "--eof"), input, 16 * MIB);
    cli_check(CLI("wait", AT, id), 0, "", "");
    told = cli_read(CLI("inspect", AT, id));
    g_assert_nonnull(strstr(told, " 16777216 bytes, "));
    g_free(told);
    g_free(input);
    g_free(id);
}

static void who_takes_no_input_is_told(void)
{
    char *id = cli_read_line(CLI("start", AT, "--", "sleep", "1000"));
    struct command command;
    struct command_result result;

    command_start(&command, CLI("write", AT, id), NULL);
    command_finish(&command, "x", 1, &result);
    g_assert_cmpint(result.status, ==, 1);
    g_assert_nonnull(strstr(result.err_text, "takes no input"));
    command_result_deinit(&result);
    cli_check(CLI("stop", AT, id), 0, "", "");
    g_free(id);
}

static void check_signal(const char *name, const char *to, int status)
{
    char *id = start_ready("trap 'exit 9' USR1; " WAIT_HERE);

    cli_check(CLI("signal", AT, "--to", to, id, name), 0, "", "");
    cli_check(CLI("wait", AT, id), status, "", "");
    /* Its group may live a little longer: in a sleep. */
    cli_check_told(
            CLI("signal", AT, "--to", "leader", id, name), 1, "has exited");
    g_free(id);
}

static void signals_have_names_and_targets(void)
{
    check_signal("USR1", "leader", 9);
    check_signal("SIGTERM", "group", 143);
    check_signal("9", "tree", 137);
}

static void stop_escalates(void)
{
    char *id = start_ready("trap '' TERM; " WAIT_HERE);

    cli_check(CLI("stop", AT, id, "--plan", "TERM:50ms,KILL", "--wait"), 0, "",
            "");
    cli_check(CLI("wait", AT, id), 137, "", "");
    cli_check(CLI("stop", AT, id, "--wait"), 0, "", "");
    g_free(id);
}

static void stop_gives_up_in_time(void)
{
    char *id = start_ready("trap '' TERM; " WAIT_HERE);

    cli_check_told(CLI("stop", AT, id, "--plan=TERM:1h", "--timeout", "50ms"),
            124, "--timeout");
    cli_check(CLI("stop", AT, id, "--now", "--timeout", "50s"), 0, "", "");
    cli_check(CLI("wait", AT, id), 137, "", "");
    g_free(id);
}

static void stop_keeps_to_the_plan_of_the_start(void)
{
    char *id = cli_read_line(CLI("start", AT, "--stop-plan", "USR1:50s", "--",
            "/bin/sh", "-c", "trap 'exit 6' USR1; " WAIT_HERE));

    cli_check(CLI("wait-line", AT, id, "ready"), 0, "ready\n", "");
    cli_check(CLI("stop", AT, id), 0, "", "");
    cli_check(CLI("wait", AT, id), 6, "", "");
    g_free(id);
}

static void attach_is_what_run_would_be(void)
{
    char *id = start("echo out; echo err >&2; cat; exit 5");
    struct command command;
    struct command_result result;

    command_start(&command, CLI("attach", AT, id), NULL);
    command_finish(&command, "in\n", 3, &result);
    g_assert_cmpstr(result.out_text, ==, "out\nin\n");
    g_assert_cmpstr(result.err_text, ==, "err\n");
    g_assert_cmpint(result.status, ==, 5);
    command_result_deinit(&result);
    cli_check(CLI("attach", AT, id, "--no-stdin"), 5, "out\nin\n", "err\n");
    g_free(id);
}

static void the_process_goes_on_without_who_attached(void)
{
    char *id = start_ready("trap 'exit 8' TERM; " WAIT_HERE);
    struct command command;
    struct command_result result;
    char *line;

    command_start(&command, CLI("attach", AT, id), NULL);
    line = command_read_line(command.out);
    g_assert_cmpstr(line, ==, "ready");
    g_free(line);
    g_assert_cmpint(kill(command.pid, SIGTERM), ==, 0);
    command_finish_with_open_stdin(&command, &result);
    g_assert_cmpint(result.status, ==, 128 + SIGTERM);
    command_result_deinit(&result);

    command_start(&command, CLI("attach", AT, id, "--pass-signals"), NULL);
    line = command_read_line(command.out);
    g_assert_cmpstr(line, ==, "ready");
    g_free(line);
    g_assert_cmpint(kill(command.pid, SIGTERM), ==, 0);
    cli_check_end(&command, 8, "", "");
    g_free(id);
}

/* Those that follow nothing are in nobody's way. */
static void check_others_work_beside(const char *id)
{
    cli_check(CLI("logs", AT, id), 0, "ready\n", "");
    cli_check_told(CLI("wait", AT, id, "--timeout", "1ms"), 124, "--timeout");
    cli_check(CLI("signal", AT, id, "CONT"), 0, "", "");
    check_write(CLI("write", AT, id), "one\n", 4);
}

static void one_at_a_time_and_the_last_may_take_over(void)
{
    char *id = start_ready("echo ready; read first; read line; exit 4");
    struct command first;
    struct command second;
    struct command_result result;
    char *line;

    command_start(&first, CLI("attach", AT, id, "--exclusive"), NULL);
    line = command_read_line(first.out);
    g_assert_cmpstr(line, ==, "ready");
    g_free(line);
    cli_check_told(
            CLI("attach", AT, id, "--no-stdin"), 125, "followed already");
    cli_check_told(CLI("attach", AT, id, "--no-stdin", "--exclusive"), 125,
            "--take-over");
    cli_check_told(CLI("wait-line", AT, id, "x"), 125, "logs -f");
    check_others_work_beside(id);
    command_start(&second, CLI("attach", AT, id, "--take-over"), NULL);
    command_finish_with_open_stdin(&first, &result);
    g_assert_cmpint(result.status, ==, 125);
    g_assert_nonnull(strstr(result.err_text, "taken over"));
    command_result_deinit(&result);
    command_finish(&second, "go\n", 3, &result);
    g_assert_cmpint(result.status, ==, 4);
    g_assert_cmpstr(result.out_text, ==, "ready\n");
    command_result_deinit(&result);
    g_free(id);
}

static void attach_can_begin_late(void)
{
    struct gate gate;
    struct command command;
    char *script;
    char *id;

    gate_init(&gate);
    script = g_strdup_printf("echo ready; read line <%s; echo late", gate.path);
    id = start_ready(script);
    cli_check(CLI("logs", AT, id, "--from", "2"), 0, "", "");
    command_start(
            &command, CLI("attach", AT, id, "--no-stdin", "--from=2"), NULL);
    gate_open(&gate);
    cli_check_end(&command, 0, "late\n", "");
    cli_check(CLI("attach", AT, id, "--no-stdin", "--from", "live"), 0, "", "");
    gate_deinit(&gate);
    g_free(id);
    g_free(script);
}

static void bad_usage_is_told(void)
{
    const char *const verbs[] = { "wait", "write", "stop", "attach", "logs" };

    for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++) {
        cli_check_told(CLI(verbs[i], AT), 125, "no ID given");
        cli_check_told(CLI(verbs[i], AT, "x", "y"), 125, "y: an operand too");
        cli_check_told(CLI(verbs[i], AT, "unknown"), 125,
                "knows no process 'unknown'");
        cli_check_told(CLI(verbs[i], "x"), 125, "--at ADDR");
        cli_check_told(CLI(verbs[i], "--at", "ipc:///no/such/one", "x"), 125,
                "ipc:///no/such/one");
    }
    cli_check_told(CLI("signal", AT, "x"), 125, "an operand is missing");
    cli_check_told(CLI("signal", AT, "x", "HUM"), 125, "'HUM' is no signal");
    cli_check_told(CLI("signal", AT, "x", "0"), 125, "'0' is no signal");
    cli_check_told(CLI("signal", AT, "unknown", "TERM"), 125, "'unknown'");
    cli_check_told(
            CLI("signal", AT, "x", "TERM", "--to", "all"), 125, "--to wants");
    cli_check_told(CLI("wait", AT, "x", "--timeout", "soon"), 125, "'soon'");
    cli_check_told(CLI("stop", AT, "x", "--plan", "TERM:"), 125, "--plan");
    cli_check_told(
            CLI("stop", AT, "x", "--plan", "TERM", "--now"), 125, "--now");
    cli_check_told(CLI("attach", AT, "x", "--from", "new"), 125, "--from");
    cli_check_told(CLI("attach", AT, "x", "--from", "0"), 125, "--from");
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    g_unsetenv("REMEX_EXECUTOR");
    daemon_start(&the_daemon);
    SUITE_ADD("/cli_control", wait_exits_as_run_would);
    SUITE_ADD("/cli_control", wait_gives_up_in_time);
    SUITE_ADD("/cli_control", who_waits_holds_nothing_up);
    SUITE_ADD("/cli_control", write_goes_to_its_stdin);
    SUITE_ADD("/cli_control", much_goes_through);
    SUITE_ADD("/cli_control", who_takes_no_input_is_told);
    SUITE_ADD("/cli_control", signals_have_names_and_targets);
    SUITE_ADD("/cli_control", stop_escalates);
    SUITE_ADD("/cli_control", stop_gives_up_in_time);
    SUITE_ADD("/cli_control", stop_keeps_to_the_plan_of_the_start);
    SUITE_ADD("/cli_control", attach_is_what_run_would_be);
    SUITE_ADD("/cli_control", the_process_goes_on_without_who_attached);
    SUITE_ADD("/cli_control", one_at_a_time_and_the_last_may_take_over);
    SUITE_ADD("/cli_control", attach_can_begin_late);
    SUITE_ADD("/cli_control", bad_usage_is_told);
    status = g_test_run();
    daemon_stop(&the_daemon);
    return status;
}
