/* SPDX-License-Identifier: Apache-2.0 */
#include "client/batch_copy.h"

#include <stdlib.h>
#include <string.h>

static size_t output_bytes(const struct batch *batch)
{
    size_t bytes = 0;

    for (size_t i = 0; i < batch->count; i++) {
        if (batch->events[i].event.kind == REMEX_EVENT_OUTPUT)
            bytes += batch->events[i].event.output.data.size;
    }
    return bytes;
}

struct remex_event *batch_copy(const struct batch *batch)
{
    size_t size =
            batch->count * sizeof(struct remex_event) + output_bytes(batch);
    struct remex_event *events = malloc(size ? size : 1);
    uint8_t *bytes;

    if (!events)
        return NULL;
    bytes = (uint8_t *)(events + batch->count);
    for (size_t i = 0; i < batch->count; i++) {
        struct remex_event *event = &events[i];

        *event = batch->events[i].event;
        if (event->kind != REMEX_EVENT_OUTPUT || event->output.data.size == 0)
            continue;
        memcpy(bytes, event->output.data.data, event->output.data.size);
        event->output.data.data = bytes;
        bytes += event->output.data.size;
    }
    return events;
}
