/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What follows from what has changed in a turn: parked requests are answered,
 * sessions get their hints.
 */

#include <string.h>

#include "common/wire.h"
#include "executor/requests_state.h"

void requests_touch_entry(struct requests *requests, struct entry *entry)
{
    list_append(&requests->entries, &entry->changed);
    requests->hooks.unsettled(requests->hooks.user);
}

void requests_touch_session(struct requests *requests, struct session *session)
{
    list_append(&requests->changed, &session->changed);
    requests->hooks.unsettled(requests->hooks.user);
}

void requests_touch_followers(
        struct requests *requests, const struct entry *entry)
{
    struct list *node = entry->follows.next;

    for (; node != &entry->follows; node = node->next)
        requests_touch_session(
                requests, CONTAINER_OF(node, struct follow, of_entry)->session);
}

/* --- Answers ------------------------------------------------------------- */

/* Without memory for the true answer he is to ask again, at once rather than
 * when his time has run out. It lies in the requests, which outlive the link.
 */
static void answer_from_reserve(
        struct requests *requests, const struct caller *caller)
{
    struct link_piece piece = { .data = requests->reserve.data,
        .size = requests->reserve.size };

    requests->hooks.send(requests->hooks.user, caller, &piece, 1);
}

void requests_answer(struct requests *requests, const struct caller *caller,
        struct reply *reply, struct gather *gather)
{
    struct link_piece alone;
    struct link_piece *pieces = gather ? gather->pieces : &alone;
    size_t count = gather ? gather->piece_count : 1;
    struct wire_head head;

    reply->version = MESSAGE_VERSION;
    reply->boot_id = requests->boot_id;
    if (wire_encode_reply(reply, gather ? gather->bytes : 0, &head) !=
            REMEX_OK) {
        for (size_t i = GATHER_HEAD_PIECES; i < count; i++)
            link_piece_release(&pieces[i]);
        answer_from_reserve(requests, caller);
        return;
    }
    pieces[0] = (struct link_piece){
        .data = head.data,
        .size = head.size,
        .heap = head.data,
    };
    requests->hooks.send(requests->hooks.user, caller, pieces, count);
}

void requests_answer_error(struct requests *requests,
        const struct caller *caller, const struct remex_error *error)
{
    struct reply reply = { .error = *error };
    const int status = (int)error->status;

    requests->refused[status < FIGURES_STATUSES ? status : REMEX_UNKNOWN]++;
    requests_answer(requests, caller, &reply, NULL);
}

void requests_refuse_parked(struct requests *requests, struct parked *parked,
        const struct remex_error *error)
{
    requests_answer_error(requests, &parked->caller, error);
    parked_free(parked);
}

void requests_refuse_session(struct requests *requests, struct session *session,
        const struct remex_error *error)
{
    struct list *node = session->parked.next;

    while (node != &session->parked) {
        struct parked *parked = CONTAINER_OF(node, struct parked, of_session);

        node = node->next;
        if (!requests_is_undecided(parked))
            requests_refuse_parked(requests, parked, error);
    }
}

/* --- Parked requests ------------------------------------------------------ */

static enum remex_status do_pull(
        struct requests *requests, struct parked *parked, struct reply *reply)
{
    struct gather *gather = &requests->gather;

    gather_begin(gather, parked->pull.max_bytes);
    gather_session(gather, parked->session);
    session_note_pull(parked->session, !gather_is_empty(gather));
    reply->pull = (struct pull_reply){
        .batch = { gather->events, gather->count },
        .states = gather->states,
        .state_count = gather->state_count,
    };
    return gather_is_empty(gather) ? REMEX_AGAIN : REMEX_OK;
}

static enum remex_status do_parked(struct requests *requests,
        struct parked *parked, struct reply *reply, struct remex_error *error)
{
    struct remex_bytes payload = { parked->payload, parked->payload_size };

    switch ((unsigned int)parked->method) {
    case METHOD_START:
        reply->start.pid = process_pid(parked->entry->process);
        return REMEX_OK;
    case METHOD_RUN:
        return requests_do_run(
                requests, parked->entry, parked->max_output_bytes, reply);
    case METHOD_WAIT:
        return requests_do_wait(parked->entry, &parked->wait, reply);
    case METHOD_PULL:
        return do_pull(requests, parked, reply);
    case METHOD_READ:
        return requests_do_read(requests, parked->entry, &parked->read, reply);
    default:
        return requests_do_write(
                parked->entry, &parked->write, payload, reply, error);
    }
}

void requests_try_parked(
        struct requests *requests, struct parked *parked, bool last)
{
    bool has_payload = parked->method != METHOD_START &&
            parked->method != METHOD_WRITE && parked->method != METHOD_WAIT;
    struct remex_error error = { 0 };
    struct reply reply = { 0 };
    enum remex_status status;

    if (!last && requests->hooks.is_full(requests->hooks.user, &parked->caller))
        return; /* again once it is drained */
    status = do_parked(requests, parked, &reply, &error);
    if (status == REMEX_AGAIN && !last)
        return;
    reply.method = parked->method;
    if (status == REMEX_OK || status == REMEX_AGAIN)
        requests_answer(requests, &parked->caller, &reply,
                has_payload ? &requests->gather : NULL);
    else
        requests_answer_error(requests, &parked->caller, &error);
    parked_free(parked);
}

void requests_parked_due(struct appointment *appointment, int64_t now)
{
    struct parked *parked = CONTAINER_OF(appointment, struct parked, limit);

    (void)now;
    requests_try_parked(parked->requests, parked, true);
}

/* --- Settling ------------------------------------------------------------ */

static void settle_followers(struct requests *requests, struct entry *entry)
{
    uint64_t last_seq = event_log_next_seq(process_log(entry->process)) - 1;
    struct list *node = entry->follows.next;

    for (; node != &entry->follows; node = node->next) {
        struct follow *follow = CONTAINER_OF(node, struct follow, of_entry);
        struct session *session = follow->session;

        follow_refresh(follow);
        if (!list_is_empty(&session->ready))
            list_append(&requests->changed, &session->changed);
        session->news += last_seq - entry->told_seq;
    }
    entry->told_seq = last_seq;
}

static void settle_entry(
        struct requests *requests, struct entry *entry, int64_t now)
{
    struct list *node = entry->waiting.next;

    registry_settle(entry, now);
    settle_followers(requests, entry);
    while (node != &entry->waiting && !registry_is_launching(entry)) {
        struct parked *parked = CONTAINER_OF(node, struct parked, of_target);

        node = node->next;
        requests_try_parked(requests, parked, false);
    }
}

static void settle_session(struct requests *requests, struct session *session)
{
    struct list *node = session->pulls.next;

    while (node != &session->pulls && !list_is_empty(&session->ready)) {
        struct parked *parked = CONTAINER_OF(node, struct parked, of_target);

        node = node->next;
        requests_try_parked(requests, parked, false);
    }
    if (session->news > session->news_told &&
            !list_is_linked(&session->hinting)) {
        list_append(&requests->hinting, &session->hinting);
        requests->hooks.hint_wanted(requests->hooks.user);
    }
}

void requests_settle(struct requests *requests, int64_t now)
{
    requests_take_again(requests, now);
    while (!list_is_empty(&requests->entries)) {
        struct entry *entry =
                CONTAINER_OF(requests->entries.next, struct entry, changed);

        list_remove(&entry->changed);
        settle_entry(requests, entry, now);
    }
    while (!list_is_empty(&requests->changed)) {
        struct session *session =
                CONTAINER_OF(requests->changed.next, struct session, changed);

        list_remove(&session->changed);
        settle_session(requests, session);
    }
}
