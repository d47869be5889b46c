/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_GATHER_H
#define EXECUTOR_GATHER_H

/*
 * Gathers the events of one reply from the logs: their heads as values, their
 * bytes as pieces that lie where they were read.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/message.h"
#include "executor/event_log.h"
#include "executor/link.h"
#include "executor/sessions.h"

enum {
    GATHER_BYTES = 192 * 1024,      /* of payload, in one reply */
    GATHER_MOST_BYTES = 768 * 1024, /* if so much is asked for */
    GATHER_EVENTS = 1024,
    GATHER_STATES = 256,
    /* Of one process, before it's another's turn: */
    GATHER_TURN = 64 * 1024,
    GATHER_TURN_EVENTS = 256,
    GATHER_HEAD_PIECES = 1 /* left free for whoever sends them */
};

struct gather {
    struct batch_event events[GATHER_EVENTS];
    size_t count;
    size_t bytes;
    size_t max_bytes;
    bool full; /* the next event does not fit */
    struct follow_state states[GATHER_STATES];
    size_t state_count;
    /* The first GATHER_HEAD_PIECES are not set. The others hold their blocks.
     */
    struct link_piece pieces[GATHER_HEAD_PIECES + GATHER_EVENTS];
    size_t piece_count;
};

/* Begins a new one; the pieces of the last were taken. `max_bytes` 0:
 * GATHER_BYTES; too much: GATHER_MOST_BYTES. */
void gather_begin(struct gather *gather, size_t max_bytes);

bool gather_is_empty(const struct gather *gather);

/* Moves on a cursor, about one turn, before `*until_position`, which gaps move
 * on. The first event of a reply always fits. */
void gather_log(struct gather *gather, const struct event_log *log,
        struct cursor *cursor, uint64_t follow_id, uint64_t *until_position);

/* All that can be told of a closed process in one reply: whole outputs from the
 * first on as long as they fit, a Gap for the others, Exited and Closed in any
 * case. */
void gather_whole(struct gather *gather, const struct event_log *log);

/* Takes turns between all of a session's ready follows, until there is nothing
 * more to take or it is full. The next one goes on with whoever had no turn. */
void gather_session(struct gather *gather, struct session *session);

/* False: there are too many. */
bool gather_state(struct gather *gather, const struct follow_state *state);

#endif
