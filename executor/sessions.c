/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/sessions.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/ids.h"
#include "executor/refusal.h"

void sessions_init(struct sessions *sessions,
        const struct sessions_limits *limits,
        const struct sessions_hooks *hooks, struct agenda *agenda)
{
    sessions->limits = *limits;
    sessions->hooks = *hooks;
    sessions->agenda = agenda;
    table_init(&sessions->by_id);
    list_init(&sessions->all);
    list_init(&sessions->adrift);
}

void sessions_deinit(struct sessions *sessions, int64_t now)
{
    struct list *node = sessions->all.next;

    while (node != &sessions->all) {
        struct session *session = CONTAINER_OF(node, struct session, all);

        node = node->next;
        session_end(session, now);
    }
    table_deinit(&sessions->by_id);
}

static void renew(struct session *session, int64_t now)
{
    agenda_set(session->sessions->agenda, &session->lease,
            clock_after(now, clock_from_ms(session->lease_ms)));
}

static void lease_over(struct appointment *appointment, int64_t now)
{
    session_end(CONTAINER_OF(appointment, struct session, lease), now);
}

static uint32_t granted_lease(
        const struct sessions_limits *limits, uint32_t asked)
{
    if (asked == 0)
        return limits->lease_ms;
    if (asked < limits->min_lease_ms)
        return limits->min_lease_ms;
    return asked > limits->max_lease_ms ? limits->max_lease_ms : asked;
}

/* Random, so its first bytes are as good a hash as any. */
static uint64_t hash_of(const struct message_id *id)
{
    uint64_t hash;

    memcpy(&hash, id->bytes, sizeof(hash));
    return hash;
}

static enum remex_status check_limits(const struct sessions *sessions,
        const struct principal *principal, struct remex_error *error)
{
    size_t count = sessions->by_id.count;

    if (principal->sessions >= principal->limits.sessions)
        return error_limit_hit(error, "sessions", principal->limits.sessions,
                principal->sessions + 1);
    if (count >= sessions->limits.sessions)
        return error_limit_hit(
                error, "sessions_in_all", sessions->limits.sessions, count + 1);
    return REMEX_OK;
}

/* Ends the session that is adrift for longest, of one principal or (NULL) of
 * anybody, if it can be done without. */
static void end_adrift(struct sessions *sessions,
        const struct principal *principal, int64_t now)
{
    struct list *node = sessions->adrift.next;

    for (; node != &sessions->adrift; node = node->next) {
        struct session *session = CONTAINER_OF(node, struct session, adrift);

        if (principal && session->principal != principal)
            continue;
        if (!sessions->hooks.is_idle(sessions->hooks.user, session))
            continue;
        session_end(session, now);
        return;
    }
}

static void make_room(struct sessions *sessions,
        const struct principal *principal, int64_t now)
{
    if (principal->sessions >= principal->limits.sessions)
        end_adrift(sessions, principal, now);
    if (principal->sessions < principal->limits.sessions &&
            sessions->by_id.count >= sessions->limits.sessions)
        end_adrift(sessions, NULL, now);
}

static void init_lists(struct session *session)
{
    list_init(&session->all);
    list_init(&session->processes);
    table_init(&session->follows);
    list_init(&session->following);
    list_init(&session->spares);
    list_init(&session->ready);
    list_init(&session->pulls);
    list_init(&session->parked);
    list_init(&session->changed);
    list_init(&session->hinting);
    list_init(&session->adrift);
}

enum remex_status sessions_open(struct sessions *sessions,
        struct principal *principal, int64_t now, struct session **out,
        struct remex_error *error)
{
    struct session *session;
    enum remex_status status;

    make_room(sessions, principal, now);
    status = check_limits(sessions, principal, error);
    if (status != REMEX_OK)
        return status;
    session = calloc(1, sizeof(*session));
    if (!session ||
            agenda_book(sessions->agenda, &session->lease, lease_over) !=
                    REMEX_OK) {
        free(session);
        return refusal_no_memory(error, "a session");
    }
    session->sessions = sessions;
    session->principal = principal_hold(principal);
    principal->sessions++;
    session->attachment = 1;
    session->most_follows = sessions->limits.follows;
    session->window_bytes = sessions->limits.window_bytes;
    init_lists(session);
    sessions->hooks.random(
            sessions->hooks.user, &session->id, sizeof(session->id));
    sessions->hooks.random(
            sessions->hooks.user, session->topic, sizeof(session->topic));
    table_add(&sessions->by_id, &session->node, hash_of(&session->id));
    list_append(&sessions->all, &session->all);
    session_set_lease(session, 0, now);
    *out = session;
    return REMEX_OK;
}

void session_set_lease(struct session *session, uint32_t lease_ms, int64_t now)
{
    session->lease_ms = granted_lease(&session->sessions->limits, lease_ms);
    renew(session, now);
}

struct session *sessions_find(struct sessions *sessions,
        const struct message_id *id, const struct principal *principal)
{
    struct table_node *node = table_first(&sessions->by_id, hash_of(id));

    for (; node; node = table_next(node)) {
        struct session *session = CONTAINER_OF(node, struct session, node);

        if (id_equal(&session->id, id) &&
                (!principal || session->principal == principal))
            return session;
    }
    return NULL;
}

enum remex_status session_use(struct session *session, uint64_t attachment,
        int64_t now, struct remex_error *error)
{
    if (attachment > session->attachment)
        return error_bad_field(error, "attachment",
                "Send the number that the last Open or Resume told.");
    if (attachment < session->attachment)
        return refusal_superseded(error, session->attachment);
    session->used_attachment = attachment;
    renew(session, now);
    return REMEX_OK;
}

enum remex_status session_resume(struct session *session, uint64_t attachment,
        bool take_over, int64_t now, struct remex_error *error)
{
    if (attachment > session->attachment)
        return error_bad_field(error, "open.resume.attachment",
                "Send the number that the last Open or Resume told.");
    if (attachment < session->used_attachment && !take_over)
        return refusal_superseded(error, session->attachment);
    session->attachment++;
    renew(session, now);
    return REMEX_OK;
}

/* --- Connections ---------------------------------------------------------- */

static void drop_pipe(struct session *session, size_t index)
{
    memmove(&session->pipes[index], &session->pipes[index + 1],
            (session->pipe_count - index - 1) * sizeof(session->pipes[0]));
    session->pipe_count--;
}

bool session_seen(struct session *session, const void *front, uint32_t pipe)
{
    list_remove(&session->adrift);
    for (size_t i = 0; i < session->pipe_count; i++)
        if (session->pipes[i].front == front && session->pipes[i].pipe == pipe)
            return false;
    if (session->pipe_count == SESSION_PIPES)
        drop_pipe(session, 0);
    session->pipes[session->pipe_count++] =
            (struct session_pipe){ front, pipe };
    return true;
}

static void lose_pipes(
        struct session *session, const void *front, const uint32_t *pipe)
{
    size_t before = session->pipe_count;

    for (size_t i = session->pipe_count; i-- > 0;)
        if (session->pipes[i].front == front &&
                (!pipe || session->pipes[i].pipe == *pipe))
            drop_pipe(session, i);
    if (before > 0 && session->pipe_count == 0)
        list_append(&session->sessions->adrift, &session->adrift);
}

void sessions_lost(
        struct sessions *sessions, const void *front, const uint32_t *pipe)
{
    struct list *node = sessions->all.next;

    for (; node != &sessions->all; node = node->next)
        lose_pipes(CONTAINER_OF(node, struct session, all), front, pipe);
}

void session_end(struct session *session, int64_t now)
{
    struct sessions *sessions = session->sessions;

    table_remove(&sessions->by_id, &session->node);
    list_remove(&session->all);
    list_remove(&session->adrift);
    sessions->hooks.ended(sessions->hooks.user, session, now);
    assert(list_is_empty(&session->processes));
    assert(list_is_empty(&session->parked) && list_is_empty(&session->pulls));
    assert(session->follows.count == 0);

    list_remove(&session->changed);
    list_remove(&session->hinting);
    table_deinit(&session->follows);
    agenda_unbook(sessions->agenda, &session->lease);
    session->principal->sessions--;
    principal_release(session->principal);
    free(session);
}

/* --- Signals ------------------------------------------------------------- */

enum { WINDOW = 64 };

bool signal_window_is_new(const struct signal_window *window, uint64_t number,
        bool *delivered_out)
{
    uint64_t age;

    if (number == 0 || number > window->highest)
        return true;
    age = window->highest - number;
    *delivered_out = age >= WINDOW || (window->delivered >> age & 1);
    return age < WINDOW && !(window->seen >> age & 1);
}

void signal_window_note(
        struct signal_window *window, uint64_t number, bool delivered)
{
    uint64_t age;

    if (number == 0)
        return;
    if (number > window->highest) {
        uint64_t step = number - window->highest;

        window->seen = step < WINDOW ? window->seen << step : 0;
        window->delivered = step < WINDOW ? window->delivered << step : 0;
        window->highest = number;
    }
    age = window->highest - number;
    window->seen |= UINT64_C(1) << age;
    if (delivered)
        window->delivered |= UINT64_C(1) << age;
}
