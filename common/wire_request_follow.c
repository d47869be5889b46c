/* SPDX-License-Identifier: Apache-2.0 */
#include "common/wire_values.h"

/* --- Follows -------------------------------------------------------------- */

void wire_put_follow(
        const struct follow_spec *follow, Remex__V1__FollowSpec *pb)
{
    remex__v1__follow_spec__init(pb);
    pb->process_id = wire_put_bytes(follow->process_id);
    pb->follow_id = follow->follow_id;
    pb->after_seq = follow->after_seq;
    pb->until_position = follow->until_position;
    pb->after_position = follow->after_position;
    pb->from = (Remex__V1__FollowFrom)follow->from;
    pb->exclusive = follow->exclusive;
    pb->take_over = follow->take_over;
}

struct follow_spec wire_take_follow(const Remex__V1__FollowSpec *pb)
{
    if (!pb)
        return (struct follow_spec){ 0 };
    return (struct follow_spec){
        .process_id = wire_take_bytes(pb->process_id),
        .follow_id = pb->follow_id,
        .after_seq = pb->after_seq,
        .until_position = pb->until_position,
        .after_position = pb->after_position,
        .from = (enum follow_from)pb->from,
        .exclusive = pb->exclusive,
        .take_over = pb->take_over,
    };
}

Remex__V1__FollowSpec *wire_new_follow(
        struct wire *wire, const struct follow_spec *follow)
{
    Remex__V1__FollowSpec *pb =
            follow ? wire_alloc(wire, 1, sizeof(*pb)) : NULL;

    if (pb)
        wire_put_follow(follow, pb);
    return pb;
}

/* --- Follow, Unfollow, Pull, Read ----------------------------------------- */

static ProtobufCMessage *put_follow_request(
        struct wire *wire, const struct request *request)
{
    Remex__V1__FollowRequest *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__follow_request__init(pb);
    pb->follow = wire_new_follow(wire, &request->follow.follow);
    return &pb->base;
}

static void take_follow_request(struct wire *wire,
        const Remex__V1__Request *envelope, struct request *out)
{
    (void)wire;
    out->follow.follow = wire_take_follow(envelope->follow->follow);
}

const struct call_codec wire_call_follow = { put_follow_request,
    take_follow_request };

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

const struct call_codec wire_call_unfollow = { put_unfollow, take_unfollow };

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
        acks[i].let_go = pull->acks[i].let_go;
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
    pb->heads = request->pull.heads;
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
        acks[i].let_go = pb->acks[i]->let_go;
    }
    out->pull = (struct pull_request){
        .acks = acks,
        .ack_count = pb->n_acks,
        .wait_ms = pb->wait_ms,
        .max_bytes = pb->max_bytes,
        .heads = pb->heads,
    };
}

const struct call_codec wire_call_pull = { put_pull, take_pull };

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

const struct call_codec wire_call_read = { put_read, take_read };
