/* SPDX-License-Identifier: Apache-2.0 */
#include <remex/copy.h>

#include "client/convenience/ending.h"
#include "client/convenience/mistake.h"
#include "client/convenience/patience.h"
#include "client/convenience/sink.h"

struct copy {
    struct remex_process *process; /* the caller's */
    struct remex_copy_options options;
    struct patience patience;
    struct ending ending;
    struct sink out;
    struct sink err;
    struct remex_error *error; /* the caller's; may be NULL */
    bool has_failed;           /* a write; the first one is told */
};

static enum remex_status take_options(const struct remex_copy_options *given,
        struct remex_copy_options *out, struct remex_error *error)
{
    enum remex_status status =
            mistake_in_options(given, out, sizeof(*out), error);

    if (status == REMEX_OK && out->timeout_ms < 0)
        status = mistake_in(error, "options.timeout_ms", "it is negative");
    return status;
}

static void tell_failure(struct copy *copy, int os_error)
{
    if (!copy->has_failed) {
        mistake(copy->error, REMEX_DATA_LOSS, "the output cannot be written");
        if (copy->error)
            copy->error->os_error = os_error;
    }
    copy->has_failed = true;
}

/* False: it is time to return. */
static bool take(struct copy *copy, const struct remex_event *event)
{
    struct sink *sink = &copy->out;

    ending_take(&copy->ending, event);
    if (event->kind != REMEX_EVENT_OUTPUT)
        return true;
    if (event->output.stream == REMEX_STDERR)
        sink = &copy->err;
    if (sink_write(sink, event->output.data, &copy->patience))
        return true;
    tell_failure(copy, sink->told->os_error);
    return copy->options.on_error == REMEX_COPY_GO_ON;
}

static bool has_lost(const struct copy *copy)
{
    for (int i = 0; i < REMEX_STREAMS; i++)
        if (copy->ending.told.lost_bytes[i] > 0 ||
                ending_has(&copy->ending, (enum remex_stream)(i + 1),
                        REMEX_END_READ_ERROR))
            return true;
    return false;
}

/* `status` is why no more events are taken. */
static enum remex_status judge(struct copy *copy, enum remex_status status)
{
    struct remex_error *error = copy->error;

    if (status == REMEX_AGAIN)
        return mistake(error, REMEX_DEADLINE_EXCEEDED,
                "the process was not closed in time");
    if (copy->ending.told.status == REMEX_DISCONNECTED)
        return mistake(error, REMEX_DISCONNECTED,
                "the executor can no longer be asked");
    if (copy->has_failed)
        return REMEX_DATA_LOSS;
    if (has_lost(copy))
        return mistake(
                error, REMEX_DATA_LOSS, "not all of the output has come");
    return status == REMEX_ENDED ? REMEX_OK : status;
}

static enum remex_status follow(struct copy *copy)
{
    struct remex_event event;
    enum remex_status status = REMEX_OK;

    while (status == REMEX_OK && !ending_is_final(&copy->ending)) {
        int left_ms = patience_left_ms(&copy->patience);

        /* Or output that never stops would keep this from returning. */
        status = left_ms == 0
                ? REMEX_AGAIN
                : remex_process_next_event(copy->process, left_ms, &event);
        if (status == REMEX_OK && !take(copy, &event))
            break;
    }
    return judge(copy, status);
}

static enum remex_status run(struct copy *copy,
        const struct remex_copy_options *options, struct remex_copy_result *out)
{
    enum remex_status status;
    const uint64_t *lost = copy->ending.told.lost_bytes;

    *out = (struct remex_copy_result){ 0 };
    ending_init(&copy->ending);
    status = take_options(options, &copy->options, copy->error);
    if (status != REMEX_OK)
        return status;
    copy->out.told = &out->out;
    copy->err.told = &out->err;
    copy->patience = patience_start(copy->options.timeout_ms > 0
                    ? copy->options.timeout_ms
                    : REMEX_FOREVER);
    status = follow(copy);
    if (status == REMEX_DEADLINE_EXCEEDED)
        copy->ending.told.status = status;
    out->ending = copy->ending.told;
    out->out.lost_bytes = lost[REMEX_STDOUT - 1] + lost[REMEX_TERMINAL - 1];
    out->err.lost_bytes = lost[REMEX_STDERR - 1];
    return status;
}

enum remex_status remex_copy(struct remex_process *process, int out_fd,
        int err_fd, const struct remex_copy_options *options,
        struct remex_copy_result *out, struct remex_error *error)
{
    struct copy copy = {
        .process = process,
        .out.fd = out_fd,
        .err.fd = err_fd,
        .error = error,
    };

    return run(&copy, options, out);
}

enum remex_status remex_copy_to_files(struct remex_process *process,
        FILE *out_file, FILE *err_file,
        const struct remex_copy_options *options, struct remex_copy_result *out,
        struct remex_error *error)
{
    struct copy copy = {
        .process = process,
        .out = { .fd = -1, .file = out_file },
        .err = { .fd = -1, .file = err_file },
        .error = error,
    };

    return run(&copy, options, out);
}
