/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_PACE_H
#define EXECUTOR_PACE_H

/*
 * How a stream talks. One that says little and often, line by line, would be
 * read line by line, each with a wake-up, an event and an answer of its own;
 * letting it rest for a moment between reads makes one of each out of hundreds.
 * The more often that pays, the longer it rests, up to half a millisecond; but
 * not for so long that what it says no longer fits into a cache. One that
 * answers somebody is never made to rest.
 */

#include <stddef.h>
#include <stdint.h>

#define PACE_LEAST_NS INT64_C(125000) /* of a rest */
#define PACE_MOST_NS INT64_C(500000)
#define PACE_QUICK_NS INT64_C(250000) /* between reads that count as often */

enum {
    PACE_TIMES = 4,        /* so often in a row, before it rests */
    PACE_LITTLE = 4096,    /* below this is little */
    PACE_WORTH = 512,      /* what has to come in a rest, for another one */
    PACE_MUCH = 128 * 1024 /* above it rests shorter, below a fourth longer */
};

/* Zeroed: nothing was said yet. */
struct pace {
    int64_t last; /* read */
    int64_t rest; /* before what comes now; 0: none */
    uint8_t quick;
};

/* So many bytes were read at `now`. Returns for how long the next are worth a
 * rest, in nanoseconds; 0: not at all. */
int64_t pace_note(struct pace *pace, size_t size, int64_t now);

/* Somebody waits for what it says next. */
void pace_hurry(struct pace *pace);

#endif
