/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMON_SECRET_H
#define COMMON_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* Whether two secrets are the same. It takes as long wherever they differ, so
 * that the time tells nothing of them. */
bool secret_equal(const void *one, const void *other, size_t size);

#endif
