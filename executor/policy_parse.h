/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_POLICY_PARSE_H
#define EXECUTOR_POLICY_PARSE_H

/*
 * The text of a policy, read; no I/O. remexd-policy(5) has the language.
 */

#include "executor/policy.h"

/* A larger one is a mistake. */
enum { POLICY_MAX_BYTES = 256 * 1024 };

struct policy_mistake {
    unsigned int line;        /* from 1; 0: of the whole */
    const char *what;         /* static */
    enum remex_status status; /* REMEX_NO_MEMORY: it is not the text's */
};

/* False: `mistake` says why, and nothing is to be freed. */
bool policy_parse(const char *text, size_t size, struct policy *out,
        struct policy_mistake *mistake);

#endif
