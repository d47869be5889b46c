/* SPDX-License-Identifier: Apache-2.0 */
#include "common/wire.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/check.h"
#include "common/error.h"
#include "common/text.h"
#include "common/traceparent.h"
#include "common/wire_scan.h"
#include "common/wire_values.h"

enum { PAYLOAD_TAG_BYTES = 2, VARINT_BYTES = 10 };

/* Field 100, length-delimited, of Request and Reply alike. */
static const uint8_t payload_tag[PAYLOAD_TAG_BYTES] = { 0xa2, 0x06 };

/* --- Encoding ------------------------------------------------------------- */

void wire_head_free(struct wire_head *head)
{
    free(head->data);
    *head = (struct wire_head){ 0 };
}

/* Tag and length of the payload; returns how many bytes that is. */
static size_t put_payload_field(
        size_t payload_size, uint8_t out[PAYLOAD_TAG_BYTES + VARINT_BYTES])
{
    size_t used = PAYLOAD_TAG_BYTES;
    uint64_t rest = payload_size;

    if (payload_size == 0)
        return 0;
    memcpy(out, payload_tag, PAYLOAD_TAG_BYTES);
    for (; rest >= 0x80; rest >>= 7)
        out[used++] = (uint8_t)(rest | 0x80);
    out[used++] = (uint8_t)rest;
    return used;
}

/* `before`, then the message, then the payload's tag and length. */
static enum remex_status pack(struct remex_bytes before,
        const ProtobufCMessage *message, size_t payload_size,
        struct wire_head *out)
{
    uint8_t tail[PAYLOAD_TAG_BYTES + VARINT_BYTES];
    size_t tail_size = put_payload_field(payload_size, tail);
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *data = malloc(before.size + size + tail_size);

    if (!data)
        return REMEX_NO_MEMORY;
    if (before.size > 0)
        memcpy(data, before.data, before.size);
    protobuf_c_message_pack(message, data + before.size);
    if (tail_size > 0)
        memcpy(data + before.size + size, tail, tail_size);
    out->data = data;
    out->size = before.size + size + tail_size;
    return REMEX_OK;
}

/* What is told of a process beside it. */
static void put_around_process(struct wire *wire,
        const struct process_spec *process, Remex__V1__Request *pb)
{
    if (process->traceparent.size > 0)
        pb->traceparent = wire_put_text(wire, process->traceparent);
}

enum remex_status wire_encode_request(
        const struct request *request, struct wire_head *out)
{
    struct arena arena;
    struct wire wire = { .arena = &arena };
    Remex__V1__Request pb;

    assert(check_request(request, NULL) == REMEX_OK);
    arena_init(&arena, SIZE_MAX);
    remex__v1__request__init(&pb);
    pb.version = request->version;
    pb.session_id = wire_put_id(&request->session_id);
    pb.boot_id = wire_put_id(&request->boot_id);
    pb.attachment = request->attachment;
    pb.deadline_ms = request->deadline_ms;
    wire_put_call(&wire, request, &pb);
    if (request->method == METHOD_START)
        put_around_process(&wire, &request->start.process, &pb);
    if (request->method == METHOD_RUN)
        put_around_process(&wire, &request->run.process, &pb);
    if (wire.status == REMEX_OK)
        wire.status = pack((struct remex_bytes){ 0 }, &pb.base,
                request->payload.size, out);
    arena_deinit(&arena);
    return wire.status;
}

/* What of a status others may know: there are codes for no more. */
static uint32_t code_of(enum remex_status status)
{
    if (status == REMEX_NO_MEMORY)
        return REMEX_RESOURCE_EXHAUSTED;
    return status <= REMEX_UNAUTHENTICATED ? status : REMEX_INTERNAL;
}

static void put_error(struct wire *wire, const struct remex_error *error,
        Remex__V1__Reply *pb)
{
    struct remex_bytes text = { error->text,
        strnlen(error->text, sizeof(error->text)) };

    pb->code = code_of(error->status);
    pb->detail = wire_put_detail(wire, error);
    pb->message = wire_alloc(wire, 1, sizeof(error->text));
    if (pb->message)
        text_copy(pb->message, sizeof(error->text), text);
}

enum remex_status wire_encode_reply(
        const struct reply *reply, size_t payload_size, struct wire_head *out)
{
    struct arena arena;
    struct wire wire = { .arena = &arena };
    Remex__V1__Reply pb;

    assert(check_reply(reply, payload_size, NULL) == REMEX_OK);
    arena_init(&arena, SIZE_MAX);
    remex__v1__reply__init(&pb);
    pb.version = reply->version;
    pb.boot_id = wire_put_id(&reply->boot_id);
    if (reply->error.status != REMEX_OK)
        put_error(&wire, &reply->error, &pb);
    else
        wire_put_result(&wire, reply, &pb);
    if (wire.status == REMEX_OK)
        wire.status =
                pack((struct remex_bytes){ 0 }, &pb.base, payload_size, out);
    arena_deinit(&arena);
    return wire.status;
}

enum remex_status wire_encode_hint(
        const struct hint *hint, struct wire_head *out)
{
    Remex__V1__Hint pb;

    remex__v1__hint__init(&pb);
    pb.boot_id = wire_put_id(&hint->boot_id);
    pb.beat = hint->beat;
    pb.news = hint->news;
    return pack((struct remex_bytes){ hint->topic, sizeof(hint->topic) },
            &pb.base, 0, out);
}

/* --- Decoding ------------------------------------------------------------- */

static void *allocate(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void leave(void *arena, void *pointer)
{
    (void)arena; /* frees everything at once, later */
    (void)pointer;
}

/* The message but for its payload: in place if that is at its end, as it is in
 * what we encode, else put together in the arena. */
static struct remex_bytes without_payload(struct wire *wire,
        struct remex_bytes bytes, const struct wire_parts *parts)
{
    const uint8_t *begin = bytes.data;
    const uint8_t *cut = parts->payload_field.data;
    size_t before, after;
    uint8_t *rest;

    if (!cut)
        return bytes;
    before = (size_t)(cut - begin);
    cut += parts->payload_field.size;
    after = bytes.size - before - parts->payload_field.size;
    if (after == 0)
        return (struct remex_bytes){ begin, before };
    rest = wire_alloc(wire, before + after, 1);
    if (!rest)
        return (struct remex_bytes){ 0 };
    memcpy(rest, begin, before);
    memcpy(rest + before, cut, after);
    return (struct remex_bytes){ rest, before + after };
}

/* NULL if wire has failed. */
static ProtobufCMessage *unpack(struct wire *wire, struct remex_bytes bytes,
        const ProtobufCMessageDescriptor *type, struct wire_parts *parts)
{
    ProtobufCAllocator allocator = { allocate, leave, wire->arena };
    ProtobufCMessage *message;

    wire->status = wire_scan(bytes, type, parts, wire->error);
    if (wire->status != REMEX_OK)
        return NULL;
    bytes = without_payload(wire, bytes, parts);
    if (wire->status != REMEX_OK)
        return NULL;
    message =
            protobuf_c_message_unpack(type, &allocator, bytes.size, bytes.data);
    if (!message)
        wire->status = REMEX_NO_MEMORY; /* the scan left no other reason */
    return message;
}

/* The status of decoding as a whole. */
static enum remex_status finish(const struct wire *wire)
{
    if (wire->status != REMEX_NO_MEMORY)
        return wire->status;
    if (wire->arena->starved)
        return error_set(wire->error, REMEX_RESOURCE_EXHAUSTED,
                "There is no memory to take the message in; try again later.");
    return error_set(wire->error, REMEX_RESOURCE_EXHAUSTED,
            "The message needs more memory than the %zu bytes that one may "
            "have; send less at once.",
            wire->arena->limit);
}

/* A trace-parent that breaks W3C's rules is none, as those ask for. */
static void take_around_process(const Remex__V1__Request *pb,
        const struct wire_parts *parts, struct process_spec *out)
{
    struct remex_bytes traceparent = wire_take_text(pb->traceparent);

    out->encoded = parts->process;
    if (traceparent_is_valid(traceparent))
        out->traceparent = traceparent;
}

enum remex_status wire_decode_request(struct remex_bytes bytes,
        struct arena *arena, struct request *out, struct remex_error *error)
{
    struct wire wire = { .arena = arena, .error = error };
    struct wire_parts parts;
    const Remex__V1__Request *pb;

    *out = (struct request){ 0 };
    pb = (const Remex__V1__Request *)unpack(
            &wire, bytes, &remex__v1__request__descriptor, &parts);
    if (!pb)
        return finish(&wire);
    out->version = pb->version;
    wire_take_id(&wire, pb->session_id, "session_id", &out->session_id);
    wire_take_id(&wire, pb->boot_id, "boot_id", &out->boot_id);
    out->attachment = pb->attachment;
    out->deadline_ms = pb->deadline_ms;
    out->payload = parts.payload;
    wire_take_call(&wire, pb, out);
    if (out->method == METHOD_START)
        take_around_process(pb, &parts, &out->start.process);
    if (out->method == METHOD_RUN)
        take_around_process(pb, &parts, &out->run.process);
    if (wire.status == REMEX_OK)
        wire.status = check_request(out, error);
    return finish(&wire);
}

static void take_error(
        struct wire *wire, const Remex__V1__Reply *pb, struct remex_error *out)
{
    if (pb->code > REMEX_UNAUTHENTICATED)
        wire_refuse(wire, "code", "It must be one of gRPC's codes, 0 to 16.");
    if (pb->code == REMEX_OK)
        return;
    out->status = (enum remex_status)pb->code;
    wire_take_detail(pb->detail, out);
    text_copy(out->text, sizeof(out->text), wire_take_text(pb->message));
}

enum remex_status wire_decode_reply(struct remex_bytes bytes,
        struct arena *arena, struct reply *out, struct remex_error *error)
{
    struct wire wire = { .arena = arena, .error = error };
    struct wire_parts parts;
    const Remex__V1__Reply *pb;

    *out = (struct reply){ 0 };
    pb = (const Remex__V1__Reply *)unpack(
            &wire, bytes, &remex__v1__reply__descriptor, &parts);
    if (!pb)
        return finish(&wire);
    out->version = pb->version;
    wire_take_id(&wire, pb->boot_id, "boot_id", &out->boot_id);
    out->payload = parts.payload;
    take_error(&wire, pb, &out->error);
    wire_take_result(&wire, pb, out);
    if (wire.status == REMEX_OK)
        wire.status = check_reply(out, out->payload.size, error);
    return finish(&wire);
}

enum remex_status wire_decode_hint(struct remex_bytes bytes,
        struct arena *arena, struct hint *out, struct remex_error *error)
{
    struct wire wire = { .arena = arena, .error = error };
    struct wire_parts parts;
    const Remex__V1__Hint *pb;

    *out = (struct hint){ 0 };
    if (bytes.size < MESSAGE_TOPIC_BYTES)
        return error_bad_field(
                error, "topic", "A hint begins with 8 bytes of topic.");
    memcpy(out->topic, bytes.data, MESSAGE_TOPIC_BYTES);
    bytes.data = (const uint8_t *)bytes.data + MESSAGE_TOPIC_BYTES;
    bytes.size -= MESSAGE_TOPIC_BYTES;
    pb = (const Remex__V1__Hint *)unpack(
            &wire, bytes, &remex__v1__hint__descriptor, &parts);
    if (!pb)
        return finish(&wire);
    wire_take_id(&wire, pb->boot_id, "boot_id", &out->boot_id);
    out->beat = pb->beat;
    out->news = pb->news;
    return finish(&wire);
}
