/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_PASSED_H
#define EXECUTOR_PASSED_H

/*
 * Sockets that a service manager listens on for us, see sd_listen_fds(3): each
 * is one that an address which we were told has, or we do not start. That it
 * was passed lets nobody in whom the address would not.
 */

#include <stdbool.h>
#include <stddef.h>

#include <remex/status.h>

#include "executor/config.h"
#include "executor/front_sockets.h"

enum {
    PASSED_MAX = 2 * CONFIG_MAX_ADDRESSES,
    PASSED_NAME_BYTES = 64,
    PASSED_FIRST_FD = 3 /* where they are when we start */
};

struct passed_socket {
    int fd;                       /* not one of the first ten */
    char name[PASSED_NAME_BYTES]; /* by the manager; for people. "": none */
};

struct passed {
    struct passed_socket sockets[PASSED_MAX];
    size_t count;
    const char *problem; /* what makes no sense in what we were told; static */
};

/* Takes what the environment says out of it, and the descriptors out of the
 * way. What is another process's is left alone. While there is one thread. */
void passed_take(struct passed *out);

/* What sockets each address has; -1 where there is none. They are `passed`'s.
 * REMEX_INVALID_ARGUMENT, REMEX_PERMISSION_DENIED: what is wrong with one. */
REMEX_CHECKED enum remex_status passed_match(struct passed *passed,
        const struct config *config,
        struct front_sockets out[CONFIG_MAX_ADDRESSES],
        struct remex_error *error);

/* Closes them. */
void passed_deinit(struct passed *passed);

#endif
