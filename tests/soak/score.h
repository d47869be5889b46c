/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SOAK_SCORE_H
#define SOAK_SCORE_H

/*
 * What a soak has seen: lives, faults, violations, and what those who took part
 * held of the machine's. For any thread.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <glib.h>

enum score_count {
    SCORE_LIVES = 0,   /* seen to their true end */
    SCORE_LOST,        /* ended by Failed, with their executor */
    SCORE_UNKNOWN,     /* starts that an end of the executor left open */
    SCORE_SLOW,        /* lives that a slow reader followed to their end */
    SCORE_EXECUTORS,   /* killed */
    SCORE_SUPERVISORS, /* killed */
    SCORE_FRONTS,      /* killed */
    SCORE_CLIENTS,     /* killed */
    SCORE_STOPS,       /* of an executor, a front or a client, for a while */
    SCORE_COUNTS,
};

/* Of a process, at a moment. */
struct holdings {
    uint64_t memory_kib;
    unsigned int descriptors;
    unsigned int threads;
};

/* The first and the last look at something, and the most it ever held. */
struct drift {
    unsigned int looks;
    struct holdings first;
    struct holdings last;
    uint64_t most_kib;
};

struct score {
    GMutex lock;
    uint64_t counts[SCORE_COUNTS];
    uint64_t cuts;
    uint64_t violations;
    struct drift client;    /* this process */
    struct drift executors; /* each at its end */
};

void score_add(struct score *score, enum score_count what, uint64_t count);
void score_add_cuts(struct score *score, uint64_t cuts);

/* Something that must not be; said at once. */
void score_violation(struct score *score, const char *format, ...)
        G_GNUC_PRINTF(2, 3);

void score_note_client(struct score *score);
void score_note_executor(struct score *score, pid_t pid);

/* Prints all of it; false: there were violations. */
bool score_tell(struct score *score, double seconds);

#endif
