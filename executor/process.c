/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/process.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/error.h"
#include "executor/process_host.h"
#include "executor/process_spec.h"
#include "executor/stdin_queue.h"

#define DEFAULT_EOF_LINGER_MS 3000

/* stdout and stderr; a terminal would be one stream. */
#define STREAMS 2

struct stream {
    struct remex_stream_end end; /* kind 0: it goes on */
    uint32_t chunk_bytes;        /* most in one event; 0: no matter */
    bool paused;                 /* until the log has room */
};

/* Signals to send before the tree is killed. */
struct plan {
    struct stop_step steps[MESSAGE_STOP_STEPS];
    size_t count; /* 0: none was begun */
    size_t next;  /* step */
    int64_t due;  /* when to go on */
};

struct process {
    struct process_host *host;
    struct process_child *child;
    struct process_hooks hooks;
    struct event_log *log;
    struct stdin_queue stdin_queue;
    enum process_state state;
    int64_t pid;
    int64_t started_at;      /* monotonic */
    int64_t started_time_ns; /* the same since 1970 */

    struct stream streams[STREAMS];
    enum delivery delivery;
    enum no_follower no_follower;
    uint64_t consumed; /* by followers, as far as was told */

    struct remex_exit exited;
    enum remex_exit_reason cause; /* why it was, or will be, made to end */
    uint64_t signals;             /* sent on request; bit n - 1: signal n */
    struct plan plan;
    int64_t eof_linger; /* nanoseconds; CLOCK_NEVER: for ever */
    int64_t wall_due;
    int64_t linger_due;
};

/* --- Little helpers ------------------------------------------------------ */

static struct stream *stream_of(
        struct process *process, enum remex_stream stream)
{
    assert(stream == REMEX_STDOUT || stream == REMEX_STDERR);
    return &process->streams[stream - REMEX_STDOUT];
}

/* Events of a process never go back in time, whatever happens to the clock. */
static int64_t time_of(const struct process *process, int64_t now)
{
    return process->started_time_ns + (now - process->started_at);
}

static void published(struct process *process)
{
    process->hooks.published(process->hooks.user, process);
}

static void stdin_moved(struct process *process)
{
    process->hooks.stdin_moved(process->hooks.user, process);
}

static void end_stdin(struct process *process)
{
    bool open = !process->stdin_queue.ended;

    stdin_queue_end(&process->stdin_queue);
    if (open)
        stdin_moved(process);
}

/* --- Start and end ------------------------------------------------------- */

static void set_stream(struct process *process, enum remex_stream number,
        const struct stream_spec *spec)
{
    struct stream *stream = stream_of(process, number);

    stream->end.stream = number;
    stream->chunk_bytes = spec->chunk_bytes;
    if (spec->capture == CAPTURE_DISCARD)
        stream->end.kind = REMEX_END_DISCARDED;
}

static void set_delivery(
        struct process *process, const struct process_spec *spec)
{
    const struct stream_spec *captured = &spec->out;

    set_stream(process, REMEX_STDOUT, &spec->out);
    set_stream(process, REMEX_STDERR, &spec->err);
    if (captured->capture != CAPTURE_PIPE)
        captured = &spec->err;
    process->delivery = captured->delivery;
    process->no_follower = captured->no_follower;
    process_set_consumed(process, UINT64_MAX);
}

static int64_t linger_of(const struct process_spec *spec)
{
    if (!spec->has_eof_linger)
        return clock_from_ms(DEFAULT_EOF_LINGER_MS);
    return spec->eof_linger_ms == 0 ? CLOCK_NEVER
                                    : clock_from_ms(spec->eof_linger_ms);
}

static enum remex_status process_new(const struct process_spec *spec,
        const struct process_limits *limits, struct process **out)
{
    struct process *process = calloc(1, sizeof(*process));

    if (!process)
        return REMEX_NO_MEMORY;
    if (event_log_new(limits->log, &process->log) != REMEX_OK) {
        free(process);
        return REMEX_NO_MEMORY;
    }
    stdin_queue_init(&process->stdin_queue, limits->stdin_bytes);
    process->stdin_queue.ended = spec->stdin_kind != STDIN_PIPE;
    process->state = PROCESS_RUNNING;
    process->cause = REMEX_EXIT_OWN;
    process->plan.due = CLOCK_NEVER;
    process->wall_due = CLOCK_NEVER;
    process->linger_due = CLOCK_NEVER;
    process->eof_linger = linger_of(spec);
    set_delivery(process, spec);
    *out = process;
    return REMEX_OK;
}

static void process_discard(struct process *process)
{
    stdin_queue_deinit(&process->stdin_queue);
    event_log_free(process->log);
    free(process);
}

static enum remex_status start_child(struct process *process,
        const struct process_spec *spec, struct remex_error *error)
{
    struct process_started started = { 0 };
    enum remex_status status = process->host->calls->start(
            process->host, spec, process, &started, error);

    if (status != REMEX_OK)
        return status;
    process->child = started.child;
    process->pid = started.pid;
    process->started_at = started.now;
    process->started_time_ns = started.time_ns;
    if (spec->wall_time_ms > 0)
        process->wall_due =
                clock_after(started.now, clock_from_ms(spec->wall_time_ms));
    return REMEX_OK;
}

enum remex_status process_start(struct process_host *host,
        const struct process_spec *spec, const struct process_limits *limits,
        const struct process_hooks *hooks, struct process **out,
        struct remex_error *error)
{
    struct process *process;
    enum remex_status status = process_spec_check(spec, error);

    if (status != REMEX_OK)
        return status;
    if (process_new(spec, limits, &process) != REMEX_OK)
        return error_set(error, REMEX_RESOURCE_EXHAUSTED,
                "the executor has no memory for a process; try again later");
    process->host = host;
    process->hooks = *hooks;
    status = start_child(process, spec, error);
    if (status != REMEX_OK) {
        process_discard(process);
        return status;
    }
    *out = process;
    return REMEX_OK;
}

void process_free(struct process *process)
{
    if (!process)
        return;
    process->host->calls->release(process->child);
    process_discard(process);
}

enum process_state process_state(const struct process *process)
{
    return process->state;
}

int64_t process_pid(const struct process *process)
{
    return process->pid;
}

const struct event_log *process_log(const struct process *process)
{
    return process->log;
}

const struct remex_exit *process_exit(const struct process *process)
{
    return process->state == PROCESS_RUNNING ? NULL : &process->exited;
}

/* --- Output -------------------------------------------------------------- */

enum remex_status process_reserve(struct process *process,
        enum remex_stream number, size_t want, void **data_out,
        size_t *size_out)
{
    struct stream *stream = stream_of(process, number);
    enum remex_status status;

    assert(stream->end.kind == 0);
    if (stream->chunk_bytes > 0 && want > stream->chunk_bytes)
        want = stream->chunk_bytes;
    status = event_log_reserve(process->log, want, data_out, size_out);
    stream->paused = status == REMEX_AGAIN;
    return status;
}

void process_on_output(struct process *process, enum remex_stream stream,
        size_t size, int64_t now)
{
    event_log_commit(process->log, stream, size, time_of(process, now));
    published(process);
}

uint64_t process_stream_bytes(
        const struct process *process, enum remex_stream stream)
{
    return event_log_stream_bytes(process->log, stream);
}

/* What followers have not consumed, and the child has to be held for. */
static uint64_t pin_of(const struct process *process, uint64_t consumed)
{
    if (process->delivery != DELIVERY_RELIABLE)
        return UINT64_MAX;
    if (consumed != UINT64_MAX)
        return consumed;
    return process->no_follower == NO_FOLLOWER_HOLD ? process->consumed
                                                    : UINT64_MAX;
}

void process_set_consumed(struct process *process, uint64_t seq)
{
    event_log_pin(process->log, pin_of(process, seq));
    if (seq != UINT64_MAX)
        process->consumed = seq;
    if (!event_log_has_room(process->log))
        return;
    for (size_t i = 0; i < STREAMS; i++) {
        struct stream *stream = &process->streams[i];

        if (!stream->paused)
            continue;
        stream->paused = false;
        process->host->calls->resume(process->child, stream->end.stream);
    }
}

/* --- Endings ------------------------------------------------------------- */

static bool all_streams_ended(const struct process *process)
{
    for (size_t i = 0; i < STREAMS; i++) {
        if (process->streams[i].end.kind == 0)
            return false;
    }
    return true;
}

/* Publishes Closed, if nothing is to come before it. */
static bool try_close(struct process *process, int64_t now)
{
    struct remex_stream_end ends[STREAMS];

    if (process->state != PROCESS_EXITED || !all_streams_ended(process))
        return false;
    for (size_t i = 0; i < STREAMS; i++)
        ends[i] = process->streams[i].end;
    event_log_closed(process->log, ends, STREAMS, time_of(process, now));
    process->state = PROCESS_CLOSED;
    process->linger_due = CLOCK_NEVER;
    return true;
}

void process_on_stream_end(struct process *process, enum remex_stream number,
        enum remex_stream_end_kind kind, int os_error, int64_t now)
{
    struct stream *stream = stream_of(process, number);

    assert(stream->end.kind == 0);
    stream->end.kind = kind;
    stream->end.os_error = os_error;
    stream->end.bytes = event_log_stream_bytes(process->log, number);
    stream->paused = false;
    if (try_close(process, now))
        published(process);
}

/* A cause counts only if the end looks like its effect. */
static enum remex_exit_reason reason_of(
        const struct process *process, const struct remex_exit *exited)
{
    bool killed = exited->by_signal && exited->code == SIGKILL;

    if (process->cause == REMEX_EXIT_WALL_TIME && !killed)
        return REMEX_EXIT_OWN;
    if (process->cause == REMEX_EXIT_OWN && exited->by_signal &&
            (process->signals >> (exited->code - 1) & 1))
        return REMEX_EXIT_TERMINATED;
    return process->cause;
}

static void kill_tree(struct process *process)
{
    process->plan.next = process->plan.count;
    process->plan.due = CLOCK_NEVER;
    process->host->calls->kill_tree(process->child);
}

void process_on_exit(
        struct process *process, const struct remex_exit *exited, int64_t now)
{
    bool stopping = process->plan.due != CLOCK_NEVER;

    assert(process->state == PROCESS_RUNNING);
    process->exited = *exited;
    process->exited.reason = reason_of(process, exited);
    process->exited.wall_us = (uint64_t)(now - process->started_at) / 1000;
    process->state = PROCESS_EXITED;
    process->wall_due = CLOCK_NEVER;
    process->linger_due = clock_after(now, process->eof_linger);
    event_log_exited(process->log, &process->exited, time_of(process, now));
    try_close(process, now);

    if (!process->stdin_queue.ended)
        process->host->calls->close_stdin(process->child);
    end_stdin(process);
    if (stopping)
        kill_tree(process);
    published(process);
}

/* --- Stdin --------------------------------------------------------------- */

enum remex_status process_write(struct process *process,
        const struct write_request *request, struct remex_bytes payload,
        struct write_reply *out, struct remex_error *error)
{
    struct stdin_queue *queue = &process->stdin_queue;
    enum remex_status status =
            stdin_queue_take(queue, request->offset, payload, request->eof);

    if (status == REMEX_OUT_OF_RANGE)
        return error_set(error, status,
                "stdin is taken up to offset %llu only; write from there",
                (unsigned long long)queue->next);
    if (status == REMEX_NO_MEMORY)
        return error_set(error, REMEX_RESOURCE_EXHAUSTED,
                "the executor has no memory for stdin; try again later");

    if (status == REMEX_OK && !queue->ended && (queue->size > 0 || queue->eof))
        process->host->calls->feed(process->child);
    if (status == REMEX_OK)
        out->outcome = WRITE_ACCEPTED;
    else if (process->state == PROCESS_RUNNING)
        out->outcome = WRITE_STDIN_CLOSED;
    else
        out->outcome = WRITE_EXITED;
    out->next_offset = queue->next;
    out->room = stdin_queue_room(queue);
    out->eof = queue->eof;
    return REMEX_OK;
}

struct remex_bytes process_stdin_peek(const struct process *process)
{
    return stdin_queue_peek(&process->stdin_queue);
}

void process_on_stdin_fed(struct process *process, size_t size)
{
    bool was_full = stdin_queue_room(&process->stdin_queue) == 0;

    stdin_queue_pass(&process->stdin_queue, size);
    if (was_full)
        stdin_moved(process);
}

bool process_stdin_at_end(const struct process *process)
{
    const struct stdin_queue *queue = &process->stdin_queue;

    return queue->eof && queue->size == 0 && !queue->ended;
}

void process_on_stdin_closed(struct process *process)
{
    end_stdin(process);
}

/* --- Signals and deadlines ----------------------------------------------- */

enum remex_status process_signal(struct process *process, int signal_number,
        enum signal_target target, enum signal_outcome *out,
        struct remex_error *error)
{
    bool running = process->state == PROCESS_RUNNING;
    enum remex_status status = REMEX_ENDED;

    assert(signal_number >= 1 && signal_number <= MESSAGE_SIGNAL);
    if (running || target != SIGNAL_LEADER)
        status = process->host->calls->signal(
                process->child, signal_number, target);
    if (status == REMEX_ENDED) {
        *out = SIGNAL_EXITED;
        return REMEX_OK;
    }
    if (status != REMEX_OK)
        return error_set(error, status,
                "signal %d could not be sent to the process", signal_number);
    process->signals |= UINT64_C(1) << (signal_number - 1);
    *out = SIGNAL_DELIVERED;
    return REMEX_OK;
}

/* Steps whose time is over make way for the next; after the last, the tree is
 * killed. A step that cannot be sent takes no time. */
static void run_plan(struct process *process, int64_t now)
{
    struct plan *plan = &process->plan;

    while (plan->next < plan->count && plan->due <= now) {
        const struct stop_step *step = &plan->steps[plan->next++];

        if (process->host->calls->signal(process->child, (int)step->signal,
                    SIGNAL_GROUP) == REMEX_OK)
            plan->due = clock_after(now, clock_from_ms(step->wait_ms));
    }
    if (plan->due <= now)
        kill_tree(process);
}

bool process_terminate(struct process *process, const struct stop_step *plan,
        size_t count, enum remex_exit_reason reason, int64_t now)
{
    bool running = process->state == PROCESS_RUNNING;

    assert(count <= MESSAGE_STOP_STEPS);
    if (running && process->cause == REMEX_EXIT_OWN)
        process->cause = reason;
    if (!running || count == 0) {
        kill_tree(process);
    } else if (process->plan.count == 0) {
        memcpy(process->plan.steps, plan, count * sizeof(*plan));
        process->plan.count = count;
        process->plan.due = now;
        run_plan(process, now);
    }
    return running;
}

static void tick_running(struct process *process, int64_t now)
{
    if (process->wall_due <= now) {
        process->wall_due = CLOCK_NEVER;
        if (process->cause == REMEX_EXIT_OWN)
            process->cause = REMEX_EXIT_WALL_TIME;
        kill_tree(process);
    }
    if (process->plan.due <= now)
        run_plan(process, now);
}

static void abandon_streams(struct process *process)
{
    process->linger_due = CLOCK_NEVER;
    for (size_t i = 0; i < STREAMS; i++) {
        const struct remex_stream_end *end = &process->streams[i].end;

        if (end->kind == 0)
            process->host->calls->abandon(process->child, end->stream);
    }
}

int64_t process_due(const struct process *process)
{
    int64_t due = process->linger_due;

    if (process->wall_due < due)
        due = process->wall_due;
    if (process->plan.due < due)
        due = process->plan.due;
    return due;
}

int64_t process_tick(struct process *process, int64_t now)
{
    if (process->state == PROCESS_RUNNING)
        tick_running(process, now);
    else if (process->linger_due <= now)
        abandon_streams(process);
    return process_due(process);
}
