/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_MANY_H
#define SIMULATION_MANY_H

/*
 * Many seeds, by several workers, each a process of its own. One that fails
 * ends its worker, is shrunk, and does not keep the others from going on.
 */

#include <stdbool.h>
#include <stdint.h>

enum { MANY_JOBS = 16 };

struct many {
    const char *program; /* that is run, to be told how to see a seed again */
    uint64_t from;
    uint64_t count;
    uint64_t doom; /* see program.h */
    unsigned int jobs;
    bool model; /* they are of the model, see model_run.h */
};

/* Returns the program's exit status. */
int many_run(const struct many *many);

#endif
