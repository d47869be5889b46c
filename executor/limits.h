/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_LIMITS_H
#define EXECUTOR_LIMITS_H

/*
 * What an executor bears: the defaults, and how to say otherwise by name.
 *
 * The names are those of Limits in the .proto. Those that end in _in_all are of
 * the executor; the others are of a principal, or of a session or process of
 * his, and a policy may set them for some principals alone.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <remex/status.h>

#include "common/message.h"

/* What a front has room for besides those that are being answered. */
enum { LIMITS_MAX_PARKED_IN_ALL = 18000 };

/* Of `starts_per_second` by default: those who come by the network have a
 * limit, and users of this host, who can start programs without us, have
 * none. */
#define LIMITS_BY_TRANSPORT UINT64_MAX

/* Of `retained_bytes_per_principal` by default: as the other limits have it. */
#define LIMITS_BY_OTHERS UINT64_MAX

/* "NAME=VALUE", read. */
struct limit_word {
    size_t index; /* which one, in here */
    uint64_t value;
};

void limits_default(struct message_limits *out);

/* NULL, or what is wrong with it. Static. */
const char *limits_parse(const char *text, struct limit_word *out);

/* Whether it can be set for some principals alone. */
bool limits_is_of_principal(const struct limit_word *word);

void limits_set(struct message_limits *limits, const struct limit_word *word);

/* What each allows does not have to work together. REMEX_INVALID_ARGUMENT. */
REMEX_CHECKED enum remex_status limits_check(
        const struct message_limits *limits, struct remex_error *error);

/* What LIMITS_BY_TRANSPORT and LIMITS_BY_OTHERS are for a principal of that
 * name. */
void limits_settle(struct message_limits *limits, const char *principal);

#endif
