/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_EVENT_LOG_H
#define EXECUTOR_EVENT_LOG_H

/*
 * The events of one process, kept within fixed bounds.
 *
 * Sequence numbers start at 1 and have no holes. Output is read straight into
 * the log's blocks and leaves them without a copy. Exited and Closed are kept
 * for as long as the log.
 *
 * Whole outputs leave, oldest first within their stream, for two reasons:
 *  - retention: of what no follower needs, a stream keeps what its policy says;
 *  - want of room: new output does not fit. What a follower of a stream that
 *    pins still needs does not leave for that: whoever fills the log has to
 *    wait. Other streams lose their oldest.
 * Of two captured streams each always has a quarter of the log, and at most
 * three; where they compete for the half between, the larger one gives way.
 *
 * A reader is a cursor, which the reader keeps: the log knows of no readers.
 * What has gone before a cursor reached it is told as one Gap, in its place
 * between what is kept of the other stream: each kept output knows how much
 * there was before it, so nothing has to be remembered of what has gone.
 *
 * Memory: what is kept, and per stream at most two blocks and a third of its
 * bytes besides, and 128 bytes per output kept.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <remex/event.h>
#include <remex/status.h>

#include "common/message.h"

struct event_log;
struct log_store;
struct log_block; /* bytes of output; counted references, see below */

enum { LOG_BLOCK_BYTES = 64 * 1024 };

struct event_log_limits {
    size_t max_bytes;  /* of output kept; at least LOG_BLOCK_BYTES */
    size_t max_events; /* outputs kept; at least 4, or 1 for one stream */
};

/* How one stream is kept. Zeroed: it has no output. */
struct log_policy {
    bool captured;
    bool pins; /* what is needed does not leave for want of room */
    enum retention retention;
    uint64_t amount; /* of bytes or outputs, by `retention`; > 0 */
};

/* Everything up to event `seq` has been passed, and with it `position` bytes of
 * output (of all streams together, gaps included). Start with zeros, or with
 * event_log_join. */
struct cursor {
    uint64_t seq;
    uint64_t position;
    /* Outputs of each stream up to this number are not for this reader: the
     * stream was sealed before he came. */
    uint64_t hidden[REMEX_STREAMS];
};

/* Between two events: how many bytes each stream has had. */
struct mark {
    uint64_t offsets[REMEX_STREAMS];
};

uint64_t mark_position(const struct mark *mark);

/* What one of `streams` (1 or 2) captured streams can keep at most. */
struct event_log_limits event_log_share(
        struct event_log_limits limits, size_t streams);

/* At most two of the policies are of captured streams. Index: enum remex_stream
 * - 1. `store` (NULL: none) is for its large blocks; the log holds it. */
REMEX_CHECKED enum remex_status event_log_new(struct event_log_limits limits,
        const struct log_policy policies[REMEX_STREAMS],
        struct log_store *store, struct event_log **out);

/* NULL is allowed. Blocks somebody holds live on. */
void event_log_free(struct event_log *log);

/* Where the next output of a stream can be read into, at most `want` (> 0)
 * bytes. Nothing is published, and nothing leaves, before the commit. A reserve
 * holds until the next one of any stream, or a change of needs. REMEX_AGAIN:
 * full of what is pinned, never for a stream that does not pin;
 * REMEX_NO_MEMORY. */
REMEX_CHECKED enum remex_status event_log_reserve(struct event_log *log,
        enum remex_stream stream, size_t want, void **data_out,
        size_t *size_out);

/* Whether a reserve would give a good piece: room for a whole block, or a
 * quarter of the log. Reading goes on then, rather than for each byte that is
 * consumed. */
bool event_log_has_room(const struct event_log *log, enum remex_stream stream);

/* Publishes the first `size` (> 0) bytes of what was reserved. */
void event_log_commit(struct event_log *log, enum remex_stream stream,
        size_t size, int64_t time_ns);

/* Once each; Closed after everything else. Cannot fail. */
void event_log_exited(struct event_log *log, const struct remex_exit *exited,
        int64_t time_ns);
void event_log_closed(struct event_log *log,
        const struct remex_stream_end *ends, size_t count, int64_t time_ns);

/* A stream's outputs after event `seq` are still needed by a follower;
 * UINT64_MAX: none is. It brings nothing back that has gone already. */
void event_log_need(
        struct event_log *log, enum remex_stream stream, uint64_t seq);

/* From now on a stream keeps nothing but what is needed. For good. */
void event_log_seal(struct event_log *log, enum remex_stream stream);

/* --- Reading ------------------------------------------------------------- */

/* A cursor for who comes now and has had everything up to `seq`. */
struct cursor event_log_join(
        const struct event_log *log, uint64_t seq, uint64_t position);

/* How much there was up to event `seq`. False: it is not known any more, and a
 * gap comes next, up to where `out` is. */
bool event_log_mark(
        const struct event_log *log, uint64_t seq, struct mark *out);

/* The next event at the cursor, or the gap in its place; false if there is none
 * yet. An output's bytes are lent until the next commit, need, seal or free, or
 * for as long as `block_out` (may be NULL) is held: that one is the caller's
 * choice, no reference is taken for him. A gap has no time of its own: 0. */
bool event_log_next(const struct event_log *log, const struct cursor *cursor,
        struct remex_event *out, struct log_block **block_out);

/* Whether an event that comes next is for later, as the reader takes output up
 * to a position only. Gaps wait as output does, and so grow into one: who takes
 * nothing is not told of each loss by itself. */
bool cursor_waits(const struct cursor *cursor, const struct remex_event *event,
        uint64_t until_position);

/* Moves a cursor behind an event that event_log_next gave for it. */
void cursor_pass(struct cursor *cursor, const struct remex_event *event);

/* Oldest event kept, and the number the next one will have. */
uint64_t event_log_first_seq(const struct event_log *log);
uint64_t event_log_next_seq(const struct event_log *log);

/* 0 until it has happened. */
uint64_t event_log_exited_seq(const struct event_log *log);
uint64_t event_log_closed_seq(const struct event_log *log);

struct log_stream_state {
    uint64_t bytes; /* it has had */
    size_t kept_bytes;
    size_t kept_events;
    uint64_t dropped; /* bytes that left although they were needed */
    uint64_t dropped_events;
    bool sealed;
};

struct log_stream_state event_log_stream(
        const struct event_log *log, enum remex_stream stream);

/* Of all streams. */
size_t event_log_kept_bytes(const struct event_log *log);

/* A block lives as long as somebody holds it or its log needs it. */
void log_block_hold(struct log_block *block);
void log_block_release(struct log_block *block);

#endif
