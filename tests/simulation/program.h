/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_PROGRAM_H
#define SIMULATION_PROGRAM_H

/*
 * What happens in one run: a list of steps, each at its time and by chances of
 * its own, so that leaving one out does not change what the others are.
 */

#include "simulation/actor.h"
#include "simulation/rogue.h"

enum { PROGRAM_STEPS = 64 };

struct step {
    struct program *program;
    unsigned int number;
    unsigned int place; /* of the client */
    unsigned int kind;
    struct chance chance;
    struct appointment due;
};

struct program {
    struct world *world;
    uint64_t doom;
    struct weather weather;
    struct station station;
    struct rogue rogue;
    struct actor actors[STATION_NETWORKS];
    unsigned int actor_count;
    unsigned int present[STATION_NETWORKS]; /* by places, who is there now */
    struct step steps[PROGRAM_STEPS];
    unsigned int count;
};

/* How many steps a seed has. */
unsigned int program_length(uint64_t seed);

struct program_options {
    uint64_t seed;
    uint64_t mask; /* of the steps: those that are taken */
    uint64_t doom; /* the step that fails; UINT64_MAX: none */
    bool tracing;
    unsigned int seconds; /* of the processor's, it takes less */
};

struct program_end {
    uint64_t hash;  /* of what happened */
    int64_t lasted; /* of its own time */
};

/* From the first step until nothing is left. Returns if all promises were kept.
 */
void program_run(
        const struct program_options *options, struct program_end *out);

#endif
