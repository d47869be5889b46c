/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/json.h"

#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "support/suite.h"

struct page {
    struct json json;
    char *text;
    size_t size;
};

static void open_page(struct page *page)
{
    FILE *out = open_memstream(&page->text, &page->size);

    g_assert_nonnull(out);
    json_init(&page->json, out);
}

static void check_page(struct page *page, const char *expected)
{
    json_end(&page->json);
    g_assert_cmpint(fclose(page->json.out), ==, 0);
    g_assert_cmpstr(page->text, ==, expected);
    free(page->text);
}

static void check_text(const char *text, const char *expected)
{
    struct page page;

    open_page(&page);
    json_text(&page.json, NULL, text);
    check_page(&page, expected);
}

static void objects_and_arrays_nest(void)
{
    struct page page;

    open_page(&page);
    json_open_object(&page.json, NULL);
    json_text(&page.json, "text", "a");
    json_open_array(&page.json, "list");
    json_unsigned(&page.json, NULL, UINT64_MAX);
    json_signed(&page.json, NULL, INT64_MIN);
    json_open_object(&page.json, NULL);
    json_close(&page.json);
    json_close(&page.json);
    json_bool(&page.json, "yes", true);
    json_bool(&page.json, "no", false);
    json_null(&page.json, "none");
    json_open_array(&page.json, "empty");
    json_close(&page.json);
    json_close(&page.json);
    check_page(&page,
            "{\n"
            "  \"text\": \"a\",\n"
            "  \"list\": [\n"
            "    18446744073709551615,\n"
            "    -9223372036854775808,\n"
            "    {}\n"
            "  ],\n"
            "  \"yes\": true,\n"
            "  \"no\": false,\n"
            "  \"none\": null,\n"
            "  \"empty\": []\n"
            "}\n");
}

static void text_is_escaped(void)
{
    check_text("", "\"\"\n");
    check_text("a\"b\\c/", "\"a\\\"b\\\\c/\"\n");
    check_text("\n\t\x01\x1f\x7f", "\"\\u000a\\u0009\\u0001\\u001f\\u007f\"\n");
    check_text("\xc3\xa4\xe2\x82\xac", "\"\\u00e4\\u20ac\"\n");
    check_text("\xf0\x9f\x98\x80", "\"\\ud83d\\ude00\"\n");
    check_text("\xf4\x8f\xbf\xbf", "\"\\udbff\\udfff\"\n");
}

static void what_is_no_text_is_bytes(void)
{
    check_text("a\xff", "[97, 255]\n");
    check_text("\xc3", "[195]\n");                   /* cut off */
    check_text("\xc1\x81", "[193, 129]\n");          /* longer than needed */
    check_text("\xed\xa0\x80", "[237, 160, 128]\n"); /* a surrogate */
}

/* Against GLib's own, for beginnings of one to three bytes. */
static void it_is_the_utf8_that_others_know(void)
{
    char text[5] = { 0 };

    for (unsigned int i = 0x808080; i < 1U << 24; i += 61) {
        struct page page;

        text[0] = (char)(i >> 16);
        text[1] = (char)(i >> 8 & 0xff);
        text[2] = (char)(i & 0xff);
        text[3] = (char)0x80;
        open_page(&page);
        json_text(&page.json, NULL, text);
        fclose(page.json.out);
        g_assert_cmpint(
                page.text[0] == '"', ==, !!g_utf8_validate(text, -1, NULL));
        free(page.text);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/json", objects_and_arrays_nest);
    SUITE_ADD("/json", text_is_escaped);
    SUITE_ADD("/json", what_is_no_text_is_bytes);
    SUITE_ADD("/json", it_is_the_utf8_that_others_know);
    return g_test_run();
}
