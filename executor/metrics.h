/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_METRICS_H
#define EXECUTOR_METRICS_H

/*
 * /metrics and /healthz for whoever watches this host: as much of HTTP/1.0 as
 * it takes to answer a GET, on a loopback port, by the executor's own loop.
 *
 * A connection is one request. It has a fixed piece of memory and two seconds;
 * when there are METRICS_CONNECTIONS of them, the oldest makes room for
 * another: who is slow, or many, stands in the way of no one but his like.
 */

#include <remex/status.h>

#include "common/address.h"
#include "executor/figures.h"
#include "executor/loop.h"

struct metrics;

enum {
    METRICS_CONNECTIONS = 8,
    METRICS_REQUEST_BYTES = 2048,
    METRICS_PATIENCE_MS = 2000
};

struct metrics_hooks {
    void *user;
    void (*tell)(void *user, struct figures *out);
};

/* Listens on `address`, a tcp address of loopback. `loop` is lent. */
REMEX_CHECKED enum remex_status metrics_new(struct loop *loop,
        const struct address *address, const struct metrics_hooks *hooks,
        struct metrics **out, struct remex_error *error);

/* NULL is allowed. */
void metrics_free(struct metrics *metrics);

/* Where it listens, if port 0 was asked for. */
unsigned int metrics_port(const struct metrics *metrics);

#endif
