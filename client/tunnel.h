/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_TUNNEL_H
#define CLIENT_TUNNEL_H

/*
 * The way to an executor over ssh: a thread that moves the bytes of many
 * sockets through one ssh connection (common/mux.h). At the other end there is
 * `remexd --stdio`, which first says in a line where its executor listens.
 *
 * An executor that stays can be reached again: when the connection breaks, the
 * next dial starts another ssh. A private one is gone then, for good.
 */

#include <stdint.h>

#include <remex/status.h>

#include "common/address.h"
#include "common/mux.h"

struct tunnel;

struct tunnel_hooks {
    void *user;
    /* The private executor has gone, and why; once at most, from the thread,
     * and not after tunnel_stop. NULL is allowed. */
    void (*ended)(void *user, const struct remex_error *why);
};

/* Connects by `program` (NULL: $REMEX_SSH, or ssh in the PATH), and waits until
 * `deadline` (monotonic) for the other end to speak. */
REMEX_CHECKED enum remex_status tunnel_new(const struct address *address,
        const char *program, int64_t deadline, struct tunnel **out,
        struct remex_error *error);

/* Begins to move bytes: what was dialled before waits for this.
 * REMEX_RESOURCE_EXHAUSTED: there is no thread. */
REMEX_CHECKED enum remex_status tunnel_start(
        struct tunnel *tunnel, const struct tunnel_hooks *hooks);

/* Of the executor, on its host. */
const char *tunnel_address(const struct tunnel *tunnel);

/* A socket to that endpoint, yours to close: what cannot be reached closes it.
 * -1, with REMEX_UNAVAILABLE: not now. */
int tunnel_dial(struct tunnel *tunnel, enum mux_endpoint endpoint,
        struct remex_error *error);

/* No `ended` comes after this, which waits for one that is under way. */
void tunnel_stop(struct tunnel *tunnel);

/* Stops it; returns when a private executor and all that it ran are gone, or
 * after ten seconds. NULL is allowed. */
void tunnel_free(struct tunnel *tunnel);

#endif
