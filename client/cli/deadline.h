/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DEADLINE_H
#define CLI_DEADLINE_H

/*
 * How long one may still wait.
 */

#include <stdbool.h>
#include <stdint.h>

struct deadline {
    bool is_set;
    int64_t at_ms; /* of the monotonic clock */
};

/* REMEX_FOREVER: never. */
struct deadline deadline_in(int64_t ms);

/* For calls that take a timeout: REMEX_FOREVER, or what is left, but no more
 * than an int holds. */
int deadline_left_ms(const struct deadline *deadline);

bool deadline_is_over(const struct deadline *deadline);

#endif
