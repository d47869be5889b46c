/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/escape.h"

#include <string.h>

#include <glib.h>

#include "support/suite.h"

#define MOST 64

/* Types it in pieces of that size; what is for the program, and each order as
 * a letter in angle brackets. */
static char *type(const char *typed, int character, size_t piece)
{
    static const char *const names[] = { "", "<leave>", "<stop>", "<help>" };
    struct escape escape = { .character = character };
    GString *told = g_string_new(NULL);
    size_t left = strlen(typed);

    while (left > 0) {
        uint8_t out[MOST + 1];
        struct escape_step step = escape_take(&escape, (const uint8_t *)typed,
                left < piece ? left : piece, out);

        g_assert_cmpuint(step.taken, >, 0);
        g_string_append_len(told, (const char *)out, (gssize)step.text);
        g_string_append(told, names[step.order]);
        typed += step.taken;
        left -= step.taken;
    }
    return g_string_free(told, FALSE);
}

static void check_with(int character, const char *typed, const char *expected)
{
    for (size_t piece = 1; piece <= MOST; piece++) {
        char *told = type(typed, character, piece);

        g_assert_cmpstr(told, ==, expected);
        g_free(told);
    }
}

static void check(const char *typed, const char *expected)
{
    check_with(ESCAPE_USUAL, typed, expected);
}

static void orders_begin_a_line(void)
{
    check("~.", "<leave>");
    check("a\r~.", "a\r<leave>");
    check("a\n~\032b", "a\n<stop>b");
    check("~?~.", "<help><leave>");
}

static void elsewhere_they_are_text(void)
{
    check("a~.", "a~.");
    check(" ~.", " ~.");
    check("a\r~b~.", "a\r~b~.");
}

static void the_character_itself_can_be_typed(void)
{
    check("~~.", "~.");
    check("~a", "~a");
    check("~\r~.", "~\r<leave>");
    check("~~\r", "~\r");
}

static void it_may_be_another_or_none(void)
{
    check_with('^' & 0x1f, "~.\r\036.", "~.\r<leave>");
    check_with(ESCAPE_NONE, "~.\r~.", "~.\r~.");
}

static void check_parsed(const char *text, bool good, int expected)
{
    int character = 0;

    g_assert_cmpint(escape_parse(text, &character), ==, good);
    if (good)
        g_assert_cmpint(character, ==, expected);
}

static void it_is_stated_as_ssh_has_it(void)
{
    check_parsed("~", true, '~');
    check_parsed("^", true, '^');
    check_parsed("^]", true, 0x1d);
    check_parsed("^b", true, 2);
    check_parsed("\xff", true, 0xff);
    check_parsed("none", true, ESCAPE_NONE);
    check_parsed("", false, 0);
    check_parsed("ab", false, 0);
    check_parsed("^5", false, 0);
    check_parsed("^M", false, 0);
    check_parsed("\n", false, 0);
}

static void check_name(int character, const char *expected)
{
    char name[ESCAPE_NAME_BYTES];

    escape_name(character, name);
    g_assert_cmpstr(name, ==, expected);
}

static void its_name_is_fit_for_a_terminal(void)
{
    check_name('~', "~");
    check_name(0x1d, "^]");
    check_name(0xff, "\\xff");
    check_name(0x7f, "\\x7f");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/escape", orders_begin_a_line);
    SUITE_ADD("/escape", elsewhere_they_are_text);
    SUITE_ADD("/escape", the_character_itself_can_be_typed);
    SUITE_ADD("/escape", it_may_be_another_or_none);
    SUITE_ADD("/escape", it_is_stated_as_ssh_has_it);
    SUITE_ADD("/escape", its_name_is_fit_for_a_terminal);
    return g_test_run();
}
