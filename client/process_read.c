/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "client/batch_copy.h"
#include "client/client.h"
#include "client/process_memory.h"
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

static struct remex_log *new_log(const struct read_reply *reply)
{
    struct remex_log *log = malloc(sizeof(*log));

    if (!log)
        return NULL;
    *log = (struct remex_log){
        .events = batch_copy(&reply->batch),
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
    handle_saw(&process->handle, log->next_seq - 1);
}

static enum remex_status ask(struct remex_process *process, struct read *read,
        struct remex_error *error)
{
    struct read_request *request = &read->call.call.request.read;
    enum remex_status status;

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

/* With the lock held. */
static enum remex_status read_locked(struct remex_process *process,
        struct read *read, struct remex_error *error)
{
    const struct read_request *request = &read->call.call.request.read;
    const struct event_queue *events = &process->handle.events;
    enum remex_status status = REMEX_DISCONNECTED;

    if (!events->failure && !engine_has_failed(&process->client->engine))
        status = ask(process, read, error);
    if (status != REMEX_DISCONNECTED)
        return status;
    status = process_memory_read(
            events, request->after_seq, request->max_bytes, &read->log);
    if (status == REMEX_DISCONNECTED)
        error_set(error, status,
                "the executor can no longer be asked about this process");
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
