/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_CONFIG_ADDRESS_H
#define EXECUTOR_CONFIG_ADDRESS_H

/*
 * Where an executor may listen, with the rest of what it was told.
 */

#include <remex/status.h>

#include "executor/config.h"

/* One of the addresses told. REMEX_INVALID_ARGUMENT, REMEX_PERMISSION_DENIED:
 * why not. */
REMEX_CHECKED enum remex_status config_check_address(
        const struct config *config, const struct address *address,
        struct remex_error *error);

/* Has it listen where it does if nothing is said: in $XDG_RUNTIME_DIR/remex, or
 * /run/remex as root; the directory is made, and must not be open to others. */
REMEX_CHECKED enum remex_status config_listen_by_default(
        struct config *config, struct remex_error *error);

/* Where that is, with nothing made. `*missing_out`: the directory would be. */
REMEX_CHECKED enum remex_status config_foresee_default_address(
        struct address *out, bool *missing_out, struct remex_error *error);

#endif
