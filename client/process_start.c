/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "client/client.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/ids.h"
#include "common/random.h"
#include "common/text.h"

#define DEFAULT_LINGER_MS 3000

/* A start under way, on the stack of the thread that waits for it. */
struct start {
    struct client_call call; /* first */
    struct handle *handle;
    struct remex_bytes *strings; /* argv, then env */
};

/* --- What was asked ------------------------------------------------------ */

static enum remex_status take_options(const struct remex_process_options *given,
        struct remex_process_options *out, struct remex_error *error)
{
    *out = REMEX_DEFAULTS(remex_process_options);
    if (!given)
        return REMEX_OK;
    if (given->size < sizeof(given->size))
        return error_bad_field(error, "options.size",
                "start with REMEX_DEFAULTS(remex_process_options)");
    memcpy(out, given, given->size < sizeof(*out) ? given->size : sizeof(*out));
    if (out->wall_time_ms < 0 || out->keep_ms < 0 ||
            out->eof_linger_ms < REMEX_FOREVER)
        return error_bad_field(error, "options", "a duration is negative");
    if (out->id && (!out->id[0] || strlen(out->id) > MESSAGE_PROCESS_ID_BYTES))
        return error_bad_field(error, "options.id", "an id has 1 to %d bytes",
                MESSAGE_PROCESS_ID_BYTES);
    return REMEX_OK;
}

static size_t count_strings(const char *const *strings)
{
    size_t count = 0;

    while (strings && strings[count])
        count++;
    return count;
}

static void put_strings(struct remex_bytes *out, const char *const *strings)
{
    for (size_t i = 0; strings && strings[i]; i++)
        out[i] = text_bytes(strings[i]);
}

static struct remex_bytes or_nothing(const char *string)
{
    return string ? text_bytes(string) : (struct remex_bytes){ NULL, 0 };
}

static struct stream_spec stream_of(const struct remex_stream_options *options)
{
    return (struct stream_spec){
        .capture = options->capture == REMEX_CAPTURE_DISCARD ? CAPTURE_DISCARD
                                                             : CAPTURE_PIPE,
        .delivery = options->delivery == REMEX_DELIVERY_LOSSY
                ? DELIVERY_LOSSY
                : DELIVERY_RELIABLE,
        .no_follower = NO_FOLLOWER_DRAIN,
        .retention = RETENTION_ALL,
    };
}

static void put_lifetime(
        struct process_spec *spec, const struct remex_process_options *options)
{
    int linger = options->eof_linger_ms;

    spec->wall_time_ms = (uint64_t)options->wall_time_ms;
    spec->has_eof_linger = true;
    if (linger == 0)
        spec->eof_linger_ms = DEFAULT_LINGER_MS;
    else if (linger > 0)
        spec->eof_linger_ms = (uint64_t)linger;
    spec->owner_loss = OWNER_LOSS_KILL;
    if (options->owner_loss == REMEX_OWNER_LOSS_KEEP) {
        spec->owner_loss = OWNER_LOSS_KEEP;
        spec->keep_ms = (uint64_t)options->keep_ms;
    }
}

/* Points into the options, argv, and `start->strings`. */
static enum remex_status put_spec(struct start *start, const char *const *argv,
        const struct remex_process_options *options, struct process_spec *spec)
{
    size_t arguments = count_strings(argv);
    size_t variables = count_strings(options->env);

    start->strings = calloc(arguments + variables + 1, sizeof(*start->strings));
    if (!start->strings)
        return REMEX_NO_MEMORY;
    put_strings(start->strings, argv);
    put_strings(start->strings + arguments, options->env);
    *spec = (struct process_spec){
        .process_id = handle_id(start->handle),
        .argv = start->strings,
        .argv_count = arguments,
        .arg0 = or_nothing(options->arg0),
        .cwd = or_nothing(options->cwd),
        .env_base =
                options->env_mode == REMEX_ENV_EXACT ? ENV_EMPTY : ENV_EXECUTOR,
        .env = start->strings + arguments,
        .env_count = variables,
        .stdin_kind = options->stdin_mode == REMEX_STDIN_PIPE ? STDIN_PIPE
                                                              : STDIN_CLOSED,
        .out = stream_of(&options->out),
        .err = stream_of(&options->err),
    };
    put_lifetime(spec, options);
    return REMEX_OK;
}

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
    enum remex_status status;

    *call = (struct call){
        .request = { .method = METHOD_START },
        .deadline = client_call_deadline(client),
        .repeatable = true,
        .changes = true,
        .prepare = prepare,
        .replied = replied,
    };
    status = put_spec(&start, argv, options, &call->request.start.process);
    if (status != REMEX_OK)
        return error_set(error, status, "no memory for a start");
    status = client_call(client, &start.call, error);
    free(start.strings);
    return status;
}

/* --- The handle ---------------------------------------------------------- */

static enum remex_status add_handle(struct remex_client *client,
        struct remex_process *process, const char *id)
{
    char random_name[ID_TEXT_BYTES];
    struct message_id random;
    enum remex_status status;

    if (!id) {
        random_id(&random);
        id_format(&random, random_name);
        id = random_name;
    }
    status = engine_add(&client->engine, &process->handle, id, strlen(id));
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
    enum remex_status status = add_handle(client, process, options->id);

    if (status != REMEX_OK) {
        free(process);
        return error_set(error, status, "no memory for a handle");
    }
    if (options->stdin_mode != REMEX_STDIN_PIPE)
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
    status = take_options(given, &options, error);
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
