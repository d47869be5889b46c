/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the remex command tells of itself, of an executor, and of how things
 * went: versions, info, JSON, colours, exit statuses.
 */

#include <string.h>

#include <glib.h>

#include "support/cli.h"
#include "support/daemon.h"
#include "support/seat.h"
#include "support/suite.h"

static struct daemon the_daemon;

#define AT "--at", the_daemon.address

/* `text` holds all of the words, in that order. */
static void check_holds(const char *text, const char *const *words)
{
    const char *at = text;

    for (; *words; words++) {
        const char *found = strstr(at, *words);

        if (!found)
            g_error("no '%s' behind what came before in: %s", *words, text);
        at = found + strlen(*words);
    }
}

#define HOLDS(text, ...) check_holds(text, REMOTE_ARGV(__VA_ARGS__))

static void check_told(const char *const *argv, const char *const *words)
{
    char *text = cli_read(argv);

    check_holds(text, words);
    g_free(text);
}

static void versions_are_told(void)
{
    cli_check(CLI("version", "--at", "local:"), 0,
            "remex " REMEX_VERSION "\nlibrary " REMEX_VERSION ", protocol 1\n",
            "");
    check_told(CLI("version", AT),
            REMOTE_ARGV("remex " REMEX_VERSION "\n",
                    "executor " REMEX_VERSION ", protocol 1, at ipc://"));
    check_told(CLI("version", AT, "--json"),
            REMOTE_ARGV("\"version\": \"" REMEX_VERSION "\"", "\"executor\": {",
                    "\"address\": \"ipc://", "\"protocol\": 1"));
    check_told(CLI("version", "--at", "local:", "--json"),
            REMOTE_ARGV("\"executor\": null"));
}

/* Ours is told all the same. */
static void a_version_that_nobody_tells_is_a_failure(void)
{
    struct command_result result;

    command_run(CLI("version", "--at", "ipc:///no/such"), &result);
    g_assert_cmpint(result.status, ==, 125);
    HOLDS(result.out_text, "remex " REMEX_VERSION "\n");
    HOLDS(result.err_text, "remex: ", "ipc:///no/such");
    command_result_deinit(&result);
}

static void an_executor_tells_what_it_bears(void)
{
    check_told(CLI("info", AT),
            REMOTE_ARGV("executor      ipc://", "version       " REMEX_VERSION,
                    "boot id       ", "principal     uid:", "role          ",
                    "lease         80 s", "capabilities  ", " list",
                    "limit         request_bytes",
                    "processes                       512\n"));
    check_told(CLI("info", AT, "--json"),
            REMOTE_ARGV("\"executor\": \"ipc://", "\"boot_id\": \"",
                    "\"role\": \"", "\"lease_ms\": 80000,",
                    "\"capabilities\": [", "\"limits\": {",
                    "\"processes\": 512,"));
    check_told(
            CLI("info", "--at", "local:"), REMOTE_ARGV("executor      local:"));
    cli_check_told(CLI("info", "--at", "ipc:///no/such"), 125, "/no/such");
    cli_check_told(CLI("info", AT, "more"), 125, "an operand too many");
}

static void starts_and_ends_are_told_as_json(void)
{
    check_told(CLI("start", AT, "--json", "--id", "told", "--", "/bin/sh", "-c",
                       "exit 3"),
            REMOTE_ARGV("{\n", "\"executor\": \"ipc://", "\"id\": \"told\"",
                    "\"pid\": ", "}\n"));
    cli_check(CLI("wait", AT, "told"), 3, "", "");
}

static void an_end_is_told_and_is_ours(void)
{
    struct command_result result;

    command_run(CLI("wait", AT, "told", "--json"), &result);
    HOLDS(result.out_text, "\"id\": \"told\"", "\"exit\": {",
            "\"by_signal\": false", "\"code\": 3");
    g_assert_cmpint(result.status, ==, 3);
    command_result_deinit(&result);
    cli_check(CLI("forget", AT, "told"), 0, "", "");
}

static void what_may_have_been_meant_is_named(void)
{
    cli_check_told(CLI("strat"), 125, "did you mean 'start'?");
    cli_check_told(CLI("help", "insp"), 125, "did you mean 'inspect'?");
    cli_check_told(CLI("walk"), 125, "walk: no such verb; see 'remex help'");
    cli_check_told(CLI("ps", "--jsno"), 125, "did you mean --json?");
    cli_check_told(CLI("ps", "--lable=a=b"), 125, "did you mean --label?");
    cli_check_told(CLI("ps", "-x"), 125, "-x: no such option; see");
}

/* What `remex ps` shows on a terminal, with these settings. */
static void check_colours(const char *settings, bool coloured)
{
    char *script = g_strconcat(settings, " \"$@\"; echo \"[$?]\"", NULL);
    struct seat seat;

    seat_init(&seat, 24, 80, script, CLI("ps", AT));
    seat_expect(&seat, "[0]");
    g_byte_array_append(seat.seen, (const guint8 *)"", 1);
    HOLDS((const char *)seat.seen->data, "exit 4");
    g_assert_cmpint(!!strstr((const char *)seat.seen->data, "\033[31mexit 4"),
            ==, coloured);
    seat_deinit(&seat);
    g_free(script);
}

static void colours_are_for_terminals_that_want_them(void)
{
    char *id = cli_read_line(CLI("start", AT, "--", "/bin/sh", "-c", "exit 4"));
    char *text;

    cli_check(CLI("wait", AT, id), 4, "", "");
    check_colours("TERM=vt220", true);
    check_colours("TERM=vt220 NO_COLOR=", true);
    check_colours("TERM=vt220 NO_COLOR=1", false);
    check_colours("TERM=dumb", false);
    text = cli_read(CLI("ps", AT));
    g_assert_null(strchr(text, '\033'));
    g_free(text);
    cli_check(CLI("forget", AT, id), 0, "", "");
    g_free(id);
}

/* --- Exit statuses -------------------------------------------------------- */

/* Those that the table of EXIT STATUS in remex(1) lists, each by a number. */
static GHashTable *statuses_of_the_page(void)
{
    GHashTable *found = g_hash_table_new(NULL, NULL);
    char *text = NULL;
    char *begin;
    char **lines;

    g_assert_true(g_file_get_contents(
            REMEX_SOURCE_DIR "/docs/man/remex.1", &text, NULL, NULL));
    begin = strstr(text, "\n.SH EXIT STATUS\n");
    g_assert_nonnull(begin);
    *strstr(begin + 1, "\n.SH ") = '\0';
    lines = g_strsplit(begin, "\n.TP\n", 0);
    for (char **line = lines + 1; *line; line++) {
        const char *number = strpbrk(*line, "0123456789");

        if (number && number < *line + strcspn(*line, "\n"))
            g_hash_table_add(
                    found, GINT_TO_POINTER(g_ascii_strtoll(number, NULL, 10)));
    }
    g_strfreev(lines);
    g_free(text);
    return found;
}

static void each_exit_status_is_one_of_the_page(void)
{
    const struct {
        int status;
        const char *const *argv;
    } cases[] = {
        { 0, CLI("ps", AT) },
        { 1, CLI("signal", AT, "ended", "TERM") },
        { 124, CLI("run", AT, "--timeout", "0.1", "--", "sleep", "1000") },
        { 125, CLI("ps", "--at", "ipc:///no/such") },
        { 126, CLI("run", AT, "--", "/etc/passwd") },
        { 127, CLI("run", AT, "--", "/no/such") },
        { 128 + 9, CLI("run", AT, "--", "/bin/sh", "-c", "kill -9 $$") },
    };
    GHashTable *told = statuses_of_the_page();

    g_free(cli_read(CLI("start", AT, "--id", "ended", "--", "true")));
    cli_check(CLI("wait", AT, "ended"), 0, "", "");
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct command_result result;
        int listed = cases[i].status > 128 ? 128 : cases[i].status;

        command_run(cases[i].argv, &result);
        g_assert_cmpint(result.status, ==, cases[i].status);
        g_assert_true(g_hash_table_contains(told, GINT_TO_POINTER(listed)));
        g_hash_table_remove(told, GINT_TO_POINTER(listed));
        command_result_deinit(&result);
    }
    /* Of a reader that is gone, which test_cli_streams.c has. */
    g_assert_true(g_hash_table_remove(told, GINT_TO_POINTER(141)));
    g_assert_cmpuint(g_hash_table_size(told), ==, 0);
    g_hash_table_unref(told);
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    g_unsetenv("REMEX_EXECUTOR");
    g_unsetenv("NO_COLOR");
    daemon_start(&the_daemon);
    SUITE_ADD("/cli_tell", versions_are_told);
    SUITE_ADD("/cli_tell", a_version_that_nobody_tells_is_a_failure);
    SUITE_ADD("/cli_tell", an_executor_tells_what_it_bears);
    SUITE_ADD("/cli_tell", starts_and_ends_are_told_as_json);
    SUITE_ADD("/cli_tell", an_end_is_told_and_is_ours);
    SUITE_ADD("/cli_tell", what_may_have_been_meant_is_named);
    SUITE_ADD("/cli_tell", colours_are_for_terminals_that_want_them);
    SUITE_ADD("/cli_tell", each_exit_status_is_one_of_the_page);
    status = g_test_run();
    daemon_stop(&the_daemon);
    return status;
}
