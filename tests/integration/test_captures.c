/* SPDX-License-Identifier: Apache-2.0 */

/*
 * docs/captures.md: what it shows is what is printed today, but for names,
 * numbers, and what is of the host.
 */

#include <string.h>

#include <glib.h>

#include "support/cli.h"
#include "support/daemon.h"
#include "support/page.h"
#include "support/suite.h"

#define PAGE REMEX_SOURCE_DIR "/docs/captures.md"
#define PLACE "/tmp/remex-try" /* what the page calls the directory */

static struct daemon the_daemon;

#define AT "--at", the_daemon.address

/* Takes `text`, and gives it back with each match as `by`. */
static char *replace(char *text, const char *pattern, const char *by)
{
    GRegex *regex = g_regex_new(
            pattern, (GRegexCompileFlags)0, (GRegexMatchFlags)0, NULL);
    char *replaced = g_regex_replace_literal(
            regex, text, -1, 0, by, (GRegexMatchFlags)0, NULL);

    g_regex_unref(regex);
    g_free(text);
    return replaced;
}

/* With the same words for the same things. */
static char *mask(const char *text, const char *place)
{
    char **parts = g_strsplit(text, place, 0);
    char *masked = g_strjoinv("PLACE", parts);

    g_strfreev(parts);
    masked = replace(masked, "PLACE/(executor|socket)", "EXECUTOR");
    masked = replace(masked, "[0-9][0-9.]*[KMGsmhd]?|-(?= )", "N");
    return replace(masked, " +", " ");
}

/* What the page shows of that command, masked. */
static char *shown(const char *command)
{
    char *block = page_block_with(PAGE, "", command);
    char *begin = strchr(block, '\n');
    char *masked = mask(begin + 1, PLACE);

    g_free(block);
    return masked;
}

/* Masked, by that status; yours to g_free. */
static char *printed(const char *const *argv, int status)
{
    struct command_result result;
    char *masked;

    command_run(argv, &result);
    g_assert_cmpstr(result.err_text, ==, "");
    g_assert_cmpint(result.status, ==, status);
    masked = mask(result.out_text, the_daemon.directory);
    command_result_deinit(&result);
    return masked;
}

static void top_looks_as_shown(void)
{
    char *page = shown("$ remex top --once --sort id\n");
    char *now;

    g_free(cli_read(CLI("start", AT, "--id", "talker", "--", "/bin/sh", "-c",
            "while :; do head -c 10000 /dev/zero; sleep 0.01; done")));
    g_free(cli_read(CLI("start", AT, "--id", "held", "--out", "hold", "--",
            "head", "-c", "100000000", "/dev/zero")));
    cli_wait_says(CLI("inspect", AT, "--json", "held"), "\"held\": true");
    now = printed(CLI("top", AT, "--once", "--sort", "id"), 0);
    g_assert_cmpstr(page, ==, now);
    g_free(now);
    g_free(page);
}

/* The same was looked at, and where the verdict is the same, so is all of it.
 */
static void check_line(const char *page, const char *now)
{
    char **of_page = g_strsplit(page, " ", 3);
    char **of_now = g_strsplit(now, " ", 3);

    g_assert_cmpuint(g_strv_length(of_page), ==, 3);
    g_assert_cmpuint(g_strv_length(of_now), ==, 3);
    g_assert_cmpstr(of_page[1], ==, of_now[1]);
    if (strcmp(of_page[0], of_now[0]) == 0)
        g_assert_cmpstr(of_page[2], ==, of_now[2]);
    g_strfreev(of_now);
    g_strfreev(of_page);
}

/* Hints are of those whose verdict is another. */
static char **findings(const char *text)
{
    char **lines = g_strsplit(text, "\n", 0);
    size_t count = 0;

    for (size_t i = 0; lines[i]; i++) {
        if (lines[i][0] == ' ')
            g_free(lines[i]);
        else
            lines[count++] = lines[i];
    }
    lines[count] = NULL;
    return lines;
}

/* Whether it is well is the host's: how busy it is, and its control groups. */
static void doctor_looks_at_what_is_shown(void)
{
    char *page = shown("$ remex doctor\n");
    char *now = printed(CLI("doctor", the_daemon.address), 0);
    char **of_page = findings(page);
    char **of_now = findings(now);

    g_assert_cmpuint(g_strv_length(of_page), ==, g_strv_length(of_now));
    g_assert_cmpstr(of_page[0], ==, of_now[0]);
    for (size_t i = 1; of_page[i] && of_page[i][0] != 'a'; i++)
        check_line(of_page[i], of_now[i]);
    g_strfreev(of_now);
    g_strfreev(of_page);
    g_free(now);
    g_free(page);
}

static void doctor_tells_of_nobody_as_shown(void)
{
    char *page = shown("$ remex doctor ipc://" PLACE "/other\n");
    char *address = g_strdup_printf("ipc://%s/other", the_daemon.directory);
    char *now = printed(CLI("doctor", address), 1);

    g_assert_cmpstr(page, ==, now);
    g_free(now);
    g_free(address);
    g_free(page);
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    g_unsetenv("REMEX_EXECUTOR");
    daemon_start(&the_daemon);
    SUITE_ADD("/captures", top_looks_as_shown);
    SUITE_ADD("/captures", doctor_looks_at_what_is_shown);
    SUITE_ADD("/captures", doctor_tells_of_nobody_as_shown);
    status = g_test_run();
    daemon_stop(&the_daemon);
    return status;
}
