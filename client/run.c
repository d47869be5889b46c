/* SPDX-License-Identifier: Apache-2.0 */
#include <remex/run.h>

#include <stdlib.h>

#include "client/batch_copy.h"
#include "client/client.h"
#include "client/process_spec.h"
#include "common/error.h"

/* A run under way. */
struct run {
    struct client_call call; /* first */
    struct remex_run_result *result;
};

/* --- What was asked ------------------------------------------------------ */

static enum remex_status take_options(const struct remex_process_options *given,
        bool has_input, struct remex_process_options *out,
        struct remex_error *error)
{
    enum remex_status status = spec_take_options(given, out, error);

    if (status != REMEX_OK)
        return status;
    if (out->pty)
        return error_bad_field(
                error, "options.pty", "a run has no terminal; start a process");
    if (out->stdin_mode != REMEX_STDIN_CLOSED)
        return error_bad_field(
                error, "options.stdin_mode", "a run is given its whole input");
    if (out->window_bytes != 0)
        return error_bad_field(
                error, "options.window_bytes", "a run has no window");
    if (out->exclusive)
        return error_bad_field(
                error, "options.exclusive", "a run is not followed");
    if (has_input)
        out->stdin_mode = REMEX_STDIN_PIPE;
    return REMEX_OK;
}

/* --- What came of it ----------------------------------------------------- */

static struct remex_run_result *new_result(const struct batch *batch)
{
    struct remex_run_result *result = calloc(1, sizeof(*result));

    if (!result)
        return NULL;
    result->events = batch_copy(batch);
    result->count = batch->count;
    if (!result->events) {
        free(result);
        return NULL;
    }
    for (size_t i = 0; i < result->count; i++) {
        if (result->events[i].kind == REMEX_EVENT_EXITED)
            result->exit = result->events[i].exited;
        if (result->events[i].kind == REMEX_EVENT_GAP)
            result->truncated = true;
    }
    return result;
}

static enum remex_status ran(struct call *call, const struct reply *reply)
{
    struct run *run = (struct run *)call;
    const struct batch *batch = &reply->run.batch;

    if (batch->count == 0)
        return REMEX_AGAIN;
    run->result = new_result(batch);
    return run->result ? REMEX_OK : REMEX_NO_MEMORY;
}

/* --- The call ------------------------------------------------------------ */

static enum remex_status call_run(struct remex_process *process,
        struct run *run, const char *const *argv,
        const struct remex_process_options *options, struct remex_error *error)
{
    struct spec_room room;
    enum remex_status status;

    status = spec_put(&room, handle_id(&process->handle), argv, options,
            &run->call.call.request.run.process, error);
    if (status != REMEX_OK)
        return status;
    status = client_call(process->client, &run->call, error);
    spec_room_free(&room);
    return status;
}

/* The handle is for the name, and for the kill of what is not waited for. */
static enum remex_status run_locked(struct remex_client *client,
        struct run *run, const char *const *argv,
        const struct remex_process_options *options, struct remex_error *error)
{
    struct remex_process *process;
    enum remex_status status =
            client_add_process(client, options->id, 0, &process, error);

    if (status != REMEX_OK)
        return status;
    status = call_run(process, run, argv, options, error);
    client_give_up(process,
            status == REMEX_OUTCOME_UNKNOWN ||
                    status == REMEX_DEADLINE_EXCEEDED ||
                    status == REMEX_NO_MEMORY);
    return status;
}

enum remex_status remex_client_run(struct remex_client *client,
        const char *const *argv, const struct remex_process_options *given,
        const void *input, size_t input_size, size_t max_output_bytes,
        int timeout_ms, struct remex_run_result **out,
        struct remex_error *error)
{
    struct run run = {
        .call.call = {
            .request = {
                .method = METHOD_RUN,
                .run = { .max_output_bytes = max_output_bytes },
                .payload = { input, input_size },
            },
            .deadline = client_deadline(timeout_ms),
            .repeatable = true,
            .remembered = true,
            .changes = true,
            .waits = true,
            .parks = true,
            .replied = ran,
        },
    };
    struct remex_process_options options;
    enum remex_status status;

    if (!argv || !argv[0])
        return error_bad_field(
                error, "argv", "name the program to run in argv[0]");
    status = take_options(given, input_size > 0, &options, error);
    if (status != REMEX_OK)
        return status;
    if (!client_lock(client))
        return client_forked(error);
    status = run_locked(client, &run, argv, &options, error);
    client_unlock(client);
    if (status == REMEX_OK)
        *out = run.result;
    return status;
}

void remex_run_result_free(struct remex_run_result *result)
{
    if (!result)
        return;
    free(result->events);
    free(result);
}
