/* SPDX-License-Identifier: Apache-2.0 */
#include "client/convenience/ending.h"

void ending_init(struct ending *ending)
{
    *ending = (struct ending){ .told.status = REMEX_AGAIN };
}

uint64_t ending_lost(const struct ending *ending, const struct remex_event *gap,
        enum remex_stream stream)
{
    uint64_t next = gap->gap.offsets[stream - 1];
    uint64_t position = ending->positions[stream - 1];

    if (next <= position)
        return 0;
    /* Where a stream was not followed from its beginning, the position says
     * nothing, but no more is lost than all streams together have lost. */
    return next - position < gap->gap.bytes ? next - position : gap->gap.bytes;
}

static void take_gap(struct ending *ending, const struct remex_event *event)
{
    for (int i = 0; i < REMEX_STREAMS; i++) {
        ending->told.lost_bytes[i] +=
                ending_lost(ending, event, (enum remex_stream)(i + 1));
        ending->positions[i] = event->gap.offsets[i];
    }
    ending->told.lost_events += event->seq - event->gap.first_seq + 1;
}

void ending_take(struct ending *ending, const struct remex_event *event)
{
    struct remex_ending *told = &ending->told;

    switch (event->kind) {
    case REMEX_EVENT_OUTPUT:
        ending->positions[event->output.stream - 1] =
                event->output.offset + event->output.data.size;
        break;
    case REMEX_EVENT_GAP:
        take_gap(ending, event);
        break;
    case REMEX_EVENT_EXITED:
        told->has_exit = true;
        told->exit = event->exited;
        break;
    case REMEX_EVENT_CLOSED:
        told->status = REMEX_OK;
        told->end_count = event->closed.count;
        for (size_t i = 0; i < event->closed.count; i++)
            told->ends[i] = event->closed.ends[i];
        break;
    case REMEX_EVENT_FAILED:
        told->status = REMEX_DISCONNECTED;
        told->failure = event->failure;
        break;
    }
}

bool ending_is_final(const struct ending *ending)
{
    return ending->told.status != REMEX_AGAIN;
}

bool ending_has(const struct ending *ending, enum remex_stream stream,
        enum remex_stream_end_kind kind)
{
    for (size_t i = 0; i < ending->told.end_count; i++)
        if (ending->told.ends[i].stream == stream &&
                ending->told.ends[i].kind == kind)
            return true;
    return false;
}
