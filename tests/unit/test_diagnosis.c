/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/diagnosis.h"

#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "support/suite.h"

static void the_worst_counts(void)
{
    struct diagnosis diagnosis = { .count = 0 };

    g_assert_cmpint(diagnosis_verdict(&diagnosis), ==, VERDICT_OK);
    (void)diagnosis_add(&diagnosis, "a", VERDICT_OK, "fine");
    g_assert_cmpint(diagnosis_verdict(&diagnosis), ==, VERDICT_OK);
    (void)diagnosis_add(&diagnosis, "b", VERDICT_FAIL, "broken");
    (void)diagnosis_add(&diagnosis, "c", VERDICT_WARN, "doubtful");
    g_assert_cmpint(diagnosis_verdict(&diagnosis), ==, VERDICT_FAIL);
}

static void check_printed(
        const struct diagnosis *diagnosis, bool coloured, const char *expected)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    diagnosis_print(diagnosis, out, coloured);
    (void)fclose(out);
    g_assert_cmpstr(text, ==, expected);
    free(text);
}

static void each_is_a_line_and_perhaps_a_hint(void)
{
    struct diagnosis diagnosis = { .count = 0 };

    (void)diagnosis_add(&diagnosis, "socket", VERDICT_OK, "mode %04o", 0600);
    finding_hint(diagnosis_add(&diagnosis, "lock", VERDICT_FAIL, "gone\033"),
            "start %s", "it");
    check_printed(&diagnosis, false,
            "ok    socket       mode 0600\n"
            "fail  lock         gone\\x1b\n"
            "                 > start it\n");
    check_printed(&diagnosis, true,
            "\033[32mok  \033[0m  socket       mode 0600\n"
            "\033[31mfail\033[0m  lock         gone\\x1b\n"
            "                 > start it\n");
}

static void what_is_too_long_is_cut(void)
{
    struct diagnosis diagnosis = { .count = 0 };
    char *longer = g_strnfill(2 * DIAGNOSIS_TEXT_BYTES, 'x');

    finding_hint(diagnosis_add(&diagnosis, "x", VERDICT_OK, "%s", longer), "%s",
            longer);
    g_assert_cmpuint(
            strlen(diagnosis.findings[0].found), ==, DIAGNOSIS_TEXT_BYTES - 1);
    g_assert_cmpuint(
            strlen(diagnosis.findings[0].hint), ==, DIAGNOSIS_TEXT_BYTES - 1);
    g_free(longer);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/diagnosis", the_worst_counts);
    SUITE_ADD("/diagnosis", each_is_a_line_and_perhaps_a_hint);
    SUITE_ADD("/diagnosis", what_is_too_long_is_cut);
    return g_test_run();
}
