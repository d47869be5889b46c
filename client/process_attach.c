/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "client/client.h"
#include "common/clock.h"
#include "common/error.h"

/* A Follow or an Inspect under way. */
struct attachment {
    struct client_call call; /* first */
    struct remex_process *process;
    bool take_over;
};

static enum remex_status take_options(const struct remex_attach_options *given,
        struct remex_attach_options *out, struct remex_error *error)
{
    *out = REMEX_DEFAULTS(remex_attach_options);
    if (given && given->size < sizeof(given->size))
        return error_bad_field(error, "options.size",
                "start with REMEX_DEFAULTS(remex_attach_options)");
    if (given)
        memcpy(out, given,
                given->size < sizeof(*out) ? given->size : sizeof(*out));
    if ((unsigned int)out->from > REMEX_FROM_AFTER)
        return error_bad_field(
                error, "options.from", "choose one of enum remex_from");
    if (out->no_events && (out->exclusive || out->take_over))
        return error_bad_field(error, "options.no_events",
                "who does not follow is neither exclusive nor takes over");
    return REMEX_OK;
}

/* As long as its place is not known, what an attempt before this one brought
 * comes again; afterwards a repeat changes nothing. */
static void prepare(struct call *call, uint32_t wait_ms)
{
    const struct attachment *attachment = (struct attachment *)call;
    struct handle *handle = &attachment->process->handle;

    (void)wait_ms;
    if (!handle->events.placed)
        event_queue_drop_early(&handle->events);
    call->request.follow.follow = *handle_cursor(handle);
    call->request.follow.follow.take_over = attachment->take_over;
}

static enum remex_status followed(struct call *call, const struct reply *reply)
{
    struct remex_process *process = ((struct attachment *)call)->process;
    const struct follow_state *state = &reply->follow.state;
    struct handle *handle = &process->handle;

    engine_followed(&process->client->engine, handle, state);
    if (handle->events.failure == REMEX_FAILURE_NO_MEMORY)
        return REMEX_NO_MEMORY;
    if (!handle->events.placed || handle->events.failure)
        return REMEX_PROTOCOL_ERROR;
    return REMEX_OK;
}

static enum remex_status inspected(struct call *call, const struct reply *reply)
{
    struct handle *handle = &((struct attachment *)call)->process->handle;

    handle->pid = reply->inspect.process.pid;
    return REMEX_OK;
}

static enum remex_status follow(struct remex_process *process, bool take_over,
        struct remex_error *error)
{
    struct attachment attachment = {
        .call.call = {
            .request = { .method = METHOD_FOLLOW },
            .deadline = client_call_deadline(process->client),
            .repeatable = true,
            .changes = true,
            .prepare = prepare,
            .replied = followed,
        },
        .process = process,
        .take_over = take_over,
    };

    return client_call(process->client, &attachment.call, error);
}

static enum remex_status inspect(
        struct remex_process *process, struct remex_error *error)
{
    struct attachment attachment = {
        .call.call = {
            .request = {
                .method = METHOD_INSPECT,
                .inspect = { .process_id = handle_id(&process->handle) },
            },
            .deadline = client_call_deadline(process->client),
            .repeatable = true,
            .replied = inspected,
        },
        .process = process,
    };

    return client_call(process->client, &attachment.call, error);
}

/* With the lock held. */
static enum remex_status attach_locked(struct remex_client *client,
        const char *id, const struct remex_attach_options *options,
        struct remex_process **out, struct remex_error *error)
{
    struct remex_process *process;
    enum remex_status status = client_add_process(
            client, id, options->window_bytes, &process, error);

    if (status != REMEX_OK)
        return status;
    if (options->from == REMEX_FROM_LIVE)
        handle_begin(&process->handle, FOLLOW_FROM_LIVE, 0);
    else if (options->from == REMEX_FROM_AFTER && options->after_seq > 0)
        handle_begin(&process->handle, FOLLOW_FROM_SEQ, options->after_seq);
    process->handle.detached = true; /* until all has worked */
    process->handle.stdin_unsure = true;
    process->handle.exclusive = options->exclusive;
    status = options->no_events ? inspect(process, error)
                                : follow(process, options->take_over, error);
    if (status != REMEX_OK) {
        client_give_up(process, true);
        return status;
    }
    process->handle.detached = !options->armed;
    engine_started(&client->engine, &process->handle, clock_monotonic_ns());
    /* The pid is for people: without one a handle is as good. */
    if (!options->no_events)
        (void)inspect(process, NULL);
    *out = process;
    return REMEX_OK;
}

enum remex_status remex_process_attach(struct remex_client *client,
        const char *id, const struct remex_attach_options *given,
        struct remex_process **out, struct remex_error *error)
{
    struct remex_attach_options options;
    enum remex_status status = take_options(given, &options, error);

    if (status != REMEX_OK)
        return status;
    if (!id || !id[0] || strlen(id) > MESSAGE_PROCESS_ID_BYTES)
        return error_bad_field(error, "id", "an id has 1 to %d bytes",
                MESSAGE_PROCESS_ID_BYTES);
    if (!client_lock(client))
        return client_forked(error);
    status = attach_locked(client, id, &options, out, error);
    client_unlock(client);
    return status;
}
