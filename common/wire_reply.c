/* SPDX-License-Identifier: Apache-2.0 */
#include "common/wire_values.h"

#include <assert.h>
#include <string.h>

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
    pb->retained_events = limits->retained_events;
    pb->retention_ms = limits->retention_ms;
    pb->starts_per_second = limits->starts_per_second;
    pb->starts_burst = limits->starts_burst;
    pb->wall_time_ms = limits->wall_time_ms;
    pb->sessions_in_all = limits->sessions_in_all;
    pb->processes_in_all = limits->processes_in_all;
    pb->retained_bytes_in_all = limits->retained_bytes_in_all;
    pb->retained_bytes_per_principal = limits->retained_bytes_per_principal;
    pb->stdin_bytes_per_principal = limits->stdin_bytes_per_principal;
    pb->memory_bytes = limits->tree.memory_bytes;
    pb->pids = limits->tree.pids;
    pb->cpu_millis = limits->tree.cpu_millis;
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
        .retained_events = pb->retained_events,
        .retention_ms = pb->retention_ms,
        .starts_per_second = pb->starts_per_second,
        .starts_burst = pb->starts_burst,
        .wall_time_ms = pb->wall_time_ms,
        .sessions_in_all = pb->sessions_in_all,
        .processes_in_all = pb->processes_in_all,
        .retained_bytes_in_all = pb->retained_bytes_in_all,
        .retained_bytes_per_principal = pb->retained_bytes_per_principal,
        .stdin_bytes_per_principal = pb->stdin_bytes_per_principal,
        .tree = { pb->memory_bytes, pb->pids, pb->cpu_millis },
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
    pb->follows = wire_put_states(wire, open->follows, open->follow_count);
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
        .follows = wire_take_states(wire, pb->follows, pb->n_follows),
        .follow_count = pb->n_follows,
    };
    wire_take_id(
            wire, pb->session_id, "open.session_id", &out->open.session_id);
    take_topic(wire, pb->hint_topic, &out->open);
}

/* --- Start, Run ----------------------------------------------------------- */

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

static ProtobufCMessage *put_run(struct wire *wire, const struct reply *reply)
{
    Remex__V1__RunReply *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__run_reply__init(pb);
    pb->events = wire_put_batch(wire, &reply->run.batch);
    return &pb->base;
}

static void take_run(
        struct wire *wire, const Remex__V1__Reply *envelope, struct reply *out)
{
    wire_take_batch(wire, envelope->run->events, out->payload, &out->run.batch);
}

/* --- All ------------------------------------------------------------------ */

/* A method that is not here is carried by its number alone; NULL. */
static const struct result_codec *codec_of(enum method method)
{
    static const struct result_codec open = { put_open, take_open };
    static const struct result_codec start = { put_start, take_start };
    static const struct result_codec run = { put_run, take_run };
    static const struct result_codec *const codecs[METHOD_FORGET + 1] = {
        [METHOD_OPEN] = &open,
        [METHOD_START] = &start,
        [METHOD_RUN] = &run,
        [METHOD_FOLLOW] = &wire_result_follow,
        [METHOD_PULL] = &wire_result_pull,
        [METHOD_READ] = &wire_result_read,
        [METHOD_WRITE] = &wire_result_write,
        [METHOD_SIGNAL] = &wire_result_signal,
        [METHOD_TERMINATE] = &wire_result_terminate,
        [METHOD_WAIT] = &wire_result_wait,
        [METHOD_INSPECT] = &wire_result_inspect,
        [METHOD_LIST] = &wire_result_list,
    };

    assert(method <= METHOD_FORGET);
    return codecs[method];
}

void wire_put_result(
        struct wire *wire, const struct reply *reply, Remex__V1__Reply *pb)
{
    const struct result_codec *codec = codec_of(reply->method);
    ProtobufCMessage *result;

    if (codec)
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
    const struct result_codec *codec;

    out->method = (enum method)pb->result_case;
    codec = codec_of(out->method);
    if (codec)
        codec->take(wire, pb, out);
}
