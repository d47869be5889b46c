/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/tally.h"

static void pass_gap(struct tally *tally, const struct remex_event *event)
{
    for (size_t i = 0; i < REMEX_STREAMS; i++) {
        uint64_t next = event->gap.offsets[i];

        if (next > tally->offsets[i])
            tally->lost_bytes[i] += next - tally->offsets[i];
        tally->offsets[i] = next;
    }
    tally->lost_events += event->seq - event->gap.first_seq + 1;
}

void tally_pass(struct tally *tally, const struct remex_event *event)
{
    if (event->kind == REMEX_EVENT_GAP)
        pass_gap(tally, event);
    else if (event->kind == REMEX_EVENT_OUTPUT)
        tally->offsets[event->output.stream - REMEX_STDOUT] =
                event->output.offset + event->output.data.size;
}
