/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_TABLE_H
#define EXECUTOR_TABLE_H

/*
 * A hash table of nodes embedded in what it finds. The user brings the hash and
 * compares. Adding never fails: without memory to grow, it just gets slower.
 */

#include <stddef.h>
#include <stdint.h>

struct table_node {
    struct table_node *next; /* in the same bucket */
    uint64_t hash;
};

struct table {
    struct table_node **buckets;
    size_t bucket_count; /* a power of two, or 0 */
    size_t count;
    struct table_node *few; /* the only bucket, while there are no others */
};

void table_init(struct table *table);

/* The nodes are their owners'. Safe on a zeroed table. */
void table_deinit(struct table *table);

void table_add(struct table *table, struct table_node *node, uint64_t hash);
void table_remove(struct table *table, struct table_node *node);

/* Every node with this hash, one after the other, then NULL. */
struct table_node *table_first(const struct table *table, uint64_t hash);
struct table_node *table_next(const struct table_node *node);

/* Any node, NULL if there is none. */
struct table_node *table_any(const struct table *table);

/* Mixes bytes into a hash; not meant to stand up to an adversary. */
uint64_t table_hash(const void *data, size_t size);

#endif
