/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_DESCRIPTORS_H
#define EXECUTOR_DESCRIPTORS_H

/*
 * The limit of open files. What runs out of them later is told to whoever asked
 * for it; what could not even begin is not begun.
 */

#include <stddef.h>

#include <remex/status.h>

enum {
    DESCRIPTORS_LEAST = 30,      /* of our own, and for one program or two */
    DESCRIPTORS_PER_ADDRESS = 3, /* a link, a store, the lock of a path */
};

/* Whether this process may have as many as it takes to serve so many addresses.
 * REMEX_RESOURCE_EXHAUSTED. */
REMEX_CHECKED enum remex_status descriptors_check(
        size_t addresses, struct remex_error *error);

#endif
