/* SPDX-License-Identifier: Apache-2.0 */
#include "common/text.h"

#include <string.h>

#include <glib.h>

#include "support/suite.h"

static void check_utf8(const char *text, bool expected)
{
    g_assert_cmpint(text_is_utf8(text_bytes(text)), ==, expected);
}

static void every_character_has_one_form(void)
{
    check_utf8("", true);
    check_utf8("plain\n", true);
    check_utf8("\x7f\xc2\x80\xdf\xbf", true);
    check_utf8("\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf", true);
    check_utf8("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", true);
    check_utf8("\x80", false);     /* a continuation alone */
    check_utf8("\xc1\xbf", false); /* longer than needed */
    check_utf8("\xe0\x9f\xbf", false);
    check_utf8("\xf0\x8f\xbf\xbf", false);
    check_utf8("\xed\xa0\x80", false);     /* a surrogate */
    check_utf8("\xf4\x90\x80\x80", false); /* beyond U+10FFFF */
    check_utf8("\xf5\x80\x80\x80", false);
    check_utf8("\xff", false);
    check_utf8("\xc3", false); /* cut off */
    check_utf8("\xe2\x82", false);
    check_utf8("\xf0\x9f\x98", false);
    check_utf8("\xe2\x28\xa1", false); /* broken off */
    check_utf8("\xe2\x82\x28", false);
    check_utf8("\xf0\x9f\x98\x28", false);
}

/* Against GLib's own, for all beginnings of one to three bytes. */
static void it_is_the_utf8_that_others_know(void)
{
    char text[4];

    for (unsigned int i = 0; i < 1U << 24; i += i < 1U << 16 ? 1 : 7) {
        struct remex_bytes bytes = { text, 4 };

        text[0] = (char)(i & 0xff);
        text[1] = (char)(i >> 8 & 0xff);
        text[2] = (char)(i >> 16 & 0xff);
        text[3] = (char)0x80;
        if (text_is_utf8(bytes) != !!g_utf8_validate(text, 4, NULL))
            g_error("%02x %02x %02x 80", i & 0xff, i >> 8 & 0xff, i >> 16);
    }
}

static void a_nul_is_no_text(void)
{
    g_assert_false(text_is_utf8((struct remex_bytes){ "a\0b", 3 }));
    g_assert_true(text_is_utf8((struct remex_bytes){ "a\0b", 1 }));
    g_assert_true(text_is_utf8((struct remex_bytes){ NULL, 0 }));
}

static void check_copy(size_t size, const char *text, const char *expected)
{
    char *out = g_malloc(size);

    memset(out, 'x', size);
    text_copy(out, size, text_bytes(text));
    g_assert_cmpstr(out, ==, expected);
    g_free(out);
}

static void a_copy_ends_with_a_whole_character(void)
{
    check_copy(1, "abc", "");
    check_copy(3, "abc", "ab");
    check_copy(4, "abc", "abc");
    check_copy(2, "\xc3\xa4", "");
    check_copy(3, "\xc3\xa4", "\xc3\xa4");
    check_copy(4, "a\xe2\x82\xac", "a");
    check_copy(5, "a\xe2\x82\xac", "a\xe2\x82\xac");
}

static void a_copy_is_printable(void)
{
    check_copy(20, "a\nb\tc\x1b\x7f", "a?b?c??");
    check_copy(20, "\xc2\x9b\xc2\xa0", "?\xc2\xa0"); /* C1, and no C1 */
    check_copy(20, "\xff\xe2\x82z", "???z");
    check_copy(20, "\xed\xa0\x80", "???");
}

static void a_nul_in_a_copy_is_shown(void)
{
    char out[10];

    text_copy(out, sizeof(out), (struct remex_bytes){ "a\0b", 3 });
    g_assert_cmpstr(out, ==, "a?b");
    text_copy(out, sizeof(out), (struct remex_bytes){ NULL, 0 });
    g_assert_cmpstr(out, ==, "");
}

static void check_random_copy(void)
{
    uint8_t data[12];
    char out[9];

    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)g_test_rand_int_range(0, 256);
    text_copy(out, sizeof(out), (struct remex_bytes){ data, sizeof(data) });
    g_assert_true(text_is_utf8(text_bytes(out)));
}

static void whatever_is_copied_is_text(void)
{
    for (unsigned int i = 0; i < 100000; i++)
        check_random_copy();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/text", every_character_has_one_form);
    SUITE_ADD("/text", it_is_the_utf8_that_others_know);
    SUITE_ADD("/text", a_nul_is_no_text);
    SUITE_ADD("/text", a_copy_ends_with_a_whole_character);
    SUITE_ADD("/text", a_copy_is_printable);
    SUITE_ADD("/text", a_nul_in_a_copy_is_shown);
    SUITE_ADD("/text", whatever_is_copied_is_text);
    return g_test_run();
}
