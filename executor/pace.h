/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_PACE_H
#define EXECUTOR_PACE_H

/*
 * How a stream talks. One that says little and often, line by line, would be
 * read line by line, each with a wake-up, an event and an answer of its own;
 * letting it rest for a quarter of a millisecond between reads makes one of
 * each out of hundreds. One that answers somebody is never made to rest.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACE_REST_NS INT64_C(250000)
#define PACE_QUICK_NS INT64_C(250000) /* between reads that count as often */

enum {
    PACE_TIMES = 4,     /* so often in a row, before it rests */
    PACE_LITTLE = 4096, /* below this is little */
    PACE_WORTH = 512,   /* what has to come in a rest, for another one */
};

/* Zeroed: nothing was said yet. */
struct pace {
    int64_t last; /* read */
    uint8_t quick;
    bool rested; /* before what comes now */
};

/* So many bytes were read at `now`. True: the next are worth a rest. */
bool pace_note(struct pace *pace, size_t size, int64_t now);

/* Somebody waits for what it says next. */
void pace_hurry(struct pace *pace);

#endif
