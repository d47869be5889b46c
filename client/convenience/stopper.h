/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_CONVENIENCE_STOPPER_H
#define CLIENT_CONVENIENCE_STOPPER_H

/*
 * A graceful stop, a turn at a time, for those who have other things to do
 * while it waits.
 */

#include <remex/graceful_stop.h>

#include "client/convenience/patience.h"

struct stopper {
    struct remex_process *process;
    struct remex_stop_step plan[REMEX_STOP_STEPS];
    size_t count;
    size_t next; /* step; `count` is the kill, more is none */
    int last_wait_ms;
    struct remex_stop_report *report; /* the caller's */

    int64_t began_ns;
    int64_t sent_ns; /* the last attempt, if it is being waited for */
    bool waiting;
    struct patience patience;
};

/* Whether remex_graceful_stop would take the plan. */
bool stopper_plan_is_fine(
        const struct remex_stop_step *plan, size_t step_count);

/* The arguments are remex_graceful_stop's, and the plan is fine. */
void stopper_init(struct stopper *stopper, struct remex_process *process,
        const struct remex_stop_step *plan, size_t step_count, int timeout_ms,
        struct remex_stop_report *report);

/* Does what is due. False: wait for the exit, at most `wait_ms_out`, and come
 * back; true: it is over, and the report is whole. */
bool stopper_turn(struct stopper *stopper, int *wait_ms_out);

#endif
