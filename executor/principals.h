/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_PRINCIPALS_H
#define EXECUTOR_PRINCIPALS_H

/*
 * Who uses this executor, how much of it, and how much of it he may. Whatever
 * somebody has holds his principal, and is charged to it for as long.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/message.h"
#include "executor/allowance.h"
#include "executor/former.h"
#include "executor/list.h"
#include "executor/policy.h"

enum { PRINCIPAL_NAME_BYTES = 64 };

struct principal {
    struct list all; /* in struct principals */
    size_t holders;
    char name[PRINCIPAL_NAME_BYTES]; /* "uid:1000", "token:joe" */
    struct message_limits limits;
    const struct policy_section *policy; /* NULL: there is none */
    size_t sessions;
    size_t processes;
    struct allowance retained; /* what they may come to keep */
    struct allowance input;    /* written to them, and not taken yet */
    struct list entries;  /* the registry's, of these processes; by no order */
    struct former former; /* and the ids of those forgotten early */
    int64_t starts_paid;  /* until when his starts have used up their rate */
};

/* As many as there are holders, whose numbers are bounded, and those who
 * started something in the last moments, or whose ids stay taken for a while:
 * neither is forgotten by leaving. */
struct principals {
    struct list all;
    struct message_limits limits; /* of each, if the policy says nothing else */
    const struct policy *policy;  /* lent; NULL: there is none */
};

void principals_init(struct principals *principals,
        const struct message_limits *limits, const struct policy *policy);

/* Others are in force from now on. Nobody loses what he has, and nothing points
 * to the policy of before. */
void principals_change(struct principals *principals,
        const struct message_limits *limits, const struct policy *policy,
        int64_t now);

/* Nobody may hold one. */
void principals_deinit(struct principals *principals);

/* The one of that name, held once more; NULL without memory. */
struct principal *principals_hold(
        struct principals *principals, const char *name, int64_t now);

struct principal *principal_hold(struct principal *principal);

/* NULL is allowed. */
void principal_release(struct principal *principal);

/* Charges a start to the rate of his; false: it is used up. */
bool principal_take_start(struct principal *principal, int64_t now);

#endif
