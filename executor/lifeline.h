/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_LIFELINE_H
#define EXECUTOR_LIFELINE_H

/*
 * The executor's end of the socketpair that it shares with its supervisor. Each
 * tells the other by bytes; the end of it is the other's.
 */

#include <stdint.h>

#include <remex/status.h>

#include "executor/loop.h"

enum {
    /* To the executor: */
    LIFELINE_END = 'E',    /* end, please */
    LIFELINE_RELOAD = 'H', /* read your configuration anew */
    /* From it: */
    LIFELINE_READY = 'R',    /* it listens everywhere */
    LIFELINE_ALIVE = 'A',    /* its loop turns */
    LIFELINE_DRAIN = 'D',    /* it ends when its programs have */
    LIFELINE_PATIENT = 'P',  /* asked to end, it drains */
    LIFELINE_PROMPT = 'p',   /* it does not */
    LIFELINE_RELOADED = 'L', /* it has another configuration */
    LIFELINE_KEPT = 'K',     /* that was wrong: it keeps the one it has */
};

struct lifeline {
    struct loop *loop;
    struct loop_watch watch;
    struct loop_timer beat;
    int64_t beat_every; /* nanoseconds; 0: never */
    void *user;
    void (*asked)(void *user);  /* to end, once more each time */
    void (*reload)(void *user); /* asked for: answered by one of the two */
    void (*alone)(void *user);  /* the supervisor is gone */
};

/* `user` and the three hooks are set; LIFELINE_ALIVE is told so often that
 * none of `watchdog_ms` is without (0: never). */
REMEX_CHECKED enum remex_status lifeline_start(struct lifeline *lifeline,
        struct loop *loop, int fd, uint32_t watchdog_ms);

void lifeline_tell(const struct lifeline *lifeline, char what);

/* Safe if it was not started; closes the descriptor. */
void lifeline_stop(struct lifeline *lifeline);

#endif
