/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client.h"

/* --- By the events -------------------------------------------------------- */

static enum remex_status wait_exit(
        struct remex_process *process, int timeout_ms, struct remex_exit *out)
{
    int64_t deadline = client_deadline(timeout_ms);
    bool in_time = timeout_ms != 0;

    for (;;) {
        if (process->handle.has_exit) {
            *out = process->handle.exit;
            return REMEX_OK;
        }
        if (handle_is_over(&process->handle))
            return REMEX_DISCONNECTED;
        if (!in_time)
            return REMEX_DEADLINE_EXCEEDED;
        in_time = client_wait(process->client, &process->changed, deadline);
    }
}

/* --- Without events, by asking -------------------------------------------- */

/* Time for the answer to a question that may not wait. */
#define ANSWER_MS 2000

static void prepare(struct call *call, uint32_t wait_ms)
{
    call->request.wait.wait_ms = wait_ms;
}

static enum remex_status answered(struct call *call, const struct reply *reply)
{
    const struct process_ending *ending = &reply->wait.ending;
    struct handle *handle = call->user;

    if (ending->state >= PROCESS_EXITED) {
        handle->has_exit = true;
        handle->exit = ending->exited;
        return REMEX_OK;
    }
    return call->waits ? REMEX_AGAIN : REMEX_DEADLINE_EXCEEDED;
}

static enum remex_status ask_exit(
        struct remex_process *process, int timeout_ms, struct remex_exit *out)
{
    struct handle *handle = &process->handle;
    struct client_call call = {
        .call = {
            .request = {
                .method = METHOD_WAIT,
                .wait = {
                    .process_id = handle_id(handle),
                    .until = PROCESS_EXITED,
                },
            },
            .deadline =
                    client_deadline(timeout_ms == 0 ? ANSWER_MS : timeout_ms),
            .repeatable = true,
            .waits = timeout_ms != 0,
            .user = handle,
            .prepare = prepare,
            .replied = answered,
        },
    };
    enum remex_status status = REMEX_OK;

    if (!handle->has_exit)
        status = client_call(process->client, &call, NULL);
    if (status == REMEX_OK)
        *out = handle->exit;
    return status;
}

/* --- Both ----------------------------------------------------------------- */

enum remex_status remex_process_wait(
        struct remex_process *process, int timeout_ms, struct remex_exit *out)
{
    enum remex_status status;

    if (!client_lock(process->client))
        return client_forked(NULL);
    status = process->handle.asked ? wait_exit(process, timeout_ms, out)
                                   : ask_exit(process, timeout_ms, out);
    client_unlock(process->client);
    return status;
}
