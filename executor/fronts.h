/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_FRONTS_H
#define EXECUTOR_FRONTS_H

/*
 * The fronts of an executor: one per address. Whatever was under way through a
 * front is lost when it is replaced; sessions are not.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <remex/status.h>

#include "common/address.h"
#include "executor/front.h"

struct fronts;

enum {
    FRONTS_MAX = 16,
    FRONTS_BEAT_MS = 1000 /* fronts_beat is called so often */
};

/* What fronts need of others: lent until fronts_free. */
struct fronts_parts {
    struct loop *loop;
    struct reaper *reaper;
    struct log *log;
    struct front_tls tls;
    struct front_user user;
};

/* REMEX_NOT_FOUND: there is no program to start. */
REMEX_CHECKED enum remex_status fronts_new(const struct fronts_parts *parts,
        const struct fronts_hooks *hooks, struct fronts **out,
        struct remex_error *error);

/* Kills all of them and removes their paths. NULL is allowed. */
void fronts_free(struct fronts *fronts);

/* See front_new; before the loop runs, FRONTS_MAX times at most. */
REMEX_CHECKED enum remex_status fronts_add(struct fronts *fronts,
        const struct address *address, const struct front_sockets *sockets,
        struct remex_error *error);

/* Fronts of tls:// are to go by what the files are now, and clients can show
 * tokens there or not. */
void fronts_renew(struct fronts *fronts, bool tokens);

/* Publishes the heartbeat `beat` everywhere; each front has to answer it. */
void fronts_beat(
        struct fronts *fronts, uint64_t beat, const void *hint, size_t size);

/* In the order of fronts_add; NULL behind the last. */
struct front *fronts_at(struct fronts *fronts, size_t index);

#endif
