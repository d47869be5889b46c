/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/tree_limits.h"

#include <assert.h>
#include <stdio.h>

#include "common/error.h"
#include "executor/refusal.h"

static const struct {
    const char *name;
    const char *capability;
    size_t offset;
} table[TREE_LIMITS] = {
    [TREE_MEMORY] = { "memory_bytes", "limit-memory",
            offsetof(struct tree_limits, memory_bytes) },
    [TREE_PIDS] = { "pids", "limit-pids", offsetof(struct tree_limits, pids) },
    [TREE_CPU] = { "cpu_millis", "limit-cpu",
            offsetof(struct tree_limits, cpu_millis) },
};

const char *tree_limit_name(enum tree_limit limit)
{
    assert(limit < TREE_LIMITS);
    return table[limit].name;
}

const char *tree_limit_capability(enum tree_limit limit)
{
    assert(limit < TREE_LIMITS);
    return table[limit].capability;
}

uint64_t tree_limits_get(
        const struct tree_limits *limits, enum tree_limit limit)
{
    assert(limit < TREE_LIMITS);
    return *(const uint64_t *)(const void *)((const char *)limits +
            table[limit].offset);
}

static void set(
        struct tree_limits *limits, enum tree_limit limit, uint64_t value)
{
    *(uint64_t *)(void *)((char *)limits + table[limit].offset) = value;
}

unsigned int tree_limits_set(const struct tree_limits *limits)
{
    unsigned int those = 0;

    for (enum tree_limit i = 0; i < TREE_LIMITS; i++)
        if (tree_limits_get(limits, i) > 0)
            those |= TREE_LIMIT(i);
    return those;
}

static enum remex_status refuse(
        struct remex_error *error, enum tree_limit limit)
{
    char field[sizeof(error->name)];

    snprintf(field, sizeof(field), "start.tree_limits.%s", table[limit].name);
    error_bad_field(error, field,
            "This executor has no control groups that can limit %s; leave it "
            "out, or see CONTAINMENT in remexd(8).",
            table[limit].name);
    error->status = REMEX_UNIMPLEMENTED;
    return error->status;
}

enum remex_status tree_limits_check(const struct tree_limits *asked,
        const struct tree_limits *most, unsigned int available,
        struct remex_error *error)
{
    for (enum tree_limit i = 0; i < TREE_LIMITS; i++) {
        uint64_t allowed = tree_limits_get(most, i);
        uint64_t value = tree_limits_get(asked, i);

        if (value > 0 && !(available & TREE_LIMIT(i)))
            return refuse(error, i);
        if (allowed > 0 && value > allowed)
            return refusal_too_large(error, table[i].name, allowed, value);
    }
    return REMEX_OK;
}

struct tree_limits tree_limits_settle(
        const struct tree_limits *asked, const struct tree_limits *most)
{
    struct tree_limits settled = *asked;

    for (enum tree_limit i = 0; i < TREE_LIMITS; i++)
        if (tree_limits_get(asked, i) == 0)
            set(&settled, i, tree_limits_get(most, i));
    return settled;
}
