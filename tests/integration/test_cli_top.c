/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex top, once and on a terminal.
 */

#include <signal.h>
#include <string.h>

#include <glib.h>

#include "support/cli.h"
#include "support/daemon.h"
#include "support/seat.h"
#include "support/suite.h"

static struct daemon the_daemon;
static struct daemon the_other;

#define AT "--at", the_daemon.address
#define BOTH the_daemon.address, the_other.address

static void start_some(void)
{
    g_free(cli_read(CLI("start", AT, "--id", "talker", "--", "/bin/sh", "-c",
            "while :; do head -c 10000 /dev/zero; sleep 0.01; done")));
    g_free(cli_read(CLI("start", AT, "--id", "held", "--out", "hold", "--",
            "head", "-c", "100000000", "/dev/zero")));
    cli_wait_says(CLI("inspect", AT, "--json", "held"), "\"held\": true");
    g_free(cli_read(CLI("start", "--at", the_other.address, "--id", "ended",
            "--", "/bin/sh", "-c", "exit 3")));
    cli_check(CLI("wait", "--at", the_other.address, "ended"), 3, "", "");
}

/* The line that begins so and holds that; fails if there is none. */
static void check_line(
        const char *text, const char *beginning, const char *const *parts)
{
    char **lines = g_strsplit(text, "\n", 0);
    bool found = false;

    for (char **line = lines; *line && !found; line++) {
        found = g_str_has_prefix(*line, beginning);
        for (const char *const *part = parts; found && *part; part++)
            found = strstr(*line, *part) != NULL;
    }
    if (!found)
        g_error("no line '%s...%s...' in: %s", beginning, parts[0], text);
    g_strfreev(lines);
}

#define LINE(text, beginning, ...) \
    check_line(text, beginning, REMOTE_ARGV(__VA_ARGS__))

static void once_it_prints_a_table(void)
{
    char *text = cli_read(CLI("top", "--once", BOTH, "ipc:///no/such"));

    LINE(text, "1 ipc://", ": 2 running of 2, ");
    LINE(text, "2 ipc://", ": 0 running of 1, 0/s");
    LINE(text, "3 ipc:///no/such: ", "/no/such");
    LINE(text, " E STATE ", " AGE RATE/S  KEPT FOL ID ", " WAITING ",
            "COMMAND");
    LINE(text, " 1 running ", "K   0 talker ", "ends in ", "sh -c while");
    LINE(text, " 1 running ", " 768K   0 held       for a reader  ", "head -c");
    LINE(text, " 2 exit 3 ", " ended      forgotten in ", "sh -c exit 3");
    g_assert_true(strstr(text, " talker ") < strstr(text, " held "));
    g_assert_null(strchr(text, '\033'));
    g_free(text);
    text = cli_read(CLI("top", AT, "--sort", "id"));
    LINE(text, "STATE ", " ID ");
    g_assert_true(strstr(text, " held ") < strstr(text, " talker "));
    g_free(text);
}

static void it_can_be_told_to_programs(void)
{
    char *text = cli_read(CLI("top", "--json", BOTH));

    g_assert_nonnull(strstr(text, "\"executors\": ["));
    g_assert_nonnull(strstr(text, "\"error\": null"));
    g_assert_nonnull(strstr(text, "\"rate\": "));
    g_assert_nonnull(strstr(text, "\"waiting\": \"for a reader\""));
    g_assert_nonnull(strstr(text, "\"id\": \"held\""));
    g_assert_nonnull(strstr(text, "\"held\": true"));
    g_free(text);
}

static void nobody_there_is_a_failure(void)
{
    struct command_result result;

    command_run(CLI("top", "--once", "ipc:///no/such"), &result);
    g_assert_cmpint(result.status, ==, 125);
    LINE(result.out_text, "1 ipc:///no/such: ", "/no/such");
    command_result_deinit(&result);
    cli_check_told(CLI("top", AT, "--sort", "size"), 125, "--sort wants rate");
    cli_check_told(CLI("top", AT, "--interval", "1ms"), 125, "100ms or more");
}

#define TOP "TERM=vt100 \"$@\"; echo \"[$?]\""

static void a_terminal_is_drawn_on(void)
{
    struct seat seat;

    seat_init(&seat, 24, 80, TOP, CLI("top", BOTH, "--interval", "100ms"));
    seat_expect(&seat, "remex top, by rate, every 0.1 s");
    seat_expect(&seat, " E STATE ");
    seat_expect(&seat, "talker");
    seat_type_text(&seat, "s");
    seat_expect(&seat, "age, every");
    seat_type_text(&seat, "r");
    seat_expect(&seat, "reversed");
    seat_resize(&seat, 10, 60);
    seat_type_text(&seat, "q");
    seat_expect(&seat, "[0]");
    seat_expect_as_before(&seat);
    seat_deinit(&seat);
}

/* No line is wider than the terminal: none would have room for a word more. */
static void it_fits_a_small_one(void)
{
    struct seat seat;

    seat_init(&seat, 6, 40, TOP, CLI("top", AT));
    seat_expect(&seat, "remex top, by rate, every 1 s   q quits,");
    seat_expect(&seat, "STATE ");
    seat_type_text(&seat, "q");
    seat_expect(&seat, "[0]");
    g_byte_array_append(seat.seen, (const guint8 *)"", 1);
    g_assert_null(strstr((const char *)seat.seen->data, "COMMAND"));
    seat_deinit(&seat);
}

static void check_key_ends(const char *key)
{
    struct seat seat;

    seat_init(&seat, 24, 80, "trap : INT QUIT; " TOP, CLI("top", AT));
    seat_expect(&seat, "STATE ");
    seat_type_text(&seat, key);
    seat_expect(&seat, "[");
    seat_expect_as_before(&seat);
    seat_deinit(&seat);
}

static void an_interrupt_gives_it_back(void)
{
    check_key_ends("\003"); /* ^C */
    check_key_ends("\034"); /* ^\ */
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    g_unsetenv("REMEX_EXECUTOR");
    daemon_start(&the_daemon);
    daemon_start(&the_other);
    start_some();
    SUITE_ADD("/cli_top", once_it_prints_a_table);
    SUITE_ADD("/cli_top", it_can_be_told_to_programs);
    SUITE_ADD("/cli_top", nobody_there_is_a_failure);
    SUITE_ADD("/cli_top", a_terminal_is_drawn_on);
    SUITE_ADD("/cli_top", it_fits_a_small_one);
    SUITE_ADD("/cli_top", an_interrupt_gives_it_back);
    status = g_test_run();
    daemon_stop(&the_other);
    daemon_stop(&the_daemon);
    return status;
}
