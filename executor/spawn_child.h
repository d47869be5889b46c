/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_SPAWN_CHILD_H
#define EXECUTOR_SPAWN_CHILD_H

/*
 * What a child does between its birth and exec. It shares our memory, so it
 * must not touch what threads share: no allocation, no stdio, no libc function
 * that knows of threads. It shares our descriptors until it has unshared them.
 */

#include <stdbool.h>
#include <stdint.h>

#include "executor/spawn.h"

enum { SPAWN_SIGNALS = 64 };

/* As the kernel has it, with room for every architecture's; all zero says
 * SIG_DFL, no flags, empty mask. */
struct kernel_sigaction {
    unsigned long handler;
    unsigned long others[3];
};

struct spawn_child {
    /* While it is in our memory; the kernel clears it, and wakes who waits. */
    uint32_t present;
    const struct spawn_order *order;
    int slots[SPAWN_SLOTS]; /* order->stdio, where unsharing leaves them */
    uint64_t to_reset;      /* signals, the lowest bit is number 1 */
    bool joins;             /* the group, which it was not born in */
    bool begun;             /* it has run */
    struct spawn_failure failure; /* what the parent is told */
};

/* Never returns: the program runs, or the child ends with `failure` set. */
int spawn_child_main(void *spawn_child);

#endif
