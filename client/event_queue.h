/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_EVENT_QUEUE_H
#define CLIENT_EVENT_QUEUE_H

/*
 * The events of one process: on their way to the user, in order, exactly once;
 * and those he had last, for whoever else reads here.
 *
 * What was had before is dropped. What comes before its turn (batches travel on
 * more than one lane) is put aside until the hole has been filled. What breaks
 * the rules of the protocol is refused. After Closed, or after the Failed that
 * this side makes in its place, nothing more comes.
 *
 * What may be waiting here is bounded by what was granted: see `max_count` and
 * event_queue_grant. What has been taken stays within `history` bytes, each
 * event costing some; whole events leave, oldest first.
 *
 * Files: event_queue.c what comes and is taken, event_reader.c other readers,
 * event_node.c one event.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <remex/event.h>
#include <remex/status.h>

#include "client/event_node.h"
#include "client/packet.h"
#include "common/message.h"

/* Between two events: the number of the next one, and what came before. */
struct event_mark {
    uint64_t next_seq;
    uint64_t offsets[REMEX_STREAMS];
    uint64_t position; /* the sum of the offsets */
};

struct event_queue {
    struct event_node *oldest; /* all that is kept, in order */
    struct event_node *first;  /* of them, the next to be taken */
    struct event_node *last;
    struct event_node *early; /* put aside, by number */
    struct event_node *early_last;
    struct event_node *lent; /* to the user, until the next one is taken */

    /* Where it began, what is kept, and what has come. */
    struct event_mark begin;
    struct event_mark kept;
    struct event_mark come;
    bool placed; /* where it begins is known */

    /* Exited is told to other readers even when it has left: where it was. */
    struct event_mark before_exit;
    struct event_node *exit; /* NULL: has not come */

    /* What the user has taken, so far. */
    uint64_t taken_seq;

    size_t window;     /* bytes that may wait here, each event costing some */
    uint64_t until;    /* output may come while its position is below this */
    size_t held_bytes; /* waiting, put aside included */
    size_t held_count; /* at most max_count */
    size_t max_count;
    size_t history;      /* what may be kept of what has been taken, */
    size_t history_used; /* and is */

    bool exited; /* has come, taken or not */
    bool closed;
    enum remex_failure failure; /* 0: none */
    bool failure_taken;
    bool closed_taken;
};

void event_queue_init(struct event_queue *queue, size_t window, size_t history);

/* It begins somewhere that is yet to be told: until then everything is put
 * aside, and grants are relative. Before anything has come. */
void event_queue_unplace(struct event_queue *queue);

/* It has been told. REMEX_PROTOCOL_ERROR: what came does not fit to it. */
REMEX_CHECKED enum remex_status event_queue_place(
        struct event_queue *queue, const struct follow_place *place);

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

/* --- Other readers ------------------------------------------------------- */

/* A reader beside the user, who neither takes nor holds anything up. What left
 * before he came to it is told to him as one Gap; its bytes are 0 if he did not
 * know how much he had had. Zeroed: closed. */
struct event_reader {
    uint64_t next_seq;
    uint64_t position;     /* how much came before, if it is known */
    bool placed;           /* it is */
    struct event_node *at; /* told last, and held */
    bool ended;            /* Closed or Failed has been told */
};

/* Reads what comes after event `seq`; REMEX_OUT_OF_RANGE: it has not come. */
REMEX_CHECKED enum remex_status event_reader_open(struct event_reader *reader,
        const struct event_queue *queue, uint64_t seq);

/* Safe on a zeroed one, and after the queue has gone. */
void event_reader_close(struct event_reader *reader);

/* The next event, if there is one. Its output is lent until the next call. */
bool event_reader_next(struct event_reader *reader,
        const struct event_queue *queue, struct remex_event *out);

#endif
