/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/text.h"

#include <stdlib.h>

#include <glib.h>

#include "client/cli/deadline.h"
#include "support/suite.h"

#define SECOND_NS G_GINT64_CONSTANT(1000000000)

static void control_characters_are_shown(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    text_print(out, "a\n\x1b[31m\x7f\xc3\xa4");
    g_assert_cmpint(fclose(out), ==, 0);
    g_assert_cmpstr(text, ==, "a\\x0a\\x1b[31m\\x7f\xc3\xa4");
    free(text);
}

static void times_are_of_greenwich(void)
{
    char text[TEXT_TIME_BYTES];

    text_time(0, text);
    g_assert_cmpstr(text, ==, "1970-01-01T00:00:00.000Z");
    text_time(1700000000 * SECOND_NS + 250999999, text);
    g_assert_cmpstr(text, ==, "2023-11-14T22:13:20.250Z");
}

static void check_age(gint64 seconds, const char *expected)
{
    char text[TEXT_AGE_BYTES];

    text_age(seconds * SECOND_NS, text);
    g_assert_cmpstr(text, ==, expected);
}

static void ages_have_one_unit(void)
{
    check_age(-5, "0s");
    check_age(0, "0s");
    check_age(119, "119s");
    check_age(120, "2m");
    check_age(7199, "119m");
    check_age(7200, "2h");
    check_age(47 * 3600, "47h");
    check_age(48 * 3600, "2d");
    check_age(1000 * 86400, "1000d");
}

static void deadlines_pass(void)
{
    struct deadline none = deadline_in(-1);
    struct deadline now = deadline_in(0);
    struct deadline far = deadline_in(G_GINT64_CONSTANT(1000000000000));

    g_assert_cmpint(deadline_left_ms(&none), ==, -1);
    g_assert_false(deadline_is_over(&none));
    g_assert_cmpint(deadline_left_ms(&now), ==, 0);
    g_assert_true(deadline_is_over(&now));
    g_assert_cmpint(deadline_left_ms(&far), ==, G_MAXINT);
    g_assert_false(deadline_is_over(&far));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/cli_text", control_characters_are_shown);
    SUITE_ADD("/cli_text", times_are_of_greenwich);
    SUITE_ADD("/cli_text", ages_have_one_unit);
    SUITE_ADD("/cli_text", deadlines_pass);
    return g_test_run();
}
