/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMON_WIRE_VALUES_H
#define COMMON_WIRE_VALUES_H

/*
 * Inside wire: values to protobuf-c's structs (put) and back (take).
 *
 * Failures stick: the first is kept in struct wire, and everything after it
 * may go on with nothing. Only the outermost calls look at it.
 */

#include <stddef.h>

#include "remex/v1/executor.pb-c.h"

#include "common/arena.h"
#include "common/message.h"

struct wire {
    struct arena *arena;       /* of all that is made on the way */
    struct remex_error *error; /* of decoding; may be NULL */
    enum remex_status status; /* REMEX_NO_MEMORY: the arena's limit, or worse */
};

/* Zeroed; NULL for none, or after a failure. */
void *wire_alloc(struct wire *wire, size_t count, size_t size);

/* The first failure of decoding: `field` breaks a rule; what to change. */
void wire_refuse(struct wire *wire, const char *field, const char *text);

/* --- Small values --------------------------------------------------------- */

/* Lent as `bytes` is; protobuf-c does not write to it. */
ProtobufCBinaryData wire_put_bytes(struct remex_bytes bytes);
struct remex_bytes wire_take_bytes(ProtobufCBinaryData bytes);

/* A copy, for protobuf-c's strings end with a NUL. */
char *wire_put_text(struct wire *wire, struct remex_bytes text);
struct remex_bytes wire_take_text(const char *text);

ProtobufCBinaryData *wire_put_list(
        struct wire *wire, const struct remex_bytes *items, size_t count);
const struct remex_bytes *wire_take_list(
        struct wire *wire, const ProtobufCBinaryData *items, size_t count);

/* No bytes for an id of zeros. */
ProtobufCBinaryData wire_put_id(const struct message_id *id);
void wire_take_id(struct wire *wire, ProtobufCBinaryData bytes,
        const char *field, struct message_id *out);

/* --- Messages within messages --------------------------------------------- */

Remex__V1__ProcessSpec *wire_put_process(
        struct wire *wire, const struct process_spec *spec);
void wire_take_process(struct wire *wire, const Remex__V1__ProcessSpec *pb,
        struct process_spec *out);

Remex__V1__StopStep **wire_put_plan(
        struct wire *wire, const struct stop_step *plan, size_t count);
const struct stop_step *wire_take_plan(
        struct wire *wire, Remex__V1__StopStep *const *pb, size_t count);

Remex__V1__Exited *wire_put_exited(
        struct wire *wire, const struct remex_exit *exited);
struct remex_exit wire_take_exited(const Remex__V1__Exited *pb);

Remex__V1__Batch *wire_put_batch(struct wire *wire, const struct batch *batch);
/* The outputs take their bytes from `payload`. */
void wire_take_batch(struct wire *wire, const Remex__V1__Batch *pb,
        struct remex_bytes payload, struct batch *out);

Remex__V1__ErrorDetail *wire_put_detail(
        struct wire *wire, const struct remex_error *error);
void wire_take_detail(
        const Remex__V1__ErrorDetail *pb, struct remex_error *out);

/* --- The envelopes' calls and results ------------------------------------- */

/* An empty message of the method's type. */
ProtobufCMessage *wire_put_empty(struct wire *wire,
        const ProtobufCMessageDescriptor *envelope, enum method method);

void wire_put_call(struct wire *wire, const struct request *request,
        Remex__V1__Request *pb);
void wire_take_call(
        struct wire *wire, const Remex__V1__Request *pb, struct request *out);

void wire_put_result(
        struct wire *wire, const struct reply *reply, Remex__V1__Reply *pb);
/* `out->payload` is set. */
void wire_take_result(
        struct wire *wire, const Remex__V1__Reply *pb, struct reply *out);

#endif
