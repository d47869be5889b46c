/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_FRONT_PUBLISHER_H
#define EXECUTOR_FRONT_PUBLISHER_H

/*
 * The hint endpoint: a PUB socket. It never makes anybody wait; a subscriber
 * that is too slow misses hints, which is what hints are like.
 */

#include <nng/nng.h>

#include "executor/front/listening.h"

struct publisher {
    nng_socket socket;
};

/* False: `listening->problem` says why. */
bool publisher_start(struct publisher *publisher, const char *address,
        struct listening *listening);

/* Takes the message. */
void publisher_send(struct publisher *publisher, nng_msg *message);

#endif
