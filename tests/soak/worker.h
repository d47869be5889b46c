/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SOAK_WORKER_H
#define SOAK_WORKER_H

/*
 * A client that starts one child after the other and sees each to its end, and
 * connects anew when its executor is gone.
 */

#include <remex/client.h>

#include "soak/farm.h"

struct worker {
    struct farm *farm;
    unsigned int number;
    int lease_ms; /* of its client; 0: as is usual */
    bool is_slow; /* reads much, and takes its time */
    bool by_cut_link;
    uint64_t lives;
    int generation; /* of the executor that its client is with */
    GThread *thread;
};

/* Runs one child to its end. False: the executor is gone. */
bool worker_live(struct worker *worker, struct remex_client *client);

/* NULL, after a moment: there is no executor. */
struct remex_client *worker_connect(struct worker *worker);

/* The two of them again and again, in a thread. */
void worker_begin(struct worker *worker);

/* Waits for its last child. */
void worker_end(struct worker *worker);

#endif
