/* SPDX-License-Identifier: Apache-2.0 */
#include "client/process_memory.h"

#include <stdlib.h>

#include "client/batch_copy.h"

/* Events on their way into a log; their bytes lie in the queue. */
struct collection {
    struct batch_event *events;
    size_t count;
    size_t capacity;
    size_t bytes;
};

static bool grow(struct collection *to)
{
    size_t capacity = to->capacity ? to->capacity * 2 : 64;
    struct batch_event *events;

    if (to->count < to->capacity)
        return true;
    events = realloc(to->events, capacity * sizeof(*events));
    if (!events)
        return false;
    to->events = events;
    to->capacity = capacity;
    return true;
}

static bool fits(const struct collection *to, const struct remex_event *event,
        size_t max_bytes)
{
    return to->count == 0 || event->kind != REMEX_EVENT_OUTPUT ||
            event->output.data.size <= max_bytes - to->bytes;
}

/* False: there is no memory. */
static bool collect(struct collection *to, struct event_reader *reader,
        const struct event_queue *queue, size_t max_bytes)
{
    struct remex_event event;

    while (to->bytes < max_bytes && event_reader_next(reader, queue, &event) &&
            event.kind != REMEX_EVENT_FAILED) {
        if (!fits(to, &event, max_bytes))
            return true;
        if (!grow(to))
            return false;
        to->events[to->count++] = (struct batch_event){ .event = event };
        if (event.kind == REMEX_EVENT_OUTPUT)
            to->bytes += event.output.data.size;
    }
    return true;
}

static struct remex_log *new_log(
        const struct collection *from, const struct event_queue *queue)
{
    struct batch batch = { from->events, from->count };
    struct remex_log *log = calloc(1, sizeof(*log));
    uint64_t last_seq = from->events[from->count - 1].event.seq;

    if (!log)
        return NULL;
    log->events = batch_copy(&batch);
    log->count = from->count;
    log->first_seq = queue->kept.next_seq;
    log->next_seq = queue->come.next_seq;
    log->exited = queue->exited &&
            (!queue->exit || queue->exit->event.seq <= last_seq);
    log->closed = queue->closed && last_seq + 1 == queue->come.next_seq;
    if (log->events)
        return log;
    free(log);
    return NULL;
}

enum remex_status process_memory_read(const struct event_queue *queue,
        uint64_t after_seq, size_t max_bytes, struct remex_log **out)
{
    struct collection collection = { .events = NULL };
    struct event_reader reader;
    bool fine;

    *out = NULL;
    if (event_reader_open(&reader, queue, after_seq) != REMEX_OK)
        return REMEX_DISCONNECTED;
    fine = collect(&collection, &reader, queue, max_bytes);
    event_reader_close(&reader);
    if (fine && collection.count > 0)
        *out = new_log(&collection, queue);
    free(collection.events);
    if (*out)
        return REMEX_OK;
    if (!fine || collection.count > 0)
        return REMEX_NO_MEMORY;
    return queue->closed ? REMEX_ENDED : REMEX_DISCONNECTED;
}
