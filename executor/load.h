/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_LOAD_H
#define EXECUTOR_LOAD_H

/*
 * Bytes in memory of their own that several may hold, as what came over a link
 * for several peers. One thread owns all holders.
 */

#include <stddef.h>
#include <stdint.h>

struct load {
    uint32_t references;
    uint32_t waits; /* of them those of outboxes, which count it once */
    size_t size;
    /* Nobody holds it any more; it is freed after that. NULL: nobody asks. */
    void (*gone)(struct load *load);
    void *user; /* for that */
    uint64_t name;
    uint8_t data[];
};

/* With one reference, the caller's; NULL if there is no memory. */
struct load *load_new(size_t size);

void load_hold(struct load *load);
void load_release(struct load *load); /* NULL is allowed */

#endif
