/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_NURSERY_H
#define SUPPORT_NURSERY_H

/*
 * One start alone, from its beginning to its end: for tests of what a child is
 * born with.
 */

#include "executor/spawn.h"

/* As spawner_begin and spawn_end together; who has no program is reaped. */
enum remex_status nursery_run(struct spawner *spawner,
        const struct spawn_order *order, struct spawned *out,
        struct spawn_failure *failure);

#endif
