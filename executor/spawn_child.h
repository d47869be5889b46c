/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_SPAWN_CHILD_H
#define EXECUTOR_SPAWN_CHILD_H

/*
 * What a child does between its birth and exec. It shares our memory, so it
 * must not touch what threads share: no allocation, no stdio, no libc function
 * that knows of threads. It shares our descriptors until it has unshared them.
 */

#include "executor/spawn.h"

struct spawn_child {
    const struct spawn_order *order;
    int slots[SPAWN_STDIO]; /* order->stdio, where unsharing leaves them */
    struct spawn_failure failure; /* what the parent is told */
};

/* Never returns: the program runs, or the child ends with `failure` set. */
int spawn_child_main(void *spawn_child);

#endif
