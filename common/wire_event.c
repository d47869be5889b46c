/* SPDX-License-Identifier: Apache-2.0 */
#include "common/wire_values.h"

/* --- Exited --------------------------------------------------------------- */

Remex__V1__Exited *wire_put_exited(
        struct wire *wire, const struct remex_exit *exited)
{
    Remex__V1__Exited *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__exited__init(pb);
    pb->by_signal = exited->by_signal;
    pb->code = exited->code;
    pb->core = exited->core;
    pb->reason = (Remex__V1__ExitReason)exited->reason;
    pb->user_us = exited->user_us;
    pb->system_us = exited->system_us;
    pb->max_rss_kib = exited->max_rss_kib;
    pb->wall_us = exited->wall_us;
    pb->minor_faults = exited->minor_faults;
    pb->major_faults = exited->major_faults;
    pb->voluntary_switches = exited->voluntary_switches;
    pb->involuntary_switches = exited->involuntary_switches;
    pb->out_of_memory = exited->out_of_memory;
    return pb;
}

struct remex_exit wire_take_exited(const Remex__V1__Exited *pb)
{
    return (struct remex_exit){
        .by_signal = pb->by_signal,
        .code = pb->code,
        .core = pb->core,
        .reason = (enum remex_exit_reason)pb->reason,
        .user_us = pb->user_us,
        .system_us = pb->system_us,
        .max_rss_kib = pb->max_rss_kib,
        .wall_us = pb->wall_us,
        .minor_faults = pb->minor_faults,
        .major_faults = pb->major_faults,
        .voluntary_switches = pb->voluntary_switches,
        .involuntary_switches = pb->involuntary_switches,
        .out_of_memory = pb->out_of_memory,
    };
}

/* --- Output, Closed, Gap -------------------------------------------------- */

static Remex__V1__Output *put_output(
        struct wire *wire, const struct remex_event *event)
{
    Remex__V1__Output *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__output__init(pb);
    pb->stream = (Remex__V1__Stream)event->output.stream;
    pb->offset = event->output.offset;
    pb->size = (uint32_t)event->output.data.size;
    return pb;
}

/* Cuts the event's bytes from the front of `rest`. */
static void take_output(struct wire *wire, const Remex__V1__Output *pb,
        struct remex_bytes *rest, struct remex_event *out)
{
    const uint8_t *data = rest->data;

    out->kind = REMEX_EVENT_OUTPUT;
    if (pb->size > rest->size) {
        wire_refuse(wire, "payload",
                "It must have as many bytes as the outputs together.");
        return;
    }
    out->output.stream = (enum remex_stream)pb->stream;
    out->output.offset = pb->offset;
    out->output.data = (struct remex_bytes){ data, pb->size };
    if (pb->size > 0)
        *rest = (struct remex_bytes){ data + pb->size, rest->size - pb->size };
}

Remex__V1__StreamEnd *wire_put_end(
        struct wire *wire, const struct remex_stream_end *end)
{
    Remex__V1__StreamEnd *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__stream_end__init(pb);
    pb->stream = (Remex__V1__Stream)end->stream;
    pb->kind = (Remex__V1__StreamEndKind)end->kind;
    pb->error = end->os_error;
    pb->bytes = end->bytes;
    return pb;
}

struct remex_stream_end wire_take_end(const Remex__V1__StreamEnd *pb)
{
    return (struct remex_stream_end){
        .stream = (enum remex_stream)pb->stream,
        .kind = (enum remex_stream_end_kind)pb->kind,
        .os_error = pb->error,
        .bytes = pb->bytes,
    };
}

Remex__V1__Closed *wire_put_closed(
        struct wire *wire, const struct remex_stream_end *ends, size_t count)
{
    Remex__V1__Closed *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__closed__init(pb);
    pb->n_ends = count;
    pb->ends = wire_alloc(wire, pb->n_ends, sizeof(Remex__V1__StreamEnd *));
    for (size_t i = 0; pb->ends && i < pb->n_ends; i++)
        pb->ends[i] = wire_put_end(wire, &ends[i]);
    return pb;
}

size_t wire_take_closed(const Remex__V1__Closed *pb,
        struct remex_stream_end ends[REMEX_STREAMS])
{
    for (size_t i = 0; i < pb->n_ends && i < REMEX_STREAMS; i++)
        ends[i] = wire_take_end(pb->ends[i]);
    return pb->n_ends;
}

static Remex__V1__Gap *put_gap(
        struct wire *wire, const struct remex_event *event)
{
    Remex__V1__Gap *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__gap__init(pb);
    pb->first_seq = event->gap.first_seq;
    pb->bytes = event->gap.bytes;
    pb->stdout_offset = event->gap.offsets[REMEX_STDOUT - 1];
    pb->stderr_offset = event->gap.offsets[REMEX_STDERR - 1];
    pb->terminal_offset = event->gap.offsets[REMEX_TERMINAL - 1];
    return pb;
}

static void take_gap(const Remex__V1__Gap *pb, struct remex_event *out)
{
    out->kind = REMEX_EVENT_GAP;
    out->gap.first_seq = pb->first_seq;
    out->gap.bytes = pb->bytes;
    out->gap.offsets[REMEX_STDOUT - 1] = pb->stdout_offset;
    out->gap.offsets[REMEX_STDERR - 1] = pb->stderr_offset;
    out->gap.offsets[REMEX_TERMINAL - 1] = pb->terminal_offset;
}

/* --- Event, Batch --------------------------------------------------------- */

static void put_kind(struct wire *wire, const struct remex_event *event,
        Remex__V1__Event *pb)
{
    switch (event->kind) {
    case REMEX_EVENT_OUTPUT:
        pb->kind_case = REMEX__V1__EVENT__KIND_OUTPUT;
        pb->output = put_output(wire, event);
        break;
    case REMEX_EVENT_EXITED:
        pb->kind_case = REMEX__V1__EVENT__KIND_EXITED;
        pb->exited = wire_put_exited(wire, &event->exited);
        break;
    case REMEX_EVENT_CLOSED:
        pb->kind_case = REMEX__V1__EVENT__KIND_CLOSED;
        pb->closed =
                wire_put_closed(wire, event->closed.ends, event->closed.count);
        break;
    case REMEX_EVENT_GAP:
        pb->kind_case = REMEX__V1__EVENT__KIND_GAP;
        pb->gap = put_gap(wire, event);
        break;
    case REMEX_EVENT_FAILED:
        break; /* never sent; the rules refuse it */
    }
}

/* A kind we do not know stays 0, which the rules refuse. */
static void take_kind(struct wire *wire, const Remex__V1__Event *pb,
        struct remex_bytes *rest, struct remex_event *out)
{
    if (pb->kind_case == REMEX__V1__EVENT__KIND_OUTPUT) {
        take_output(wire, pb->output, rest, out);
    } else if (pb->kind_case == REMEX__V1__EVENT__KIND_EXITED) {
        out->kind = REMEX_EVENT_EXITED;
        out->exited = wire_take_exited(pb->exited);
    } else if (pb->kind_case == REMEX__V1__EVENT__KIND_CLOSED) {
        out->kind = REMEX_EVENT_CLOSED;
        out->closed.count = wire_take_closed(pb->closed, out->closed.ends);
    } else if (pb->kind_case == REMEX__V1__EVENT__KIND_GAP) {
        take_gap(pb->gap, out);
    }
}

Remex__V1__Batch *wire_put_batch(struct wire *wire, const struct batch *batch)
{
    Remex__V1__Batch *pb = wire_alloc(wire, 1, sizeof(*pb));
    Remex__V1__Event *events = wire_alloc(wire, batch->count, sizeof(*events));

    if (!pb)
        return NULL;
    remex__v1__batch__init(pb);
    pb->n_events = batch->count;
    pb->events = wire_alloc(wire, batch->count, sizeof(Remex__V1__Event *));
    for (size_t i = 0; pb->events && i < batch->count; i++) {
        const struct batch_event *event = &batch->events[i];

        pb->events[i] = &events[i];
        remex__v1__event__init(&events[i]);
        events[i].follow_id = event->follow_id;
        events[i].seq = event->event.seq;
        events[i].time_ns = event->event.time_ns;
        put_kind(wire, &event->event, &events[i]);
    }
    return pb;
}

void wire_take_batch(struct wire *wire, const Remex__V1__Batch *pb,
        struct remex_bytes payload, struct batch *out)
{
    size_t count = pb ? pb->n_events : 0;
    struct batch_event *events = wire_alloc(wire, count, sizeof(*events));

    *out = (struct batch){ events, count };
    for (size_t i = 0; events && i < count; i++) {
        events[i].follow_id = pb->events[i]->follow_id;
        events[i].event.seq = pb->events[i]->seq;
        events[i].event.time_ns = pb->events[i]->time_ns;
        take_kind(wire, pb->events[i], &payload, &events[i].event);
    }
}
