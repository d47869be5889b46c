/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_TREE_LIMITS_H
#define EXECUTOR_TREE_LIMITS_H

/*
 * What a process and all that it starts may use together: which limits there
 * are, whether they can be had, and what a principal's own make of them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <remex/status.h>

#include "common/message.h"

enum tree_limit { TREE_MEMORY, TREE_PIDS, TREE_CPU, TREE_LIMITS };

/* For sets of them. */
#define TREE_LIMIT(limit) (1U << (limit))

/* "memory_bytes", as in Limits of the .proto. Static. */
const char *tree_limit_name(enum tree_limit limit);

/* "limit-memory", as clients are told that it can be had. Static. */
const char *tree_limit_capability(enum tree_limit limit);

uint64_t tree_limits_get(
        const struct tree_limits *limits, enum tree_limit limit);

/* Those that are set. */
unsigned int tree_limits_set(const struct tree_limits *limits);

/* Whether a start may ask for these, of whom may have `most`, where those of
 * `available` can be had. REMEX_INVALID_ARGUMENT: more than the limit, which is
 * named; REMEX_UNIMPLEMENTED, naming the field: it cannot be had. */
REMEX_CHECKED enum remex_status tree_limits_check(
        const struct tree_limits *asked, const struct tree_limits *most,
        unsigned int available, struct remex_error *error);

/* Those asked for, and in the place of others what `most` has. */
struct tree_limits tree_limits_settle(
        const struct tree_limits *asked, const struct tree_limits *most);

#endif
