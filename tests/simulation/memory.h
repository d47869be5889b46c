/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_MEMORY_H
#define SIMULATION_MEMORY_H

/*
 * Memory that runs out: of one client or of the executor, while its own code
 * runs. What the simulation itself needs is always there.
 */

#include <stddef.h>
#include <stdint.h>

struct memory {
    unsigned int left;   /* allocations that still work; 0: not counted */
    unsigned int fails;  /* and then so many that do not */
    unsigned int failed; /* so far */
};

/* The `nth` allocation from now on fails, and some after it. */
void memory_run_out(
        struct memory *memory, unsigned int nth, unsigned int fails);

/* There is enough from now on. */
void memory_refill(struct memory *memory);

/* How many blocks are in use, whoever's they are. */
size_t memory_in_use(void);

/* Whose code runs now, NULL: nobody's. Returns whose it was, to be told again
 * afterwards. */
struct memory *memory_of(struct memory *memory);

#endif
