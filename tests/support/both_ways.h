/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_BOTH_WAYS_H
#define SUPPORT_BOTH_WAYS_H

/*
 * The pattern sent to a process that sends it back: every byte must come, once,
 * in order, whatever happens to the link meanwhile.
 */

#include <stdint.h>

#include <remex/process.h>

#include "support/transcript.h"

struct both_ways {
    struct remex_process *process;
    struct transcript story;
    uint64_t size;
    GThread *feeder;
};

/* Starts it, and a thread that writes `size` bytes and closes stdin. */
void both_ways_begin(
        struct both_ways *both, struct remex_client *client, uint64_t size);

/* Takes what comes until so many bytes have. */
void both_ways_reach(struct both_ways *both, uint64_t bytes);

/* Takes the rest, checks that nothing is missing, and frees it. */
void both_ways_end(struct both_ways *both);

#endif
