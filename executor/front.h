/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_FRONT_H
#define EXECUTOR_FRONT_H

/*
 * One front: an address, and whatever process listens on it now. A process that
 * dies, or leaves a heartbeat unanswered, is replaced by another.
 *
 *     starting ──LINK_READY──▶ listening ──its death──▶ waiting ──▶ starting
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <remex/status.h>

#include "common/address.h"
#include "common/log.h"
#include "executor/front_files.h"
#include "executor/front_program.h"
#include "executor/front_sockets.h"
#include "executor/front_user.h"
#include "executor/link.h"
#include "executor/log_store.h"
#include "executor/loop.h"
#include "executor/reaper.h"

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
    FRONT_MIN_DELAY_MS = 10, /* before the next try, doubled each time */
    FRONT_MAX_DELAY_MS = 1000,
    FRONT_STEADY_MS = 1000 /* having listened so long, it starts over */
};

/* What all fronts of an executor have in common. */
struct front_site {
    struct loop *loop;
    struct reaper *reaper;
    struct log *log;
    struct front_program program;
    struct front_program tls_program; /* of tls:// */
    struct front_tls tls;
    struct front_user user;
    unsigned int count; /* made so far */
    struct fronts_hooks hooks;
    /* One of them listens, for the first time. */
    void (*listening)(struct front_site *site);
};

/* Starts listening when the loop runs. Whether it works is told by a hook, but
 * for what is clear at once: REMEX_ALREADY_EXISTS: another executor has that
 * path. `site` and the sockets are lent until front_free. */
REMEX_CHECKED enum remex_status front_new(struct front_site *site,
        const struct address *address, const struct front_sockets *sockets,
        struct front **out, struct remex_error *error);

/* Kills the process, and removes what is left of it. */
void front_free(struct front *front);

/* One that listens on tls:// and goes by other files than there are now, or by
 * another word on tokens, is replaced. */
void front_renew(struct front *front);

/* Publishes a heartbeat, which has to be answered; and looks what memory the
 * store needs no more. */
void front_beat(
        struct front *front, uint64_t beat, const void *hint, size_t size);

/* As they became, once it listens. Lent while it lives. */
const char *front_address(const struct front *front);
const char *front_hint_address(const struct front *front);
enum address_kind front_kind(const struct front *front);

/* For the logs of what is started through it; NULL: there is none. */
struct log_store *front_store(const struct front *front);

/* See link_send; to a front that is just being replaced nothing is sent. */
void front_send(struct front *front, const struct link_header *header,
        const struct link_piece *pieces, size_t count);
bool front_is_full(const struct front *front);

#endif
