/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_PRINCIPALS_H
#define EXECUTOR_PRINCIPALS_H

/*
 * Who uses this executor, and how much of it. Whatever somebody has holds his
 * principal, and is charged to it for as long.
 */

#include <stddef.h>

#include "executor/former.h"
#include "executor/list.h"

enum { PRINCIPAL_NAME_BYTES = 64 };

struct principal {
    struct list all; /* in struct principals */
    size_t holders;
    char name[PRINCIPAL_NAME_BYTES]; /* "uid:1000", "token" */
    size_t sessions;
    size_t processes;
    struct list entries;  /* the registry's, of these processes; by no order */
    struct former former; /* and the ids of those forgotten early */
};

/* As many as there are holders, whose numbers are bounded. */
struct principals {
    struct list all;
};

void principals_init(struct principals *principals);

/* The one of that name, held once more; NULL without memory. */
struct principal *principals_hold(
        struct principals *principals, const char *name);

struct principal *principal_hold(struct principal *principal);

/* Freed with its last holder. NULL is allowed. */
void principal_release(struct principal *principal);

#endif
