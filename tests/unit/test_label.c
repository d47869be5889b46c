/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/label.h"

#include <string.h>

#include <glib.h>

#include "support/suite.h"

static void labels_are_names_and_values(void)
{
    struct labels labels = { .count = 0 };

    g_assert_true(label_add(&labels, "job=a=b"));
    g_assert_true(label_add(&labels, "empty="));
    g_assert_cmpuint(labels.count, ==, 2);
    g_assert_cmpstr(labels.items[0].name, ==, "job");
    g_assert_cmpstr(labels.items[0].value, ==, "a=b");
    g_assert_cmpstr(labels.items[1].name, ==, "empty");
    g_assert_cmpstr(labels.items[1].value, ==, "");
}

static void others_are_refused(void)
{
    struct labels labels = { .count = 0 };
    char *too_long = g_strnfill(LABEL_NAME_BYTES + 2, '=');

    memset(too_long, 'n', LABEL_NAME_BYTES + 1);
    g_assert_false(label_add(&labels, ""));
    g_assert_false(label_add(&labels, "=x"));
    g_assert_false(label_add(&labels, "x"));
    g_assert_false(label_add(&labels, too_long));
    g_assert_cmpuint(labels.count, ==, 0);
    g_assert_true(label_add(&labels, too_long + 1));
    g_free(too_long);
}

static void there_is_a_bound(void)
{
    struct labels labels = { .count = 0 };

    for (size_t i = 0; i < LABELS_MAX; i++)
        g_assert_true(label_add(&labels, "n=v"));
    g_assert_false(label_add(&labels, "n=v"));
    g_assert_cmpuint(labels.count, ==, LABELS_MAX);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/label", labels_are_names_and_values);
    SUITE_ADD("/label", others_are_refused);
    SUITE_ADD("/label", there_is_a_bound);
    return g_test_run();
}
