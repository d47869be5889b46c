/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/figures.h"

#include <string.h>

#include <glib.h>

#include "support/desk.h"
#include "support/suite.h"

static void the_largest_fit(void)
{
    struct figures figures = { .draining = true,
        .started_s = INT64_MAX,
        .sessions = UINT64_MAX,
        .running = UINT64_MAX,
        .closed = UINT64_MAX,
        .retained_bytes = UINT64_MAX,
        .waiting = UINT64_MAX,
        .processes = UINT64_MAX };
    char page[FIGURES_BYTES];

    memset(figures.requests, 0xff, sizeof(figures.requests));
    memset(figures.refusals, 0xff, sizeof(figures.refusals));
    g_assert_cmpuint(figures_print(&figures, page), ==, strlen(page));
}

/* "# HELP NAME TEXT", "# TYPE NAME TYPE", "NAME VALUE" and nothing else. */
static void each_line_is_one_of_the_format(void)
{
    struct figures figures = { .sessions = 3 };
    char page[FIGURES_BYTES];
    char **lines;

    figures_print(&figures, page);
    lines = g_strsplit(page, "\n", 0);
    for (char **line = lines; **line; line++)
        if (!g_regex_match_simple(
                    "^(# HELP remex_[a-z_]+ .+|"
                    "# TYPE remex_[a-z_]+ (gauge|counter)|"
                    "remex_[a-z_]+(\\{[a-z]+=\"[^\"]+\"\\})? [0-9]+)$",
                    *line, (GRegexCompileFlags)0, (GRegexMatchFlags)0))
            g_error("'%s'", *line);
    g_assert_nonnull(strstr(page, "\nremex_sessions 3\n"));
    g_strfreev(lines);
}

static void requests_are_counted(void)
{
    struct figures figures;
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;
    struct request pull = desk_pull_request(1000);
    struct follow_spec none = { 0 };
    struct request again = desk_start_request("one", &none, 0);

    desk_begin(&desk);
    puppet = desk_start_process(&desk, "one", 0, 0);
    again.start.process.wall_time_ms = 7;
    reply = desk_call(&desk, &again);
    desk_check_status(&reply, REMEX_ALREADY_EXISTS);
    desk_ask(&desk, &pull);
    requests_tell_figures(desk.requests, &figures);
    g_assert_cmpuint(figures.sessions, ==, 1);
    g_assert_cmpuint(figures.running, ==, 1);
    g_assert_cmpuint(figures.closed, ==, 0);
    g_assert_cmpuint(figures.processes, ==, 1);
    g_assert_cmpuint(figures.waiting, ==, 1);
    g_assert_cmpuint(figures.retained_bytes, >, 0);
    g_assert_cmpuint(figures.requests[METHOD_OPEN], ==, 1);
    g_assert_cmpuint(figures.requests[METHOD_START], ==, 2);
    g_assert_cmpuint(figures.requests[METHOD_PULL], ==, 1);
    g_assert_cmpuint(figures.refusals[REMEX_ALREADY_EXISTS], ==, 1);
    g_assert_false(figures.draining);
    desk_close_process(&desk, puppet, 0);
    requests_retire(desk.requests);
    requests_tell_figures(desk.requests, &figures);
    g_assert_cmpuint(figures.running, ==, 0);
    g_assert_cmpuint(figures.closed, ==, 1);
    g_assert_true(figures.draining);
    desk_deinit(&desk);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/figures", the_largest_fit);
    SUITE_ADD("/figures", each_line_is_one_of_the_format);
    SUITE_ADD("/figures", requests_are_counted);
    return g_test_run();
}
