/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_FRONT_PART_H
#define EXECUTOR_FRONT_PART_H

#include <stddef.h>

#include "executor/load.h"

/* Bytes on their way to a peer. */
struct part {
    const void *data;
    size_t size;
    struct load *load; /* that they lie in; NULL: they are lent for a call */
};

#endif
