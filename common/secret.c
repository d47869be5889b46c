/* SPDX-License-Identifier: Apache-2.0 */
#include "common/secret.h"

#include <stdint.h>

bool secret_equal(const void *one, const void *other, size_t size)
{
    const uint8_t *a = one;
    const uint8_t *b = other;
    volatile unsigned int difference = 0;

    for (size_t i = 0; i < size; i++)
        difference |= (unsigned int)a[i] ^ b[i];
    return difference == 0;
}
