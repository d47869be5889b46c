/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "client/client.h"
#include "client/process_spec.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/ids.h"
#include "common/random.h"

/* A start under way, on the stack of the thread that waits for it. */
struct start {
    struct client_call call; /* first */
    struct handle *handle;
};

/* --- The call ------------------------------------------------------------ */

/* Events may have come before a repeated start is answered. */
static void prepare(struct call *call, uint32_t wait_ms)
{
    struct start *start = (struct start *)call;

    (void)wait_ms;
    call->request.start.follow = handle_cursor(start->handle);
}

static enum remex_status replied(struct call *call, const struct reply *reply)
{
    struct start *start = (struct start *)call;

    start->handle->pid = reply->start.pid;
    return REMEX_OK;
}

static enum remex_status call_start(struct remex_client *client,
        struct remex_process *process, const char *const *argv,
        const struct remex_process_options *options, struct remex_error *error)
{
    struct start start = { .handle = &process->handle };
    struct call *call = &start.call.call;
    struct spec_room room;
    enum remex_status status;

    *call = (struct call){
        .request = { .method = METHOD_START },
        .deadline = client_call_deadline(client),
        .repeatable = true,
        .changes = true,
        .prepare = prepare,
        .replied = replied,
    };
    status = spec_put(&room, handle_id(start.handle), argv, options,
            &call->request.start.process, error);
    if (status != REMEX_OK)
        return status;
    status = client_call(client, &start.call, error);
    spec_room_free(&room);
    return status;
}

/* --- The handle ---------------------------------------------------------- */

static enum remex_status add_handle(struct remex_client *client,
        struct remex_process *process, const char *id, size_t window)
{
    char random_name[ID_TEXT_BYTES];
    struct message_id random;
    enum remex_status status;

    if (!id) {
        random_id(&random);
        id_format(&random, random_name);
        id = random_name;
    }
    status = engine_add(&client->engine, &process->handle, id, strlen(id),
            client_window(window));
    if (status != REMEX_OK)
        return status;
    process->client = client;
    client_init_condition(&process->changed);
    client->processes++;
    return REMEX_OK;
}

/* Whether it runs or not, nobody has a handle to it: it must not stay. */
static void give_up(struct remex_process *process, bool may_run)
{
    struct remex_client *client = process->client;

    client_forget_ready(process);
    if (may_run) {
        process->handle.started = true;
        engine_release(&client->engine, &process->handle, clock_monotonic_ns());
        return;
    }
    engine_remove(&client->engine, &process->handle);
    pthread_cond_destroy(&process->changed);
    free(process);
    client->processes--;
}

/* With the lock held. */
static enum remex_status start_locked(struct remex_client *client,
        struct remex_process *process, const char *const *argv,
        const struct remex_process_options *options, struct remex_error *error)
{
    enum remex_status status =
            add_handle(client, process, options->id, options->window_bytes);

    if (status != REMEX_OK) {
        free(process);
        return error_set(error, status, "no memory for a handle");
    }
    if (options->stdin_mode != REMEX_STDIN_PIPE && !options->pty)
        process->handle.stdin_ended = true;
    status = call_start(client, process, argv, options, error);
    if (status == REMEX_OK)
        engine_started(&client->engine, &process->handle, clock_monotonic_ns());
    else
        give_up(process, status == REMEX_OUTCOME_UNKNOWN);
    return status;
}

enum remex_status remex_process_start(struct remex_client *client,
        const char *const *argv, const struct remex_process_options *given,
        struct remex_process **out, struct remex_error *error)
{
    struct remex_process_options options;
    struct remex_process *process;
    enum remex_status status;

    if (!argv || !argv[0])
        return error_bad_field(
                error, "argv", "name the program to start in argv[0]");
    status = spec_take_options(given, &options, error);
    if (status != REMEX_OK)
        return status;
    process = calloc(1, sizeof(*process));
    if (!process)
        return error_set(error, REMEX_NO_MEMORY, "no memory for a handle");
    if (!client_lock(client)) {
        free(process);
        return client_forked(error);
    }
    status = start_locked(client, process, argv, &options, error);
    client_unlock(client);
    if (status == REMEX_OK)
        *out = process;
    return status;
}

void remex_process_free(struct remex_process *process)
{
    struct remex_client *client = process ? process->client : NULL;

    if (!process || !client_lock(client))
        return;
    client_forget_ready(process);
    engine_release(&client->engine, &process->handle, clock_monotonic_ns());
    client_drop(client, NULL);
}

void remex_process_detach(struct remex_process *process)
{
    if (!client_lock(process->client))
        return;
    process->handle.detached = true;
    client_unlock(process->client);
}

const char *remex_process_id(const struct remex_process *process)
{
    return process->handle.id;
}

int64_t remex_process_pid(const struct remex_process *process)
{
    return process->handle.pid;
}
