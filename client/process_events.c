/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client.h"
#include "common/clock.h"
#include "common/error.h"

/* With the lock held. */
static bool take(struct remex_process *process, struct remex_event *out)
{
    struct remex_client *client = process->client;

    if (!event_queue_take(&process->handle.events, out))
        return false;
    process->is_named = false;
    client_update_ready(process);
    engine_taken(&client->engine, &process->handle, clock_monotonic_ns());
    return true;
}

static enum remex_status next_event(
        struct remex_process *process, int timeout_ms, struct remex_event *out)
{
    int64_t deadline = client_deadline(timeout_ms);
    bool in_time = timeout_ms != 0;

    for (;;) {
        if (take(process, out))
            return REMEX_OK;
        if (event_queue_is_ended(&process->handle.events))
            return REMEX_ENDED;
        if (!in_time)
            return REMEX_AGAIN;
        in_time = client_wait(process->client, &process->changed, deadline);
    }
}

enum remex_status remex_process_next_event(
        struct remex_process *process, int timeout_ms, struct remex_event *out)
{
    enum remex_status status;

    if (!client_lock(process->client))
        return client_forked(NULL);
    status = next_event(process, timeout_ms, out);
    client_unlock(process->client);
    return status;
}

uint64_t remex_process_newest_seq(const struct remex_process *process)
{
    uint64_t newest;

    /* In a forked child nobody else is there to change it. */
    if (!client_lock(process->client))
        return process->handle.newest_seq;
    newest = process->handle.newest_seq;
    client_unlock(process->client);
    return newest;
}

static enum remex_status wait_newer(
        struct remex_process *process, uint64_t after_seq, int timeout_ms)
{
    const struct handle *handle = &process->handle;
    int64_t deadline = client_deadline(timeout_ms);
    bool in_time = timeout_ms != 0;

    for (;;) {
        if (handle->newest_seq > after_seq)
            return REMEX_OK;
        if (handle->events.closed)
            return REMEX_ENDED;
        if (handle->events.failure)
            return REMEX_DISCONNECTED;
        if (!in_time)
            return REMEX_AGAIN;
        in_time = client_wait(process->client, &process->changed, deadline);
    }
}

enum remex_status remex_process_wake(struct remex_process *process,
        uint64_t after_seq, int timeout_ms, uint64_t *newest_out)
{
    enum remex_status status;

    if (!client_lock(process->client))
        return client_forked(NULL);
    status = wait_newer(process, after_seq, timeout_ms);
    if (newest_out)
        *newest_out = process->handle.newest_seq;
    client_unlock(process->client);
    return status;
}
