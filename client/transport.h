/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_TRANSPORT_H
#define CLIENT_TRANSPORT_H

/*
 * What a client needs of the network and of time. client/connection.c gives it
 * over sockets; a simulator can give it without them.
 *
 * A lane is one connection to the executor and carries one request at a time.
 * It connects by itself, again and again, and tells when it is up and down.
 */

#include <stdint.h>

#include <remex/status.h>

#include "client/packet.h"
#include "common/message.h"
#include "common/wire.h"

enum { TRANSPORT_LANES = 10 };

/* Never called from within an operation below. */
struct transport_events {
    void *user;
    void (*up)(void *user, unsigned int lane);
    /* A request under way is answered or fails all the same, before or after.
     * One that fails leaves its lane down: that is told before or after, too.
     */
    void (*down)(void *user, unsigned int lane);
    /* One of these per request sent. The packet is the receiver's to release.
     */
    void (*replied)(void *user, unsigned int lane, struct packet *packet);
    void (*failed)(void *user, unsigned int lane);
    void (*hinted)(void *user, struct remex_bytes hint);
    void (*due)(void *user); /* the time asked for has come, or is near */
};

struct transport {
    const struct transport_operations *operations;
};

/* None of these waits. */
struct transport_operations {
    /* Begins to connect a lane, once. */
    enum remex_status (*open)(struct transport *transport, unsigned int lane);
    /* Only on a lane that is up and carries nothing. REMEX_NO_MEMORY: nothing
     * was sent. The bytes are copied. */
    enum remex_status (*send)(struct transport *transport, unsigned int lane,
            const struct wire_head *head, struct remex_bytes payload,
            int timeout_ms);
    /* Connects a lane anew, which makes the request under way fail. */
    void (*reset)(struct transport *transport, unsigned int lane);
    /* Receives the hints of this topic and of all zeros from then on; a second
     * call changes topic and address. */
    enum remex_status (*listen)(struct transport *transport,
            const char *hint_address, const uint8_t topic[MESSAGE_TOPIC_BYTES]);
    /* Calls `due` at this monotonic time. The newest one counts. */
    void (*wake)(struct transport *transport, int64_t at);
    /* Why the newest try to bring a lane up has failed; REMEX_OK: that is not
     * known. REMEX_UNAVAILABLE may change at any moment, anything else will not
     * by itself. */
    enum remex_status (*problem)(
            struct transport *transport, struct remex_error *error);
    /* No event comes after this. Holds no lock that an event may wait for. */
    void (*free)(struct transport *transport);
};

#endif
