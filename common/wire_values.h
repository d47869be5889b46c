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

/* A message of the ends; so many as `count`. */
Remex__V1__Closed *wire_put_closed(
        struct wire *wire, const struct remex_stream_end *ends, size_t count);
/* What is beyond the array is counted only, for the rules to refuse. Returns
 * the count. */
size_t wire_take_closed(const Remex__V1__Closed *pb,
        struct remex_stream_end ends[REMEX_STREAMS]);
Remex__V1__StreamEnd *wire_put_end(
        struct wire *wire, const struct remex_stream_end *end);
struct remex_stream_end wire_take_end(const Remex__V1__StreamEnd *pb);

Remex__V1__StreamSpec *wire_put_stream(
        struct wire *wire, const struct stream_spec *spec);
/* One that is missing is all unspecified. */
struct stream_spec wire_take_stream(const Remex__V1__StreamSpec *pb);

/* NULL if none is set, which is taken as that. */
Remex__V1__TreeLimits *wire_put_tree_limits(
        struct wire *wire, const struct tree_limits *limits);
struct tree_limits wire_take_tree_limits(const Remex__V1__TreeLimits *pb);

Remex__V1__Label **wire_put_labels(
        struct wire *wire, const struct label *labels, size_t count);
const struct label *wire_take_labels(
        struct wire *wire, Remex__V1__Label *const *pb, size_t count);

void wire_take_ending(Remex__V1__ProcessState state,
        const Remex__V1__Exited *exited, const Remex__V1__Closed *closed,
        struct process_ending *out);
void wire_put_status(struct wire *wire, const struct process_status *status,
        Remex__V1__ProcessStatus *pb);
void wire_take_status(struct wire *wire, const Remex__V1__ProcessStatus *pb,
        struct process_status *out);

Remex__V1__FollowerStatus **wire_put_followers(struct wire *wire,
        const struct follower_status *followers, size_t count);
const struct follower_status *wire_take_followers(
        struct wire *wire, Remex__V1__FollowerStatus *const *pb, size_t count);

Remex__V1__Batch *wire_put_batch(struct wire *wire, const struct batch *batch);
/* The outputs take their bytes from `payload`. */
void wire_take_batch(struct wire *wire, const Remex__V1__Batch *pb,
        struct remex_bytes payload, struct batch *out);

Remex__V1__ErrorDetail *wire_put_detail(
        struct wire *wire, const struct remex_error *error);
void wire_take_detail(
        const Remex__V1__ErrorDetail *pb, struct remex_error *out);

void wire_put_follow(
        const struct follow_spec *follow, Remex__V1__FollowSpec *pb);
/* One that is missing has no follow id, which the rules refuse. */
struct follow_spec wire_take_follow(const Remex__V1__FollowSpec *pb);
Remex__V1__FollowSpec *wire_new_follow(
        struct wire *wire, const struct follow_spec *follow);

Remex__V1__FollowState **wire_put_states(
        struct wire *wire, const struct follow_state *states, size_t count);
const struct follow_state *wire_take_states(
        struct wire *wire, Remex__V1__FollowState *const *pb, size_t count);

/* --- The envelopes' calls and results ------------------------------------- */

/* How a method's member of struct request gets into the envelope and back. */
struct call_codec {
    ProtobufCMessage *(*put)(struct wire *wire, const struct request *request);
    void (*take)(struct wire *wire, const Remex__V1__Request *envelope,
            struct request *out);
};

/* The same for struct reply. */
struct result_codec {
    ProtobufCMessage *(*put)(struct wire *wire, const struct reply *reply);
    void (*take)(struct wire *wire, const Remex__V1__Reply *envelope,
            struct reply *out);
};

extern const struct call_codec wire_call_follow, wire_call_unfollow,
        wire_call_pull, wire_call_read;
extern const struct call_codec wire_call_write, wire_call_signal,
        wire_call_resize, wire_call_terminate, wire_call_wait,
        wire_call_inspect, wire_call_list, wire_call_seal, wire_call_forget;

extern const struct result_codec wire_result_follow, wire_result_pull,
        wire_result_read;
extern const struct result_codec wire_result_write, wire_result_signal,
        wire_result_terminate, wire_result_wait, wire_result_inspect,
        wire_result_list;

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
