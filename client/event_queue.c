/* SPDX-License-Identifier: Apache-2.0 */
#include "client/event_queue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* What an event costs here beside its bytes. */
#define EVENT_COST 128

/* Most that is granted beyond what has come. A process that writes single bytes
 * makes an event of each, so this bounds their number; and it is two batches,
 * so that bulk output does not wait for grants. */
#define MAX_AHEAD ((size_t)384 * 1024)

/* Events without bytes: Exited, Closed, and gaps between outputs. */
#define SPARE_COUNT 64

struct event_node {
    struct event_node *next;
    struct packet *packet; /* holds the bytes, else they follow here */
    struct remex_event event;
    uint8_t copy[];
};

void event_queue_init(struct event_queue *queue, size_t window)
{
    memset(queue, 0, sizeof(*queue));
    queue->next_seq = 1;
    queue->window = window;
    queue->max_count = window / EVENT_COST + MAX_AHEAD + SPARE_COUNT;
}

static size_t size_of(const struct remex_event *event)
{
    return event->kind == REMEX_EVENT_OUTPUT ? event->output.data.size : 0;
}

static void free_node(struct event_node *node)
{
    if (!node)
        return;
    packet_release(node->packet);
    free(node);
}

static void free_nodes(struct event_node *node)
{
    while (node) {
        struct event_node *next = node->next;

        free_node(node);
        node = next;
    }
}

void event_queue_deinit(struct event_queue *queue)
{
    free_nodes(queue->first);
    free_nodes(queue->early);
    free_node(queue->lent);
    memset(queue, 0, sizeof(*queue));
}

static struct event_node *new_node(
        const struct remex_event *event, struct packet *packet)
{
    size_t size = size_of(event);
    struct event_node *node =
            malloc(sizeof(struct event_node) + (packet ? 0 : size));

    if (!node)
        return NULL;
    *node = (struct event_node){ .packet = packet, .event = *event };
    if (packet) {
        packet_hold(packet);
    } else if (size > 0) {
        memcpy(node->copy, event->output.data.data, size);
        node->event.output.data.data = node->copy;
    }
    return node;
}

static void count_in(struct event_queue *queue, const struct event_node *node)
{
    queue->held_count++;
    queue->held_bytes += size_of(&node->event);
}

static void count_out(struct event_queue *queue, const struct event_node *node)
{
    assert(queue->held_count > 0);
    queue->held_count--;
    queue->held_bytes -= size_of(&node->event);
}

/* Number of the first event that this one stands for. */
static uint64_t first_seq_of(const struct remex_event *event)
{
    return event->kind == REMEX_EVENT_GAP ? event->gap.first_seq : event->seq;
}

static bool output_fits(
        const struct event_queue *queue, const struct remex_event *event)
{
    unsigned int stream = event->output.stream;

    return stream >= 1 && stream <= REMEX_STREAMS &&
            event->output.data.size > 0 &&
            event->output.offset == queue->offsets[stream - 1] &&
            event->output.data.size <= UINT64_MAX - queue->position &&
            queue->position < queue->until;
}

/* A gap moves each stream forward, by as many bytes as it says in all. */
static bool gap_fits(
        const struct event_queue *queue, const struct remex_event *event)
{
    uint64_t left = event->gap.bytes;

    if (event->gap.bytes > UINT64_MAX - queue->position)
        return false;
    for (size_t i = 0; i < REMEX_STREAMS; i++) {
        uint64_t moved = event->gap.offsets[i] - queue->offsets[i];

        if (event->gap.offsets[i] < queue->offsets[i] || moved > left)
            return false;
        left -= moved;
    }
    return left == 0 && event->seq >= event->gap.first_seq;
}

/* Whether an event whose turn it is keeps the rules. */
static bool fits(
        const struct event_queue *queue, const struct remex_event *event)
{
    if (first_seq_of(event) != queue->next_seq || event->seq == UINT64_MAX)
        return false;
    switch (event->kind) {
    case REMEX_EVENT_OUTPUT:
        return output_fits(queue, event);
    case REMEX_EVENT_EXITED:
        return !queue->exited;
    case REMEX_EVENT_CLOSED:
        return queue->exited;
    case REMEX_EVENT_GAP:
        return gap_fits(queue, event);
    case REMEX_EVENT_FAILED:
    default:
        return false;
    }
}

/* Moves the cursor behind an event that fits. */
static void pass(struct event_queue *queue, const struct remex_event *event)
{
    queue->next_seq = event->seq + 1;
    if (event->kind == REMEX_EVENT_OUTPUT) {
        queue->offsets[event->output.stream - 1] += event->output.data.size;
        queue->position += event->output.data.size;
    } else if (event->kind == REMEX_EVENT_GAP) {
        memcpy(queue->offsets, event->gap.offsets, sizeof(queue->offsets));
        queue->position += event->gap.bytes;
    } else if (event->kind == REMEX_EVENT_EXITED) {
        queue->exited = true;
    } else {
        queue->closed = true;
    }
}

static void append(struct event_queue *queue, struct event_node *node)
{
    node->next = NULL;
    if (queue->first)
        queue->last->next = node;
    else
        queue->first = node;
    queue->last = node;
    pass(queue, &node->event);
}

static void put_aside(struct event_queue *queue, struct event_node *node)
{
    uint64_t seq = first_seq_of(&node->event);
    struct event_node **at = &queue->early;

    /* A batch comes in order: mostly it is the last. */
    if (queue->early && first_seq_of(&queue->early_last->event) <= seq)
        at = &queue->early_last->next;
    while (*at && first_seq_of(&(*at)->event) <= seq)
        at = &(*at)->next;
    node->next = *at;
    *at = node;
    if (!node->next)
        queue->early_last = node;
}

/* Takes back what was put aside, as far as its turn has come. */
static enum remex_status fill_from_early(struct event_queue *queue)
{
    enum remex_status status = REMEX_OK;

    while (queue->early && status == REMEX_OK) {
        struct event_node *node = queue->early;

        if (first_seq_of(&node->event) > queue->next_seq)
            break;
        queue->early = node->next;
        if (!queue->closed && fits(queue, &node->event)) {
            append(queue, node);
            continue;
        }
        if (node->event.seq >= queue->next_seq)
            status = REMEX_PROTOCOL_ERROR;
        count_out(queue, node);
        free_node(node);
    }
    return status;
}

enum remex_status event_queue_push(struct event_queue *queue,
        const struct remex_event *event, struct packet *packet)
{
    struct event_node *node;
    bool in_turn;

    if (queue->failure || (event->seq > 0 && event->seq < queue->next_seq))
        return REMEX_ALREADY_EXISTS;
    in_turn = first_seq_of(event) <= queue->next_seq;
    if (queue->closed || queue->held_count >= queue->max_count ||
            (in_turn && !fits(queue, event)))
        return REMEX_PROTOCOL_ERROR;
    node = new_node(event, packet);
    if (!node)
        return REMEX_NO_MEMORY;
    count_in(queue, node);
    if (!in_turn) {
        put_aside(queue, node);
        return REMEX_AGAIN;
    }
    append(queue, node);
    return fill_from_early(queue);
}

bool event_queue_has_hole(const struct event_queue *queue)
{
    return queue->early != NULL;
}

void event_queue_drop_early(struct event_queue *queue)
{
    while (queue->early) {
        struct event_node *node = queue->early;

        queue->early = node->next;
        count_out(queue, node);
        free_node(node);
    }
}

void event_queue_fail(struct event_queue *queue, enum remex_failure reason)
{
    event_queue_drop_early(queue);
    if (!queue->closed && !queue->failure)
        queue->failure = reason;
}

bool event_queue_is_ready(const struct event_queue *queue)
{
    return queue->first || (queue->failure && !queue->failure_taken);
}

bool event_queue_is_ended(const struct event_queue *queue)
{
    return queue->closed_taken || queue->failure_taken;
}

static void take_failure(struct event_queue *queue, struct remex_event *out)
{
    *out = (struct remex_event){ .kind = REMEX_EVENT_FAILED };
    out->failure = queue->failure;
    queue->failure_taken = true;
}

bool event_queue_take(struct event_queue *queue, struct remex_event *out)
{
    struct event_node *node = queue->first;

    free_node(queue->lent);
    queue->lent = NULL;
    if (!event_queue_is_ready(queue))
        return false;
    if (!node) {
        take_failure(queue, out);
        return true;
    }
    queue->first = node->next;
    queue->lent = node;
    count_out(queue, node);
    queue->taken_seq = node->event.seq;
    queue->closed_taken = node->event.kind == REMEX_EVENT_CLOSED;
    *out = node->event;
    return true;
}

uint64_t event_queue_grant(struct event_queue *queue)
{
    size_t used = queue->held_bytes + queue->held_count * EVENT_COST;
    size_t room = used < queue->window ? queue->window - used : 0;
    uint64_t until;

    if (room > MAX_AHEAD)
        room = MAX_AHEAD;
    until = queue->position <= UINT64_MAX - room ? queue->position + room
                                                 : UINT64_MAX;
    if (until > queue->until)
        queue->until = until;
    return queue->until;
}
