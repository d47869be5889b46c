/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_FRONTS_H
#define EXECUTOR_FRONTS_H

/*
 * The fronts of an executor: one process per address, started, watched, and
 * replaced whenever it dies or stops answering heartbeats. Whatever was under
 * way through a front is lost with it; sessions are not.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <remex/status.h>

#include "common/address.h"
#include "common/log.h"
#include "executor/link.h"
#include "executor/loop.h"
#include "executor/reaper.h"

struct fronts;
struct front;

struct fronts_hooks {
    void *user;
    /* All of them listen, for the first time. */
    void (*ready)(void *user);
    /* One of them cannot, the first time. One line that says why. */
    void (*failed)(void *user, const char *why);
    /* LINK_REQUEST or LINK_PIPE_GONE; see link_hooks. */
    bool (*frame)(void *user, struct front *front,
            const struct link_header *header, const void *body);
    /* Nothing that was under way through this front will be answered. */
    void (*lost)(void *user, struct front *front);
    /* It was full and no longer is. */
    void (*drained)(void *user, struct front *front);
};

enum {
    FRONTS_MAX = 16,
    FRONTS_BEAT_MS = 1000,    /* fronts_beat is called so often */
    FRONTS_SILENCE_MS = 2500, /* a beat unanswered for so long is the end */
    FRONTS_GRACE_MS = 250,    /* in case it was us who stood still */
    FRONTS_START_MS = 10000,  /* to begin to listen */
    FRONTS_MIN_DELAY_MS = 10, /* before the next try, doubled each time */
    FRONTS_MAX_DELAY_MS = 1000,
    FRONTS_STEADY_MS = 1000 /* having listened so long, it starts over */
};

/* What fronts need of others: lent until fronts_free. */
struct fronts_parts {
    struct loop *loop;
    struct reaper *reaper;
    struct log *log;
};

/* REMEX_NOT_FOUND: there is no program to start. */
REMEX_CHECKED enum remex_status fronts_new(const struct fronts_parts *parts,
        const struct fronts_hooks *hooks, struct fronts **out,
        struct remex_error *error);

/* Kills all of them and removes their paths. NULL is allowed. */
void fronts_free(struct fronts *fronts);

/* Starts listening on an address; before the loop runs, FRONTS_MAX times at
 * most. Whether it works is told by a hook, but for what is clear at once:
 * REMEX_ALREADY_EXISTS: another executor has that path. */
REMEX_CHECKED enum remex_status fronts_add(struct fronts *fronts,
        const struct address *address, struct remex_error *error);

/* Publishes the heartbeat `beat` everywhere; each front has to answer it. */
void fronts_beat(
        struct fronts *fronts, uint64_t beat, const void *hint, size_t size);

/* In the order of fronts_add; NULL behind the last. */
struct front *fronts_at(struct fronts *fronts, size_t index);

/* As they became, once ready. Lent while it lives. */
const char *front_address(const struct front *front);
const char *front_hint_address(const struct front *front);
enum address_kind front_kind(const struct front *front);

/* See link_send; to a front that is just being replaced nothing is sent. */
void front_send(struct front *front, const struct link_header *header,
        const struct link_piece *pieces, size_t count);
bool front_is_full(const struct front *front);

#endif
