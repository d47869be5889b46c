/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include <remex/capture.h>

#include "client/convenience/ending.h"
#include "client/convenience/feeder.h"
#include "client/convenience/keep.h"
#include "client/convenience/mistake.h"
#include "client/convenience/patience.h"
#include "client/convenience/stopper.h"

#define DEFAULT_BYTES ((size_t)1024 * 1024)
#define DEFAULT_STOP_MS 10000

/* What the user gets is its first member. */
struct run {
    struct remex_capture_result told;
    struct remex_capture_options options;
    struct remex_process *process;
    struct keep out;
    struct keep err;
    struct ending ending;
    struct feeder feeder;

    struct patience patience; /* until the stop; and then after it */
    struct stopper stopper;
    bool is_stopping;
    bool is_stopped;
};

/* --- What was asked ------------------------------------------------------ */

static enum remex_status take_options(const struct remex_capture_options *given,
        struct remex_capture_options *out, struct remex_error *error)
{
    enum remex_status status =
            mistake_in_options(given, out, sizeof(*out), error);

    if (status != REMEX_OK)
        return status;
    if (out->timeout_ms < 0 || out->stop_timeout_ms < 0)
        return mistake_in(error, "options", "a duration is negative");
    if (!stopper_plan_is_fine(out->stop_plan, out->stop_step_count))
        return mistake_in(error, "options.stop_plan",
                "a plan has at most 16 steps, each with a signal and a wait");
    if (!out->input && out->input_size > 0)
        return mistake_in(error, "options.input", "there is none");
    if (out->max_out_bytes == 0)
        out->max_out_bytes = DEFAULT_BYTES;
    if (out->max_err_bytes == 0)
        out->max_err_bytes = DEFAULT_BYTES;
    if (out->stop_timeout_ms == 0)
        out->stop_timeout_ms = DEFAULT_STOP_MS;
    return REMEX_OK;
}

static enum remex_status start(struct run *run, struct remex_client *client,
        const char *const *argv, const struct remex_process_options *given,
        struct remex_error *error)
{
    struct remex_process_options options;
    struct remex_bytes input = { run->options.input, run->options.input_size };
    enum remex_status status =
            mistake_in_options(given, &options, sizeof(options), error);

    if (status != REMEX_OK)
        return status;
    if (input.size > 0)
        options.stdin_mode = REMEX_STDIN_PIPE;
    status = remex_process_start(client, argv, &options, &run->process, error);
    if (status == REMEX_OK && options.stdin_mode == REMEX_STDIN_PIPE)
        feeder_begin(&run->feeder, run->process, input);
    return status;
}

static enum remex_status run_new(const struct remex_capture_options *options,
        struct run **out, struct remex_error *error)
{
    struct remex_capture_options taken;
    enum remex_status status = take_options(options, &taken, error);
    struct run *run;

    if (status != REMEX_OK)
        return status;
    run = calloc(1, sizeof(*run));
    if (!run)
        return mistake(error, REMEX_NO_MEMORY, "there is no memory");
    run->options = taken;
    keep_init(&run->out, taken.keep_out, taken.max_out_bytes);
    keep_init(&run->err, taken.keep_err, taken.max_err_bytes);
    ending_init(&run->ending);
    run->patience = patience_start(
            taken.timeout_ms > 0 ? taken.timeout_ms : REMEX_FOREVER);
    *out = run;
    return REMEX_OK;
}

void remex_capture_result_free(struct remex_capture_result *capture)
{
    struct run *run = (struct run *)capture;

    if (!run)
        return;
    keep_deinit(&run->out);
    keep_deinit(&run->err);
    free(run);
}

/* --- Following ----------------------------------------------------------- */

static void take(struct run *run, const struct remex_event *event)
{
    bool is_err = event->kind == REMEX_EVENT_OUTPUT &&
            event->output.stream == REMEX_STDERR;
    struct remex_captured *told = is_err ? &run->told.err : &run->told.out;

    ending_take(&run->ending, event);
    if (event->kind != REMEX_EVENT_OUTPUT)
        return;
    told->bytes += event->output.data.size;
    keep_add(is_err ? &run->err : &run->out, event->output.data);
}

static void begin_stop(struct run *run)
{
    run->is_stopping = true;
    stopper_init(&run->stopper, run->process, run->options.stop_plan,
            run->options.stop_step_count, run->options.stop_timeout_ms,
            &run->told.stop);
}

/* How long to wait for the next event; false: no longer. */
static bool find_timeout(struct run *run, int *timeout_ms_out)
{
    int left_ms = patience_left_ms(&run->patience);

    if (!run->is_stopping && left_ms == 0)
        begin_stop(run);
    if (run->is_stopping && !run->is_stopped) {
        run->is_stopped = stopper_turn(&run->stopper, timeout_ms_out);
        if (!run->is_stopped)
            return true;
        run->patience = patience_start(run->options.stop_timeout_ms);
        left_ms = patience_left_ms(&run->patience);
    }
    *timeout_ms_out = left_ms;
    return !run->is_stopped || left_ms != 0;
}

/* Up to the ending, or to where it is not waited for any longer. */
static void follow(struct run *run)
{
    struct remex_event event;
    int timeout_ms;

    while (!ending_is_final(&run->ending) && find_timeout(run, &timeout_ms)) {
        enum remex_status status =
                remex_process_next_event(run->process, timeout_ms, &event);

        if (status == REMEX_OK)
            take(run, &event);
        else if (status != REMEX_AGAIN)
            break;
    }
}

/* --- Telling ------------------------------------------------------------- */

static void tell_stream(
        struct run *run, enum remex_stream stream, struct remex_captured *out)
{
    struct ending *ending = &run->ending;
    uint64_t lost = ending->told.lost_bytes[stream - 1];

    out->lost_bytes += lost;
    if (lost > 0 || ending_has(ending, stream, REMEX_END_READ_ERROR))
        out->lossy = true;
}

static void tell_kept(struct keep *keep, struct remex_captured *out)
{
    out->data = keep_bytes(keep);
    out->truncated = keep->truncated;
}

static enum remex_status tell_status(const struct run *run)
{
    enum remex_status status = run->ending.told.status;

    if (status == REMEX_DISCONNECTED)
        return status;
    if (run->is_stopping || status != REMEX_OK)
        return REMEX_DEADLINE_EXCEEDED;
    return run->out.failed || run->err.failed ? REMEX_NO_MEMORY : REMEX_OK;
}

static void tell(struct run *run)
{
    struct remex_capture_result *told = &run->told;
    struct remex_ending *ending = &run->ending.told;

    if (!ending->has_exit) /* it may be known before its turn */
        ending->has_exit =
                remex_process_wait(run->process, 0, &ending->exit) == REMEX_OK;
    ending->status = tell_status(run);
    told->ending = *ending;
    tell_kept(&run->out, &told->out);
    tell_kept(&run->err, &told->err);
    tell_stream(run, REMEX_STDOUT, &told->out);
    tell_stream(run, REMEX_TERMINAL, &told->out);
    tell_stream(run, REMEX_STDERR, &told->err);
    told->input_bytes = run->feeder.taken;
    told->input_status = run->feeder.status;
}

enum remex_status remex_capture(struct remex_client *client,
        const char *const *argv,
        const struct remex_process_options *process_options,
        const struct remex_capture_options *options,
        struct remex_capture_result **out, struct remex_error *error)
{
    struct run *run;
    enum remex_status status = run_new(options, &run, error);

    if (status != REMEX_OK)
        return status;
    status = start(run, client, argv, process_options, error);
    if (status != REMEX_OK) {
        remex_capture_result_free(&run->told);
        return status;
    }
    follow(run);
    feeder_end(&run->feeder);
    tell(run);
    remex_process_free(run->process);
    run->process = NULL;
    *out = &run->told;
    return REMEX_OK;
}
