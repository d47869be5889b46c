/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMON_WIRE_H
#define COMMON_WIRE_H

/*
 * Values to bytes and back: the only part that knows protobuf.
 *
 * Nothing that comes in is trusted: any bytes give a status, never a crash, and
 * no more memory than the arena's limit. What is decoded keeps the rules that
 * the .proto states for a single message (sizes, enums, no NUL in what reaches
 * the kernel, events that fit their payload); whether it makes sense now is for
 * the caller to judge.
 *
 * Bulk bytes are never copied here. Encoding gives the head, which ends with
 * the payload's tag and length; the sender puts `payload_size` bytes after it.
 * Decoded payloads and outputs point into the message given.
 */

#include <remex/status.h>

#include "common/arena.h"
#include "common/message.h"

/* An encoded message but for its payload. One allocation, its owner's to free.
 *
 * Encoding takes what keeps the rules (common/check) and asserts it. It can
 * only fail with REMEX_NO_MEMORY, and then leaves `out` alone. */
struct wire_head {
    uint8_t *data;
    size_t size;
};

void wire_head_free(struct wire_head *head);

/* `request->payload.size` bytes must follow. */
REMEX_CHECKED enum remex_status wire_encode_request(
        const struct request *request, struct wire_head *out);

/* `payload_size` bytes must follow: those of the batch's outputs in order, or
 * none. `reply->payload` is not looked at. An error's texts are made printable,
 * and a status that is not for the wire is sent as the nearest that is. */
REMEX_CHECKED enum remex_status wire_encode_reply(
        const struct reply *reply, size_t payload_size, struct wire_head *out);

/* Topic and message, without a payload. */
REMEX_CHECKED enum remex_status wire_encode_hint(
        const struct hint *hint, struct wire_head *out);

/* On failure `error` (may be NULL) says what was wrong; its status is the
 * result: REMEX_INVALID_ARGUMENT for what breaks a rule of the protocol, naming
 * the field; REMEX_RESOURCE_EXHAUSTED for what needs more than the arena has,
 * or there is. */
REMEX_CHECKED enum remex_status wire_decode_request(struct remex_bytes bytes,
        struct arena *arena, struct request *out, struct remex_error *error);

REMEX_CHECKED enum remex_status wire_decode_reply(struct remex_bytes bytes,
        struct arena *arena, struct reply *out, struct remex_error *error);

REMEX_CHECKED enum remex_status wire_decode_hint(struct remex_bytes bytes,
        struct arena *arena, struct hint *out, struct remex_error *error);

#endif
