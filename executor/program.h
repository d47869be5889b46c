/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_PROGRAM_H
#define EXECUTOR_PROGRAM_H

/*
 * The file that is executed where there is a policy: found, opened, and shown
 * to the policy as it is. What runs is the file that was opened, whatever its
 * name leads to by then. Whom it is to run as has to be able to find it.
 */

#include <remex/status.h>

#include "executor/launch.h"
#include "executor/policy.h"

/* Opens the first of the launch's candidates that can be executed, for the
 * launch. What is not there is told only by names that the policy allows.
 * REMEX_ERROR_POLICY, or a launch failure. */
REMEX_CHECKED enum remex_status program_open(struct launch *launch,
        const struct process_spec *spec, const struct policy_section *section,
        struct remex_error *error);

#endif
