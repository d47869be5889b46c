/* SPDX-License-Identifier: Apache-2.0 */
#include "client/event_queue.h"

#include <string.h>

/* How much there was before event `seq` + 1; what is kept now, if that is not
 * known any more. */
static uint64_t position_after(const struct event_queue *queue, uint64_t seq)
{
    const struct event_node *node = queue->oldest;
    uint64_t position = queue->kept.position;

    if (seq + 1 == queue->begin.next_seq)
        return queue->begin.position;
    for (; node && node->event.seq <= seq; node = node->next) {
        if (node->event.kind == REMEX_EVENT_GAP)
            position += node->event.gap.bytes;
        else
            position += event_node_size(node);
    }
    return position;
}

enum remex_status event_reader_open(struct event_reader *reader,
        const struct event_queue *queue, uint64_t seq)
{
    if (seq >= queue->come.next_seq)
        return REMEX_OUT_OF_RANGE;
    *reader = (struct event_reader){
        .next_seq = seq + 1,
        .position = position_after(queue, seq),
        /* Nothing comes after Closed, not even for who has not seen it. */
        .ended = queue->closed && seq + 1 == queue->come.next_seq,
    };
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
    if (until->position > reader->position)
        out->gap.bytes = until->position - reader->position;
    memcpy(out->gap.offsets, until->offsets, sizeof(out->gap.offsets));
}

static void pass(struct event_reader *reader, const struct remex_event *event)
{
    reader->next_seq = event->seq + 1;
    if (event->kind == REMEX_EVENT_OUTPUT)
        reader->position += event->output.data.size;
    else if (event->kind == REMEX_EVENT_GAP)
        reader->position += event->gap.bytes;
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
    } else {
        return tell_failure(reader, queue, out);
    }
    pass(reader, out);
    return true;
}
