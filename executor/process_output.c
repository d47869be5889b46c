/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>

#include "executor/process_inside.h"

struct process_stream *process_stream_of(
        struct process *process, enum remex_stream stream)
{
    size_t index = stream == REMEX_STDERR ? 1 : 0;

    assert(index < process->stream_count &&
            process->streams[index].end.stream == stream);
    return &process->streams[index];
}

/* --- Setting up ----------------------------------------------------------- */

static void add_stream(struct process *process, enum remex_stream number,
        const struct stream_spec *spec)
{
    struct process_stream *stream = &process->streams[process->stream_count++];

    stream->end.stream = number;
    stream->spec = *spec;
    if (spec->capture == CAPTURE_DISCARD)
        stream->end.kind = REMEX_END_DISCARDED;
}

enum remex_status process_init_output(struct process *process,
        const struct process_spec *spec, const struct process_limits *limits)
{
    struct log_policy policies[REMEX_STREAMS] = { 0 };
    enum remex_status status;

    add_stream(process, spec->pty ? REMEX_TERMINAL : REMEX_STDOUT, &spec->out);
    if (!spec->pty)
        add_stream(process, REMEX_STDERR, &spec->err);
    for (size_t i = 0; i < process->stream_count; i++) {
        const struct process_stream *stream = &process->streams[i];

        policies[stream->end.stream - 1] = (struct log_policy){
            .captured = stream->spec.capture == CAPTURE_PIPE,
            .pins = stream->spec.delivery == DELIVERY_RELIABLE,
            .retention = stream->spec.retention,
            .amount = stream->spec.retention_amount,
        };
    }
    status = event_log_new(limits->log, policies, limits->store, &process->log);
    if (status == REMEX_OK)
        process_set_consumed(process, UINT64_MAX);
    return status;
}

/* --- Reading from the child ----------------------------------------------- */

enum remex_status process_reserve(struct process *process,
        enum remex_stream number, size_t want, void **data_out,
        size_t *size_out)
{
    struct process_stream *stream = process_stream_of(process, number);
    uint32_t chunk = stream->spec.chunk_bytes;
    enum remex_status status;

    assert(stream->end.kind == 0);
    if (chunk > 0 && want > chunk)
        want = chunk;
    status = event_log_reserve(process->log, number, want, data_out, size_out);
    stream->paused = status == REMEX_AGAIN;
    return status;
}

void process_on_output(struct process *process, enum remex_stream stream,
        size_t size, int64_t now)
{
    event_log_commit(process->log, stream, size, process_time_of(process, now));
    process_published(process);
}

uint64_t process_stream_bytes(
        const struct process *process, enum remex_stream stream)
{
    return event_log_stream(process->log, stream).bytes;
}

/* --- Followers ------------------------------------------------------------ */

/* What a stream is needed from on. */
static uint64_t need_of(const struct process *process,
        const struct stream_spec *spec, uint64_t consumed)
{
    bool held = spec->delivery == DELIVERY_RELIABLE &&
            spec->no_follower == NO_FOLLOWER_HOLD && !process->let_go;

    return consumed == UINT64_MAX && held ? process->consumed : consumed;
}

static void resume_streams(struct process *process)
{
    for (size_t i = 0; i < process->stream_count; i++) {
        struct process_stream *stream = &process->streams[i];

        if (!stream->paused ||
                !event_log_has_room(process->log, stream->end.stream))
            continue;
        stream->paused = false;
        process->host->calls->resume(process->child, stream->end.stream);
    }
}

void process_set_consumed(struct process *process, uint64_t seq)
{
    process->told = seq;
    for (size_t i = 0; i < process->stream_count; i++) {
        const struct process_stream *stream = &process->streams[i];

        event_log_need(process->log, stream->end.stream,
                need_of(process, &stream->spec, seq));
    }
    if (seq != UINT64_MAX)
        process->consumed = seq;
    resume_streams(process);
}

void process_let_go(struct process *process)
{
    process->let_go = true;
    process_set_consumed(process, process->told);
}

void process_seal(struct process *process, enum remex_stream number)
{
    event_log_seal(process->log, number);
}

size_t process_tell_streams(
        const struct process *process, struct stream_status out[REMEX_STREAMS])
{
    for (size_t i = 0; i < process->stream_count; i++) {
        const struct process_stream *stream = &process->streams[i];
        struct log_stream_state state =
                event_log_stream(process->log, stream->end.stream);

        out[i] = (struct stream_status){
            .stream = stream->end.stream,
            .spec = stream->spec,
            .bytes_read = state.bytes,
            .retained_bytes = state.kept_bytes,
            .retained_events = state.kept_events,
            .dropped_bytes = state.dropped,
            .dropped_events = state.dropped_events,
            .sealed = state.sealed,
            .held = stream->paused && stream->end.kind == 0,
            .has_ended = stream->end.kind != 0,
            .end = stream->end,
        };
    }
    return process->stream_count;
}
