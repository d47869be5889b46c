/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex ps, inspect and forget: what is known of processes.
 */

#include <string.h>

#include <glib.h>

#include "support/cli.h"
#include "support/daemon.h"
#include "support/gate.h"
#include "support/suite.h"

static struct daemon the_daemon;

#define AT "--at", the_daemon.address

static void start(const char *id, const char *label, const char *script)
{
    char *said = g_strconcat(id, "\n", NULL);

    cli_check(CLI("start", AT, "--id", id, "--label", label, "--", "/bin/sh",
                      "-c", script),
            0, said, "");
    g_free(said);
}

/* A line of the text that begins so; yours to g_free. */
static char *find_line(const char *text, const char *beginning)
{
    char **lines = g_strsplit(text, "\n", 0);
    char *found = NULL;

    for (char **line = lines; *line && !found; line++)
        if (g_str_has_prefix(*line, beginning))
            found = g_strdup(*line);
    g_strfreev(lines);
    return found;
}

static void check_line(
        const char *text, const char *beginning, const char *words)
{
    char *line = find_line(text, beginning);

    if (!line || !strstr(line, words))
        g_error("no line '%s...%s' in: %s", beginning, words, text);
    g_free(line);
}

static void ps_lists_them(void)
{
    char *text;

    start("runs", "kind=ps", "sleep 1000; :");
    start("exits", "kind=ps", "exit 3");
    start("dies", "kind=ps", "kill -KILL $$");
    cli_check(CLI("wait", AT, "exits"), 3, "", "");
    cli_check(CLI("wait", AT, "dies"), 137, "", "");
    text = cli_read(CLI("ps", AT, "--label", "kind=ps"));
    check_line(text, "ID ", "COMMAND");
    check_line(text, "runs ", " running ");
    check_line(text, "runs ", "sleep 1000; :");
    check_line(text, "exits ", " exit 3 ");
    check_line(text, "dies ", " signal KILL ");
    g_free(text);
    cli_check(CLI("stop", AT, "runs", "--now", "--wait"), 0, "", "");
}

static void labels_choose(void)
{
    char *text;

    start("red", "colour=red", ":");
    start("blue", "colour=blue", ":");
    text = cli_read(CLI("ps", AT, "--label", "colour=blue"));
    check_line(text, "blue ", "");
    g_assert_null(find_line(text, "red "));
    g_free(text);
    text = cli_read(
            CLI("ps", AT, "--label", "colour=blue", "--label", "colour=red"));
    g_assert_null(find_line(text, "blue "));
    g_free(text);
}

static void a_terminal_is_safe_from_commands(void)
{
    char *text;

    cli_check(CLI("start", AT, "--id", "red-alert", "--", "/bin/true",
                      "\033[31m\n"),
            0, "red-alert\n", "");
    text = cli_read(CLI("ps", AT));
    check_line(text, "red-alert ", "/bin/true \\x1b[31m\\x0a");
    g_free(text);
}

static void inspect_tells_all(void)
{
    char *text;

    start("inspected", "purpose=look", "echo out; exit 4");
    cli_check(CLI("wait", AT, "inspected"), 4, "", "");
    text = cli_read(CLI("inspect", AT, "inspected"));
    check_line(text, "id ", "inspected");
    check_line(text, "state ", "exit 4");
    check_line(text, "label ", "purpose=look");
    check_line(text, "command ", "echo out; exit 4");
    check_line(text, "stdout ", "4 bytes");
    check_line(text, "reason ", "own");
    g_free(text);
}

/* Python's parser is the judge. */
static void check_json(char *json, const char *test)
{
    struct command command;
    struct command_result result;
    char *program = g_strconcat("import json, sys\n"
                                "it = json.load(sys.stdin)\n"
                                "assert ",
            test, ", it\n", NULL);

    command_start(&command, REMOTE_ARGV("python3", "-c", program), NULL);
    command_finish(&command, json, strlen(json), &result);
    g_assert_cmpstr(result.err_text, ==, "");
    g_assert_cmpint(result.status, ==, 0);
    command_result_deinit(&result);
    g_free(program);
    g_free(json);
}

static bool have_python(void)
{
    char *python = g_find_program_in_path("python3");

    if (!python)
        g_test_skip("no python3 here");
    g_free(python);
    return python != NULL;
}

static void json_is_json(void)
{
    if (!have_python())
        return;
    cli_check(CLI("start", AT, "--id", "odd", "--label", "quote=\"\\\"", "--",
                      "/bin/sh", "-c", "exit 5", "\xc3\xa4\n", "\xff"),
            0, "odd\n", "");
    cli_check(CLI("wait", AT, "odd"), 5, "", "");
    check_json(cli_read(CLI("inspect", AT, "odd", "--json")),
            "it['id'] == 'odd' and it['argv'][3:] == ['\\u00e4\\n', [255]] and "
            "it['labels'] == {'quote': '\"\\\\\"'} and "
            "it['exit']['code'] == 5 and it['state'] in ('exited', 'closed') "
            "and [s['stream'] for s in it['streams']] == ['stdout', 'stderr']");
    check_json(cli_read(CLI("ps", AT, "--json")),
            "'odd' in [p['id'] for p in it['processes']]");
    check_json(cli_read(CLI("ps", AT, "--json", "--label", "no=such")),
            "it['processes'] == [] and it['executor'].startswith('ipc:')");
}

/* Every policy and every counter. */
static void json_tells_how_output_is_delivered(void)
{
    struct command command;
    struct gate gate;
    char *script;
    char *line;

    if (!have_python())
        return;
    gate_init(&gate);
    script = g_strdup_printf("echo here; read line <%s", gate.path);
    cli_check(CLI("start", AT, "--id", "told", "--out",
                      "lossy,retain=1K,chunk=512", "--err", "hold,retain=none",
                      "--", "/bin/sh", "-c", script),
            0, "told\n", "");
    command_start(&command, CLI("attach", AT, "--exclusive", "told"), NULL);
    line = command_read_line(command.out);
    g_assert_cmpstr(line, ==, "here");
    check_json(cli_read(CLI("inspect", AT, "told", "--json")),
            "it['streams'] == ["
            "{'stream': 'stdout', 'capture': 'pipe', 'delivery': 'lossy',"
            " 'no_follower': 'drain', 'retention': 'bytes',"
            " 'retention_amount': 1024, 'chunk_bytes': 512, 'bytes': 5,"
            " 'retained_bytes': 5, 'retained_events': 1, 'dropped_bytes': 0,"
            " 'dropped_events': 0, 'sealed': False, 'held': False, 'end': "
            "None},"
            "{'stream': 'stderr', 'capture': 'pipe', 'delivery': 'reliable',"
            " 'no_follower': 'hold', 'retention': 'none',"
            " 'retention_amount': 0, 'chunk_bytes': 0, 'bytes': 0,"
            " 'retained_bytes': 0, 'retained_events': 0, 'dropped_bytes': 0,"
            " 'dropped_events': 0, 'sealed': False, 'held': False, 'end': "
            "None}] and "
            "it['followers'] == 1 and it['follower_list'][0].items() >= "
            "{'client': 'remex', 'exclusive': True, 'connected': True,"
            " 'sent_seq': 1, 'lost_events': 0, 'lost_bytes':"
            " {'stdout': 0, 'stderr': 0, 'terminal': 0}}.items() and "
            "it['follower_list'][0]['taken_seq'] in (0, 1) and "
            "it['follower_list'][0]['window_bytes'] > 0");
    g_free(line);
    line = cli_read(CLI("inspect", AT, "told"));
    check_line(line, "stdout ", "5 kept in 1 outputs");
    check_line(line, "followers ", "1");
    check_line(line, "follower ", "remex, taken to event ");
    check_line(line, "follower ", ", 0 bytes lost, alone");
    g_free(line);
    gate_open(&gate);
    cli_check_end(&command, 0, "", "");
    gate_deinit(&gate);
    g_free(script);
}

static void what_has_ended_can_be_forgotten(void)
{
    start("forgotten", "kind=forget", ":");
    cli_check(CLI("attach", AT, "--no-stdin", "forgotten"), 0, "", "");
    cli_check(CLI("forget", AT, "forgotten"), 0, "", "");
    cli_check(CLI("forget", AT, "forgotten"), 0, "", "");
    cli_check_told(CLI("inspect", AT, "forgotten"), 125, "'forgotten'");
}

static void what_runs_is_not_forgotten(void)
{
    start("busy", "kind=forget", "sleep 1000; :");
    cli_check_told(CLI("forget", AT, "busy"), 125, "remex stop");
    cli_check(CLI("stop", AT, "busy", "--now"), 0, "", "");
}

static void bad_usage_is_told(void)
{
    cli_check_told(CLI("ps", AT, "--label", "x"), 125, "NAME=VALUE");
    cli_check_told(CLI("ps", AT, "id"), 125, "an operand too many");
    cli_check_told(CLI("ps"), 125, "--at ADDR");
    cli_check_told(CLI("ps", AT, "--everybody"), 125, "--everybody");
    cli_check_told(CLI("inspect", AT), 125, "no ID given");
    cli_check_told(CLI("inspect", AT, "a", "b"), 125, "b: an operand too many");
    cli_check_told(CLI("inspect", AT, "a", "--jsn"), 125, "--jsn");
    cli_check_told(CLI("inspect", AT, "unknown"), 125, "'unknown'");
    cli_check_told(CLI("inspect", AT, ""), 125, "inspect");
    cli_check_told(CLI("forget", AT), 125, "no ID given");
    cli_check_told(CLI("ps", "--at", "ipc:///no/such/executor"), 125,
            "ipc:///no/such/executor");
    cli_check_told(CLI("forget", "--at", "ipc:///no/such/executor", "x"), 125,
            "ipc:///no/such/executor");
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    g_unsetenv("REMEX_EXECUTOR");
    daemon_start(&the_daemon);
    SUITE_ADD("/cli_look", ps_lists_them);
    SUITE_ADD("/cli_look", labels_choose);
    SUITE_ADD("/cli_look", a_terminal_is_safe_from_commands);
    SUITE_ADD("/cli_look", inspect_tells_all);
    SUITE_ADD("/cli_look", json_is_json);
    SUITE_ADD("/cli_look", json_tells_how_output_is_delivered);
    SUITE_ADD("/cli_look", what_has_ended_can_be_forgotten);
    SUITE_ADD("/cli_look", what_runs_is_not_forgotten);
    SUITE_ADD("/cli_look", bad_usage_is_told);
    status = g_test_run();
    daemon_stop(&the_daemon);
    return status;
}
