/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_EVENT_QUEUE_H
#define CLIENT_EVENT_QUEUE_H

/*
 * The events of one process on their way to the user: in order, exactly once.
 *
 * What was had before is dropped. What comes before its turn (batches travel on
 * more than one lane) is put aside until the hole has been filled. What breaks
 * the rules of the protocol is refused. After Closed, or after the Failed that
 * this side makes in its place, nothing more comes.
 *
 * What may be waiting here is bounded by what was granted: see `max_count` and
 * event_queue_grant.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <remex/event.h>
#include <remex/status.h>

#include "client/packet.h"

struct event_node;

struct event_queue {
    struct event_node *first; /* in order, next to be taken */
    struct event_node *last;
    struct event_node *early; /* put aside, by number */
    struct event_node *early_last;
    struct event_node *lent; /* to the user, until the next one is taken */

    /* The cursor: everything below has come. */
    uint64_t next_seq;
    uint64_t offsets[REMEX_STREAMS];
    uint64_t position; /* the sum of the offsets */

    /* What the user has taken, so far. */
    uint64_t taken_seq;

    size_t window;     /* bytes that may wait here, each event costing some */
    uint64_t until;    /* output may come while its position is below this */
    size_t held_bytes; /* waiting, put aside included */
    size_t held_count; /* at most max_count */
    size_t max_count;

    bool exited; /* has come, taken or not */
    bool closed;
    enum remex_failure failure; /* 0: none */
    bool failure_taken;
    bool closed_taken;
};

void event_queue_init(struct event_queue *queue, size_t window);

/* Safe on a zeroed queue. */
void event_queue_deinit(struct event_queue *queue);

/*
 * Takes in an event. An output's bytes are copied, or, if `packet` is given,
 * lie in it and keep it alive: give it only if this queue's part of it is
 * large, so that no small event keeps a large packet. REMEX_AGAIN: put aside;
 * REMEX_ALREADY_EXISTS: had it; REMEX_PROTOCOL_ERROR: it cannot be; on these
 * two and on REMEX_NO_MEMORY nothing has changed.
 */
REMEX_CHECKED enum remex_status event_queue_push(struct event_queue *queue,
        const struct remex_event *event, struct packet *packet);

/* Whether something is put aside, for want of what comes before it. */
bool event_queue_has_hole(const struct event_queue *queue);

/* Forgets what is put aside: it will be sent again. */
void event_queue_drop_early(struct event_queue *queue);

/* Failed comes after what is here, unless Closed has come. Once; the first
 * reason stays. What is put aside is forgotten. */
void event_queue_fail(struct event_queue *queue, enum remex_failure reason);

/* Something can be taken. */
bool event_queue_is_ready(const struct event_queue *queue);

/* The last one has been taken. */
bool event_queue_is_ended(const struct event_queue *queue);

/* The next event, if there is one. Its output is lent until the next take. */
bool event_queue_take(struct event_queue *queue, struct remex_event *out);

/* Up to which position output may come now; never falls. */
uint64_t event_queue_grant(struct event_queue *queue);

#endif
