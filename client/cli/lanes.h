/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_LANES_H
#define CLI_LANES_H

/*
 * Puts spans of time side by side where they overlap: each into the first lane
 * that is free when it begins.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lanes {
    int64_t *ends; /* of the last span in each */
    size_t count;
    size_t room; /* how many there may be */
};

/* As many as there are spans are enough. False: no memory. */
bool lanes_init(struct lanes *lanes, size_t spans);
void lanes_deinit(struct lanes *lanes);

/* The lane of the next span, from 0. They come in the order of their starts. */
size_t lanes_place(struct lanes *lanes, int64_t start, int64_t end);

#endif
