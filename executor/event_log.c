/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/event_log.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "executor/log_stream.h"

/* A piece as small as this is worth a read, if no more was wanted than that. */
#define LEAST_ROOM 4096

struct event_log {
    struct event_log_limits limits;
    struct event_log_limits share; /* of one stream */
    struct log_stream streams[REMEX_STREAMS];
    struct log_store *store; /* of all rings; held, or NULL */
    struct log_block *spare; /* the same */
    uint64_t next_seq;
    struct mark end; /* behind the newest */

    /* Kept for good. Number 0: it has not happened. */
    struct {
        uint64_t seq;
        int64_t time_ns;
        struct mark before;
        struct remex_exit exited;
    } exited;
    struct {
        uint64_t seq;
        int64_t time_ns;
        size_t count;
        struct remex_stream_end ends[REMEX_STREAMS];
    } closed;
};

static size_t stream_index(enum remex_stream stream)
{
    assert(stream >= REMEX_STDOUT && stream <= REMEX_TERMINAL);
    return (size_t)stream - 1;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

uint64_t mark_position(const struct mark *mark)
{
    uint64_t position = 0;

    for (size_t i = 0; i < REMEX_STREAMS; i++)
        position += mark->offsets[i];
    return position;
}

/* --- Life ---------------------------------------------------------------- */

struct event_log_limits event_log_share(
        struct event_log_limits limits, size_t streams)
{
    assert(streams <= 2);
    if (streams == 2) {
        limits.max_bytes -= limits.max_bytes / 4;
        limits.max_events -= limits.max_events / 4;
    }
    return limits;
}

enum remex_status event_log_new(struct event_log_limits limits,
        const struct log_policy policies[REMEX_STREAMS],
        struct log_store *store, struct event_log **out)
{
    struct event_log *log = calloc(1, sizeof(*log));
    size_t captured = 0;

    if (!log)
        return REMEX_NO_MEMORY;
    for (size_t i = 0; i < REMEX_STREAMS; i++) {
        log_stream_init(&log->streams[i], i, &policies[i], store, &log->spare);
        captured += policies[i].captured;
    }
    assert(limits.max_bytes >= LOG_BLOCK_BYTES);
    assert(limits.max_events >= (captured == 2 ? 4 : 1));
    log->limits = limits;
    log->store = store;
    log_store_hold(store);
    log->share = event_log_share(limits, captured);
    log->next_seq = 1;
    *out = log;
    return REMEX_OK;
}

static void free_spare(struct event_log *log)
{
    if (log->spare)
        log_block_release(log->spare);
    log->spare = NULL;
}

void event_log_free(struct event_log *log)
{
    if (!log)
        return;
    for (size_t i = 0; i < REMEX_STREAMS; i++)
        output_ring_clear(&log->streams[i].ring);
    free_spare(log);
    log_store_release(log->store);
    free(log);
}

/* --- What has to stay ----------------------------------------------------- */

static size_t left_of(size_t whole, size_t taken)
{
    return whole > taken ? whole - taken : 0;
}

/* What would fit if everything that may leave left. The share that is the
 * other's whatever happens is not to be had. */
static struct log_weight room_of(const struct event_log *log, size_t index)
{
    struct log_weight room = { log->limits.max_bytes, log->limits.max_events };

    for (size_t i = 0; i < REMEX_STREAMS; i++) {
        struct log_weight taken =
                log_stream_pinned(&log->streams[i], log->end.offsets[i]);

        if (i != index && log->streams[i].policy.captured) {
            taken.bytes = larger(taken.bytes, log->limits.max_bytes / 4);
            taken.events = larger(taken.events, log->limits.max_events / 4);
        }
        room.bytes = left_of(room.bytes, taken.bytes);
        room.events = left_of(room.events, taken.events);
    }
    return room;
}

bool event_log_has_room(const struct event_log *log, enum remex_stream stream)
{
    struct log_weight room = room_of(log, stream_index(stream));
    size_t good = smaller(log->limits.max_bytes / 4, LOG_BLOCK_BYTES);

    return room.events > log->limits.max_events / 16 && room.bytes >= good;
}

/* --- Leaving ------------------------------------------------------------- */

/* The one that has more gives way. */
static struct log_stream *victim(struct event_log *log, bool by_events)
{
    struct log_stream *found = NULL;
    size_t most = 0;

    for (size_t i = 0; i < REMEX_STREAMS; i++) {
        struct log_stream *stream = &log->streams[i];
        size_t size = by_events ? stream->ring.count : stream->ring.bytes;

        if (log_stream_may_leave(stream) && size > most) {
            found = stream;
            most = size;
        }
    }
    assert(found);
    return found;
}

static size_t kept_events(const struct event_log *log)
{
    size_t count = 0;

    for (size_t i = 0; i < REMEX_STREAMS; i++)
        count += log->streams[i].ring.count;
    return count;
}

static void make_room(
        struct event_log *log, struct log_stream *stream, size_t size)
{
    while (stream->ring.count >= log->share.max_events ||
            stream->ring.bytes + size > log->share.max_bytes) {
        assert(log_stream_may_leave(stream));
        log_stream_drop_oldest(stream);
    }
    while (kept_events(log) >= log->limits.max_events)
        log_stream_drop_oldest(victim(log, true));
    while (event_log_kept_bytes(log) + size > log->limits.max_bytes)
        log_stream_drop_oldest(victim(log, false));
}

/* --- Appending ----------------------------------------------------------- */

static void cancel_reserves(struct event_log *log)
{
    for (size_t i = 0; i < REMEX_STREAMS; i++)
        log->streams[i].ring.reserved = 0;
}

void event_log_need(
        struct event_log *log, enum remex_stream number, uint64_t seq)
{
    struct log_stream *stream = &log->streams[stream_index(number)];

    cancel_reserves(log);
    stream->need = seq;
    log_stream_trim(stream);
}

void event_log_seal(struct event_log *log, enum remex_stream number)
{
    struct log_stream *stream = &log->streams[stream_index(number)];

    stream->sealed = true;
    log_stream_trim(stream);
}

enum remex_status event_log_reserve(struct event_log *log,
        enum remex_stream number, size_t want, void **data_out,
        size_t *size_out)
{
    size_t index = stream_index(number);
    struct log_weight room = room_of(log, index);

    assert(want > 0 && log->closed.seq == 0);
    assert(log->streams[index].policy.captured);
    cancel_reserves(log);
    if (room.events == 0 || room.bytes < smaller(want, LEAST_ROOM))
        return REMEX_AGAIN;
    return output_ring_reserve(&log->streams[index].ring,
            smaller(want, room.bytes), data_out, size_out);
}

void event_log_commit(struct event_log *log, enum remex_stream number,
        size_t size, int64_t time_ns)
{
    size_t index = stream_index(number);
    struct log_stream *stream = &log->streams[index];
    struct output_record record = {
        .seq = log->next_seq,
        .time_ns = time_ns,
        .size = (uint32_t)size,
    };

    memcpy(record.before, log->end.offsets, sizeof(record.before));
    make_room(log, stream, size);
    output_ring_commit(&stream->ring, &record);
    log->next_seq++;
    log->end.offsets[index] += size;
    log_stream_trim(stream);
}

void event_log_exited(
        struct event_log *log, const struct remex_exit *exited, int64_t time_ns)
{
    assert(log->exited.seq == 0 && log->closed.seq == 0);
    log->exited.before = log->end;
    log->exited.exited = *exited;
    log->exited.time_ns = time_ns;
    log->exited.seq = log->next_seq++;
}

void event_log_closed(struct event_log *log,
        const struct remex_stream_end *ends, size_t count, int64_t time_ns)
{
    assert(log->exited.seq != 0 && log->closed.seq == 0);
    assert(count <= REMEX_STREAMS);
    memcpy(log->closed.ends, ends, count * sizeof(*ends));
    log->closed.count = count;
    log->closed.time_ns = time_ns;
    log->closed.seq = log->next_seq++;
    for (size_t i = 0; i < REMEX_STREAMS; i++)
        output_ring_stop(&log->streams[i].ring);
    free_spare(log);
}

/* --- Reading ------------------------------------------------------------- */

/* The first output behind `seq` that is kept and not hidden; NULL: none. */
static const struct output_record *next_output(const struct event_log *log,
        uint64_t seq, const uint64_t *hidden, enum remex_stream *stream_out)
{
    const struct output_record *found = NULL;

    for (size_t i = 0; i < REMEX_STREAMS; i++) {
        const struct output_ring *ring = &log->streams[i].ring;
        size_t index = output_ring_until(
                ring, hidden && hidden[i] > seq ? hidden[i] : seq);
        const struct output_record *record;

        if (index == ring->count)
            continue;
        record = output_ring_at(ring, index);
        if (found && found->seq < record->seq)
            continue;
        found = record;
        *stream_out = (enum remex_stream)(i + 1);
    }
    return found;
}

/* The next event behind `seq` that is not lost: its number, and how much there
 * was before it. */
static uint64_t next_kept(const struct event_log *log, uint64_t seq,
        const struct output_record *output, struct mark *before)
{
    uint64_t next = log->closed.seq != 0 ? log->closed.seq : log->next_seq;

    *before = log->end;
    if (output) {
        next = output->seq;
        memcpy(before->offsets, output->before, sizeof(before->offsets));
    }
    if (log->exited.seq > seq && log->exited.seq < next) {
        next = log->exited.seq;
        *before = log->exited.before;
    }
    return next;
}

bool event_log_mark(const struct event_log *log, uint64_t seq, struct mark *out)
{
    enum remex_stream stream;

    *out = log->end;
    return seq + 1 >= log->next_seq ||
            next_kept(log, seq, next_output(log, seq, NULL, &stream), out) ==
            seq + 1;
}

struct cursor event_log_join(
        const struct event_log *log, uint64_t seq, uint64_t position)
{
    struct cursor cursor = { .seq = seq, .position = position };

    for (size_t i = 0; i < REMEX_STREAMS; i++) {
        if (log->streams[i].sealed)
            cursor.hidden[i] = log->next_seq - 1;
    }
    return cursor;
}

static void tell_output(const struct output_record *record,
        enum remex_stream stream, struct remex_event *out)
{
    out->kind = REMEX_EVENT_OUTPUT;
    out->time_ns = record->time_ns;
    out->output.stream = stream;
    out->output.offset = record->before[stream_index(stream)];
    out->output.data.data = record->block->data + record->start;
    out->output.data.size = record->size;
}

static void tell_gap(const struct cursor *cursor, const struct mark *until,
        struct remex_event *out)
{
    uint64_t position = mark_position(until);

    out->kind = REMEX_EVENT_GAP;
    out->time_ns = 0;
    out->gap.first_seq = cursor->seq + 1;
    out->gap.bytes = position > cursor->position
            ? position - cursor->position
            : 0; /* a position that the reader made up */
    memcpy(out->gap.offsets, until->offsets, sizeof(out->gap.offsets));
}

static void tell_ending(const struct event_log *log, struct remex_event *out)
{
    if (out->seq == log->exited.seq) {
        out->kind = REMEX_EVENT_EXITED;
        out->time_ns = log->exited.time_ns;
        out->exited = log->exited.exited;
        return;
    }
    out->kind = REMEX_EVENT_CLOSED;
    out->time_ns = log->closed.time_ns;
    out->closed.count = log->closed.count;
    memcpy(out->closed.ends, log->closed.ends, sizeof(out->closed.ends));
}

bool event_log_next(const struct event_log *log, const struct cursor *cursor,
        struct remex_event *out, struct log_block **block_out)
{
    const struct output_record *output;
    enum remex_stream stream;
    struct mark before;
    uint64_t next;

    if (cursor->seq >= log->next_seq - 1)
        return false;
    if (block_out)
        *block_out = NULL;
    output = next_output(log, cursor->seq, cursor->hidden, &stream);
    next = next_kept(log, cursor->seq, output, &before);
    out->seq = next;
    if (next > cursor->seq + 1) {
        out->seq = next - 1;
        tell_gap(cursor, &before, out);
    } else if (output && output->seq == next) {
        tell_output(output, stream, out);
        if (block_out)
            *block_out = output->block;
    } else {
        tell_ending(log, out);
    }
    return true;
}

bool cursor_waits(const struct cursor *cursor, const struct remex_event *event,
        uint64_t until_position)
{
    return (event->kind == REMEX_EVENT_OUTPUT ||
                   event->kind == REMEX_EVENT_GAP) &&
            cursor->position >= until_position;
}

void cursor_pass(struct cursor *cursor, const struct remex_event *event)
{
    assert(event->seq > cursor->seq);
    cursor->seq = event->seq;
    if (event->kind == REMEX_EVENT_OUTPUT)
        cursor->position += event->output.data.size;
    else if (event->kind == REMEX_EVENT_GAP)
        cursor->position += event->gap.bytes;
}

/* --- Counts -------------------------------------------------------------- */

uint64_t event_log_first_seq(const struct event_log *log)
{
    enum remex_stream stream;
    const struct output_record *output = next_output(log, 0, NULL, &stream);
    struct mark before;

    return next_kept(log, 0, output, &before);
}

uint64_t event_log_next_seq(const struct event_log *log)
{
    return log->next_seq;
}

uint64_t event_log_exited_seq(const struct event_log *log)
{
    return log->exited.seq;
}

uint64_t event_log_closed_seq(const struct event_log *log)
{
    return log->closed.seq;
}

struct log_stream_state event_log_stream(
        const struct event_log *log, enum remex_stream number)
{
    size_t index = stream_index(number);

    return log_stream_tell(&log->streams[index], log->end.offsets[index]);
}

size_t event_log_kept_bytes(const struct event_log *log)
{
    size_t bytes = 0;

    for (size_t i = 0; i < REMEX_STREAMS; i++)
        bytes += log->streams[i].ring.bytes;
    return bytes;
}
