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
    LIFELINE_END = 'E',   /* to the executor: end, please */
    LIFELINE_READY = 'R', /* from it: it listens everywhere */
    LIFELINE_ALIVE = 'A', /* from it: its loop turns */
    LIFELINE_DRAIN = 'D', /* from it: it ends when its programs have */
};

struct lifeline {
    struct loop *loop;
    struct loop_watch watch;
    struct loop_timer beat;
    int64_t beat_every; /* nanoseconds; 0: never */
    void *user;
    void (*asked)(void *user); /* to end, once more each time */
    void (*alone)(void *user); /* the supervisor is gone */
};

/* `user`, `asked` and `alone` are set; LIFELINE_ALIVE is told so often that
 * none of `watchdog_ms` is without (0: never). */
REMEX_CHECKED enum remex_status lifeline_start(struct lifeline *lifeline,
        struct loop *loop, int fd, uint32_t watchdog_ms);

void lifeline_tell(const struct lifeline *lifeline, char what);

/* Safe if it was not started; closes the descriptor. */
void lifeline_stop(struct lifeline *lifeline);

#endif
