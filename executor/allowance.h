/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_ALLOWANCE_H
#define EXECUTOR_ALLOWANCE_H

/*
 * What a principal may have of something in all of his processes together, and
 * how much of it he has. Whatever takes of it gives it back when it goes.
 */

#include <stdint.h>

struct allowance {
    uint64_t limit;
    uint64_t used; /* at most `limit`, unless that was lowered since */
};

uint64_t allowance_left(const struct allowance *allowance);

/* At most what is left. */
void allowance_take(struct allowance *allowance, uint64_t amount);

/* Of what was taken. */
void allowance_give_back(struct allowance *allowance, uint64_t amount);

#endif
