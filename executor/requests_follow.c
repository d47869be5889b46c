/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Follow, Unfollow, Pull.
 */

#include "executor/refusal.h"
#include "executor/requests_state.h"

/* Whatever became ready by a request is for the Pulls that are parked. */
static void touch_ready(struct call *call)
{
    if (!list_is_empty(&call->session->ready))
        requests_touch_session(call->requests, call->session);
}

/* A repeat finds the process followed already, and leaves the cursor where it
 * is: what has been acknowledged since is not to be told again. Only one that
 * has yet to learn its place begins anew. NULL: it is no such repeat. */
static struct follow *find_repeated(
        const struct call *call, const struct entry *entry)
{
    const struct follow_spec *spec = &call->request->follow.follow;
    struct follow *follow = follows_find(call->session, spec->follow_id);

    if (!follow || follow->entry != entry || spec->from != FOLLOW_FROM_CURSOR)
        return NULL;
    return follow;
}

enum remex_status requests_follow(struct call *call, struct remex_error *error)
{
    struct follow_spec spec = call->request->follow.follow;
    struct requests *requests = call->requests;
    struct follow_state *state = &call->reply.follow.state;
    struct entry *entry = registry_find(
            &requests->registry, call->session->principal, spec.process_id);
    bool placed = spec.from != FOLLOW_FROM_CURSOR;
    struct follow_place place = { 0 };
    struct follow *follow;
    enum remex_status status = REMEX_OK;

    if (!entry)
        return refusal_unknown_process(error);
    follow = find_repeated(call, entry);
    if (placed)
        status = follows_place(call->session, entry, &spec, &place, error);
    if (spec.take_over)
        requests_touch_followers(requests, entry);
    if (status == REMEX_OK && !follow)
        status = follows_set(call->session, entry, &spec, &follow, error);
    if (status != REMEX_OK)
        return status;
    follow_tell_state(follow, state);
    state->has_place = placed;
    state->place = place;
    follow->told_seq = state->last_seq;
    follow->exit_told = state->has_exited;
    follow_refresh(follow);
    touch_ready(call);
    return REMEX_OK;
}

enum remex_status requests_unfollow(
        struct call *call, struct remex_error *error)
{
    struct follow *follow =
            follows_find(call->session, call->request->unfollow.follow_id);

    (void)error;
    if (follow)
        follow_free(follow);
    return REMEX_OK;
}

/* --- Pull ---------------------------------------------------------------- */

static enum remex_status check_acks(
        const struct call *call, struct remex_error *error)
{
    const struct pull_request *pull = &call->request->pull;

    for (size_t i = 0; i < pull->ack_count; i++) {
        const struct follow *follow =
                follows_find(call->session, pull->acks[i].follow_id);
        enum remex_status status = follow
                ? follow_check_ack(follow, &pull->acks[i], error)
                : REMEX_OK;

        if (status != REMEX_OK)
            return status;
    }
    return REMEX_OK;
}

/* Those that nobody knows are told so, as many as fit. */
static void apply_acks(const struct call *call)
{
    const struct pull_request *pull = &call->request->pull;

    for (size_t i = 0; i < pull->ack_count; i++) {
        const struct pull_ack *ack = &pull->acks[i];
        struct follow *follow = follows_find(call->session, ack->follow_id);
        struct follow_state unknown = { .follow_id = ack->follow_id };

        if (!follow)
            (void)gather_state(&call->requests->gather, &unknown);
        else if (ack->let_go)
            follow_free(follow);
        else
            follow_acknowledge(follow, ack);
    }
}

/* What their windows hold up, as many as fit; the others next time. */
static void gather_heads(const struct call *call)
{
    const struct list *all = &call->session->following;

    for (struct list *node = all->next; node != all; node = node->next) {
        struct follow *follow = CONTAINER_OF(node, struct follow, of_session);
        struct follow_state state;

        if (!follow_has_news(follow))
            continue;
        follow_tell_state(follow, &state);
        if (!gather_state(&call->requests->gather, &state))
            return;
        follow->told_seq = state.last_seq;
        if (state.has_exited)
            follow->exit_told = true;
    }
}

static void fill_pull_reply(struct call *call)
{
    const struct gather *gather = &call->requests->gather;

    call->gathered = true;
    call->reply.pull = (struct pull_reply){
        .batch = { gather->events, gather->count },
        .states = gather->states,
        .state_count = gather->state_count,
    };
}

enum remex_status requests_pull(struct call *call, struct remex_error *error)
{
    const struct pull_request *pull = &call->request->pull;
    struct gather *gather = &call->requests->gather;
    struct parked *parked;
    enum remex_status status = check_acks(call, error);

    if (status != REMEX_OK)
        return status;
    gather_begin(gather, pull->max_bytes);
    apply_acks(call);
    gather_session(gather, call->session);
    if (pull->heads)
        gather_heads(call);
    session_note_pull(call->session, !gather_is_empty(gather));
    if (!gather_is_empty(gather) || pull->wait_ms == 0) {
        fill_pull_reply(call);
        touch_ready(call);
        return REMEX_OK;
    }
    parked = requests_park(call, pull->wait_ms, error);
    if (!parked)
        return error->status;
    list_append(&call->session->pulls, &parked->of_target);
    return REMEX_AGAIN;
}
