/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_CONFIG_RELOAD_H
#define EXECUTOR_CONFIG_RELOAD_H

/*
 * A configuration that is read once more while an executor goes by it.
 *
 * Tokens, policy, limits, retention, drain and the files of TLS can change;
 * what a start has settled (where it listens, whom things run as) cannot, and
 * is only compared. All that is new is read, and checked together with what
 * stays, before anything changes.
 */

#include <stddef.h>

#include <remex/status.h>

#include "executor/config.h"

enum { CONFIG_PENDING = 8 }; /* at most */

struct config_change {
    struct config *before; /* what was replaced is in here */
    /* Options that were told otherwise and take a restart; static texts. */
    const char *pending[CONFIG_PENDING];
    size_t pending_count;
};

/* What remexd was started with, and what its control group allows. */
struct config_source {
    int argument_count;
    char *const *arguments;
    unsigned int tree_limits;
};

/* Puts what has changed into `config`. What was there before stays valid until
 * config_change_deinit, so that nobody is left with a pointer to it. If
 * anything is wrong nothing is changed, nor is there anything to deinit. */
REMEX_CHECKED enum remex_status config_reload(struct config *config,
        const struct config_source *source, struct config_change *out,
        struct remex_error *error);
void config_change_deinit(struct config_change *change);

#endif
