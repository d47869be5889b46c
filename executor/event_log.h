/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_EVENT_LOG_H
#define EXECUTOR_EVENT_LOG_H

/*
 * The events of one process, kept within fixed bounds.
 *
 * Sequence numbers start at 1 and have no holes. Output is read straight into
 * the log's blocks and leaves them without a copy. When new output does not
 * fit, the oldest output makes room for it, unless it is pinned: then there is
 * no room, and whoever fills the log has to wait. Exited and Closed are kept
 * for as long as the log.
 *
 * A reader is a cursor, which the reader keeps: the log knows of no readers.
 * What has gone before a cursor reached it is told as one Gap.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <remex/event.h>
#include <remex/status.h>

struct event_log;
struct log_block; /* bytes of output; counted references, see below */

enum { LOG_BLOCK_BYTES = 64 * 1024 };

struct event_log_limits {
    size_t max_bytes;  /* of output kept; at least LOG_BLOCK_BYTES */
    size_t max_events; /* outputs kept, at least 1 */
};

/* Everything up to event `seq` has been passed, and with it `position` bytes of
 * output (of all streams together, gaps included). Start with zeros. */
struct cursor {
    uint64_t seq;
    uint64_t position;
};

REMEX_CHECKED enum remex_status event_log_new(
        struct event_log_limits limits, struct event_log **out);

/* NULL is allowed. Blocks somebody holds live on. */
void event_log_free(struct event_log *log);

/* Where the next output can be read into, at most `want` (> 0) bytes. Nothing
 * is published, and nothing leaves, before the commit. A reserve holds until
 * the next one, or a pin. REMEX_AGAIN: full of what is pinned; REMEX_NO_MEMORY.
 */
REMEX_CHECKED enum remex_status event_log_reserve(
        struct event_log *log, size_t want, void **data_out, size_t *size_out);

/* Whether a reserve would give a good piece: room for a whole block, or a
 * quarter of the log. Reading goes on then, rather than for each byte that is
 * consumed. */
bool event_log_has_room(const struct event_log *log);

/* Publishes the first `size` (> 0) bytes of what was reserved. */
void event_log_commit(struct event_log *log, enum remex_stream stream,
        size_t size, int64_t time_ns);

/* Once each; Closed after everything else. Cannot fail. */
void event_log_exited(struct event_log *log, const struct remex_exit *exited,
        int64_t time_ns);
void event_log_closed(struct event_log *log,
        const struct remex_stream_end *ends, size_t count, int64_t time_ns);

/* Keeps output after event `seq` until told otherwise; UINT64_MAX: nothing is
 * pinned. It pins nothing that has gone already. */
void event_log_pin(struct event_log *log, uint64_t seq);

/* The next event at the cursor, or the gap in its place; false if there is none
 * yet. An output's bytes are lent until the next commit or free, or for as long
 * as `block_out` (may be NULL) is held: that one is the caller's choice, no
 * reference is taken for him. A gap has no time of its own: 0. */
bool event_log_next(const struct event_log *log, const struct cursor *cursor,
        struct remex_event *out, struct log_block **block_out);

/* Moves a cursor behind an event that event_log_next gave for it. */
void cursor_pass(struct cursor *cursor, const struct remex_event *event);

/* Oldest event kept, and the number the next one will have. */
uint64_t event_log_first_seq(const struct event_log *log);
uint64_t event_log_next_seq(const struct event_log *log);

/* 0 until it has happened. */
uint64_t event_log_exited_seq(const struct event_log *log);
uint64_t event_log_closed_seq(const struct event_log *log);

/* Output bytes a stream has had, and those still kept of all. */
uint64_t event_log_stream_bytes(
        const struct event_log *log, enum remex_stream stream);
size_t event_log_kept_bytes(const struct event_log *log);

/* A block lives as long as somebody holds it or its log needs it. */
void log_block_hold(struct log_block *block);
void log_block_release(struct log_block *block);

#endif
