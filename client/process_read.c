/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "client/client.h"
#include "common/error.h"

/* Time for the answer to a read that may not wait for events. */
#define ANSWER_MS 2000

/* What one message may hold without harm to NNG's clean-up. */
#define MAX_BYTES ((size_t)192 * 1024)

/* A read under way. */
struct read {
    struct client_call call; /* first */
    bool patient;
    struct remex_log *log;
};

static size_t output_bytes(const struct batch *batch)
{
    size_t bytes = 0;

    for (size_t i = 0; i < batch->count; i++) {
        if (batch->events[i].event.kind == REMEX_EVENT_OUTPUT)
            bytes += batch->events[i].event.output.data.size;
    }
    return bytes;
}

static void copy_events(struct remex_log *log, const struct batch *batch)
{
    uint8_t *bytes = (uint8_t *)(log->events + batch->count);

    for (size_t i = 0; i < batch->count; i++) {
        struct remex_event *event = &log->events[i];

        *event = batch->events[i].event;
        if (event->kind != REMEX_EVENT_OUTPUT || event->output.data.size == 0)
            continue;
        memcpy(bytes, event->output.data.data, event->output.data.size);
        event->output.data.data = bytes;
        bytes += event->output.data.size;
    }
}

static struct remex_log *new_log(const struct read_reply *reply)
{
    size_t size = reply->batch.count * sizeof(struct remex_event) +
            output_bytes(&reply->batch);
    struct remex_log *log = malloc(sizeof(*log));

    if (!log)
        return NULL;
    *log = (struct remex_log){
        .events = malloc(size ? size : 1),
        .count = reply->batch.count,
        .first_seq = reply->first_seq,
        .next_seq = reply->next_seq,
        .exited = reply->exited,
        .closed = reply->closed,
    };
    if (!log->events) {
        free(log);
        return NULL;
    }
    copy_events(log, &reply->batch);
    return log;
}

static void prepare(struct call *call, uint32_t wait_ms)
{
    call->request.read.wait_ms = wait_ms;
}

static enum remex_status answered(struct call *call, const struct reply *reply)
{
    struct read *read = (struct read *)call;

    if (reply->read.batch.count > 0) {
        read->log = new_log(&reply->read);
        return read->log ? REMEX_OK : REMEX_NO_MEMORY;
    }
    if (reply->read.closed)
        return REMEX_ENDED;
    return read->patient ? REMEX_AGAIN : REMEX_OK;
}

/* Where a read that ended at `seq` left off, if it was the last one. */
static uint64_t position_of(const struct remex_process *process, uint64_t seq)
{
    return process->read_seq == seq ? process->read_position : 0;
}

static void remember(struct remex_process *process, uint64_t position,
        const struct remex_log *log)
{
    for (size_t i = 0; i < log->count; i++) {
        const struct remex_event *event = &log->events[i];

        if (event->kind == REMEX_EVENT_OUTPUT)
            position += event->output.data.size;
        else if (event->kind == REMEX_EVENT_GAP)
            position += event->gap.bytes;
        process->read_seq = event->seq;
    }
    process->read_position = position;
}

static enum remex_status read_locked(struct remex_process *process,
        struct read *read, struct remex_error *error)
{
    struct read_request *request = &read->call.call.request.read;
    enum remex_status status;

    if (process->handle.events.failure)
        return error_set(error, REMEX_DISCONNECTED,
                "the executor can no longer be asked about this process");
    request->process_id = handle_id(&process->handle);
    request->after_position = position_of(process, request->after_seq);
    status = client_call(process->client, &read->call, error);
    if (status == REMEX_OK && read->log)
        remember(process, request->after_position, read->log);
    if ((status == REMEX_OK && !read->log) ||
            (status == REMEX_DEADLINE_EXCEEDED && read->patient))
        return REMEX_AGAIN;
    return status;
}

enum remex_status remex_process_read(struct remex_process *process,
        uint64_t after_seq, size_t max_bytes, int timeout_ms,
        struct remex_log **out, struct remex_error *error)
{
    struct read read = {
        .call.call = {
            .request = { .method = METHOD_READ },
            .deadline =
                    client_deadline(timeout_ms == 0 ? ANSWER_MS : timeout_ms),
            .repeatable = true,
            .waits = timeout_ms != 0,
            .prepare = prepare,
            .replied = answered,
        },
        .patient = timeout_ms != 0,
    };
    enum remex_status status;

    if (max_bytes == 0 || max_bytes > MAX_BYTES)
        max_bytes = MAX_BYTES;
    read.call.call.request.read.after_seq = after_seq;
    read.call.call.request.read.max_bytes = (uint32_t)max_bytes;
    if (!client_lock(process->client))
        return client_forked(error);
    status = read_locked(process, &read, error);
    client_unlock(process->client);
    if (status == REMEX_OK)
        *out = read.log;
    return status;
}

void remex_log_free(struct remex_log *log)
{
    if (!log)
        return;
    free(log->events);
    free(log);
}
