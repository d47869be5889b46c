/* SPDX-License-Identifier: Apache-2.0 */
#include "client/event_queue.h"

#include <string.h>

/* How much there was before event `seq` + 1; false: it has left, or lies within
 * a gap. */
static bool find_position(
        const struct event_queue *queue, uint64_t seq, uint64_t *out)
{
    const struct event_node *node = queue->oldest;

    *out = queue->begin.position;
    if (seq + 1 == queue->begin.next_seq)
        return true;
    *out = queue->kept.position;
    for (; node && node->event.seq <= seq; node = node->next) {
        if (node->event.kind == REMEX_EVENT_GAP)
            *out += node->event.gap.bytes;
        else
            *out += event_node_size(node);
    }
    return seq + 1 >= queue->kept.next_seq &&
            !(node && event_node_first_seq(node) <= seq);
}

enum remex_status event_reader_open(struct event_reader *reader,
        const struct event_queue *queue, uint64_t seq)
{
    if (seq >= queue->come.next_seq)
        return REMEX_OUT_OF_RANGE;
    *reader = (struct event_reader){
        .next_seq = seq + 1,
        /* Nothing comes after Closed, not even for who has not seen it. */
        .ended = queue->closed && seq + 1 == queue->come.next_seq,
    };
    reader->placed = find_position(queue, seq, &reader->position);
    return REMEX_OK;
}

void event_reader_close(struct event_reader *reader)
{
    event_node_release(reader->at);
    memset(reader, 0, sizeof(*reader));
}

/* The node of the next event, or of a later one if that has left. */
static struct event_node *find(
        const struct event_reader *reader, const struct event_queue *queue)
{
    struct event_node *node = queue->oldest;

    if (reader->at && reader->at->queued)
        node = reader->at->next;
    while (node && node->event.seq < reader->next_seq)
        node = node->next;
    return node;
}

/* Up to what is kept, or to Exited before it. */
static void tell_gap(const struct event_reader *reader,
        const struct event_queue *queue, struct remex_event *out)
{
    const struct event_mark *until = &queue->kept;

    if (queue->exit && queue->before_exit.next_seq > reader->next_seq &&
            queue->before_exit.next_seq < until->next_seq)
        until = &queue->before_exit;
    *out = (struct remex_event){
        .kind = REMEX_EVENT_GAP,
        .seq = until->next_seq - 1,
    };
    out->gap.first_seq = reader->next_seq;
    if (reader->placed)
        out->gap.bytes = until->position - reader->position;
    memcpy(out->gap.offsets, until->offsets, sizeof(out->gap.offsets));
}

/* Who came in the middle of a gap has missed its rest, and nobody knows how
 * much that was. */
static void begin_here(
        const struct event_reader *reader, struct remex_event *event)
{
    if (event->kind != REMEX_EVENT_GAP ||
            event->gap.first_seq >= reader->next_seq)
        return;
    event->gap.first_seq = reader->next_seq;
    event->gap.bytes = 0;
}

static void pass_gap(
        struct event_reader *reader, const struct remex_event *event)
{
    reader->position = 0;
    reader->placed = true;
    for (size_t i = 0; i < REMEX_STREAMS; i++)
        reader->position += event->gap.offsets[i];
}

static void pass(struct event_reader *reader, const struct remex_event *event)
{
    reader->next_seq = event->seq + 1;
    if (event->kind == REMEX_EVENT_OUTPUT)
        reader->position += event->output.data.size;
    else if (event->kind == REMEX_EVENT_GAP)
        pass_gap(reader, event);
    reader->ended = event->kind == REMEX_EVENT_CLOSED;
}

static bool tell_failure(struct event_reader *reader,
        const struct event_queue *queue, struct remex_event *out)
{
    if (!queue->failure)
        return false;
    *out = (struct remex_event){ .kind = REMEX_EVENT_FAILED };
    out->failure = queue->failure;
    reader->ended = true;
    return true;
}

bool event_reader_next(struct event_reader *reader,
        const struct event_queue *queue, struct remex_event *out)
{
    struct event_node *node = find(reader, queue);
    bool lost = reader->next_seq < queue->kept.next_seq;

    event_node_release(reader->at);
    reader->at = NULL;
    if (reader->ended)
        return false;
    if (lost && queue->exit && queue->exit->event.seq == reader->next_seq) {
        reader->at = event_node_hold(queue->exit);
        *out = queue->exit->event;
    } else if (lost) {
        tell_gap(reader, queue, out);
    } else if (node) {
        reader->at = event_node_hold(node);
        *out = node->event;
        begin_here(reader, out);
    } else {
        return tell_failure(reader, queue, out);
    }
    pass(reader, out);
    return true;
}
