/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_TALLY_H
#define EXECUTOR_TALLY_H

/*
 * What of each stream a follower has been sent, and what of it was lost to him.
 */

#include <stdint.h>

#include <remex/event.h>

/* Zeroed: nothing yet, at the oldest event. */
struct tally {
    uint64_t offsets[REMEX_STREAMS]; /* what comes next begins there */
    uint64_t lost_bytes[REMEX_STREAMS];
    uint64_t lost_events;
};

/* Counts an event that he is sent, in its order. */
void tally_pass(struct tally *tally, const struct remex_event *event);

#endif
