/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_POLICY_FILE_H
#define EXECUTOR_POLICY_FILE_H

/*
 * A policy from its file.
 */

#include "executor/policy.h"

/* The file must be root's or ours, and nobody else may write to it. The error
 * names the line that is wrong. */
REMEX_CHECKED enum remex_status policy_load(
        struct policy *out, const char *path, struct remex_error *error);

#endif
