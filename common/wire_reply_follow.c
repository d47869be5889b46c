/* SPDX-License-Identifier: Apache-2.0 */
#include "common/wire_values.h"

/* --- Follow states -------------------------------------------------------- */

static Remex__V1__FollowPlace *put_place(
        struct wire *wire, const struct follow_place *place)
{
    Remex__V1__FollowPlace *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__follow_place__init(pb);
    pb->seq = place->seq;
    pb->stdout_offset = place->offsets[REMEX_STDOUT - 1];
    pb->stderr_offset = place->offsets[REMEX_STDERR - 1];
    pb->terminal_offset = place->offsets[REMEX_TERMINAL - 1];
    pb->exited = place->exited;
    pb->closed = place->closed;
    return pb;
}

static struct follow_place take_place(const Remex__V1__FollowPlace *pb)
{
    return (struct follow_place){
        .seq = pb->seq,
        .offsets = { pb->stdout_offset, pb->stderr_offset,
                pb->terminal_offset },
        .exited = pb->exited,
        .closed = pb->closed,
    };
}

static void put_state(struct wire *wire, const struct follow_state *state,
        Remex__V1__FollowState *pb)
{
    remex__v1__follow_state__init(pb);
    pb->follow_id = state->follow_id;
    pb->known = state->known;
    pb->last_seq = state->last_seq;
    pb->displaced = state->displaced;
    pb->no_room = state->no_room;
    if (state->has_exited)
        pb->exited = wire_put_exited(wire, &state->exited);
    if (state->has_place)
        pb->place = put_place(wire, &state->place);
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
    state.displaced = pb->displaced;
    state.no_room = pb->no_room;
    state.has_exited = pb->exited != NULL;
    if (pb->exited)
        state.exited = wire_take_exited(pb->exited);
    state.has_place = pb->place != NULL;
    if (pb->place)
        state.place = take_place(pb->place);
    return state;
}

Remex__V1__FollowState **wire_put_states(
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

const struct follow_state *wire_take_states(
        struct wire *wire, Remex__V1__FollowState *const *pb, size_t count)
{
    struct follow_state *states = wire_alloc(wire, count, sizeof(*states));

    for (size_t i = 0; states && i < count; i++)
        states[i] = take_state(pb[i]);
    return states;
}

/* --- Follow, Pull, Read ----------------------------------------------------
 */

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

const struct result_codec wire_result_follow = { put_follow, take_follow };

static ProtobufCMessage *put_pull(struct wire *wire, const struct reply *reply)
{
    const struct pull_reply *pull = &reply->pull;
    Remex__V1__PullReply *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__pull_reply__init(pb);
    pb->events = wire_put_batch(wire, &pull->batch);
    pb->states = wire_put_states(wire, pull->states, pull->state_count);
    pb->n_states = pull->state_count;
    return &pb->base;
}

static void take_pull(
        struct wire *wire, const Remex__V1__Reply *envelope, struct reply *out)
{
    const Remex__V1__PullReply *pb = envelope->pull;

    wire_take_batch(wire, pb->events, out->payload, &out->pull.batch);
    out->pull.states = wire_take_states(wire, pb->states, pb->n_states);
    out->pull.state_count = pb->n_states;
}

const struct result_codec wire_result_pull = { put_pull, take_pull };

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

const struct result_codec wire_result_read = { put_read, take_read };
