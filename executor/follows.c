/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/follows.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "executor/refusal.h"

struct follow *follows_find(const struct session *session, uint64_t follow_id)
{
    struct table_node *node = table_first(&session->follows, follow_id);

    return node ? CONTAINER_OF(node, struct follow, node) : NULL;
}

/* Tells the process how far the slowest of its followers is. */
static void update_consumed(struct entry *entry)
{
    uint64_t consumed = UINT64_MAX;
    struct list *node = entry->follows.next;

    for (; node != &entry->follows; node = node->next) {
        struct follow *follow = CONTAINER_OF(node, struct follow, of_entry);

        if (follow->consumed_seq < consumed)
            consumed = follow->consumed_seq;
    }
    process_set_consumed(entry->process, consumed);
}

/* --- Setting ------------------------------------------------------------- */

static enum remex_status check_window(const struct session *session,
        uint64_t position, uint64_t until, struct remex_error *error)
{
    uint64_t most = session->window_bytes;

    if (until <= position || until - position <= most)
        return REMEX_OK;
    return refusal_too_large(error, "window_bytes", most, until - position);
}

enum remex_status follows_check_cursor(const struct session *session,
        const struct entry *entry, const struct follow_spec *spec,
        struct remex_error *error)
{
    uint64_t next_seq = 1;

    if (entry)
        next_seq = event_log_next_seq(process_log(entry->process));
    if (spec->after_seq >= next_seq)
        return error_bad_field(error, "follow.after_seq",
                "There is no such event yet; the next one is %llu.",
                (unsigned long long)next_seq);
    if (spec->after_seq == 0 && spec->after_position != 0)
        return error_bad_field(error, "follow.after_position",
                "It must be 0 before the first event.");
    return check_window(
            session, spec->after_position, spec->until_position, error);
}

/* Whether one of them wants to be alone. */
static bool are_rivals(const struct follow *follow,
        const struct session *session, const struct follow_spec *spec)
{
    bool same = follow->session == session && follow->id == spec->follow_id;

    return !same && (follow->exclusive || spec->exclusive);
}

static enum remex_status check_rivals(const struct session *session,
        const struct entry *entry, const struct follow_spec *spec,
        struct remex_error *error)
{
    struct list *node = entry->follows.next;

    for (; node != &entry->follows; node = node->next)
        if (are_rivals(
                    CONTAINER_OF(node, struct follow, of_entry), session, spec))
            return refusal_followed(error);
    return REMEX_OK;
}

enum remex_status follows_check(const struct session *session,
        const struct entry *entry, const struct follow_spec *spec,
        struct remex_error *error)
{
    const struct follow *known = follows_find(session, spec->follow_id);
    size_t most = session->most_follows;
    size_t staying = session->follows.count - session->leaving;

    if (known && known->entry && known->entry != entry)
        return error_set(error, REMEX_ALREADY_EXISTS,
                "The follow id names another process of this session; "
                "choose another one.");
    if (!known && staying >= most)
        return error_limit_hit(error, "follows", most, staying + 1);
    if (entry && !spec->take_over &&
            check_rivals(session, entry, spec, error) != REMEX_OK)
        return error->status;
    return follows_check_cursor(session, entry, spec, error);
}

enum remex_status follows_place(const struct session *session,
        const struct entry *entry, struct follow_spec *spec,
        struct follow_place *out, struct remex_error *error)
{
    const struct event_log *log = process_log(entry->process);
    uint64_t exited_seq = event_log_exited_seq(log);
    uint64_t closed_seq = event_log_closed_seq(log);
    uint64_t ahead = spec->until_position;
    struct mark mark = { { 0 } };
    enum remex_status status;

    if (spec->from == FOLLOW_FROM_LIVE)
        spec->after_seq = event_log_next_seq(log) - 1;
    spec->after_position = 0;
    status = follows_check_cursor(session, entry, spec, error);
    if (status != REMEX_OK)
        return status;
    if (spec->after_seq > 0)
        (void)event_log_mark(log, spec->after_seq, &mark);
    *out = (struct follow_place){
        .seq = spec->after_seq,
        .exited = exited_seq > 0 && exited_seq <= spec->after_seq,
        .closed = closed_seq > 0 && closed_seq <= spec->after_seq,
    };
    for (size_t i = 0; i < REMEX_STREAMS; i++) {
        out->offsets[i] = mark.offsets[i];
        spec->after_position += mark.offsets[i];
    }
    spec->from = FOLLOW_FROM_CURSOR;
    spec->until_position = spec->after_position + ahead;
    return REMEX_OK;
}

/* --- Making and freeing ----------------------------------------------------
 */

static struct follow *take_spare(struct session *session)
{
    struct follow *follow;

    if (list_is_empty(&session->spares))
        return NULL;
    follow = CONTAINER_OF(session->spares.next, struct follow, of_session);
    list_remove(&follow->of_session);
    return follow;
}

enum remex_status follows_prepare(struct session *session, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct follow *follow = calloc(1, sizeof(*follow));

        if (!follow)
            return REMEX_NO_MEMORY;
        list_init(&follow->of_session);
        list_append(&session->spares, &follow->of_session);
    }
    return REMEX_OK;
}

void follows_drop_spares(struct session *session)
{
    struct follow *follow;

    while ((follow = take_spare(session)))
        free(follow);
}

static struct follow *follow_new(
        struct session *session, struct entry *entry, uint64_t id)
{
    struct follow *follow = take_spare(session);

    if (!follow)
        follow = calloc(1, sizeof(*follow));
    if (!follow)
        return NULL;
    follow->session = session;
    follow->entry = entry;
    follow->id = id;
    /* What was sealed before it came is not for it, wherever it begins. */
    follow->cursor = event_log_join(process_log(entry->process), 0, 0);
    list_init(&follow->of_entry);
    list_init(&follow->ready);
    list_init(&follow->of_session);
    list_append(&entry->follows, &follow->of_entry);
    list_append(&session->following, &follow->of_session);
    table_add(&session->follows, &follow->node, id);
    return follow;
}

/* Before the cursor is set. If nobody knows any more where in each stream it is
 * to be, a gap comes next: what that has is counted from where he was, or from
 * its end. */
static void place_tally(struct follow *follow, uint64_t after_seq)
{
    const struct event_log *log = process_log(follow->entry->process);
    struct mark mark = { { 0 } };

    if (after_seq > 0 && !event_log_mark(log, after_seq, &mark) &&
            follow->cursor.seq > 0)
        return;
    memcpy(follow->tally.offsets, mark.offsets, sizeof(mark.offsets));
}

/* Its session is told when it pulls. */
static void displace(struct follow *follow)
{
    list_remove(&follow->of_entry);
    follow->entry = NULL;
    follow_refresh(follow);
}

static void displace_rivals(const struct session *session, struct entry *entry,
        const struct follow_spec *spec)
{
    struct list *node = entry->follows.next;

    while (node != &entry->follows) {
        struct follow *follow = CONTAINER_OF(node, struct follow, of_entry);

        node = node->next;
        if (are_rivals(follow, session, spec))
            displace(follow);
    }
}

enum remex_status follows_set(struct session *session, struct entry *entry,
        const struct follow_spec *spec, struct follow **out,
        struct remex_error *error)
{
    enum remex_status status = follows_check(session, entry, spec, error);
    struct follow *follow = follows_find(session, spec->follow_id);

    if (status != REMEX_OK)
        return status;
    if (follow && !follow->entry) {
        follow_free(follow);
        follow = NULL;
    }
    if (!follow)
        follow = follow_new(session, entry, spec->follow_id);
    if (!follow)
        return refusal_no_memory(error, "a follow");
    place_tally(follow, spec->after_seq);
    follow->cursor.seq = spec->after_seq;
    follow->cursor.position = spec->after_position;
    follow->until_position = spec->until_position;
    follow->consumed_seq = spec->after_seq;
    follow->told_seq = 0;
    follow->exit_told = false;
    follow->exclusive = spec->exclusive;
    displace_rivals(session, entry, spec);
    update_consumed(entry);
    follow_refresh(follow);
    *out = follow;
    return REMEX_OK;
}

void follow_free(struct follow *follow)
{
    struct entry *entry = follow->entry;

    list_remove(&follow->ready);
    list_remove(&follow->of_entry);
    list_remove(&follow->of_session);
    table_remove(&follow->session->follows, &follow->node);
    free(follow);
    if (entry)
        update_consumed(entry);
}

void follows_free_all(struct session *session)
{
    struct list *node = session->following.next;

    while (node != &session->following) {
        struct follow *follow = CONTAINER_OF(node, struct follow, of_session);

        node = node->next;
        follow_free(follow);
    }
}

void follows_count_unstated(struct session *session)
{
    struct list *node = session->following.next;

    session->leaving = 0;
    for (; node != &session->following; node = node->next)
        if (!CONTAINER_OF(node, struct follow, of_session)->stated)
            session->leaving++;
}

void follows_drop_unstated(struct session *session)
{
    struct list *node = session->following.next;

    session->leaving = 0;
    while (node != &session->following) {
        struct follow *follow = CONTAINER_OF(node, struct follow, of_session);

        node = node->next;
        if (!follow->stated)
            follow_free(follow);
        else
            follow->stated = false;
    }
}

enum remex_status follow_check_ack(const struct follow *follow,
        const struct pull_ack *ack, struct remex_error *error)
{
    return check_window(follow->session, follow->cursor.position,
            ack->until_position, error);
}

/* Acknowledgements of several lanes may overtake each other: only what they add
 * counts. Nobody can have consumed what he was not sent. */
void follow_acknowledge(struct follow *follow, const struct pull_ack *ack)
{
    uint64_t consumed = ack->consumed_seq;

    if (consumed > follow->cursor.seq)
        consumed = follow->cursor.seq;
    follow->displaced_told = false; /* he does not know yet */
    if (ack->until_position > follow->until_position)
        follow->until_position = ack->until_position;
    if (consumed > follow->consumed_seq && follow->entry) {
        follow->consumed_seq = consumed;
        update_consumed(follow->entry);
    }
    follow_refresh(follow);
}

/* --- Asking -------------------------------------------------------------- */

bool follow_has_event(const struct follow *follow)
{
    struct remex_event event;

    if (!follow->entry ||
            !event_log_next(process_log(follow->entry->process),
                    &follow->cursor, &event, NULL))
        return false;
    return !cursor_waits(&follow->cursor, &event, follow->until_position);
}

bool follow_has_news(const struct follow *follow)
{
    uint64_t next_seq;

    if (!follow->entry)
        return false;
    next_seq = event_log_next_seq(process_log(follow->entry->process));
    return next_seq > follow->told_seq + 1 &&
            next_seq > follow->cursor.seq + 1 && !follow_has_event(follow);
}

bool follow_has_early_exit(const struct follow *follow)
{
    const struct event_log *log;

    if (!follow->entry)
        return false;
    log = process_log(follow->entry->process);
    return !follow->exit_told &&
            event_log_exited_seq(log) > follow->cursor.seq &&
            !follow_has_event(follow);
}

void follow_refresh(struct follow *follow)
{
    bool displaced = !follow->entry && !follow->displaced_told;

    if (!displaced && !follow_has_event(follow) &&
            !follow_has_early_exit(follow))
        list_remove(&follow->ready);
    else if (!list_is_linked(&follow->ready))
        list_append(&follow->session->ready, &follow->ready);
}

void follow_tell_state(const struct follow *follow, struct follow_state *out)
{
    const struct process *process;
    const struct remex_exit *exited;

    if (!follow->entry) {
        follows_tell_displaced(follow->id, out);
        return;
    }
    process = follow->entry->process;
    exited = process_exit(process);
    *out = (struct follow_state){
        .follow_id = follow->id,
        .known = true,
        .last_seq = event_log_next_seq(process_log(process)) - 1,
        .has_exited = exited != NULL,
    };
    if (exited)
        out->exited = *exited;
}

void follows_tell_displaced(uint64_t follow_id, struct follow_state *out)
{
    *out = (struct follow_state){
        .follow_id = follow_id,
        .known = true,
        .displaced = true,
    };
}

static void tell_follower(
        const struct follow *follow, struct follower_status *out)
{
    const struct session *session = follow->session;
    uint64_t position = follow->cursor.position;
    struct tally tally = follow->tally;
    struct remex_event event;

    if (event_log_next(process_log(follow->entry->process), &follow->cursor,
                &event, NULL) &&
            event.kind == REMEX_EVENT_GAP)
        tally_pass(&tally, &event);
    *out = (struct follower_status){
        .client_name = { session->client_name, session->client_name_size },
        .exclusive = follow->exclusive,
        .connected = session->pipe_count > 0,
        .sent_seq = follow->cursor.seq,
        .acknowledged_seq = follow->consumed_seq,
        .window_bytes = follow->until_position > position
                ? follow->until_position - position
                : 0,
        .lost_events = tally.lost_events,
    };
    memcpy(out->lost_bytes, tally.lost_bytes, sizeof(out->lost_bytes));
}

size_t follows_tell_all(
        const struct entry *entry, struct follower_status *out, size_t most)
{
    struct list *node = entry->follows.next;
    size_t count = 0;

    for (; node != &entry->follows && count < most; node = node->next)
        tell_follower(
                CONTAINER_OF(node, struct follow, of_entry), &out[count++]);
    return count;
}

bool follows_want(const struct entry *entry)
{
    uint64_t closed_seq = event_log_closed_seq(process_log(entry->process));
    struct list *node = entry->follows.next;

    for (; node != &entry->follows; node = node->next)
        if (CONTAINER_OF(node, struct follow, of_entry)->cursor.seq <
                closed_seq)
            return true;
    return false;
}

bool follows_await(const struct entry *entry)
{
    uint64_t closed_seq = event_log_closed_seq(process_log(entry->process));
    struct list *node = entry->follows.next;

    for (; node != &entry->follows; node = node->next)
        if (CONTAINER_OF(node, struct follow, of_entry)->consumed_seq <
                closed_seq)
            return true;
    return false;
}

bool follows_are_done(const struct session *session)
{
    struct list *node = session->following.next;

    for (; node != &session->following; node = node->next) {
        const struct follow *follow =
                CONTAINER_OF(node, struct follow, of_session);
        uint64_t closed_seq;

        if (!follow->entry && !follow->displaced_told)
            return false;
        if (!follow->entry)
            continue;
        closed_seq = event_log_closed_seq(process_log(follow->entry->process));
        if (closed_seq == 0 || follow->consumed_seq < closed_seq)
            return false;
    }
    return true;
}
