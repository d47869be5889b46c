/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAULT_SHORTAGE_H
#define FAULT_SHORTAGE_H

/*
 * Memory that runs out at one allocation of our code, whichever thread makes
 * it, and a count of the blocks that our code has.
 */

#include <stdbool.h>

/* From now on blocks are counted; each that is there already is not. */
void shortage_watch(void);
void shortage_unwatch(void);

/* Of those, how many were not freed. */
unsigned int shortage_blocks(void);

enum { SHORTAGE_FOR_GOOD = -1 };

/* The `nth` allocation from now on fails, and all that come within so many
 * milliseconds after it (0: no other). */
void shortage_begin(unsigned int nth, int lasting_ms);

/* Since then, how many there were; `failed_out` (may be NULL) tells how many of
 * them failed. None fails from now on. */
unsigned int shortage_end(unsigned int *failed_out);

/* What this thread allocates between the two is the test's own, and counts for
 * nothing. They nest. */
void shortage_suspend(void);
void shortage_resume(void);

#endif
