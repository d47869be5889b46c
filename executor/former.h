/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_FORMER_H
#define EXECUTOR_FORMER_H

/*
 * The ids of closed processes that had to make room for others before their
 * retention was over. Until then they stay taken: whoever repeats a start or a
 * run whose answer was lost must not have it made twice.
 *
 * An id is kept as its hash under a secret key, and takes 48 bytes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "executor/table.h"

struct former_id;

/* Of one principal. At most as many as the caller lets in. */
struct former {
    struct table by_hash;
    struct former_id *oldest;
    struct former_id *newest;
};

void former_init(struct former *former);
void former_deinit(struct former *former);

/* Takes it in until that time, or until those taken in before are over. False:
 * there is no memory. */
bool former_add(struct former *former, uint64_t hash, int64_t until);

/* Lets go of those whose time is over. */
void former_expire(struct former *former, int64_t now);

bool former_has(const struct former *former, uint64_t hash);

size_t former_count(const struct former *former);

#endif
