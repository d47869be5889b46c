/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_EMBEDDED_H
#define EXECUTOR_EMBEDDED_H

/*
 * What is special about an executor that a library started for its program: it
 * is no child of that program, and listens in a directory of its own.
 */

#include <remex/status.h>

#include "common/address.h"

struct embedded_home {
    char directory[ADDRESS_PATH_BYTES];
    struct address address; /* in it */
};

/* Goes on as a process that nobody waits for; the one that was started exits.
 */
REMEX_CHECKED enum remex_status embedded_detach(struct remex_error *error);

/* Makes the directory, mode 0700, in $XDG_RUNTIME_DIR or /tmp. */
REMEX_CHECKED enum remex_status embedded_home_make(
        struct embedded_home *out, struct remex_error *error);

/* Removes it, with what a killed executor may have left in it. */
void embedded_home_remove(const struct embedded_home *home);

#endif
