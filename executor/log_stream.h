/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_LOG_STREAM_H
#define EXECUTOR_LOG_STREAM_H

/*
 * One stream within a log: what of it is kept, and what of that may leave.
 */

#include "executor/event_log.h"
#include "executor/output_ring.h"

struct log_stream {
    struct log_policy policy;
    struct output_ring ring;
    size_t index;     /* enum remex_stream - 1 */
    uint64_t need;    /* outputs behind this event are needed */
    uint64_t dropped; /* bytes that left although they were needed */
    uint64_t dropped_events;
    bool sealed;
};

struct log_weight {
    size_t bytes;
    size_t events;
};

/* `store` (NULL: none) and `spare` are lent. */
void log_stream_init(struct log_stream *stream, size_t index,
        const struct log_policy *policy, struct log_store *store,
        struct log_block **spare);

/* What cannot leave for want of room. `end`: how many bytes it has had. */
struct log_weight log_stream_pinned(
        const struct log_stream *stream, uint64_t end);

/* Whether the oldest may, if there is one. */
bool log_stream_may_leave(const struct log_stream *stream);

/* There must be one. */
void log_stream_drop_oldest(struct log_stream *stream);

/* Lets go of what is neither needed nor to be retained. */
void log_stream_trim(struct log_stream *stream);

struct log_stream_state log_stream_tell(
        const struct log_stream *stream, uint64_t end);

#endif
