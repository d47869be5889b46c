/* SPDX-License-Identifier: Apache-2.0 */
#include "client/process_spec.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"

#define DEFAULT_LINGER_MS 3000
#define DEFAULT_ROWS 24
#define DEFAULT_COLUMNS 80

/* --- Options ------------------------------------------------------------- */

enum remex_status spec_take_options(const struct remex_process_options *given,
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

/* --- Its parts ----------------------------------------------------------- */

/* The protocol counts from 1, and refuses 0: what the options do not know. */
static unsigned int choice(unsigned int given, unsigned int last)
{
    return given <= last ? given + 1 : 0;
}

static struct stream_spec stream_of(const struct remex_stream_options *options)
{
    static const enum retention retentions[] = {
        [REMEX_RETAIN_ALL] = RETENTION_ALL,
        [REMEX_RETAIN_NONE] = RETENTION_NONE,
        [REMEX_RETAIN_BYTES] = RETENTION_BYTES,
        [REMEX_RETAIN_CHUNKS] = RETENTION_CHUNKS,
    };
    struct stream_spec spec = {
        .capture =
                (enum capture)choice(options->capture, REMEX_CAPTURE_DISCARD),
        .no_follower = (enum no_follower)choice(
                options->no_follower, REMEX_NO_FOLLOWER_HOLD),
        .retention_amount = options->retention_amount,
        .chunk_bytes = options->chunk_bytes,
    };

    if (options->delivery == REMEX_DELIVERY_RELIABLE)
        spec.delivery = DELIVERY_RELIABLE;
    else if (options->delivery == REMEX_DELIVERY_LOSSY)
        spec.delivery = DELIVERY_LOSSY;
    if ((unsigned int)options->retention <= REMEX_RETAIN_CHUNKS)
        spec.retention = retentions[options->retention];
    return spec;
}

static void put_lifetime(
        struct process_spec *spec, const struct remex_process_options *options)
{
    static const enum owner_loss losses[] = {
        [REMEX_OWNER_LOSS_KILL] = OWNER_LOSS_KILL,
        [REMEX_OWNER_LOSS_KEEP] = OWNER_LOSS_KEEP,
        [REMEX_OWNER_LOSS_TERMINATE] = OWNER_LOSS_TERMINATE,
    };
    int linger = options->eof_linger_ms;

    spec->wall_time_ms = (uint64_t)options->wall_time_ms;
    spec->has_eof_linger = true;
    if (linger == 0)
        spec->eof_linger_ms = DEFAULT_LINGER_MS;
    else if (linger > 0)
        spec->eof_linger_ms = (uint64_t)linger;
    if ((unsigned int)options->owner_loss <= REMEX_OWNER_LOSS_TERMINATE)
        spec->owner_loss = losses[options->owner_loss];
    if (options->owner_loss == REMEX_OWNER_LOSS_KEEP)
        spec->keep_ms = (uint64_t)options->keep_ms;
}

static enum remex_status put_rlimits(
        const struct remex_process_options *options,
        struct rlimit_spec out[MESSAGE_RLIMITS], struct remex_error *error)
{
    if (options->rlimit_count > MESSAGE_RLIMITS)
        return error_bad_field(error, "options.rlimits",
                "there can be %d resource limits at most", MESSAGE_RLIMITS);
    for (size_t i = 0; i < options->rlimit_count; i++) {
        const struct remex_rlimit *limit = &options->rlimits[i];

        if (limit->resource < 0)
            return error_bad_field(error, "options.rlimits",
                    "a resource is one of RLIMIT_...");
        out[i] = (struct rlimit_spec){
            .resource = (uint32_t)limit->resource,
            .soft = limit->soft,
            .hard = limit->hard,
        };
    }
    return REMEX_OK;
}

enum remex_status spec_put_plan(const struct remex_stop_step *plan,
        size_t count, const char *field,
        struct stop_step out[MESSAGE_STOP_STEPS], struct remex_error *error)
{
    if (count > MESSAGE_STOP_STEPS)
        return error_bad_field(error, field, "a plan has %d steps at most",
                MESSAGE_STOP_STEPS);
    for (size_t i = 0; i < count; i++) {
        if (plan[i].signal_number < 1 || plan[i].wait_ms < 0)
            return error_bad_field(error, field,
                    "a step has a signal and a time that is not negative");
        out[i] = (struct stop_step){
            .signal = (uint32_t)plan[i].signal_number,
            .wait_ms = (uint32_t)plan[i].wait_ms,
        };
    }
    return REMEX_OK;
}

enum remex_status spec_put_labels(const struct remex_label *labels,
        size_t count, const char *field, struct label out[MESSAGE_LABELS],
        struct remex_error *error)
{
    if (count > MESSAGE_LABELS)
        return error_bad_field(
                error, field, "there can be %d labels at most", MESSAGE_LABELS);
    for (size_t i = 0; i < count; i++) {
        if (!labels[i].name)
            return error_bad_field(error, field, "a label has a name");
        out[i] = (struct label){
            .name = text_bytes(labels[i].name),
            .value = or_nothing(labels[i].value),
        };
    }
    return REMEX_OK;
}

static void put_pty(struct spec_room *room,
        const struct remex_pty_options *given, struct process_spec *spec)
{
    if (!given)
        return;
    room->pty = (struct pty_spec){
        .rows = given->rows ? given->rows : DEFAULT_ROWS,
        .columns = given->columns ? given->columns : DEFAULT_COLUMNS,
        .term = or_nothing(given->term),
    };
    spec->pty = &room->pty;
    spec->stdin_kind = STDIN_PIPE;
    spec->err = (struct stream_spec){ .chunk_bytes = 0 }; /* there is none */
}

/* --- The whole ----------------------------------------------------------- */

/* What was counted by the user and has a bound. */
static enum remex_status put_lists(struct spec_room *room,
        const struct remex_process_options *options, struct process_spec *spec,
        struct remex_error *error)
{
    enum remex_status status = put_rlimits(options, room->rlimits, error);

    if (status == REMEX_OK)
        status = spec_put_plan(options->stop_plan, options->stop_step_count,
                "options.stop_plan", room->steps, error);
    if (status == REMEX_OK)
        status = spec_put_labels(options->labels, options->label_count,
                "options.labels", room->labels, error);
    spec->rlimits = room->rlimits;
    spec->rlimit_count = options->rlimit_count;
    spec->stop_plan = room->steps;
    spec->stop_plan_count = options->stop_step_count;
    spec->labels = room->labels;
    spec->label_count = options->label_count;
    return status;
}

static struct process_spec spec_of(const struct remex_process_options *options)
{
    struct process_spec spec = {
        .arg0 = or_nothing(options->arg0),
        .cwd = or_nothing(options->cwd),
        .stdin_kind =
                (enum stdin_kind)choice(options->stdin_mode, REMEX_STDIN_PIPE),
        .out = stream_of(&options->out),
        .err = stream_of(&options->err),
        .tree_limits = { options->tree_limits.memory_bytes,
                options->tree_limits.pids, options->tree_limits.cpu_millis },
        .traceparent = or_nothing(options->traceparent),
    };

    if (options->env_mode == REMEX_ENV_OVERLAY)
        spec.env_base = ENV_EXECUTOR;
    else if (options->env_mode == REMEX_ENV_EXACT)
        spec.env_base = ENV_EMPTY;
    put_lifetime(&spec, options);
    return spec;
}

enum remex_status spec_put(struct spec_room *room, struct remex_bytes id,
        const char *const *argv, const struct remex_process_options *options,
        struct process_spec *out, struct remex_error *error)
{
    size_t arguments = count_strings(argv);
    size_t variables = count_strings(options->env);
    enum remex_status status;

    *out = spec_of(options);
    put_pty(room, options->pty, out);
    status = put_lists(room, options, out, error);
    if (status != REMEX_OK)
        return status;
    room->strings = calloc(arguments + variables + 1, sizeof(*room->strings));
    if (!room->strings)
        return error_set(error, REMEX_NO_MEMORY, "no memory for a start");
    put_strings(room->strings, argv);
    put_strings(room->strings + arguments, options->env);
    out->process_id = id;
    out->argv = room->strings;
    out->argv_count = arguments;
    out->env = room->strings + arguments;
    out->env_count = variables;
    return REMEX_OK;
}

void spec_room_free(struct spec_room *room)
{
    free(room->strings);
    room->strings = NULL;
}
