/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/process.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/error.h"
#include "executor/process_inside.h"
#include "executor/process_spec.h"
#include "executor/tree_limits.h"

/* --- Little helpers ------------------------------------------------------ */

/* A turn of the loop may have begun before the start that it made. */
static int64_t age_of(const struct process *process, int64_t now)
{
    return now > process->started_at ? now - process->started_at : 0;
}

int64_t process_time_of(const struct process *process, int64_t now)
{
    return process->started_time_ns + age_of(process, now);
}

void process_published(struct process *process)
{
    process->hooks.published(process->hooks.user, process);
}

/* --- Start and end ------------------------------------------------------- */

static int64_t linger_of(const struct process_spec *spec)
{
    if (!spec->has_eof_linger)
        return clock_from_ms(PROCESS_EOF_LINGER_MS);
    return spec->eof_linger_ms == 0 ? CLOCK_NEVER
                                    : clock_from_ms(spec->eof_linger_ms);
}

static void process_discard(struct process *process)
{
    stdin_queue_deinit(&process->stdin_queue);
    event_log_free(process->log);
    free(process);
}

static enum remex_status process_new(const struct process_spec *spec,
        const struct process_limits *limits, struct process **out)
{
    struct process *process = calloc(1, sizeof(*process));

    if (!process)
        return REMEX_NO_MEMORY;
    if (process_init_output(process, spec, limits) != REMEX_OK) {
        free(process);
        return REMEX_NO_MEMORY;
    }
    stdin_queue_init(&process->stdin_queue, limits->stdin_bytes, limits->input);
    if (stdin_queue_reserve(&process->stdin_queue, limits->input_bytes) !=
            REMEX_OK) {
        process_discard(process);
        return REMEX_NO_MEMORY;
    }
    process->stdin_queue.ended = spec->stdin_kind != STDIN_PIPE;
    process->state = PROCESS_RUNNING;
    process->cause = REMEX_EXIT_OWN;
    process->plan.due = CLOCK_NEVER;
    process->wall_due = CLOCK_NEVER;
    process->linger_due = CLOCK_NEVER;
    process->eof_linger = linger_of(spec);
    *out = process;
    return REMEX_OK;
}

static enum remex_status start_child(struct process *process,
        const struct process_spec *spec, const struct process_limits *limits,
        struct remex_error *error)
{
    uint64_t wall_ms =
            spec->wall_time_ms > 0 ? spec->wall_time_ms : limits->wall_time_ms;
    struct process_started started = { 0 };
    struct process_spec settled = *spec;
    enum remex_status status;

    settled.tree_limits = tree_limits_settle(&spec->tree_limits, &limits->tree);
    status = process->host->calls->start(
            process->host, &settled, limits->policy, process, &started, error);
    if (status != REMEX_OK && status != REMEX_AGAIN)
        return status;
    process->tree_limits = settled.tree_limits;
    process->child = started.child;
    process->pid = started.pid;
    process->started_at = started.now;
    process->started_time_ns = started.time_ns;
    if (wall_ms > 0)
        process->wall_due = clock_after(started.now, clock_from_ms(wall_ms));
    return status;
}

bool process_has_room(struct process_host *host)
{
    return host->calls->has_room(host);
}

/* NOLINTNEXTLINE(readability-function-size) */
enum remex_status process_start(struct process_host *host,
        const struct process_spec *spec, const struct process_limits *limits,
        const struct process_hooks *hooks, struct process **out,
        struct remex_error *error)
{
    struct process *process;
    enum remex_status status = process_spec_check(spec, &limits->log, error);

    if (status != REMEX_OK)
        return status;
    if (process_new(spec, limits, &process) != REMEX_OK)
        return error_set(error, REMEX_RESOURCE_EXHAUSTED,
                "the executor has no memory for a process; try again later");
    process->host = host;
    process->hooks = *hooks;
    status = start_child(process, spec, limits, error);
    if (status != REMEX_OK && status != REMEX_AGAIN) {
        process_discard(process);
        return status;
    }
    *out = process;
    return status;
}

void process_on_launched(
        struct process *process, int64_t pid, const struct remex_error *failure)
{
    process->pid = pid;
    process->hooks.launched(process->hooks.user, process, failure);
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

/* --- Endings ------------------------------------------------------------- */

static bool all_streams_ended(const struct process *process)
{
    for (size_t i = 0; i < process->stream_count; i++) {
        if (process->streams[i].end.kind == 0)
            return false;
    }
    return true;
}

/* Publishes Closed, if nothing is to come before it. */
static bool try_close(struct process *process, int64_t now)
{
    struct remex_stream_end ends[PROCESS_STREAMS];

    if (process->state != PROCESS_EXITED || !all_streams_ended(process))
        return false;
    for (size_t i = 0; i < process->stream_count; i++)
        ends[i] = process->streams[i].end;
    event_log_closed(process->log, ends, process->stream_count,
            process_time_of(process, now));
    process->state = PROCESS_CLOSED;
    process->wall_due = CLOCK_NEVER;
    process->linger_due = CLOCK_NEVER;
    return true;
}

void process_on_stream_end(struct process *process, enum remex_stream number,
        enum remex_stream_end_kind kind, int os_error, int64_t now)
{
    struct process_stream *stream = process_stream_of(process, number);

    assert(stream->end.kind == 0);
    stream->end.kind = kind;
    stream->end.os_error = os_error;
    stream->end.bytes = process_stream_bytes(process, number);
    stream->paused = false;
    if (try_close(process, now))
        process_published(process);
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

void process_on_exit(
        struct process *process, const struct remex_exit *exited, int64_t now)
{
    bool stopping = process->plan.due != CLOCK_NEVER;

    assert(process->state == PROCESS_RUNNING);
    process->exited = *exited;
    process->exited.reason = reason_of(process, exited);
    process->exited.wall_us = (uint64_t)age_of(process, now) / 1000;
    process->state = PROCESS_EXITED;
    process->linger_due = clock_after(now, process->eof_linger);
    if (process->cause != REMEX_EXIT_OWN)
        process_bound_linger(process, now);
    event_log_exited(
            process->log, &process->exited, process_time_of(process, now));
    try_close(process, now);

    if (!process->stdin_queue.ended)
        process->host->calls->close_stdin(process->child);
    process_end_stdin(process);
    if (stopping)
        process_kill_tree(process);
    process_published(process);
}
