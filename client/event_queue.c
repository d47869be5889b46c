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

void event_queue_init(struct event_queue *queue, size_t window, size_t history)
{
    memset(queue, 0, sizeof(*queue));
    queue->begin.next_seq = 1;
    queue->kept.next_seq = 1;
    queue->come.next_seq = 1;
    queue->placed = true;
    queue->window = window;
    queue->max_count = window / EVENT_COST + MAX_AHEAD + SPARE_COUNT;
    queue->history = history;
}

static void release_all(struct event_node *node)
{
    while (node) {
        struct event_node *next = node->next;

        node->queued = false;
        event_node_release(node);
        node = next;
    }
}

void event_queue_deinit(struct event_queue *queue)
{
    release_all(queue->oldest);
    release_all(queue->early);
    event_node_release(queue->lent);
    event_node_release(queue->exit);
    memset(queue, 0, sizeof(*queue));
}

static void count_in(struct event_queue *queue, const struct event_node *node)
{
    queue->held_count++;
    queue->held_bytes += event_node_size(node);
}

static void count_out(struct event_queue *queue, const struct event_node *node)
{
    assert(queue->held_count > 0);
    queue->held_count--;
    queue->held_bytes -= event_node_size(node);
}

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
            event->output.offset == queue->come.offsets[stream - 1] &&
            event->output.data.size <= UINT64_MAX - queue->come.position &&
            queue->come.position < queue->until;
}

/* A gap moves each stream forward, by as many bytes as it says in all. */
static bool gap_fits(
        const struct event_queue *queue, const struct remex_event *event)
{
    uint64_t left = event->gap.bytes;

    if (event->gap.bytes > UINT64_MAX - queue->come.position)
        return false;
    for (size_t i = 0; i < REMEX_STREAMS; i++) {
        uint64_t moved = event->gap.offsets[i] - queue->come.offsets[i];

        if (event->gap.offsets[i] < queue->come.offsets[i] || moved > left)
            return false;
        left -= moved;
    }
    return left == 0 && event->seq >= event->gap.first_seq;
}

/* Whether an event whose turn it is keeps the rules. */
static bool fits(
        const struct event_queue *queue, const struct remex_event *event)
{
    if (first_seq_of(event) != queue->come.next_seq || event->seq == UINT64_MAX)
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

/* Moves a mark behind an event that comes next there. */
static void pass(struct event_mark *mark, const struct remex_event *event)
{
    mark->next_seq = event->seq + 1;
    if (event->kind == REMEX_EVENT_OUTPUT) {
        mark->offsets[event->output.stream - 1] += event->output.data.size;
        mark->position += event->output.data.size;
    } else if (event->kind == REMEX_EVENT_GAP) {
        memcpy(mark->offsets, event->gap.offsets, sizeof(mark->offsets));
        mark->position += event->gap.bytes;
    }
}

static void note_end(struct event_queue *queue, struct event_node *node)
{
    if (node->event.kind == REMEX_EVENT_EXITED) {
        queue->exited = true;
        queue->before_exit = queue->come;
        queue->exit = event_node_hold(node);
    } else if (node->event.kind == REMEX_EVENT_CLOSED) {
        queue->closed = true;
    }
}

/* What is lost takes no room: the executor reckons so as well. */
static void move_bound(struct event_queue *queue, uint64_t lost)
{
    queue->until =
            lost < UINT64_MAX - queue->until ? queue->until + lost : UINT64_MAX;
}

static void append(struct event_queue *queue, struct event_node *node)
{
    node->next = NULL;
    if (queue->oldest)
        queue->last->next = node;
    else
        queue->oldest = node;
    if (!queue->first)
        queue->first = node;
    queue->last = node;
    note_end(queue, node);
    pass(&queue->come, &node->event);
    if (node->event.kind == REMEX_EVENT_GAP)
        move_bound(queue, node->event.gap.bytes);
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

        if (event_node_first_seq(node) > queue->come.next_seq)
            break;
        queue->early = node->next;
        if (!queue->closed && fits(queue, &node->event)) {
            append(queue, node);
            continue;
        }
        if (node->event.seq >= queue->come.next_seq)
            status = REMEX_PROTOCOL_ERROR;
        count_out(queue, node);
        event_node_release(node);
    }
    return status;
}

enum remex_status event_queue_push(struct event_queue *queue,
        const struct remex_event *event, struct packet *packet)
{
    uint64_t next_seq = queue->come.next_seq;
    struct event_node *node;
    bool in_turn;

    if (queue->failure || (event->seq > 0 && event->seq < next_seq))
        return REMEX_ALREADY_EXISTS;
    in_turn = queue->placed && first_seq_of(event) <= next_seq;
    if (queue->closed || queue->held_count >= queue->max_count ||
            (in_turn && !fits(queue, event)))
        return REMEX_PROTOCOL_ERROR;
    node = event_node_new(event, packet);
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

/* --- Where it begins ----------------------------------------------------- */

void event_queue_unplace(struct event_queue *queue)
{
    assert(queue->come.next_seq == 1 && !queue->early);
    queue->placed = false;
}

enum remex_status event_queue_place(
        struct event_queue *queue, const struct follow_place *place)
{
    struct event_mark *begin = &queue->begin;

    assert(!queue->placed);
    if (place->seq == UINT64_MAX ||
            (place->closed && (!place->exited || queue->early)))
        return REMEX_PROTOCOL_ERROR;
    begin->next_seq = place->seq + 1;
    memcpy(begin->offsets, place->offsets, sizeof(begin->offsets));
    for (size_t i = 0; i < REMEX_STREAMS; i++) {
        if (place->offsets[i] > UINT64_MAX - queue->until - begin->position)
            return REMEX_PROTOCOL_ERROR;
        begin->position += place->offsets[i];
    }
    queue->kept = *begin;
    queue->come = *begin;
    queue->until += begin->position;
    queue->taken_seq = place->seq;
    queue->exited = place->exited;
    queue->closed = place->closed;
    queue->closed_taken = place->closed;
    queue->placed = true;
    return fill_from_early(queue);
}

/* --- What is put aside, what fails --------------------------------------- */

bool event_queue_has_hole(const struct event_queue *queue)
{
    return queue->placed && queue->early;
}

void event_queue_drop_early(struct event_queue *queue)
{
    while (queue->early) {
        struct event_node *node = queue->early;

        queue->early = node->next;
        count_out(queue, node);
        event_node_release(node);
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

/* What has been taken makes room for the newer. */
static void trim(struct event_queue *queue)
{
    while (queue->history_used > queue->history &&
            queue->oldest->event.kind != REMEX_EVENT_CLOSED) {
        struct event_node *node = queue->oldest;

        assert(node != queue->first);
        queue->oldest = node->next;
        queue->history_used -= event_node_size(node) + EVENT_COST;
        pass(&queue->kept, &node->event);
        node->queued = false;
        event_node_release(node);
    }
}

bool event_queue_take(struct event_queue *queue, struct remex_event *out)
{
    struct event_node *node = queue->first;

    event_node_release(queue->lent);
    queue->lent = NULL;
    if (!event_queue_is_ready(queue))
        return false;
    if (!node) {
        take_failure(queue, out);
        return true;
    }
    queue->first = node->next;
    queue->lent = event_node_hold(node);
    count_out(queue, node);
    queue->history_used += event_node_size(node) + EVENT_COST;
    queue->taken_seq = node->event.seq;
    queue->closed_taken = node->event.kind == REMEX_EVENT_CLOSED;
    *out = node->event;
    trim(queue);
    return true;
}

uint64_t event_queue_grant(struct event_queue *queue)
{
    size_t used = queue->held_bytes + queue->held_count * EVENT_COST;
    size_t room = used < queue->window ? queue->window - used : 0;
    uint64_t position = queue->come.position;
    uint64_t until;

    if (room > MAX_AHEAD)
        room = MAX_AHEAD;
    until = position <= UINT64_MAX - room ? position + room : UINT64_MAX;
    if (until > queue->until)
        queue->until = until;
    return queue->until;
}
