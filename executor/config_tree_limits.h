/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_CONFIG_TREE_LIMITS_H
#define EXECUTOR_CONFIG_TREE_LIMITS_H

/*
 * The limits of trees that an operator sets: no program may run without them.
 */

#include "executor/config.h"
#include "executor/tree_limits.h"

/* Whether all that `config` sets, for everybody or some, are among those that
 * can be had here. REMEX_UNIMPLEMENTED. */
REMEX_CHECKED enum remex_status config_check_tree_limits(
        const struct config *config, unsigned int available,
        struct remex_error *error);

#endif
