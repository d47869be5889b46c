/* SPDX-License-Identifier: Apache-2.0 */
#include "common/wire_values.h"

#include <stdint.h>
#include <string.h>

#include "common/error.h"
#include "common/ids.h"

void *wire_alloc(struct wire *wire, size_t count, size_t size)
{
    void *data = NULL;

    if (count == 0 || wire->status != REMEX_OK)
        return NULL;
    if (count <= SIZE_MAX / size)
        data = arena_alloc(wire->arena, count * size);
    if (!data)
        wire->status = REMEX_NO_MEMORY;
    return data;
}

void wire_refuse(struct wire *wire, const char *field, const char *text)
{
    if (wire->status == REMEX_OK)
        wire->status = error_bad_field(wire->error, field, "%s", text);
}

ProtobufCBinaryData wire_put_bytes(struct remex_bytes bytes)
{
    ProtobufCBinaryData pb = { .len = bytes.size };

    /* protobuf-c has no const, as it uses the struct both ways. */
    memcpy(&pb.data, &bytes.data, sizeof(pb.data));
    return pb;
}

struct remex_bytes wire_take_bytes(ProtobufCBinaryData bytes)
{
    return (struct remex_bytes){ bytes.data, bytes.len };
}

char *wire_put_text(struct wire *wire, struct remex_bytes text)
{
    char *copy = wire_alloc(wire, text.size + 1, 1);

    if (copy && text.size > 0)
        memcpy(copy, text.data, text.size);
    return copy;
}

struct remex_bytes wire_take_text(const char *text)
{
    return (struct remex_bytes){ text, strlen(text) };
}

ProtobufCBinaryData *wire_put_list(
        struct wire *wire, const struct remex_bytes *items, size_t count)
{
    ProtobufCBinaryData *list = wire_alloc(wire, count, sizeof(*list));

    for (size_t i = 0; list && i < count; i++)
        list[i] = wire_put_bytes(items[i]);
    return list;
}

const struct remex_bytes *wire_take_list(
        struct wire *wire, const ProtobufCBinaryData *items, size_t count)
{
    struct remex_bytes *list = wire_alloc(wire, count, sizeof(*list));

    for (size_t i = 0; list && i < count; i++)
        list[i] = wire_take_bytes(items[i]);
    return list;
}

ProtobufCBinaryData wire_put_id(const struct message_id *id)
{
    struct remex_bytes bytes = { id->bytes, sizeof(id->bytes) };

    if (id_is_zero(id))
        bytes.size = 0;
    return wire_put_bytes(bytes);
}

void wire_take_id(struct wire *wire, ProtobufCBinaryData bytes,
        const char *field, struct message_id *out)
{
    *out = (struct message_id){ { 0 } };
    if (bytes.len == sizeof(out->bytes))
        memcpy(out->bytes, bytes.data, sizeof(out->bytes));
    else if (bytes.len > 0)
        wire_refuse(wire, field, "It must have 16 bytes, or none.");
}

ProtobufCMessage *wire_put_empty(struct wire *wire,
        const ProtobufCMessageDescriptor *envelope, enum method method)
{
    const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field(envelope, method);
    const ProtobufCMessageDescriptor *type = field->descriptor;
    ProtobufCMessage *message = wire_alloc(wire, 1, type->sizeof_message);

    if (message)
        type->message_init(message);
    return message;
}
