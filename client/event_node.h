/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_EVENT_NODE_H
#define CLIENT_EVENT_NODE_H

/*
 * One event as client/event_queue keeps it, shared by the queue and by whom it
 * is lent to. The count belongs to whoever holds the client's lock.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <remex/event.h>

#include "client/packet.h"

struct event_node {
    struct event_node *next; /* while it is in the queue */
    struct packet *packet;   /* holds the bytes, else they follow here */
    unsigned int holders;    /* born with 1, the queue's */
    bool queued;             /* the queue still has it */
    struct remex_event event;
    uint8_t copy[];
};

/* NULL without memory. With a packet, the bytes stay in it. */
struct event_node *event_node_new(
        const struct remex_event *event, struct packet *packet);

struct event_node *event_node_hold(struct event_node *node);

/* NULL is allowed. */
void event_node_release(struct event_node *node);

/* Bytes of output. */
size_t event_node_size(const struct event_node *node);

/* Number of the first event that it stands for. */
uint64_t event_node_first_seq(const struct event_node *node);

#endif
