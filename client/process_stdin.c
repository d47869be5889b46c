/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client.h"
#include "client/feed.h"
#include "common/error.h"

/* Time for the answer to a write that may not wait for room. */
#define ANSWER_MS 2000

/* A thread's write. */
struct writing {
    struct client_call call;
    struct feed feed;
};

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
    bell_ring(&process->client->lock, &process->changed);
}

static enum remex_status feed_locked(struct remex_process *process,
        struct writing *writing, struct remex_error *error)
{
    struct handle *handle = &process->handle;
    struct feed *feed = &writing->feed;
    enum remex_status status = REMEX_OK;

    if (handle->events.failure)
        return error_set(error, REMEX_DISCONNECTED,
                "the executor can no longer be asked about this process");
    if (!begin(process, feed->call->deadline))
        return error_set(error, REMEX_DEADLINE_EXCEEDED,
                "another thread is still writing to this stdin");
    feed->ended = handle->stdin_ended || handle->events.closed;
    if (!feed->ended)
        status = client_call(process->client, &writing->call, error);
    feed_over(feed);
    end(process);
    return status;
}

static void init_writing(
        struct writing *writing, struct remex_process *process, int64_t until)
{
    feed_init(&writing->feed, &process->handle, &writing->call.call);
    writing->call.call.deadline = until;
}

enum remex_status remex_process_write(struct remex_process *process,
        const void *data, size_t size, int timeout_ms, size_t *written_out,
        struct remex_error *error)
{
    struct writing writing;
    struct feed *feed = &writing.feed;
    enum remex_status status;

    if (written_out)
        *written_out = 0;
    if (!client_lock(process->client))
        return client_forked(error);
    init_writing(&writing, process,
            client_deadline(timeout_ms == 0 ? ANSWER_MS : timeout_ms));
    feed->data = data;
    feed->size = size;
    feed->patient = timeout_ms != 0;
    status = feed_locked(process, &writing, error);
    client_unlock(process->client);
    if (written_out)
        *written_out = feed->taken;
    if (status != REMEX_OK || feed->size == 0)
        return status;
    if (feed->ended)
        return error_set(error, REMEX_FAILED_PRECONDITION,
                "stdin is closed, or the process has exited");
    return error_set(error, REMEX_DEADLINE_EXCEEDED,
            "the process did not read its stdin in time");
}

enum remex_status remex_process_close_stdin(
        struct remex_process *process, struct remex_error *error)
{
    struct writing writing;
    enum remex_status status;

    if (!client_lock(process->client))
        return client_forked(error);
    init_writing(&writing, process, client_call_deadline(process->client));
    writing.feed.eof = true;
    status = feed_locked(process, &writing, error);
    client_unlock(process->client);
    return status;
}
