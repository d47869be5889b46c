/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/event_log.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "executor/log_block.h"

/* A piece as small as this is worth a read, if no more was wanted than that. */
#define LEAST_ROOM 4096

#define FIRST_RECORDS 8

/* One output. Its number follows from its place. */
struct record {
    struct log_block *block;
    uint64_t offset;   /* within its stream */
    uint64_t position; /* among all streams */
    int64_t time_ns;
    uint32_t start; /* within the block */
    uint32_t size;
    enum remex_stream stream;
};

/* Where a reader stands who has passed everything before some point. */
struct mark {
    uint64_t position;
    uint64_t offsets[REMEX_STREAMS];
};

struct event_log {
    struct event_log_limits limits;

    /* The outputs kept; grows as needed up to the limit. */
    struct record *ring;
    size_t capacity; /* 0 or a power of two */
    size_t oldest;   /* slot */
    size_t count;
    uint64_t dropped; /* outputs that were here before the oldest */

    struct mark kept; /* before the oldest output kept */
    struct mark end;  /* behind the newest */

    uint64_t pin;
    struct log_block *filling; /* being filled up to `filled`, or NULL */
    uint32_t filled;
    size_t reserved;
    struct log_block *spare; /* saves a malloc per block of a busy log */

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

/* --- Numbers ------------------------------------------------------------- */

/* Outputs are counted from 0 on, whether kept or gone. */
static uint64_t outputs(const struct event_log *log)
{
    return log->dropped + log->count;
}

static uint64_t seq_of_output(const struct event_log *log, uint64_t output)
{
    uint64_t seq = output + 1;

    return log->exited.seq != 0 && seq >= log->exited.seq ? seq + 1 : seq;
}

/* How many outputs are numbered `seq` or below, once so many have happened. */
static uint64_t outputs_until(const struct event_log *log, uint64_t seq)
{
    return log->exited.seq != 0 && seq >= log->exited.seq ? seq - 1 : seq;
}

static struct record *record_of(const struct event_log *log, uint64_t output)
{
    size_t age = (size_t)(output - log->dropped);

    assert(output >= log->dropped && age < log->count);
    return &log->ring[(log->oldest + age) & (log->capacity - 1)];
}

/* --- Life ---------------------------------------------------------------- */

enum remex_status event_log_new(
        struct event_log_limits limits, struct event_log **out)
{
    struct event_log *log;

    assert(limits.max_bytes >= LOG_BLOCK_BYTES && limits.max_events >= 1);
    log = calloc(1, sizeof(*log));
    if (!log)
        return REMEX_NO_MEMORY;
    log->limits = limits;
    log->pin = UINT64_MAX;
    *out = log;
    return REMEX_OK;
}

/* Gives up one of the log's references. */
static void give_back(struct event_log *log, struct log_block *block)
{
    bool last = block->references == 1;

    if (last && block->capacity == LOG_BLOCK_BYTES && !log->spare)
        log->spare = block;
    else
        log_block_release(block);
}

static void drop_oldest(struct event_log *log)
{
    struct record *record = record_of(log, log->dropped);

    log->kept.position += record->size;
    log->kept.offsets[stream_index(record->stream)] += record->size;
    log->oldest = (log->oldest + 1) & (log->capacity - 1);
    log->count--;
    log->dropped++;
    give_back(log, record->block);
}

/* Blocks that only wait for further output. */
static void drop_reserves(struct event_log *log)
{
    if (log->filling)
        log_block_release(log->filling);
    if (log->spare)
        log_block_release(log->spare);
    log->filling = NULL;
    log->spare = NULL;
    log->reserved = 0;
}

void event_log_free(struct event_log *log)
{
    if (!log)
        return;
    while (log->count > 0)
        drop_oldest(log);
    drop_reserves(log);
    free(log->ring);
    free(log);
}

/* --- Appending ----------------------------------------------------------- */

void event_log_pin(struct event_log *log, uint64_t seq)
{
    log->pin = seq;
    log->reserved = 0;
}

/* The first output that must stay. */
static uint64_t first_pinned(const struct event_log *log)
{
    uint64_t first = outputs_until(log, log->pin);

    if (log->pin == UINT64_MAX || first > outputs(log))
        return outputs(log);
    return first > log->dropped ? first : log->dropped;
}

/* Bytes that would fit if everything that may leave left; 0 if no event would.
 */
static size_t room(const struct event_log *log)
{
    uint64_t first = first_pinned(log);
    uint64_t pinned = outputs(log) - first;

    if (pinned >= log->limits.max_events)
        return 0;
    if (pinned == 0)
        return log->limits.max_bytes;
    return log->limits.max_bytes -
            (size_t)(log->end.position - record_of(log, first)->position);
}

bool event_log_has_room(const struct event_log *log)
{
    size_t quarter = log->limits.max_bytes / 4;

    return room(log) >= (quarter < LOG_BLOCK_BYTES ? quarter : LOG_BLOCK_BYTES);
}

/* Makes sure that one more record has a slot, once the oldest made room. */
static enum remex_status ring_grow(struct event_log *log)
{
    size_t capacity = log->capacity ? 2 * log->capacity : FIRST_RECORDS;
    struct record *ring;

    if (log->count < log->capacity || log->count == log->limits.max_events)
        return REMEX_OK;
    ring = malloc(capacity * sizeof(*ring));
    if (!ring)
        return REMEX_NO_MEMORY;
    for (size_t i = 0; i < log->count; i++)
        ring[i] = *record_of(log, log->dropped + i);
    free(log->ring);
    log->ring = ring;
    log->capacity = capacity;
    log->oldest = 0;
    return REMEX_OK;
}

/* What is left of a block serves, if it takes all, or is not a mere rest. */
static bool block_serves(const struct event_log *log, size_t size)
{
    const struct log_block *block = log->filling;

    if (!block || size > block->capacity)
        return false;
    size = size < block->capacity / 4 ? size : block->capacity / 4;
    return block->capacity - log->filled >= size;
}

static enum remex_status next_block(struct event_log *log, size_t size)
{
    struct log_block *block = NULL;

    if (block_serves(log, size))
        return REMEX_OK;
    if (size <= LOG_SMALL_BLOCK_BYTES) {
        block = log_block_new(LOG_SMALL_BLOCK_BYTES);
    } else if (log->spare) {
        block = log->spare;
        log->spare = NULL;
    } else {
        block = log_block_new(LOG_BLOCK_BYTES);
    }
    if (!block)
        return REMEX_NO_MEMORY;
    if (log->filling)
        give_back(log, log->filling);
    log->filling = block;
    log->filled = 0;
    return REMEX_OK;
}

enum remex_status event_log_reserve(
        struct event_log *log, size_t want, void **data_out, size_t *size_out)
{
    size_t size = room(log);
    size_t left;

    assert(want > 0 && log->closed.seq == 0);
    log->reserved = 0;
    if (size < (want < LEAST_ROOM ? want : LEAST_ROOM))
        return REMEX_AGAIN;
    size = size < want ? size : want;
    if (size > LOG_BLOCK_BYTES)
        size = LOG_BLOCK_BYTES;
    if (size > LOG_SMALL_BLOCK_BYTES && size <= LEAST_ROOM)
        size = LOG_SMALL_BLOCK_BYTES;
    if (ring_grow(log) != REMEX_OK || next_block(log, size) != REMEX_OK)
        return REMEX_NO_MEMORY;

    left = log->filling->capacity - log->filled;
    log->reserved = size < left ? size : left;
    *data_out = log->filling->data + log->filled;
    *size_out = log->reserved;
    return REMEX_OK;
}

static void make_room(struct event_log *log, size_t size)
{
    while (log->count == log->limits.max_events ||
            event_log_kept_bytes(log) + size > log->limits.max_bytes) {
        assert(log->dropped < first_pinned(log));
        drop_oldest(log);
    }
}

void event_log_commit(struct event_log *log, enum remex_stream stream,
        size_t size, int64_t time_ns)
{
    size_t index = stream_index(stream);

    assert(size > 0 && size <= log->reserved);
    make_room(log, size);
    log->count++;
    *record_of(log, outputs(log) - 1) = (struct record){
        .block = log->filling,
        .offset = log->end.offsets[index],
        .position = log->end.position,
        .time_ns = time_ns,
        .start = log->filled,
        .size = (uint32_t)size,
        .stream = stream,
    };
    log_block_hold(log->filling);
    log->filled += (uint32_t)size;
    log->end.offsets[index] += size;
    log->end.position += size;
    log->reserved = 0;
}

void event_log_exited(
        struct event_log *log, const struct remex_exit *exited, int64_t time_ns)
{
    assert(log->exited.seq == 0 && log->closed.seq == 0);
    log->exited.before = log->end;
    log->exited.exited = *exited;
    log->exited.time_ns = time_ns;
    log->exited.seq = event_log_next_seq(log);
}

void event_log_closed(struct event_log *log,
        const struct remex_stream_end *ends, size_t count, int64_t time_ns)
{
    assert(log->exited.seq != 0 && log->closed.seq == 0);
    assert(count <= REMEX_STREAMS);
    memcpy(log->closed.ends, ends, count * sizeof(*ends));
    log->closed.count = count;
    log->closed.time_ns = time_ns;
    log->closed.seq = event_log_next_seq(log);
    drop_reserves(log);
}

/* --- Reading ------------------------------------------------------------- */

static void tell_output(const struct event_log *log, uint64_t output,
        struct remex_event *out, struct log_block **block_out)
{
    const struct record *record = record_of(log, output);

    out->kind = REMEX_EVENT_OUTPUT;
    out->time_ns = record->time_ns;
    out->output.stream = record->stream;
    out->output.offset = record->offset;
    out->output.data.data = record->block->data + record->start;
    out->output.data.size = record->size;
    if (block_out)
        *block_out = record->block;
}

/* From the cursor up to the oldest output kept, or to Exited before it. */
static void tell_gap(const struct event_log *log, const struct cursor *cursor,
        struct remex_event *out)
{
    const struct mark *until = &log->kept;

    out->kind = REMEX_EVENT_GAP;
    out->time_ns = 0;
    out->gap.first_seq = cursor->seq + 1;
    out->seq = seq_of_output(log, log->dropped) - 1;
    if (log->exited.seq > cursor->seq && log->exited.seq <= out->seq) {
        out->seq = log->exited.seq - 1;
        until = &log->exited.before;
    }
    out->gap.bytes = until->position > cursor->position
            ? until->position - cursor->position
            : 0; /* a position that the reader made up */
    memcpy(out->gap.offsets, until->offsets, sizeof(out->gap.offsets));
}

static void tell_closed(const struct event_log *log, struct remex_event *out)
{
    out->kind = REMEX_EVENT_CLOSED;
    out->time_ns = log->closed.time_ns;
    out->closed.count = log->closed.count;
    memcpy(out->closed.ends, log->closed.ends, sizeof(out->closed.ends));
}

bool event_log_next(const struct event_log *log, const struct cursor *cursor,
        struct remex_event *out, struct log_block **block_out)
{
    uint64_t output = outputs_until(log, cursor->seq);

    if (cursor->seq >= event_log_next_seq(log) - 1)
        return false;
    if (block_out)
        *block_out = NULL;
    out->seq = cursor->seq + 1;
    if (out->seq == log->exited.seq) {
        out->kind = REMEX_EVENT_EXITED;
        out->time_ns = log->exited.time_ns;
        out->exited = log->exited.exited;
    } else if (out->seq == log->closed.seq) {
        tell_closed(log, out);
    } else if (output >= log->dropped) {
        tell_output(log, output, out, block_out);
    } else {
        tell_gap(log, cursor, out);
    }
    return true;
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

uint64_t event_log_first_seq(const struct event_log *log)
{
    uint64_t first = seq_of_output(log, log->dropped);

    return log->exited.seq != 0 && log->exited.seq < first ? log->exited.seq
                                                           : first;
}

uint64_t event_log_next_seq(const struct event_log *log)
{
    return outputs(log) + (log->exited.seq != 0) + (log->closed.seq != 0) + 1;
}

uint64_t event_log_exited_seq(const struct event_log *log)
{
    return log->exited.seq;
}

uint64_t event_log_closed_seq(const struct event_log *log)
{
    return log->closed.seq;
}

uint64_t event_log_stream_bytes(
        const struct event_log *log, enum remex_stream stream)
{
    return log->end.offsets[stream_index(stream)];
}

size_t event_log_kept_bytes(const struct event_log *log)
{
    return (size_t)(log->end.position - log->kept.position);
}
