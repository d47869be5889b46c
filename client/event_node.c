/* SPDX-License-Identifier: Apache-2.0 */
#include "client/event_node.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

size_t event_node_size(const struct event_node *node)
{
    const struct remex_event *event = &node->event;

    return event->kind == REMEX_EVENT_OUTPUT ? event->output.data.size : 0;
}

uint64_t event_node_first_seq(const struct event_node *node)
{
    const struct remex_event *event = &node->event;

    return event->kind == REMEX_EVENT_GAP ? event->gap.first_seq : event->seq;
}

struct event_node *event_node_new(
        const struct remex_event *event, struct packet *packet)
{
    size_t size =
            event->kind == REMEX_EVENT_OUTPUT ? event->output.data.size : 0;
    struct event_node *node =
            malloc(sizeof(struct event_node) + (packet ? 0 : size));

    if (!node)
        return NULL;
    *node = (struct event_node){
        .packet = packet,
        .holders = 1,
        .queued = true,
        .event = *event,
    };
    if (packet) {
        packet_hold(packet);
    } else if (size > 0) {
        memcpy(node->copy, event->output.data.data, size);
        node->event.output.data.data = node->copy;
    }
    return node;
}

struct event_node *event_node_hold(struct event_node *node)
{
    assert(node->holders > 0);
    node->holders++;
    return node;
}

void event_node_release(struct event_node *node)
{
    if (!node)
        return;
    assert(node->holders > 0);
    if (--node->holders > 0)
        return;
    packet_release(node->packet);
    free(node);
}
