/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client.h"
#include "client/process_spec.h"
#include "common/clock.h"
#include "common/error.h"

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
        .remembered = true,
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

/* With the lock held. */
static enum remex_status start_locked(struct remex_client *client,
        const char *const *argv, const struct remex_process_options *options,
        struct remex_process **out, struct remex_error *error)
{
    struct remex_process *process;
    enum remex_status status = client_add_process(
            client, options->id, options->window_bytes, &process, error);

    if (status != REMEX_OK)
        return status;
    if (options->stdin_mode != REMEX_STDIN_PIPE && !options->pty)
        process->handle.stdin_ended = true;
    process->handle.exclusive = options->exclusive;
    status = call_start(client, process, argv, options, error);
    if (status != REMEX_OK) {
        /* Whether it runs or not, nobody has a handle: it must not stay. But
         * another's, of that id, may have come to be followed by a Resume. */
        process->handle.detached = status == REMEX_ALREADY_EXISTS;
        client_give_up(process,
                status == REMEX_OUTCOME_UNKNOWN ||
                        status == REMEX_ALREADY_EXISTS);
        return status;
    }
    engine_started(&client->engine, &process->handle, clock_monotonic_ns());
    *out = process;
    return REMEX_OK;
}

enum remex_status remex_process_start(struct remex_client *client,
        const char *const *argv, const struct remex_process_options *given,
        struct remex_process **out, struct remex_error *error)
{
    struct remex_process_options options;
    enum remex_status status;

    if (!argv || !argv[0])
        return error_bad_field(
                error, "argv", "name the program to start in argv[0]");
    status = spec_take_options(given, &options, error);
    if (status != REMEX_OK)
        return status;
    if (!client_lock(client))
        return client_forked(error);
    status = start_locked(client, argv, &options, out, error);
    client_unlock(client);
    return status;
}
