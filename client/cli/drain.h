/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DRAIN_H
#define CLI_DRAIN_H

/*
 * A thread that takes a process's events and throws them away. Whoever holds a
 * handle without taking its events holds the process, if its output is
 * reliable: verbs that have no use for the events must not do that.
 */

#include <pthread.h>
#include <stdbool.h>

#include <remex/process.h>

struct drain {
    pthread_t thread;
    struct remex_client *client;   /* lent; it has no other handle */
    struct remex_process *process; /* lent */
    int stop[2];                   /* a pipe; closing its far end stops it */
};

/* False, and a report, if there is no thread or pipe for it. */
bool drain_init(struct drain *drain, struct remex_client *client,
        struct remex_process *process);

void drain_deinit(struct drain *drain);

#endif
