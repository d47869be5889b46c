/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/log_stream.h"

void log_stream_init(struct log_stream *stream, size_t index,
        const struct log_policy *policy, struct log_store *store,
        struct log_block **spare)
{
    *stream = (struct log_stream){
        .policy = *policy,
        .ring = { .store = store, .spare = spare },
        .index = index,
        .need = UINT64_MAX,
    };
}

struct log_weight log_stream_pinned(
        const struct log_stream *stream, uint64_t end)
{
    const struct output_ring *ring = &stream->ring;
    size_t passed;

    if (!stream->policy.pins)
        return (struct log_weight){ 0, 0 };
    passed = output_ring_until(ring, stream->need);
    if (passed == ring->count)
        return (struct log_weight){ 0, 0 };
    return (struct log_weight){
        .bytes = (size_t)(end -
                output_ring_at(ring, passed)->before[stream->index]),
        .events = ring->count - passed,
    };
}

static bool oldest_is_needed(const struct log_stream *stream)
{
    return output_ring_at(&stream->ring, 0)->seq > stream->need;
}

bool log_stream_may_leave(const struct log_stream *stream)
{
    return stream->ring.count > 0 &&
            (!stream->policy.pins || !oldest_is_needed(stream));
}

void log_stream_drop_oldest(struct log_stream *stream)
{
    if (oldest_is_needed(stream)) {
        stream->dropped += output_ring_at(&stream->ring, 0)->size;
        stream->dropped_events++;
    }
    output_ring_drop_oldest(&stream->ring);
}

/* Whether the policy lets go of the oldest, if nobody needs it. */
static bool is_surplus(const struct log_stream *stream)
{
    const struct output_ring *ring = &stream->ring;

    if (stream->sealed)
        return true;
    switch (stream->policy.retention) {
    case RETENTION_NONE:
        return true;
    case RETENTION_BYTES:
        return ring->bytes - output_ring_at(ring, 0)->size >=
                stream->policy.amount;
    case RETENTION_CHUNKS:
        return ring->count > stream->policy.amount;
    case RETENTION_ALL:
        break;
    }
    return false;
}

void log_stream_trim(struct log_stream *stream)
{
    while (stream->ring.count > 0 && !oldest_is_needed(stream) &&
            is_surplus(stream))
        log_stream_drop_oldest(stream);
}

struct log_stream_state log_stream_tell(
        const struct log_stream *stream, uint64_t end)
{
    return (struct log_stream_state){
        .bytes = end,
        .kept_bytes = stream->ring.bytes,
        .kept_events = stream->ring.count,
        .dropped = stream->dropped,
        .dropped_events = stream->dropped_events,
        .sealed = stream->sealed,
    };
}
