/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_FRONT_PEER_H
#define EXECUTOR_FRONT_PEER_H

/*
 * One connection of a stranger's, from its first byte to its end:
 *
 *     silent ──byte──▶ shaking hands ──▶ greeting ──SP──▶ serving
 *
 * where hands are shaken only if its stream is of that kind. Until it serves it
 * has PEER_PATIENCE_MS in all, and costs a descriptor and a few hundred bytes
 * before it says anything. Then it may have PEER_MAX_HELD requests under way,
 * and is not read from while it leaves PEER_FULL_BYTES unread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/sp.h"
#include "executor/front/outbox.h"
#include "executor/front/part.h"
#include "executor/front/stream.h"
#include "executor/link_frame.h"
#include "executor/list.h"
#include "executor/loop.h"
#include "executor/table.h"

enum {
    PEER_PATIENCE_MS = 2000,
    PEER_MAX_HELD = 8192, /* more than one session may park */
    PEER_FULL_BYTES = 1024 * 1024,
    PEER_MAX_HINTS = 16 * 1024, /* of hints: more are dropped, not waited for */
    PEER_NAME_BYTES = LINK_NAME_BYTES + 1,
    PEER_MAX_PARTS = LINK_MAX_PARTS + 2, /* of a message */
};

struct peer;

/* What all peers of an endpoint have in common. Hooks are called from the
 * loop. */
struct peer_kind {
    struct loop *loop;
    const struct stream_kind *stream;
    enum sp_framing framing;
    enum sp_protocol protocol; /* ours: SP_REP or SP_PUB */
    size_t max_message;
    bool paused;     /* nothing is taken in: whoever it is for is behind */
    size_t *waiting; /* memory of what waits, to all of them */
    void *user;
    /* It has said the right things. */
    void (*serving)(void *user, struct peer *peer);
    /* A request, its way back and all; the bytes are the receiver's to free. */
    void (*request)(
            void *user, struct peer *peer, uint8_t *message, size_t size);
    /* It is gone, or was thrown out; has to free it. */
    void (*ended)(void *user, struct peer *peer);
};

struct peer {
    /* For whoever keeps it. */
    struct list all;
    struct table_node node;
    uint32_t id;
    unsigned int held; /* requests under way */
    uint64_t source;   /* whence, as far as a door tells them apart */

    const struct peer_kind *kind;
    uint32_t uid;               /* LINK_PEER_UID_UNKNOWN: not known */
    char name[PEER_NAME_BYTES]; /* of its certificate; "": none */
    bool is_greeted;
    bool is_serving;
    bool is_known; /* to whoever keeps it: no stranger */
    bool has_ended;
    struct loop_watch watch;
    struct loop_timer patience;
    struct loop_task end;
    uint32_t watched;
    struct stream stream;
    struct sp_reader reader;
    struct peer_unread *unread; /* it came, and has to wait; NULL: nothing */
    struct outbox outbox;
};

/* Takes over `fd`, also on failure (NULL). */
struct peer *peer_new(const struct peer_kind *kind, int fd);

void peer_free(struct peer *peer);

/* Sends a message, or keeps what of it does not go out at once. Its bytes are
 * those of the parts from the second on; the first is left free by the caller,
 * for the head that tells their size. */
void peer_send(struct peer *peer, struct part *parts, size_t count);

/* A request of its has been answered. */
void peer_released(struct peer *peer);

/* Its kind is no longer paused. */
void peer_resume(struct peer *peer);

/* Of `worst` (NULL: nobody) and a list by `all`, who leaves the most unread. */
struct peer *peer_worse(const struct list *peers, struct peer *worst);

/* Ends it, soon. */
void peer_end(struct peer *peer);

/* The same, and what waits is forgotten at once. */
void peer_throw_out(struct peer *peer);

#endif
