/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/label.h"

#include <glib.h>

#include "support/suite.h"

static void labels_are_names_and_values(void)
{
    struct labels labels = { .count = 0 };
    char one[] = "job=a=b";
    char two[] = "empty=";

    g_assert_true(label_add(&labels, one));
    g_assert_true(label_add(&labels, two));
    g_assert_cmpuint(labels.count, ==, 2);
    g_assert_cmpstr(labels.items[0].name, ==, "job");
    g_assert_cmpstr(labels.items[0].value, ==, "a=b");
    g_assert_cmpstr(labels.items[1].name, ==, "empty");
    g_assert_cmpstr(labels.items[1].value, ==, "");
}

static void what_is_refused_stays_whole(void)
{
    struct labels labels = { .count = 0 };
    char no_name[] = "=x";
    char no_value[] = "x";

    g_assert_false(label_add(&labels, no_name));
    g_assert_false(label_add(&labels, no_value));
    g_assert_cmpstr(no_name, ==, "=x");
    g_assert_cmpuint(labels.count, ==, 0);
}

static void there_is_a_bound(void)
{
    struct labels labels = { .count = 0 };
    char texts[LABELS_MAX + 1][8];

    for (size_t i = 0; i <= LABELS_MAX; i++) {
        g_snprintf(texts[i], sizeof(texts[i]), "n%d=v", (int)i);
        g_assert_cmpint(label_add(&labels, texts[i]), ==, i < LABELS_MAX);
    }
    g_assert_cmpstr(texts[LABELS_MAX], ==, "n32=v");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/label", labels_are_names_and_values);
    SUITE_ADD("/label", what_is_refused_stays_whole);
    SUITE_ADD("/label", there_is_a_bound);
    return g_test_run();
}
