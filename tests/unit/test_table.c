/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/table.h"

#include <glib.h>

#include "executor/list.h"
#include "support/fault.h"
#include "support/suite.h"

struct item {
    struct table_node node;
    uint64_t key;
};

static struct item *find(const struct table *table, uint64_t hash, uint64_t key)
{
    struct table_node *node = table_first(table, hash);

    for (; node; node = table_next(node)) {
        struct item *item = CONTAINER_OF(node, struct item, node);

        if (item->key == key)
            return item;
    }
    return NULL;
}

static void what_was_added_is_found_until_it_is_removed(void)
{
    struct item items[1000];
    struct table table;

    table_init(&table);
    g_assert_null(table_any(&table));
    for (uint64_t i = 0; i < G_N_ELEMENTS(items); i++) {
        items[i].key = i;
        table_add(&table, &items[i].node, i / 3); /* some share a hash */
    }
    for (uint64_t i = 0; i < G_N_ELEMENTS(items); i += 2)
        table_remove(&table, &items[i].node);
    for (uint64_t i = 0; i < G_N_ELEMENTS(items); i++)
        g_assert_true(find(&table, i / 3, i) == (i % 2 ? &items[i] : NULL));
    g_assert_cmpuint(table.count, ==, G_N_ELEMENTS(items) / 2);
    g_assert_nonnull(table_any(&table));
    table_deinit(&table);
}

static void without_memory_it_is_only_slower(void)
{
    struct item items[100];
    struct table table;

    table_init(&table);
    for (uint64_t i = 0; i < G_N_ELEMENTS(items); i++) {
        items[i].key = i;
        fault_fail_allocation(1);
        table_add(&table, &items[i].node, i);
    }
    g_assert_true(fault_happened());
    for (uint64_t i = 0; i < G_N_ELEMENTS(items); i++)
        g_assert_true(find(&table, i, i) == &items[i]);
    table_deinit(&table);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/table", what_was_added_is_found_until_it_is_removed);
    SUITE_ADD("/table", without_memory_it_is_only_slower);
    return g_test_run();
}
