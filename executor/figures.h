/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_FIGURES_H
#define EXECUTOR_FIGURES_H

/*
 * How an executor stands, in numbers: for operators, by --metrics. Nothing in
 * them names a process, a principal or a client. No I/O.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/message.h"

enum {
    FIGURES_METHODS = METHOD_FORGET + 1,
    FIGURES_STATUSES = REMEX_UNAUTHENTICATED + 1,
    FIGURES_BYTES = 8192 /* as text, at most */
};

struct figures {
    bool draining;
    int64_t started_s;       /* since 1970 */
    uint64_t sessions;       /* now */
    uint64_t running;        /* processes that are not closed */
    uint64_t closed;         /* processes that are, and still known */
    uint64_t retained_bytes; /* charged for output that is kept */
    uint64_t waiting;        /* requests that wait for something */
    uint64_t processes;      /* ever started */
    uint64_t requests[FIGURES_METHODS];  /* ever taken, by method */
    uint64_t refusals[FIGURES_STATUSES]; /* ever answered, by status */
};

/* In Prometheus' text format; how long it is. */
size_t figures_print(const struct figures *figures, char out[FIGURES_BYTES]);

#endif
