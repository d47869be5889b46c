/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_CONFIG_POLICY_H
#define EXECUTOR_CONFIG_POLICY_H

/*
 * The policy that an executor was told to keep, with the rest of what it was
 * told.
 */

#include <remex/status.h>

#include "executor/config.h"

/* Reads it, and looks up the users in it, whom this process must be able to
 * start programs as. */
REMEX_CHECKED enum remex_status config_load_policy(
        struct config *config, const char *path, struct remex_error *error);

/* What its sections say otherwise has to work with all the rest. */
REMEX_CHECKED enum remex_status config_check_policy(
        const struct config *config, struct remex_error *error);

#endif
