/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMON_RANDOM_H
#define COMMON_RANDOM_H

/*
 * The kernel's randomness, good for secrets. Cannot fail: where the kernel has
 * none to give, the program ends.
 */

#include <stddef.h>

#include "common/message.h"

void random_bytes(void *out, size_t size);

/* Never all zero, for that says "none". */
void random_id(struct message_id *out);

#endif
