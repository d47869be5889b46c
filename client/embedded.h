/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_EMBEDDED_H
#define CLIENT_EMBEDDED_H

/*
 * The private executor behind local:. It is `remexd --embedded FD`, which
 * detaches itself and lives as long as our end of a socketpair: it ends when we
 * do, however we do. It is never our child for longer than its start takes.
 */

#include <stdint.h>

#include <remex/status.h>

#include "common/address.h"

struct embedded {
    int fd;
    struct address address;
};

/* `program` NULL: $REMEX_REMEXD, or remexd beside this program, where it was
 * installed, or in the PATH. Waits until `deadline` (monotonic) for it to
 * listen. */
REMEX_CHECKED enum remex_status embedded_start(struct embedded *embedded,
        const char *program, int64_t deadline, struct remex_error *error);

/* Returns when it and everything it ran are gone, or after ten seconds. */
void embedded_stop(struct embedded *embedded);

#endif
