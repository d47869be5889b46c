/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { MIN_BUCKETS = 16 };

void table_init(struct table *table)
{
    memset(table, 0, sizeof(*table));
}

void table_deinit(struct table *table)
{
    free(table->buckets);
    table_init(table);
}

static struct table_node **bucket_of(struct table *table, uint64_t hash)
{
    if (table->bucket_count == 0)
        return &table->few;
    return &table->buckets[hash & (table->bucket_count - 1)];
}

static void push(struct table *table, struct table_node *node)
{
    struct table_node **bucket = bucket_of(table, node->hash);

    node->next = *bucket;
    *bucket = node;
}

static void move_all(struct table *table, struct table_node *node)
{
    while (node) {
        struct table_node *next = node->next;

        push(table, node);
        node = next;
    }
}

static void grow(struct table *table)
{
    struct table old = *table;
    size_t count = old.bucket_count ? 2 * old.bucket_count : MIN_BUCKETS;
    struct table_node **buckets = calloc(count, sizeof(struct table_node *));

    if (!buckets)
        return;
    table->buckets = buckets;
    table->bucket_count = count;
    table->few = NULL;
    move_all(table, old.few);
    for (size_t i = 0; i < old.bucket_count; i++)
        move_all(table, old.buckets[i]);
    free(old.buckets);
}

void table_add(struct table *table, struct table_node *node, uint64_t hash)
{
    if (table->count >= table->bucket_count && table->count >= MIN_BUCKETS / 2)
        grow(table);
    node->hash = hash;
    push(table, node);
    table->count++;
}

void table_remove(struct table *table, struct table_node *node)
{
    struct table_node **link = bucket_of(table, node->hash);

    while (*link != node) {
        assert(*link); /* or it was not in this table */
        link = &(*link)->next;
    }
    *link = node->next;
    table->count--;
}

static struct table_node *matching(struct table_node *node, uint64_t hash)
{
    while (node && node->hash != hash)
        node = node->next;
    return node;
}

struct table_node *table_first(const struct table *table, uint64_t hash)
{
    if (table->bucket_count == 0)
        return matching(table->few, hash);
    return matching(table->buckets[hash & (table->bucket_count - 1)], hash);
}

struct table_node *table_next(const struct table_node *node)
{
    return matching(node->next, node->hash);
}

struct table_node *table_any(const struct table *table)
{
    if (table->few)
        return table->few;
    for (size_t i = 0; i < table->bucket_count; i++)
        if (table->buckets[i])
            return table->buckets[i];
    return NULL;
}

uint64_t table_hash(const void *data, size_t size)
{
    const uint8_t *bytes = data;
    uint64_t hash = 14695981039346656037U; /* FNV-1a */

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 1099511628211U;
    return hash ^ hash >> 32;
}
