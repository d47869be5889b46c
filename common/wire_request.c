/* SPDX-License-Identifier: Apache-2.0 */
#include "common/wire_values.h"

#include <assert.h>

/* --- Follows -------------------------------------------------------------- */

static void put_follow(
        const struct follow_spec *follow, Remex__V1__FollowSpec *pb)
{
    remex__v1__follow_spec__init(pb);
    pb->process_id = wire_put_bytes(follow->process_id);
    pb->follow_id = follow->follow_id;
    pb->after_seq = follow->after_seq;
    pb->until_position = follow->until_position;
    pb->after_position = follow->after_position;
}

/* One that is missing has no follow id, which the rules refuse. */
static struct follow_spec take_follow(const Remex__V1__FollowSpec *pb)
{
    if (!pb)
        return (struct follow_spec){ 0 };
    return (struct follow_spec){
        .process_id = wire_take_bytes(pb->process_id),
        .follow_id = pb->follow_id,
        .after_seq = pb->after_seq,
        .until_position = pb->until_position,
        .after_position = pb->after_position,
    };
}

static Remex__V1__FollowSpec *new_follow(
        struct wire *wire, const struct follow_spec *follow)
{
    Remex__V1__FollowSpec *pb =
            follow ? wire_alloc(wire, 1, sizeof(*pb)) : NULL;

    if (pb)
        put_follow(follow, pb);
    return pb;
}

/* --- Open ----------------------------------------------------------------- */

static Remex__V1__FollowSpec **put_follows(
        struct wire *wire, const struct resume *resume)
{
    size_t count = resume->follow_count;
    Remex__V1__FollowSpec *follows = wire_alloc(wire, count, sizeof(*follows));
    Remex__V1__FollowSpec **pb =
            wire_alloc(wire, count, sizeof(Remex__V1__FollowSpec *));

    for (size_t i = 0; pb && i < count; i++) {
        put_follow(&resume->follows[i], &follows[i]);
        pb[i] = &follows[i];
    }
    return pb;
}

static Remex__V1__Resume *put_resume(
        struct wire *wire, const struct resume *resume)
{
    Remex__V1__Resume *pb = resume ? wire_alloc(wire, 1, sizeof(*pb)) : NULL;

    if (!pb)
        return NULL;
    remex__v1__resume__init(pb);
    pb->session_id = wire_put_id(&resume->session_id);
    pb->boot_id = wire_put_id(&resume->boot_id);
    pb->attachment = resume->attachment;
    pb->take_over = resume->take_over;
    pb->follows = put_follows(wire, resume);
    pb->n_follows = resume->follow_count;
    return pb;
}

static const struct resume *take_resume(
        struct wire *wire, const Remex__V1__Resume *pb)
{
    struct resume *resume = pb ? wire_alloc(wire, 1, sizeof(*resume)) : NULL;
    struct follow_spec *follows;

    if (!resume)
        return NULL;
    follows = wire_alloc(wire, pb->n_follows, sizeof(*follows));
    for (size_t i = 0; follows && i < pb->n_follows; i++)
        follows[i] = take_follow(pb->follows[i]);
    wire_take_id(wire, pb->session_id, "open.resume.session_id",
            &resume->session_id);
    wire_take_id(wire, pb->boot_id, "open.resume.boot_id", &resume->boot_id);
    resume->attachment = pb->attachment;
    resume->take_over = pb->take_over;
    resume->follows = follows;
    resume->follow_count = pb->n_follows;
    return resume;
}

static ProtobufCMessage *put_open(
        struct wire *wire, const struct request *request)
{
    const struct open_request *open = &request->open;
    Remex__V1__OpenRequest *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__open_request__init(pb);
    pb->client_name = wire_put_text(wire, open->client_name);
    pb->min_version = open->min_version;
    pb->max_version = open->max_version;
    pb->token = wire_put_bytes(open->token);
    pb->lease_ms = open->lease_ms;
    pb->resume = put_resume(wire, open->resume);
    return &pb->base;
}

static void take_open(struct wire *wire, const Remex__V1__Request *envelope,
        struct request *out)
{
    const Remex__V1__OpenRequest *pb = envelope->open;

    out->open = (struct open_request){
        .client_name = wire_take_text(pb->client_name),
        .min_version = pb->min_version,
        .max_version = pb->max_version,
        .token = wire_take_bytes(pb->token),
        .lease_ms = pb->lease_ms,
        .resume = take_resume(wire, pb->resume),
    };
}

/* --- Start ---------------------------------------------------------------- */

static ProtobufCMessage *put_start(
        struct wire *wire, const struct request *request)
{
    Remex__V1__StartRequest *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__start_request__init(pb);
    pb->process = wire_put_process(wire, &request->start.process);
    pb->follow = new_follow(wire, request->start.follow);
    return &pb->base;
}

static void take_start(struct wire *wire, const Remex__V1__Request *envelope,
        struct request *out)
{
    const Remex__V1__StartRequest *pb = envelope->start;
    struct follow_spec *follow =
            pb->follow ? wire_alloc(wire, 1, sizeof(*follow)) : NULL;

    out->start = (struct start_request){ .follow = follow };
    if (!pb->process) {
        wire_refuse(wire, "start.process", "Say what to start.");
        return;
    }
    wire_take_process(wire, pb->process, &out->start.process);
    if (!follow)
        return;
    *follow = take_follow(pb->follow);
    if (follow->process_id.size == 0)
        follow->process_id = out->start.process.process_id;
}

/* --- Follow, Unfollow, Pull, Read ----------------------------------------- */

static ProtobufCMessage *put_follow_request(
        struct wire *wire, const struct request *request)
{
    Remex__V1__FollowRequest *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__follow_request__init(pb);
    pb->follow = new_follow(wire, &request->follow.follow);
    return &pb->base;
}

static void take_follow_request(struct wire *wire,
        const Remex__V1__Request *envelope, struct request *out)
{
    (void)wire;
    out->follow.follow = take_follow(envelope->follow->follow);
}

static ProtobufCMessage *put_unfollow(
        struct wire *wire, const struct request *request)
{
    Remex__V1__UnfollowRequest *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__unfollow_request__init(pb);
    pb->follow_id = request->unfollow.follow_id;
    return &pb->base;
}

static void take_unfollow(struct wire *wire, const Remex__V1__Request *envelope,
        struct request *out)
{
    (void)wire;
    out->unfollow.follow_id = envelope->unfollow->follow_id;
}

static Remex__V1__PullAck **put_acks(
        struct wire *wire, const struct pull_request *pull)
{
    size_t count = pull->ack_count;
    Remex__V1__PullAck *acks = wire_alloc(wire, count, sizeof(*acks));
    Remex__V1__PullAck **pb =
            wire_alloc(wire, count, sizeof(Remex__V1__PullAck *));

    for (size_t i = 0; pb && i < count; i++) {
        remex__v1__pull_ack__init(&acks[i]);
        acks[i].follow_id = pull->acks[i].follow_id;
        acks[i].consumed_seq = pull->acks[i].consumed_seq;
        acks[i].until_position = pull->acks[i].until_position;
        pb[i] = &acks[i];
    }
    return pb;
}

static ProtobufCMessage *put_pull(
        struct wire *wire, const struct request *request)
{
    Remex__V1__PullRequest *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__pull_request__init(pb);
    pb->acks = put_acks(wire, &request->pull);
    pb->n_acks = request->pull.ack_count;
    pb->wait_ms = request->pull.wait_ms;
    pb->max_bytes = request->pull.max_bytes;
    return &pb->base;
}

static void take_pull(struct wire *wire, const Remex__V1__Request *envelope,
        struct request *out)
{
    const Remex__V1__PullRequest *pb = envelope->pull;
    struct pull_ack *acks = wire_alloc(wire, pb->n_acks, sizeof(*acks));

    for (size_t i = 0; acks && i < pb->n_acks; i++) {
        acks[i].follow_id = pb->acks[i]->follow_id;
        acks[i].consumed_seq = pb->acks[i]->consumed_seq;
        acks[i].until_position = pb->acks[i]->until_position;
    }
    out->pull = (struct pull_request){
        .acks = acks,
        .ack_count = pb->n_acks,
        .wait_ms = pb->wait_ms,
        .max_bytes = pb->max_bytes,
    };
}

static ProtobufCMessage *put_read(
        struct wire *wire, const struct request *request)
{
    const struct read_request *read = &request->read;
    Remex__V1__ReadRequest *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__read_request__init(pb);
    pb->process_id = wire_put_bytes(read->process_id);
    pb->after_seq = read->after_seq;
    pb->max_bytes = read->max_bytes;
    pb->wait_ms = read->wait_ms;
    pb->after_position = read->after_position;
    return &pb->base;
}

static void take_read(struct wire *wire, const Remex__V1__Request *envelope,
        struct request *out)
{
    const Remex__V1__ReadRequest *pb = envelope->read;

    (void)wire;
    out->read = (struct read_request){
        .process_id = wire_take_bytes(pb->process_id),
        .after_seq = pb->after_seq,
        .max_bytes = pb->max_bytes,
        .wait_ms = pb->wait_ms,
        .after_position = pb->after_position,
    };
}

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

/* --- All ------------------------------------------------------------------ */

struct codec {
    ProtobufCMessage *(*put)(struct wire *wire, const struct request *request);
    void (*take)(struct wire *wire, const Remex__V1__Request *envelope,
            struct request *out);
};

/* A method that is not here is carried by its number alone. */
static const struct codec *codec_of(enum method method)
{
    static const struct codec codecs[METHOD_FORGET + 1] = {
        [METHOD_OPEN] = { put_open, take_open },
        [METHOD_START] = { put_start, take_start },
        [METHOD_FOLLOW] = { put_follow_request, take_follow_request },
        [METHOD_UNFOLLOW] = { put_unfollow, take_unfollow },
        [METHOD_PULL] = { put_pull, take_pull },
        [METHOD_READ] = { put_read, take_read },
        [METHOD_WRITE] = { put_write, take_write },
        [METHOD_SIGNAL] = { put_signal, take_signal },
        [METHOD_TERMINATE] = { put_terminate, take_terminate },
    };

    assert(method <= METHOD_FORGET);
    return &codecs[method];
}

void wire_put_call(struct wire *wire, const struct request *request,
        Remex__V1__Request *pb)
{
    const struct codec *codec = codec_of(request->method);
    ProtobufCMessage *call;

    if (codec->put)
        call = codec->put(wire, request);
    else
        call = wire_put_empty(
                wire, &remex__v1__request__descriptor, request->method);
    /* Any member of the union will do: protobuf-c goes by the case. */
    pb->close = (Remex__V1__CloseRequest *)call;
    pb->call_case = (Remex__V1__Request__CallCase)request->method;
}

void wire_take_call(
        struct wire *wire, const Remex__V1__Request *pb, struct request *out)
{
    const struct codec *codec;

    out->method = (enum method)pb->call_case;
    codec = codec_of(out->method);
    if (codec->take)
        codec->take(wire, pb, out);
}
