/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_LIST_H
#define EXECUTOR_LIST_H

/*
 * Doubly linked rings, embedded in what they link. The head is a node like any
 * other. A node that is in no list is linked to itself, so that removing it is
 * always safe; nodes must be initialised.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The struct of `type` whose `member` is at `pointer`. */
#define CONTAINER_OF(pointer, type, member) \
    ((type *)(void *)((uint8_t *)(pointer)-offsetof(type, member)))

struct list {
    struct list *next;
    struct list *prev;
};

static inline void list_init(struct list *node)
{
    node->next = node;
    node->prev = node;
}

static inline bool list_is_empty(const struct list *head)
{
    return head->next == head;
}

/* Whether a node is in a list. */
static inline bool list_is_linked(const struct list *node)
{
    return node->next != node;
}

static inline void list_remove(struct list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

/* Moves `node` to the end of the list, from wherever it is. */
static inline void list_append(struct list *head, struct list *node)
{
    list_remove(node);
    node->prev = head->prev;
    node->next = head;
    head->prev->next = node;
    head->prev = node;
}

#endif
