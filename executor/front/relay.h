/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_FRONT_RELAY_H
#define EXECUTOR_FRONT_RELAY_H

/*
 * Between the peers at two addresses and the link to the executor.
 */

#include <stddef.h>
#include <stdnoreturn.h>

#include "executor/confine.h"
#include "executor/front/stream.h"

struct relay_settings {
    const char *address; /* of requests */
    const char *hint_address;
    size_t max_request;
    struct confine_user user; /* to become */
    unsigned int has;         /* sockets that it was given: LINK_HAS */
    /* How bytes travel. NULL: it cannot be, and `problem` says why. */
    const struct stream_kind *stream;
    const char *problem;
};

/* Ends with the process, whose status is an enum link_exit. */
noreturn void relay_run(const struct relay_settings *settings);

#endif
