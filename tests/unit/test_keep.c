/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The first or the last bytes, within their bound.
 */

#include "client/convenience/keep.h"

#include <string.h>

#include <glib.h>

#include "support/fault.h"
#include "support/suite.h"

static void add(struct keep *keep, const char *text)
{
    keep_add(keep, (struct remex_bytes){ text, strlen(text) });
}

static void check(struct keep *keep, const char *wanted, bool truncated)
{
    struct remex_bytes bytes = keep_bytes(keep);

    g_assert_cmpstr(bytes.data, ==, wanted);
    g_assert_cmpuint(bytes.size, ==, strlen(wanted));
    g_assert_cmpint(keep->truncated, ==, truncated);
}

static void nothing_is_an_empty_text(void)
{
    struct keep keep;

    keep_init(&keep, REMEX_KEEP_FIRST, 3);
    add(&keep, "");
    check(&keep, "", false);
    keep_deinit(&keep);
}

static void what_fits_is_whole(void)
{
    for (int which = REMEX_KEEP_FIRST; which <= REMEX_KEEP_LAST; which++) {
        struct keep keep;

        keep_init(&keep, (enum remex_keep)which, 5);
        add(&keep, "ab");
        add(&keep, "cde");
        check(&keep, "abcde", false);
        keep_deinit(&keep);
    }
}

static void h7_the_first_are_not_followed_by_later_ones(void)
{
    struct keep keep;

    keep_init(&keep, REMEX_KEEP_FIRST, 5);
    add(&keep, "abc");
    add(&keep, "defg");
    add(&keep, "h");
    check(&keep, "abcde", true);
    keep_deinit(&keep);
}

static void the_last_are_those_at_the_end(void)
{
    struct keep keep;

    keep_init(&keep, REMEX_KEEP_LAST, 5);
    add(&keep, "abc");
    add(&keep, "defg");
    check(&keep, "cdefg", true);
    add(&keep, "h");
    add(&keep, "ijklmnopqrs");
    add(&keep, "t");
    check(&keep, "pqrst", true);
    keep_deinit(&keep);
}

static void memory_is_bounded(void)
{
    char *text = g_strnfill(70000, 'x');
    struct keep keep;

    keep_init(&keep, REMEX_KEEP_LAST, 100000);
    for (int i = 0; i < 100; i++)
        add(&keep, text);
    g_assert_cmpuint(keep.capacity, ==, 100000);
    keep_deinit(&keep);
    g_free(text);
}

static void without_memory_what_was_kept_stays(void)
{
    char *text = g_strnfill(5000, 'x');
    struct keep keep;

    keep_init(&keep, REMEX_KEEP_LAST, 100000);
    add(&keep, "abc");
    fault_fail_allocation(1);
    add(&keep, text);
    g_assert_true(fault_happened());
    add(&keep, "d"); /* or there would be a hole before it */
    g_assert_true(keep.failed);
    check(&keep, "abc", true);
    keep_deinit(&keep);
    g_free(text);
}

/* Against a plain array of everything. */
static void any_pieces_make_what_they_should(void)
{
    for (int i = 0; i < 2000; i++) {
        size_t max = (size_t)g_test_rand_int_range(1, 40);
        GString *all = g_string_new(NULL);
        struct keep first, last;

        keep_init(&first, REMEX_KEEP_FIRST, max);
        keep_init(&last, REMEX_KEEP_LAST, max);
        for (int n = g_test_rand_int_range(0, 20); n > 0; n--) {
            char *text = g_strnfill((gsize)g_test_rand_int_range(0, 60), 'a');

            for (char *at = text; *at; at++)
                *at = (char)g_test_rand_int_range('a', 'z');
            g_string_append(all, text);
            add(&first, text);
            add(&last, text);
            if (g_test_rand_int_range(0, 8) == 0) /* harmless at any time */
                (void)keep_bytes(&last);
            g_free(text);
        }
        check(&last, all->len > max ? all->str + all->len - max : all->str,
                all->len > max);
        if (all->len > max)
            g_string_truncate(all, max);
        check(&first, all->str, first.truncated);
        keep_deinit(&first);
        keep_deinit(&last);
        g_string_free(all, TRUE);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/keep", nothing_is_an_empty_text);
    SUITE_ADD("/keep", what_fits_is_whole);
    SUITE_ADD("/keep", h7_the_first_are_not_followed_by_later_ones);
    SUITE_ADD("/keep", the_last_are_those_at_the_end);
    SUITE_ADD("/keep", memory_is_bounded);
    SUITE_ADD("/keep", without_memory_what_was_kept_stays);
    SUITE_ADD("/keep", any_pieces_make_what_they_should);
    return g_test_run();
}
