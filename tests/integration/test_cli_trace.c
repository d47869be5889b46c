/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex trace: what ran when, as others' programs read it.
 */

#include <string.h>

#include <glib.h>

#include "support/cli.h"
#include "support/daemon.h"
#include "support/suite.h"

/* Reads a trace and tells of each event, by id: how long it is compared with
 * the others, and in which lane. */
static const char reader[] =
        "import json, sys, time\n"
        "trace = json.load(sys.stdin)\n"
        "events = trace['traceEvents']\n"
        "names = [e for e in events if e['ph'] == 'M']\n"
        "spans = {e['args']['id']: e for e in events if e['ph'] == 'X'}\n"
        "assert len(names) == 1 and names[0]['args']['name'] == sys.argv[1]\n"
        "assert len(names) + len(spans) == len(events)\n"
        "for span in spans.values():\n"
        "    assert span['pid'] == 1 and span['name'] == 'sh'\n"
        "    assert type(span['ts']) == type(span['dur']) == int\n"
        "    assert abs(span['ts'] / 1e6 - time.time()) < 3600\n"
        "a, b, c = spans['a'], spans['b'], spans['c']\n"
        "assert a['tid'] != b['tid']\n"
        "assert b['ts'] + b['dur'] <= c['ts'] and c['tid'] == b['tid']\n"
        "assert a['ts'] + a['dur'] > c['ts'] + c['dur']\n";

static struct daemon the_daemon;

#define AT "--at", the_daemon.address

static void start(const char *id, const char *script)
{
    char *said = g_strconcat(id, "\n", NULL);

    cli_check(CLI("start", AT, "--id", id, "--label", "kind=trace", "--",
                      "/bin/sh", "-c", script),
            0, said, "");
    g_free(said);
}

static void read_trace(const char *trace)
{
    struct command command;
    struct command_result result;

    command_start(&command,
            REMOTE_ARGV("python3", "-c", reader, the_daemon.address), NULL);
    command_finish(&command, trace, strlen(trace), &result);
    if (result.status != 0)
        g_error("%s\nof %s", result.err_text, trace);
    command_result_deinit(&result);
}

static void what_overlaps_lies_side_by_side(void)
{
    char *trace;

    start("a", "sleep 1000; :"); /* runs on */
    start("b", "exit 3");
    cli_check(CLI("wait", AT, "b"), 3, "", "");
    start("c", "exit 0");
    cli_check(CLI("wait", AT, "c"), 0, "", "");
    cli_check(CLI("run", AT, "--", "true"), 0, "", ""); /* without the label */
    trace = cli_read(CLI("trace", AT, "--label", "kind=trace"));
    read_trace(trace);
    g_free(trace);
}

static void without_processes_it_is_empty(void)
{
    char *trace = cli_read(CLI("trace", AT, "--label", "kind=none"));

    g_assert_nonnull(strstr(trace, "\"traceEvents\""));
    g_assert_null(strstr(trace, "\"X\""));
    g_free(trace);
}

static void what_is_wrong_is_told(void)
{
    cli_check_told(CLI("trace", AT, "--label", "none"), 125, "--label");
    cli_check_told(CLI("trace", AT, "--nothing"), 125, "--nothing");
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    g_unsetenv("REMEX_EXECUTOR");
    daemon_start(&the_daemon);
    SUITE_ADD("/cli_trace", what_overlaps_lies_side_by_side);
    SUITE_ADD("/cli_trace", without_processes_it_is_empty);
    SUITE_ADD("/cli_trace", what_is_wrong_is_told);
    status = g_test_run();
    daemon_stop(&the_daemon);
    return status;
}
