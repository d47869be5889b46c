/* SPDX-License-Identifier: Apache-2.0 */
#include "common/wire_scan.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "remex/v1/executor.pb-c.h"

#include "common/error.h"
#include "common/text.h"

enum {
    PAYLOAD_NUMBER = 100,
    VARINT_BYTES = 10,
    /* No message of the .proto contains itself; Reply, PullReply, Batch, Event,
     * Closed, StreamEnd is as deep as it gets. */
    SCAN_DEPTH = 8,
};

enum wire_type {
    WIRE_VARINT = PROTOBUF_C_WIRE_TYPE_VARINT,
    WIRE_64BIT = PROTOBUF_C_WIRE_TYPE_64BIT,
    WIRE_BYTES = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
    WIRE_32BIT = PROTOBUF_C_WIRE_TYPE_32BIT,
};

/* A message that the walk is inside of. */
struct frame {
    const ProtobufCMessageDescriptor *type;
    const uint8_t *end;
    uint64_t seen; /* its fields so far, by index; oneofs by their first */
};

struct scan {
    const uint8_t *at;
    struct frame frames[SCAN_DEPTH];
    size_t depth; /* frames in use */
    const char *method;
    struct wire_parts *parts;
    struct remex_error *error;
};

/* One field as it stands in the message. */
struct field {
    const ProtobufCFieldDescriptor *type; /* NULL: one we do not know */
    enum wire_type wire_type;
    uint64_t number;          /* of a varint */
    struct remex_bytes bytes; /* of WIRE_BYTES */
    const uint8_t *begin;     /* of its tag */
};

/* Names the innermost field after its method, as check does. */
static bool fail(const struct scan *scan, const ProtobufCFieldDescriptor *field,
        const char *text)
{
    char name[sizeof(scan->error->name)];
    const char *method = scan->method ? scan->method : "";
    const char *inner = field ? field->name : "";

    if (scan->depth == 1)
        method = "";
    snprintf(name, sizeof(name), "%s%s%s", method, *method && *inner ? "." : "",
            inner);
    error_bad_field(scan->error, *name ? name : "message", "%s", text);
    return false;
}

/* --- Bytes ---------------------------------------------------------------- */

/* In its shortest form, and before `end`. */
static bool take_varint(const uint8_t **at, const uint8_t *end, uint64_t *out)
{
    uint64_t value = 0;

    for (unsigned int i = 0; i < VARINT_BYTES && *at < end; i++) {
        uint8_t byte = *(*at)++;

        if (i == VARINT_BYTES - 1 && byte > 1)
            return false; /* beyond 64 bits */
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte & 0x80)
            continue;
        *out = value;
        return byte != 0 || i == 0;
    }
    return false;
}

static bool take_bytes(
        const uint8_t **at, const uint8_t *end, struct remex_bytes *out)
{
    uint64_t size;

    if (!take_varint(at, end, &size) || size > (uint64_t)(end - *at))
        return false;
    *out = (struct remex_bytes){ *at, (size_t)size };
    *at += size;
    return true;
}

static bool skip(const uint8_t **at, const uint8_t *end, ptrdiff_t size)
{
    if (end - *at < size)
        return false;
    *at += size;
    return true;
}

static bool take_value(
        const uint8_t **at, const uint8_t *end, struct field *field)
{
    switch (field->wire_type) {
    case WIRE_VARINT:
        return take_varint(at, end, &field->number);
    case WIRE_BYTES:
        return take_bytes(at, end, &field->bytes);
    case WIRE_64BIT:
        return skip(at, end, 8);
    case WIRE_32BIT:
        return skip(at, end, 4);
    }
    return false; /* groups, and numbers that are none */
}

static bool take_field(struct scan *scan, struct field *out)
{
    const struct frame *frame = &scan->frames[scan->depth - 1];
    uint64_t tag;

    *out = (struct field){ .begin = scan->at };
    if (!take_varint(&scan->at, frame->end, &tag))
        return fail(scan, NULL, "A field's tag is cut off or malformed.");
    if (tag > UINT32_MAX || tag >> 3 == 0)
        return fail(scan, NULL, "A field's number is out of range.");
    out->type = protobuf_c_message_descriptor_get_field(
            frame->type, (unsigned int)(tag >> 3));
    out->wire_type = (enum wire_type)(tag & 7);
    if (!take_value(&scan->at, frame->end, out))
        return fail(scan, out->type, "Its value is cut off or malformed.");
    return true;
}

/* --- Fields --------------------------------------------------------------- */

static bool is_repeated(const ProtobufCFieldDescriptor *type)
{
    return type->label == PROTOBUF_C_LABEL_REPEATED;
}

/* Whether it is a kind of field that this protocol has; sets its wire type. */
static bool wire_type_of(
        const ProtobufCFieldDescriptor *type, enum wire_type *out)
{
    switch (type->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM:
        *out = WIRE_VARINT;
        return true;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        *out = WIRE_BYTES;
        return true;
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        break;
    }
    return false;
}

/* Whether a varint is a value of the field's type; protobuf-c would cut it. */
static bool fits(const ProtobufCFieldDescriptor *type, uint64_t number)
{
    if (type->type == PROTOBUF_C_TYPE_BOOL)
        return number <= 1;
    if (type->type == PROTOBUF_C_TYPE_UINT32)
        return number <= UINT32_MAX;
    if (type->type == PROTOBUF_C_TYPE_INT32 ||
            type->type == PROTOBUF_C_TYPE_ENUM)
        return number <= INT32_MAX || number >= (uint64_t)INT32_MIN;
    return true;
}

static bool all_fit(
        const ProtobufCFieldDescriptor *type, struct remex_bytes packed)
{
    const uint8_t *at = packed.data;
    const uint8_t *end = at + packed.size;
    uint64_t number;

    while (at < end)
        if (!take_varint(&at, end, &number) || !fits(type, number))
            return false;
    return true;
}

/* The field that stands for all members of a oneof: they share the place that
 * tells which of them is set. */
static const ProtobufCFieldDescriptor *first_member(
        const struct frame *frame, const ProtobufCFieldDescriptor *type)
{
    const ProtobufCFieldDescriptor *first = frame->type->fields;

    while (first->quantifier_offset != type->quantifier_offset)
        first++;
    return first;
}

/* Notes a field in its message; false if it, or another member of its oneof,
 * was there before. */
static bool see(struct frame *frame, const ProtobufCFieldDescriptor *type)
{
    ptrdiff_t index;

    if (is_repeated(type))
        return true;
    if (type->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
        type = first_member(frame, type);
    index = type - frame->type->fields;
    assert(index < 64);
    if (frame->seen & UINT64_C(1) << index)
        return false;
    frame->seen |= UINT64_C(1) << index;
    return true;
}

static bool enter(struct scan *scan, const struct field *field)
{
    const ProtobufCMessageDescriptor *type = field->type->descriptor;
    const uint8_t *begin = field->bytes.data;

    if (scan->depth == SCAN_DEPTH)
        return fail(scan, field->type, "It is nested too deeply.");
    if (scan->depth == 1)
        scan->method = field->type->name;
    if (type == &remex__v1__process_spec__descriptor)
        scan->parts->process = field->bytes;
    scan->frames[scan->depth++] = (struct frame){
        .type = type,
        .end = begin + field->bytes.size,
    };
    scan->at = begin;
    return true;
}

static void note_payload(struct scan *scan, const struct field *field)
{
    if (scan->depth != 1 || field->type->id != PAYLOAD_NUMBER)
        return;
    scan->parts->payload = field->bytes;
    scan->parts->payload_field = (struct remex_bytes){
        field->begin,
        (size_t)(scan->at - field->begin),
    };
}

static bool accept_value(struct scan *scan, const struct field *field)
{
    const ProtobufCFieldDescriptor *type = field->type;

    if (type->type == PROTOBUF_C_TYPE_MESSAGE)
        return enter(scan, field);
    if (type->type == PROTOBUF_C_TYPE_STRING && !text_is_utf8(field->bytes))
        return fail(scan, type, "It must be UTF-8 without a NUL.");
    if (type->type == PROTOBUF_C_TYPE_BYTES)
        note_payload(scan, field);
    if (field->wire_type == WIRE_VARINT && !fits(type, field->number))
        return fail(scan, type, "Its number is out of range.");
    return true;
}

static bool accept_field(struct scan *scan, const struct field *field)
{
    const ProtobufCFieldDescriptor *type = field->type;
    enum wire_type expected;

    if (!type)
        return true;
    if (!see(&scan->frames[scan->depth - 1], type))
        return fail(scan, type, "It must not be there twice.");
    if (!wire_type_of(type, &expected))
        return fail(scan, type, "Its type is not one that is in use.");
    if (is_repeated(type) && expected == WIRE_VARINT &&
            field->wire_type == WIRE_BYTES) /* packed */
        return all_fit(type, field->bytes) ||
                fail(scan, type, "One of its numbers is malformed.");
    if (field->wire_type != expected)
        return fail(scan, type, "It must have the type of the protocol.");
    return accept_value(scan, field);
}

enum remex_status wire_scan(struct remex_bytes bytes,
        const ProtobufCMessageDescriptor *type, struct wire_parts *out,
        struct remex_error *error)
{
    const uint8_t *begin = bytes.data;
    struct scan scan = {
        .at = begin, .depth = 1, .parts = out, .error = error
    };
    struct field field;

    *out = (struct wire_parts){ 0 };
    if (bytes.size == 0)
        return REMEX_OK;
    scan.frames[0] = (struct frame){ .type = type, .end = begin + bytes.size };
    while (scan.depth > 0) {
        if (scan.at == scan.frames[scan.depth - 1].end)
            scan.depth--;
        else if (!take_field(&scan, &field) || !accept_field(&scan, &field))
            return REMEX_INVALID_ARGUMENT;
    }
    return REMEX_OK;
}
