/* SPDX-License-Identifier: Apache-2.0 */
#include "common/error.h"

#include <string.h>

#include <glib.h>

#include "common/text.h"
#include "support/suite.h"

static void a_plain_error_has_a_status_and_a_text(void)
{
    struct remex_error error;

    memset(&error, 0xff, sizeof(error));
    g_assert_cmpint(error_set(&error, REMEX_NOT_FOUND, "No %s.", "luck"), ==,
            REMEX_NOT_FOUND);
    g_assert_cmpint(error.status, ==, REMEX_NOT_FOUND);
    g_assert_cmpint(error.kind, ==, REMEX_ERROR_PLAIN);
    g_assert_cmpint(error.os_error, ==, 0);
    g_assert_cmpstr(error.name, ==, "");
    g_assert_cmpstr(error.text, ==, "No luck.");
}

static void a_bad_field_is_named(void)
{
    struct remex_error error;

    g_assert_cmpint(error_bad_field(&error, "start.argv", "%d", 5), ==,
            REMEX_INVALID_ARGUMENT);
    g_assert_cmpint(error.status, ==, REMEX_INVALID_ARGUMENT);
    g_assert_cmpint(error.kind, ==, REMEX_ERROR_BAD_FIELD);
    g_assert_cmpstr(error.name, ==, "start.argv");
    g_assert_cmpstr(error.text, ==, "5");
}

static void a_limit_tells_what_it_is_and_what_was_asked(void)
{
    struct remex_error error;

    g_assert_cmpint(error_limit_hit(&error, "processes", 10, 11), ==,
            REMEX_RESOURCE_EXHAUSTED);
    g_assert_cmpint(error.status, ==, REMEX_RESOURCE_EXHAUSTED);
    g_assert_cmpint(error.kind, ==, REMEX_ERROR_LIMIT_HIT);
    g_assert_cmpuint(error.allowed, ==, 10);
    g_assert_cmpuint(error.asked, ==, 11);
    g_assert_cmpstr(error.name, ==, "processes");
    g_assert_nonnull(strstr(error.text, "processes"));
    g_assert_nonnull(strstr(error.text, "10"));
    g_assert_nonnull(strstr(error.text, "11"));
}

static void nobody_needs_to_want_to_know(void)
{
    g_assert_cmpint(error_set(NULL, REMEX_ENDED, "x"), ==, REMEX_ENDED);
    g_assert_cmpint(
            error_bad_field(NULL, "x", "x"), ==, REMEX_INVALID_ARGUMENT);
    g_assert_cmpint(
            error_limit_hit(NULL, "x", 1, 2), ==, REMEX_RESOURCE_EXHAUSTED);
}

static void a_long_text_is_cut_between_characters(void)
{
    struct remex_error error;
    char text[400];

    for (size_t i = 0; i + 1 < sizeof(text); i++)
        text[i] = "\xc3\xa4"[i % 2];
    text[sizeof(text) - 1] = '\0';
    error_set(&error, REMEX_INTERNAL, "%s", text);
    g_assert_cmpuint(strlen(error.text), ==, 254);
    g_assert_true(text_is_utf8(text_bytes(error.text)));
}

static void what_others_sent_is_made_printable(void)
{
    struct remex_error error;

    error_bad_field(&error, "a\nb", "\x1b[2J%s", "\xff");
    g_assert_cmpstr(error.name, ==, "a?b");
    g_assert_cmpstr(error.text, ==, "?[2J?");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/error", a_plain_error_has_a_status_and_a_text);
    SUITE_ADD("/error", a_bad_field_is_named);
    SUITE_ADD("/error", a_limit_tells_what_it_is_and_what_was_asked);
    SUITE_ADD("/error", nobody_needs_to_want_to_know);
    SUITE_ADD("/error", a_long_text_is_cut_between_characters);
    SUITE_ADD("/error", what_others_sent_is_made_printable);
    return g_test_run();
}
