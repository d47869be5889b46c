/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_PACKET_H
#define CLIENT_PACKET_H

/*
 * A message as it came in, shared by all that point into it. The count is not
 * atomic: it belongs to whoever holds the client's lock.
 */

#include <stddef.h>

#include <remex/event.h>

struct packet {
    struct remex_bytes bytes;
    size_t holders; /* born with 1 */
    void (*destroy)(struct packet *packet);
};

void packet_hold(struct packet *packet);
void packet_release(struct packet *packet); /* NULL is allowed */

#endif
