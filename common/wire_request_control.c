/* SPDX-License-Identifier: Apache-2.0 */
#include "common/wire_values.h"

/* --- Write, Signal, Terminate --------------------------------------------- */

static ProtobufCMessage *put_write(
        struct wire *wire, const struct request *request)
{
    const struct write_request *write = &request->write;
    Remex__V1__WriteRequest *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__write_request__init(pb);
    pb->process_id = wire_put_bytes(write->process_id);
    pb->offset = write->offset;
    pb->eof = write->eof;
    pb->wait_ms = write->wait_ms;
    return &pb->base;
}

static void take_write(struct wire *wire, const Remex__V1__Request *envelope,
        struct request *out)
{
    const Remex__V1__WriteRequest *pb = envelope->write;

    (void)wire;
    out->write = (struct write_request){
        .process_id = wire_take_bytes(pb->process_id),
        .offset = pb->offset,
        .eof = pb->eof,
        .wait_ms = pb->wait_ms,
    };
}

const struct call_codec wire_call_write = { put_write, take_write };

static ProtobufCMessage *put_signal(
        struct wire *wire, const struct request *request)
{
    const struct signal_request *signal = &request->signal;
    Remex__V1__SignalRequest *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__signal_request__init(pb);
    pb->process_id = wire_put_bytes(signal->process_id);
    pb->signal = signal->signal;
    pb->target = (Remex__V1__SignalTarget)signal->target;
    pb->number = signal->number;
    return &pb->base;
}

static void take_signal(struct wire *wire, const Remex__V1__Request *envelope,
        struct request *out)
{
    const Remex__V1__SignalRequest *pb = envelope->signal;

    (void)wire;
    out->signal = (struct signal_request){
        .process_id = wire_take_bytes(pb->process_id),
        .signal = pb->signal,
        .target = (enum signal_target)pb->target,
        .number = pb->number,
    };
}

const struct call_codec wire_call_signal = { put_signal, take_signal };

static ProtobufCMessage *put_terminate(
        struct wire *wire, const struct request *request)
{
    const struct terminate_request *terminate = &request->terminate;
    Remex__V1__TerminateRequest *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__terminate_request__init(pb);
    pb->process_id = wire_put_bytes(terminate->process_id);
    pb->plan = wire_put_plan(wire, terminate->plan, terminate->plan_count);
    pb->n_plan = terminate->plan_count;
    pb->default_plan = terminate->default_plan;
    return &pb->base;
}

static void take_terminate(struct wire *wire,
        const Remex__V1__Request *envelope, struct request *out)
{
    const Remex__V1__TerminateRequest *pb = envelope->terminate;

    out->terminate = (struct terminate_request){
        .process_id = wire_take_bytes(pb->process_id),
        .plan = wire_take_plan(wire, pb->plan, pb->n_plan),
        .plan_count = pb->n_plan,
        .default_plan = pb->default_plan,
    };
}

const struct call_codec wire_call_terminate = { put_terminate, take_terminate };

/* --- Resize, Wait, Inspect, Forget -----------------------------------------
 */

static ProtobufCMessage *put_resize(
        struct wire *wire, const struct request *request)
{
    const struct resize_request *resize = &request->resize;
    Remex__V1__ResizeRequest *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__resize_request__init(pb);
    pb->process_id = wire_put_bytes(resize->process_id);
    pb->rows = resize->rows;
    pb->columns = resize->columns;
    return &pb->base;
}

static void take_resize(struct wire *wire, const Remex__V1__Request *envelope,
        struct request *out)
{
    const Remex__V1__ResizeRequest *pb = envelope->resize;

    (void)wire;
    out->resize = (struct resize_request){
        .process_id = wire_take_bytes(pb->process_id),
        .rows = pb->rows,
        .columns = pb->columns,
    };
}

const struct call_codec wire_call_resize = { put_resize, take_resize };

static ProtobufCMessage *put_wait(
        struct wire *wire, const struct request *request)
{
    const struct wait_request *wait = &request->wait;
    Remex__V1__WaitRequest *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__wait_request__init(pb);
    pb->process_id = wire_put_bytes(wait->process_id);
    pb->until = (Remex__V1__ProcessState)wait->until;
    pb->wait_ms = wait->wait_ms;
    return &pb->base;
}

static void take_wait(struct wire *wire, const Remex__V1__Request *envelope,
        struct request *out)
{
    const Remex__V1__WaitRequest *pb = envelope->wait;

    (void)wire;
    out->wait = (struct wait_request){
        .process_id = wire_take_bytes(pb->process_id),
        .until = (enum process_state)pb->until,
        .wait_ms = pb->wait_ms,
    };
}

const struct call_codec wire_call_wait = { put_wait, take_wait };

static ProtobufCMessage *put_inspect(
        struct wire *wire, const struct request *request)
{
    Remex__V1__InspectRequest *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__inspect_request__init(pb);
    pb->process_id = wire_put_bytes(request->inspect.process_id);
    return &pb->base;
}

static void take_inspect(struct wire *wire, const Remex__V1__Request *envelope,
        struct request *out)
{
    (void)wire;
    out->inspect.process_id = wire_take_bytes(envelope->inspect->process_id);
}

const struct call_codec wire_call_inspect = { put_inspect, take_inspect };

static ProtobufCMessage *put_forget(
        struct wire *wire, const struct request *request)
{
    Remex__V1__ForgetRequest *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__forget_request__init(pb);
    pb->process_id = wire_put_bytes(request->forget.process_id);
    return &pb->base;
}

static void take_forget(struct wire *wire, const Remex__V1__Request *envelope,
        struct request *out)
{
    (void)wire;
    out->forget.process_id = wire_take_bytes(envelope->forget->process_id);
}

const struct call_codec wire_call_forget = { put_forget, take_forget };

/* --- List, Seal --------------------------------------------------------------
 */

static ProtobufCMessage *put_list(
        struct wire *wire, const struct request *request)
{
    const struct list_request *list = &request->list;
    Remex__V1__ListRequest *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__list_request__init(pb);
    pb->after_process_id = wire_put_bytes(list->after_process_id);
    pb->after_principal = wire_put_text(wire, list->after_principal);
    pb->max_count = list->max_count;
    pb->everybody = list->everybody;
    pb->labels = wire_put_labels(wire, list->labels, list->label_count);
    pb->n_labels = list->label_count;
    return &pb->base;
}

static void take_list(struct wire *wire, const Remex__V1__Request *envelope,
        struct request *out)
{
    const Remex__V1__ListRequest *pb = envelope->list;

    out->list = (struct list_request){
        .after_process_id = wire_take_bytes(pb->after_process_id),
        .after_principal = wire_take_text(pb->after_principal),
        .max_count = pb->max_count,
        .everybody = pb->everybody,
        .labels = wire_take_labels(wire, pb->labels, pb->n_labels),
        .label_count = pb->n_labels,
    };
}

const struct call_codec wire_call_list = { put_list, take_list };

static ProtobufCMessage *put_seal(
        struct wire *wire, const struct request *request)
{
    const struct seal_request *seal = &request->seal;
    Remex__V1__SealRequest *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__seal_request__init(pb);
    pb->process_id = wire_put_bytes(seal->process_id);
    pb->n_streams = seal->stream_count;
    pb->streams = wire_alloc(wire, pb->n_streams, sizeof(*pb->streams));
    for (size_t i = 0; pb->streams && i < pb->n_streams; i++)
        pb->streams[i] = (Remex__V1__Stream)seal->streams[i];
    return &pb->base;
}

/* What is beyond the array is counted only, for the rules to refuse. */
static void take_seal(struct wire *wire, const Remex__V1__Request *envelope,
        struct request *out)
{
    const Remex__V1__SealRequest *pb = envelope->seal;

    (void)wire;
    out->seal.process_id = wire_take_bytes(pb->process_id);
    out->seal.stream_count = pb->n_streams;
    for (size_t i = 0; i < pb->n_streams && i < REMEX_STREAMS; i++)
        out->seal.streams[i] = (enum remex_stream)pb->streams[i];
}

const struct call_codec wire_call_seal = { put_seal, take_seal };
