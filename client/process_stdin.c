/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client.h"
#include "common/clock.h"
#include "common/error.h"

/* In one request: what a message may hold without harm to NNG's clean-up. */
#define CHUNK_BYTES ((size_t)128 * 1024)

/* Time for the answer to a write that may not wait for room. */
#define ANSWER_MS 2000

/* A write under way: one request after the other until all is taken. */
struct feed {
    struct client_call call; /* first */
    struct handle *handle;
    const uint8_t *data;
    size_t size; /* left to be taken */
    size_t taken;
    bool eof;
    bool patient; /* may wait for room */
    bool ended;   /* there is nobody to read more */
};

/* If an earlier write was given up unanswered, an empty one tells where stdin
 * stands. */
static void prepare(struct call *call, uint32_t wait_ms)
{
    struct feed *feed = (struct feed *)call;
    struct handle *handle = feed->handle;
    size_t size = feed->size < CHUNK_BYTES ? feed->size : CHUNK_BYTES;

    if (handle->stdin_unsure)
        size = 0;
    call->request.payload = (struct remex_bytes){ feed->data, size };
    call->request.write = (struct write_request){
        .process_id = handle_id(handle),
        .offset = handle->stdin_offset,
        .eof = feed->eof && size == feed->size && !handle->stdin_unsure,
        .wait_ms = size > 0 ? wait_ms : 0,
    };
}

/* Where stdin stands now; false: it cannot be there. */
static bool take_offset(struct feed *feed, const struct write_reply *reply)
{
    struct handle *handle = feed->handle;
    size_t sent = feed->call.call.request.payload.size;
    uint64_t moved = reply->next_offset - handle->stdin_offset;

    if (reply->next_offset < handle->stdin_offset)
        return false;
    handle->stdin_offset = reply->next_offset;
    handle->stdin_room = reply->room;
    if (handle->stdin_unsure) {
        handle->stdin_unsure = false;
        return true;
    }
    if (moved > sent)
        return false;
    if (moved > 0) /* the end alone has no data to point to */
        feed->data += moved;
    feed->size -= (size_t)moved;
    feed->taken += (size_t)moved;
    return true;
}

static enum remex_status fed(struct call *call, const struct reply *reply)
{
    struct feed *feed = (struct feed *)call;
    const struct write_reply *write = &reply->write;
    bool asked = feed->handle->stdin_unsure;

    if (!take_offset(feed, write))
        return REMEX_PROTOCOL_ERROR;
    if (write->outcome != WRITE_ACCEPTED) {
        feed->ended = true;
        feed->handle->stdin_ended = true;
        return REMEX_OK;
    }
    if (!asked && feed->size == 0 && write->eof == feed->eof)
        return REMEX_OK;
    if (!asked && write->room == 0 && !feed->patient)
        return REMEX_OK;
    call->waits = feed->size > 0 && write->room == 0;
    return REMEX_AGAIN;
}

/* --- One at a time ------------------------------------------------------- */

static bool begin(struct remex_process *process, int64_t deadline)
{
    while (process->handle.writing) {
        if (!client_wait(process->client, &process->changed, deadline))
            return false;
    }
    process->handle.writing = true;
    return true;
}

static void end(struct remex_process *process)
{
    process->handle.writing = false;
    pthread_cond_broadcast(&process->changed);
}

static enum remex_status feed_locked(struct remex_process *process,
        struct feed *feed, struct remex_error *error)
{
    struct handle *handle = &process->handle;
    enum remex_status status;

    if (handle->events.failure)
        return error_set(error, REMEX_DISCONNECTED,
                "the executor can no longer be asked about this process");
    if (!begin(process, feed->call.call.deadline))
        return error_set(error, REMEX_DEADLINE_EXCEEDED,
                "another thread is still writing to this stdin");
    feed->ended = handle->stdin_ended || handle->events.closed;
    status = REMEX_OK;
    if (!feed->ended)
        status = client_call(process->client, &feed->call, error);
    if (status == REMEX_OUTCOME_UNKNOWN)
        handle->stdin_unsure = true;
    if (status == REMEX_OK && feed->eof)
        handle->stdin_ended = true;
    end(process);
    return status;
}

static struct feed new_feed(struct remex_process *process, int64_t deadline)
{
    return (struct feed){
        .call.call = {
            .request = { .method = METHOD_WRITE },
            .deadline = deadline,
            .repeatable = true,
            .changes = true,
            .prepare = prepare,
            .replied = fed,
        },
        .handle = &process->handle,
    };
}

enum remex_status remex_process_write(struct remex_process *process,
        const void *data, size_t size, int timeout_ms, size_t *written_out,
        struct remex_error *error)
{
    struct feed feed;
    enum remex_status status;

    if (written_out)
        *written_out = 0;
    if (!client_lock(process->client))
        return client_forked(error);
    feed = new_feed(
            process, client_deadline(timeout_ms == 0 ? ANSWER_MS : timeout_ms));
    feed.data = data;
    feed.size = size;
    feed.patient = timeout_ms != 0;
    status = feed_locked(process, &feed, error);
    client_unlock(process->client);
    if (written_out)
        *written_out = feed.taken;
    if (status != REMEX_OK || feed.size == 0)
        return status;
    if (feed.ended)
        return error_set(error, REMEX_FAILED_PRECONDITION,
                "stdin is closed, or the process has exited");
    return error_set(error, REMEX_DEADLINE_EXCEEDED,
            "the process did not read its stdin in time");
}

enum remex_status remex_process_close_stdin(
        struct remex_process *process, struct remex_error *error)
{
    struct feed feed;
    enum remex_status status;

    if (!client_lock(process->client))
        return client_forked(error);
    feed = new_feed(process, client_call_deadline(process->client));
    feed.eof = true;
    status = feed_locked(process, &feed, error);
    client_unlock(process->client);
    return status;
}
