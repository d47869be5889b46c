/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_FEEDER_H
#define CLI_FEEDER_H

/*
 * A thread that passes our stdin to a process, until one of both has ended.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <remex/process.h>

struct feeder {
    pthread_t thread;
    struct remex_process *process; /* lent */
    bool is_ours;
    void *buffer;
    atomic_bool failed;
};

/* False, and a report, if there is no thread or memory for it. If our stdin
 * cannot be passed on as it is, a process that `is_ours` is killed rather than
 * made to believe in an early end; any other goes on, its stdin left open. */
bool feeder_init(
        struct feeder *feeder, struct remex_process *process, bool is_ours);

/* Stops reading and waits for a write under way, which ends with the process.
 * False if stdin could not be passed on: that was reported then. */
bool feeder_deinit(struct feeder *feeder);

#endif
