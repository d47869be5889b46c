/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_MANY_H
#define SIMULATION_MANY_H

/*
 * Many seeds, by several workers, each a process of its own. One that fails
 * ends its worker, is shrunk, and does not keep the others from going on.
 */

#include <stdint.h>

enum { MANY_JOBS = 16 };

struct many {
    const char *program; /* that is run, to be told how to see a seed again */
    uint64_t from;
    uint64_t count;
    uint64_t doom; /* see program.h */
    unsigned int jobs;
};

/* Returns the program's exit status. */
int many_run(const struct many *many);

#endif
