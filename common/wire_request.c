/* SPDX-License-Identifier: Apache-2.0 */
#include "common/wire_values.h"

#include <assert.h>

/* --- Open ----------------------------------------------------------------- */

static Remex__V1__FollowSpec **put_follows(
        struct wire *wire, const struct resume *resume)
{
    size_t count = resume->follow_count;
    Remex__V1__FollowSpec *follows = wire_alloc(wire, count, sizeof(*follows));
    Remex__V1__FollowSpec **pb =
            wire_alloc(wire, count, sizeof(Remex__V1__FollowSpec *));

    for (size_t i = 0; pb && i < count; i++) {
        wire_put_follow(&resume->follows[i], &follows[i]);
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
        follows[i] = wire_take_follow(pb->follows[i]);
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
    pb->follow = wire_new_follow(wire, request->start.follow);
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
    *follow = wire_take_follow(pb->follow);
    if (follow->process_id.size == 0)
        follow->process_id = out->start.process.process_id;
}

/* --- Run ------------------------------------------------------------------ */

static ProtobufCMessage *put_run(
        struct wire *wire, const struct request *request)
{
    Remex__V1__RunRequest *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__run_request__init(pb);
    pb->process = wire_put_process(wire, &request->run.process);
    pb->max_output_bytes = request->run.max_output_bytes;
    return &pb->base;
}

static void take_run(struct wire *wire, const Remex__V1__Request *envelope,
        struct request *out)
{
    const Remex__V1__RunRequest *pb = envelope->run;

    out->run = (struct run_request){ .max_output_bytes = pb->max_output_bytes };
    if (pb->process)
        wire_take_process(wire, pb->process, &out->run.process);
    else
        wire_refuse(wire, "run.process", "Say what to run.");
}

/* --- All ------------------------------------------------------------------ */

/* A method that is not here is carried by its number alone; NULL. */
static const struct call_codec *codec_of(enum method method)
{
    static const struct call_codec open = { put_open, take_open };
    static const struct call_codec start = { put_start, take_start };
    static const struct call_codec run = { put_run, take_run };
    static const struct call_codec *const codecs[METHOD_FORGET + 1] = {
        [METHOD_OPEN] = &open,
        [METHOD_START] = &start,
        [METHOD_RUN] = &run,
        [METHOD_FOLLOW] = &wire_call_follow,
        [METHOD_UNFOLLOW] = &wire_call_unfollow,
        [METHOD_PULL] = &wire_call_pull,
        [METHOD_READ] = &wire_call_read,
        [METHOD_WRITE] = &wire_call_write,
        [METHOD_SIGNAL] = &wire_call_signal,
        [METHOD_RESIZE] = &wire_call_resize,
        [METHOD_TERMINATE] = &wire_call_terminate,
        [METHOD_WAIT] = &wire_call_wait,
        [METHOD_INSPECT] = &wire_call_inspect,
        [METHOD_LIST] = &wire_call_list,
        [METHOD_SEAL] = &wire_call_seal,
        [METHOD_FORGET] = &wire_call_forget,
    };

    assert(method <= METHOD_FORGET);
    return codecs[method];
}

void wire_put_call(struct wire *wire, const struct request *request,
        Remex__V1__Request *pb)
{
    const struct call_codec *codec = codec_of(request->method);
    ProtobufCMessage *call;

    if (codec)
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
    const struct call_codec *codec;

    out->method = (enum method)pb->call_case;
    codec = codec_of(out->method);
    if (codec)
        codec->take(wire, pb, out);
}
