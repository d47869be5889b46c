/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_DEAF_H
#define SUPPORT_DEAF_H

/*
 * A process that is hard to get rid of: a child deaf to all signals but
 * SIGKILL, and a grandchild as deaf that it left behind in a session of its
 * own.
 */

#include <sys/types.h>

#include <remex/process.h>

#include "support/transcript.h"

struct deaf {
    struct remex_process *process;
    struct transcript story; /* up to what the child says first */
    pid_t child;
    pid_t grandchild;
};

/* `options` may be NULL. */
void deaf_init(struct deaf *deaf, struct remex_client *client,
        const struct remex_process_options *options);

/* As deaf_init, but the child exits at once and leaves the grandchild. */
void deaf_init_and_leave(struct deaf *deaf, struct remex_client *client);

/* Fails the test unless both are gone within `ms`. */
void deaf_check_gone(const struct deaf *deaf, int ms);

void deaf_deinit(struct deaf *deaf);

#endif
