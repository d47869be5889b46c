/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMEX_GRACEFUL_STOP_H
#define REMEX_GRACEFUL_STOP_H

/*
 * Ending a process step by step from this side, to learn what each step did.
 * remex_process_stop has the executor do it instead, which goes on without this
 * client but tells only how it ended.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <remex/process.h>

#ifdef __cplusplus
extern "C" {
#endif

#define REMEX_STOP_STEPS 16

enum remex_stop_result {
    REMEX_STOP_EXITED = 1,  /* it exited, while this attempt was waited for */
    REMEX_STOP_RUNNING = 2, /* it did not */
    REMEX_STOP_GONE = 3,    /* it had exited already */
    REMEX_STOP_UNSENT = 4,  /* see `status` */
    REMEX_STOP_LOST = 5,    /* not known: the link is lost */
};

struct remex_stop_attempt {
    int signal_number;
    enum remex_signal_target target;
    int64_t at_ms;            /* since the stop began */
    int64_t waited_ms;        /* for the exit */
    enum remex_status status; /* of sending it */
    bool delivered;           /* to a leader that had not exited */
    enum remex_stop_result result;
};

/* A plain value: copy it freely. */
struct remex_stop_report {
    enum remex_status status; /* as the call returned it */
    bool has_exit;
    struct remex_exit exit;
    size_t count;
    struct remex_stop_attempt attempts[REMEX_STOP_STEPS + 1];
};

/*
 * Ends the process: each step's signal to its group, until it has exited, then
 * a kill of what is left of its tree, which is always the last attempt. The
 * exit that follows the kill is waited for `timeout_ms`. NULL for `plan` is
 * SIGTERM and 5 seconds; a plan has at most REMEX_STOP_STEPS steps, and none at
 * all is the kill alone.
 *
 * REMEX_OK: it has exited, and nothing is left of it; REMEX_DEADLINE_EXCEEDED:
 * its exit is not known yet; REMEX_DISCONNECTED: the link is lost;
 * REMEX_INVALID_ARGUMENT: the plan breaks a rule and nothing was done; another:
 * the kill could not be sent. `out` tells what was done, whatever the status.
 *
 * Takes no events. Whoever holds a process by not reading its output keeps it
 * from ending by itself: let another thread take them, or see
 * <remex/capture.h>, which does both. Besides the waits of the plan, a call
 * may take as long as its signals need to be answered (see call_timeout_ms in
 * <remex/client.h>), each of them.
 */
REMEX_API REMEX_CHECKED enum remex_status remex_graceful_stop(
        struct remex_process *process, const struct remex_stop_step *plan,
        size_t step_count, int timeout_ms, struct remex_stop_report *out);

#ifdef __cplusplus
}
#endif

#endif
