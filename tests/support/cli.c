/* SPDX-License-Identifier: Apache-2.0 */
#include "support/cli.h"

#include <string.h>

#include <glib.h>

void cli_check_end(
        struct command *command, int status, const char *out, const char *err)
{
    struct command_result result;

    command_finish(command, NULL, 0, &result);
    g_assert_cmpstr(result.err_text, ==, err);
    g_assert_cmpstr(result.out_text, ==, out);
    g_assert_cmpint(result.status, ==, status);
    command_result_deinit(&result);
}

void cli_check(
        const char *const *argv, int status, const char *out, const char *err)
{
    struct command command;

    command_start(&command, argv, NULL);
    cli_check_end(&command, status, out, err);
}

static bool is_one_line(const char *text)
{
    const char *newline = strchr(text, '\n');

    return newline && newline[1] == '\0';
}

void cli_check_told(const char *const *argv, int status, const char *words)
{
    struct command_result result;

    command_run(argv, &result);
    if (!strstr(result.err_text, words) ||
            !g_str_has_prefix(result.err_text, "remex: ") ||
            !is_one_line(result.err_text))
        g_error("expected one line 'remex: ...%s...', not: %s", words,
                result.err_text);
    g_assert_cmpint(result.status, ==, status);
    g_assert_cmpstr(result.out_text, ==, "");
    command_result_deinit(&result);
}

char *cli_read(const char *const *argv)
{
    struct command_result result;
    char *text;

    command_run(argv, &result);
    g_assert_cmpstr(result.err_text, ==, "");
    g_assert_cmpint(result.status, ==, 0);
    text = g_strdup(result.out_text);
    command_result_deinit(&result);
    return text;
}

void cli_wait_says(const char *const *argv, const char *words)
{
    gint64 deadline = g_get_monotonic_time() + G_USEC_PER_SEC * 60;
    bool said;

    do {
        char *text = cli_read(argv);

        said = strstr(text, words);
        if (!said && g_get_monotonic_time() > deadline)
            g_error("no '%s' in: %s", words, text);
        g_free(text);
    } while (!said);
}

char *cli_read_line(const char *const *argv)
{
    char *text = cli_read(argv);

    if (!is_one_line(text))
        g_error("not one line: %s", text);
    return g_strchomp(text);
}
