/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/front/publisher.h"

#include <stdio.h>

#include <nng/protocol/pubsub0/pub.h>

/* Subscribers have nothing to say on this endpoint. */
enum { MAX_MESSAGE = 64 };

bool publisher_start(struct publisher *publisher, const char *address,
        struct listening *listening)
{
    int error = nng_pub0_open(&publisher->socket);

    if (error) {
        snprintf(listening->problem, sizeof(listening->problem),
                "cannot open a socket: %s", nng_strerror(error));
        return false;
    }
    return listening_start(listening, publisher->socket, address, MAX_MESSAGE);
}

void publisher_send(struct publisher *publisher, nng_msg *message)
{
    if (nng_sendmsg(publisher->socket, message, NNG_FLAG_NONBLOCK))
        nng_msg_free(message);
}
