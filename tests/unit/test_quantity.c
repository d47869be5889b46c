/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/quantity.h"

#include <limits.h>

#include <glib.h>

#include "support/suite.h"

#define BAD (-1)

static void check_duration(const char *text, int64_t expected)
{
    int64_t ms = BAD;

    g_assert_cmpint(quantity_parse_duration(text, &ms), ==, expected != BAD);
    if (ms != expected)
        g_error("'%s' was taken for %" G_GINT64_FORMAT " ms", text, (gint64)ms);
}

static void durations_have_units(void)
{
    check_duration("500ms", 500);
    check_duration("10s", 10000);
    check_duration("10", 10000);
    check_duration("0.2", 200);
    check_duration("1.5m", 90000);
    check_duration("1h", 3600000);
    check_duration("2d", 172800000);
    check_duration("0", 0);
    check_duration("0.1ms", 1); /* never down to nothing */
}

static void other_durations_are_refused(void)
{
    const char *const bad[] = { "", "s", "soon", "-1", "+1", " 1", "1 ", "1 s",
        "1S", "1sec", "1.2.3", ".", "nan", "inf", "0x10", "1e3", "99999999999d",
        "1h30m" };

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        check_duration(bad[i], BAD);
}

static void waits_fit_an_int(void)
{
    int ms = 0;

    g_assert_true(quantity_parse_wait("2147483.647", &ms));
    g_assert_cmpint(ms, ==, INT_MAX);
    g_assert_false(quantity_parse_wait("2147483.648", &ms));
}

static void check_bytes(const char *text, bool good, uint64_t expected)
{
    uint64_t bytes = 0;

    g_assert_cmpint(quantity_parse_bytes(text, &bytes), ==, good);
    g_assert_cmpuint(bytes, ==, expected);
}

static void sizes_have_units(void)
{
    check_bytes("0", true, 0);
    check_bytes("512", true, 512);
    check_bytes("64K", true, 65536);
    check_bytes("1M", true, 1 << 20);
    check_bytes("3G", true, (uint64_t)3 << 30);
    check_bytes("1T", true, (uint64_t)1 << 40);
    check_bytes("18446744073709551615", true, UINT64_MAX);
}

static void other_sizes_are_refused(void)
{
    const char *const bad[] = { "", "K", "-1", "1.5M", "1k", "1KB", "1 K",
        "18446744073709551616", "18446744073709551615K", "0x10" };

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        check_bytes(bad[i], false, 0);
}

static void counts_are_whole(void)
{
    uint64_t count = 0;

    g_assert_true(quantity_parse_count("42", &count));
    g_assert_cmpuint(count, ==, 42);
    g_assert_false(quantity_parse_count("42K", &count));
    g_assert_false(quantity_parse_count("", &count));
    g_assert_false(quantity_parse_count("-1", &count));
}

static void check_processors(const char *text, bool good, uint64_t expected)
{
    uint64_t millis = 0;

    if (quantity_parse_processors(text, &millis) != good)
        g_error("'%s' was %s", text, good ? "refused" : "taken");
    if (good)
        g_assert_cmpuint(millis, ==, expected);
}

static void processors_come_in_thousandths(void)
{
    const char *const bad[] = { "", ".", ".5", "1.", "1.2345", "-1", "1,5",
        "1.5x", "0x1", "1.2.3", "4294967296" };

    check_processors("0", true, 0);
    check_processors("2", true, 2000);
    check_processors("0.5", true, 500);
    check_processors("1.25", true, 1250);
    check_processors("12.345", true, 12345);
    check_processors("0.010", true, 10);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        check_processors(bad[i], false, 0);
}

static void areas_have_two_sides(void)
{
    unsigned int rows = 0;
    unsigned int columns = 0;

    g_assert_true(quantity_parse_area("24x80", &rows, &columns));
    g_assert_cmpuint(rows, ==, 24);
    g_assert_cmpuint(columns, ==, 80);
    g_assert_false(quantity_parse_area("24", &rows, &columns));
    g_assert_false(quantity_parse_area("24x", &rows, &columns));
    g_assert_false(quantity_parse_area("x80", &rows, &columns));
    g_assert_false(quantity_parse_area("0x80", &rows, &columns));
    g_assert_false(quantity_parse_area("24x65536", &rows, &columns));
    g_assert_false(quantity_parse_area("24x80x3", &rows, &columns));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/quantity", durations_have_units);
    SUITE_ADD("/quantity", other_durations_are_refused);
    SUITE_ADD("/quantity", waits_fit_an_int);
    SUITE_ADD("/quantity", sizes_have_units);
    SUITE_ADD("/quantity", other_sizes_are_refused);
    SUITE_ADD("/quantity", counts_are_whole);
    SUITE_ADD("/quantity", processors_come_in_thousandths);
    SUITE_ADD("/quantity", areas_have_two_sides);
    return g_test_run();
}
