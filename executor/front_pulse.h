/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_FRONT_PULSE_H
#define EXECUTOR_FRONT_PULSE_H

/*
 * Whether a front's process lives: it has to begin to listen, and to answer
 * beats from then on. While there is much to relay an answer waits behind it,
 * so that anything else it says counts for a while.
 */

#include <stdbool.h>
#include <stdint.h>

#include <remex/status.h>

#include "executor/loop.h"

enum {
    /* A beat unanswered for so long is the end. */
    FRONT_PULSE_SILENCE_MS = 2500,
    FRONT_PULSE_GRACE_MS = 250,  /* in case it was us who stood still */
    FRONT_PULSE_START_MS = 10000 /* to begin to listen */
};

struct front_pulse {
    struct loop *loop;
    /* It does not live. Nothing is awaited any more. */
    void (*stopped)(struct front_pulse *pulse);
    uint64_t asked;    /* newest beat sent */
    uint64_t answered; /* newest beat answered */
    int64_t heard_at;  /* anything else from it */
    bool beats;        /* it listens */
    bool suspect;      /* silent for too long; the grace period runs */
    struct loop_timer silence;
};

/* Nothing is awaited yet; but `loop` and `stopped` it has to be zeroed. From
 * here on nothing can fail. */
REMEX_CHECKED enum remex_status front_pulse_init(struct front_pulse *pulse,
        struct loop *loop, void (*stopped)(struct front_pulse *pulse));
void front_pulse_deinit(struct front_pulse *pulse); /* safe on a zeroed one */

/* A process was started; it listens; it is gone. */
void front_pulse_start(struct front_pulse *pulse);
void front_pulse_listens(struct front_pulse *pulse);
void front_pulse_end(struct front_pulse *pulse);

/* That beat is sent; was answered, which is false if it makes no sense; and
 * something else was said. */
void front_pulse_ask(struct front_pulse *pulse, uint64_t beat);
bool front_pulse_answer(struct front_pulse *pulse, uint64_t beat);
void front_pulse_hear(struct front_pulse *pulse);

#endif
