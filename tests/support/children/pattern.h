/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CHILDREN_PATTERN_H
#define CHILDREN_PATTERN_H

/*
 * Bytes that tell where they belong: each 8 of them are a function of their
 * offset alone, so that a byte lost, repeated or swapped is noticed.
 */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t pattern_word(uint64_t index)
{
    uint64_t word = (index + 1) * UINT64_C(0x9e3779b97f4a7c15);

    return word ^ (word >> 29);
}

/* The `size` bytes from `offset` on. */
static inline void pattern_fill(uint8_t *out, size_t size, uint64_t offset)
{
    while (size > 0) {
        uint64_t word = pattern_word(offset / 8);
        size_t skip = (size_t)(offset % 8);
        size_t count = 8 - skip < size ? 8 - skip : size;

        memcpy(out, (const uint8_t *)&word + skip, count);
        out += count;
        offset += count;
        size -= count;
    }
}

#endif
