/* SPDX-License-Identifier: Apache-2.0 */
#include "common/wire_values.h"

#include <assert.h>
#include <string.h>

/* --- Follow states -------------------------------------------------------- */

static void put_state(struct wire *wire, const struct follow_state *state,
        Remex__V1__FollowState *pb)
{
    remex__v1__follow_state__init(pb);
    pb->follow_id = state->follow_id;
    pb->known = state->known;
    pb->last_seq = state->last_seq;
    if (state->has_exited)
        pb->exited = wire_put_exited(wire, &state->exited);
}

/* One that is missing has no follow id, which the rules refuse. */
static struct follow_state take_state(const Remex__V1__FollowState *pb)
{
    struct follow_state state = { 0 };

    if (!pb)
        return state;
    state.follow_id = pb->follow_id;
    state.known = pb->known;
    state.last_seq = pb->last_seq;
    state.has_exited = pb->exited != NULL;
    if (pb->exited)
        state.exited = wire_take_exited(pb->exited);
    return state;
}

static Remex__V1__FollowState **put_states(
        struct wire *wire, const struct follow_state *states, size_t count)
{
    Remex__V1__FollowState *made = wire_alloc(wire, count, sizeof(*made));
    Remex__V1__FollowState **pb =
            wire_alloc(wire, count, sizeof(Remex__V1__FollowState *));

    for (size_t i = 0; pb && i < count; i++) {
        put_state(wire, &states[i], &made[i]);
        pb[i] = &made[i];
    }
    return pb;
}

static const struct follow_state *take_states(
        struct wire *wire, Remex__V1__FollowState *const *pb, size_t count)
{
    struct follow_state *states = wire_alloc(wire, count, sizeof(*states));

    for (size_t i = 0; states && i < count; i++)
        states[i] = take_state(pb[i]);
    return states;
}

/* --- Open ----------------------------------------------------------------- */

static Remex__V1__Limits *put_limits(
        struct wire *wire, const struct message_limits *limits)
{
    Remex__V1__Limits *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__limits__init(pb);
    pb->request_bytes = limits->request_bytes;
    pb->reply_bytes = limits->reply_bytes;
    pb->argument_bytes = limits->argument_bytes;
    pb->argument_count = limits->argument_count;
    pb->sessions = limits->sessions;
    pb->processes = limits->processes;
    pb->retained_bytes = limits->retained_bytes;
    pb->stdin_bytes = limits->stdin_bytes;
    pb->parked = limits->parked;
    pb->park_ms = limits->park_ms;
    pb->window_bytes = limits->window_bytes;
    pb->follows = limits->follows;
    pb->lease_ms = limits->lease_ms;
    return pb;
}

static struct message_limits take_limits(const Remex__V1__Limits *pb)
{
    if (!pb)
        return (struct message_limits){ 0 };
    return (struct message_limits){
        .request_bytes = pb->request_bytes,
        .reply_bytes = pb->reply_bytes,
        .argument_bytes = pb->argument_bytes,
        .argument_count = pb->argument_count,
        .sessions = pb->sessions,
        .processes = pb->processes,
        .retained_bytes = pb->retained_bytes,
        .stdin_bytes = pb->stdin_bytes,
        .parked = pb->parked,
        .park_ms = pb->park_ms,
        .window_bytes = pb->window_bytes,
        .follows = pb->follows,
        .lease_ms = pb->lease_ms,
    };
}

static char **put_texts(
        struct wire *wire, const struct remex_bytes *texts, size_t count)
{
    char **pb = wire_alloc(wire, count, sizeof(char *));

    for (size_t i = 0; pb && i < count; i++)
        pb[i] = wire_put_text(wire, texts[i]);
    return pb;
}

static const struct remex_bytes *take_texts(
        struct wire *wire, char *const *pb, size_t count)
{
    struct remex_bytes *texts = wire_alloc(wire, count, sizeof(*texts));

    for (size_t i = 0; texts && i < count; i++)
        texts[i] = wire_take_text(pb[i]);
    return texts;
}

static ProtobufCMessage *put_open(struct wire *wire, const struct reply *reply)
{
    const struct open_reply *open = &reply->open;
    Remex__V1__OpenReply *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__open_reply__init(pb);
    pb->version = open->version;
    pb->session_id = wire_put_id(&open->session_id);
    pb->attachment = open->attachment;
    pb->lease_ms = open->lease_ms;
    pb->principal = wire_put_text(wire, open->principal);
    pb->role = (Remex__V1__Role)open->role;
    pb->limits = put_limits(wire, &open->limits);
    pb->capabilities =
            put_texts(wire, open->capabilities, open->capability_count);
    pb->n_capabilities = open->capability_count;
    pb->hint_address = wire_put_text(wire, open->hint_address);
    pb->hint_topic = wire_put_bytes(
            (struct remex_bytes){ open->hint_topic, sizeof(open->hint_topic) });
    pb->heartbeat_ms = open->heartbeat_ms;
    pb->executor_version = wire_put_text(wire, open->executor_version);
    pb->follows = put_states(wire, open->follows, open->follow_count);
    pb->n_follows = open->follow_count;
    return &pb->base;
}

/* No topic: no hints on this address. */
static void take_topic(
        struct wire *wire, ProtobufCBinaryData bytes, struct open_reply *out)
{
    if (bytes.len == sizeof(out->hint_topic))
        memcpy(out->hint_topic, bytes.data, sizeof(out->hint_topic));
    else if (bytes.len > 0)
        wire_refuse(wire, "open.hint_topic", "It must have 8 bytes, or none.");
}

static void take_open(
        struct wire *wire, const Remex__V1__Reply *envelope, struct reply *out)
{
    const Remex__V1__OpenReply *pb = envelope->open;

    out->open = (struct open_reply){
        .version = pb->version,
        .attachment = pb->attachment,
        .lease_ms = pb->lease_ms,
        .principal = wire_take_text(pb->principal),
        .role = (enum role)pb->role,
        .limits = take_limits(pb->limits),
        .capabilities = take_texts(wire, pb->capabilities, pb->n_capabilities),
        .capability_count = pb->n_capabilities,
        .hint_address = wire_take_text(pb->hint_address),
        .heartbeat_ms = pb->heartbeat_ms,
        .executor_version = wire_take_text(pb->executor_version),
        .follows = take_states(wire, pb->follows, pb->n_follows),
        .follow_count = pb->n_follows,
    };
    wire_take_id(
            wire, pb->session_id, "open.session_id", &out->open.session_id);
    take_topic(wire, pb->hint_topic, &out->open);
}

/* --- Start, Follow -------------------------------------------------------- */

static ProtobufCMessage *put_start(struct wire *wire, const struct reply *reply)
{
    Remex__V1__StartReply *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__start_reply__init(pb);
    pb->pid = reply->start.pid;
    return &pb->base;
}

static void take_start(
        struct wire *wire, const Remex__V1__Reply *envelope, struct reply *out)
{
    (void)wire;
    out->start.pid = envelope->start->pid;
}

static ProtobufCMessage *put_follow(
        struct wire *wire, const struct reply *reply)
{
    Remex__V1__FollowReply *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__follow_reply__init(pb);
    pb->state = wire_alloc(wire, 1, sizeof(*pb->state));
    if (pb->state)
        put_state(wire, &reply->follow.state, pb->state);
    return &pb->base;
}

static void take_follow(
        struct wire *wire, const Remex__V1__Reply *envelope, struct reply *out)
{
    (void)wire;
    out->follow.state = take_state(envelope->follow->state);
}

/* --- Pull, Read ----------------------------------------------------------- */

static ProtobufCMessage *put_pull(struct wire *wire, const struct reply *reply)
{
    const struct pull_reply *pull = &reply->pull;
    Remex__V1__PullReply *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__pull_reply__init(pb);
    pb->events = wire_put_batch(wire, &pull->batch);
    pb->states = put_states(wire, pull->states, pull->state_count);
    pb->n_states = pull->state_count;
    return &pb->base;
}

static void take_pull(
        struct wire *wire, const Remex__V1__Reply *envelope, struct reply *out)
{
    const Remex__V1__PullReply *pb = envelope->pull;

    wire_take_batch(wire, pb->events, out->payload, &out->pull.batch);
    out->pull.states = take_states(wire, pb->states, pb->n_states);
    out->pull.state_count = pb->n_states;
}

static ProtobufCMessage *put_read(struct wire *wire, const struct reply *reply)
{
    const struct read_reply *read = &reply->read;
    Remex__V1__ReadReply *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__read_reply__init(pb);
    pb->events = wire_put_batch(wire, &read->batch);
    pb->first_seq = read->first_seq;
    pb->next_seq = read->next_seq;
    pb->exited = read->exited;
    pb->closed = read->closed;
    return &pb->base;
}

static void take_read(
        struct wire *wire, const Remex__V1__Reply *envelope, struct reply *out)
{
    const Remex__V1__ReadReply *pb = envelope->read;

    wire_take_batch(wire, pb->events, out->payload, &out->read.batch);
    out->read.first_seq = pb->first_seq;
    out->read.next_seq = pb->next_seq;
    out->read.exited = pb->exited;
    out->read.closed = pb->closed;
}

/* --- Write, Signal, Terminate --------------------------------------------- */

static ProtobufCMessage *put_write(struct wire *wire, const struct reply *reply)
{
    Remex__V1__WriteReply *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__write_reply__init(pb);
    pb->outcome = (Remex__V1__WriteOutcome)reply->write.outcome;
    pb->next_offset = reply->write.next_offset;
    pb->room = reply->write.room;
    pb->eof = reply->write.eof;
    return &pb->base;
}

static void take_write(
        struct wire *wire, const Remex__V1__Reply *envelope, struct reply *out)
{
    const Remex__V1__WriteReply *pb = envelope->write;

    (void)wire;
    out->write = (struct write_reply){
        .outcome = (enum write_outcome)pb->outcome,
        .next_offset = pb->next_offset,
        .room = pb->room,
        .eof = pb->eof,
    };
}

static ProtobufCMessage *put_signal(
        struct wire *wire, const struct reply *reply)
{
    Remex__V1__SignalReply *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__signal_reply__init(pb);
    pb->outcome = (Remex__V1__SignalOutcome)reply->signal.outcome;
    return &pb->base;
}

static void take_signal(
        struct wire *wire, const Remex__V1__Reply *envelope, struct reply *out)
{
    (void)wire;
    out->signal.outcome = (enum signal_outcome)envelope->signal->outcome;
}

static ProtobufCMessage *put_terminate(
        struct wire *wire, const struct reply *reply)
{
    Remex__V1__TerminateReply *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__terminate_reply__init(pb);
    pb->running = reply->terminate.running;
    return &pb->base;
}

static void take_terminate(
        struct wire *wire, const Remex__V1__Reply *envelope, struct reply *out)
{
    (void)wire;
    out->terminate.running = envelope->terminate->running;
}

/* --- All ------------------------------------------------------------------ */

struct codec {
    ProtobufCMessage *(*put)(struct wire *wire, const struct reply *reply);
    void (*take)(struct wire *wire, const Remex__V1__Reply *envelope,
            struct reply *out);
};

/* A method that is not here is carried by its number alone. */
static const struct codec *codec_of(enum method method)
{
    static const struct codec codecs[METHOD_FORGET + 1] = {
        [METHOD_OPEN] = { put_open, take_open },
        [METHOD_START] = { put_start, take_start },
        [METHOD_FOLLOW] = { put_follow, take_follow },
        [METHOD_PULL] = { put_pull, take_pull },
        [METHOD_READ] = { put_read, take_read },
        [METHOD_WRITE] = { put_write, take_write },
        [METHOD_SIGNAL] = { put_signal, take_signal },
        [METHOD_TERMINATE] = { put_terminate, take_terminate },
    };

    assert(method <= METHOD_FORGET);
    return &codecs[method];
}

void wire_put_result(
        struct wire *wire, const struct reply *reply, Remex__V1__Reply *pb)
{
    const struct codec *codec = codec_of(reply->method);
    ProtobufCMessage *result;

    if (codec->put)
        result = codec->put(wire, reply);
    else
        result = wire_put_empty(
                wire, &remex__v1__reply__descriptor, reply->method);
    /* Any member of the union will do: protobuf-c goes by the case. */
    pb->close = (Remex__V1__CloseReply *)result;
    pb->result_case = (Remex__V1__Reply__ResultCase)reply->method;
}

void wire_take_result(
        struct wire *wire, const Remex__V1__Reply *pb, struct reply *out)
{
    const struct codec *codec;

    out->method = (enum method)pb->result_case;
    codec = codec_of(out->method);
    if (codec->take)
        codec->take(wire, pb, out);
}
