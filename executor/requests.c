/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/requests.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/ids.h"
#include "common/wire.h"
#include "executor/limits.h"
#include "executor/refusal.h"
#include "executor/requests_state.h"

void requests_default_settings(struct requests_settings *out)
{
    *out = (struct requests_settings){
        .lease_ms = 80000,
        .min_lease_ms = 1000,
        .retention_ms = 80000,
        .heartbeat_ms = 1000,
        .gate = { .own_uid = LINK_PEER_UID_UNKNOWN },
    };
    limits_default(&out->limits);
}

/* --- What the parts below report ------------------------------------------ */

static void on_random(void *user, void *out, size_t size)
{
    struct requests *requests = user;

    requests->hooks.random(requests->hooks.user, out, size);
}

static void on_changed(void *user, struct entry *entry)
{
    requests_touch_entry(user, entry);
}

static void refuse_all(struct requests *requests, struct list *parked,
        size_t offset, const struct remex_error *error)
{
    while (!list_is_empty(parked)) {
        uint8_t *node = (uint8_t *)parked->next;

        requests_refuse_parked(
                requests, (struct parked *)(void *)(node - offset), error);
    }
}

static void on_launched(
        void *user, struct entry *entry, const struct remex_error *failure)
{
    requests_take_up(user, entry);
    if (failure)
        refuse_all(user, &entry->waiting, offsetof(struct parked, of_target),
                failure);
    else
        requests_launched(user, entry);
}

static bool on_wanted(void *user, const struct entry *entry)
{
    (void)user;
    return follows_want(entry) || !list_is_empty(&entry->waiting);
}

static bool on_owed(void *user, const struct entry *entry)
{
    return follows_await(entry) || on_wanted(user, entry);
}

static void on_forgotten(void *user, struct entry *entry)
{
    struct remex_error error;

    refusal_unknown_process(&error);
    refuse_all(
            user, &entry->waiting, offsetof(struct parked, of_target), &error);
    while (!list_is_empty(&entry->follows))
        follow_free(CONTAINER_OF(entry->follows.next, struct follow, of_entry));
    list_remove(&entry->owned);
}

/* They are answered all the same, when that is decided. */
static void let_go_of_starts(struct session *session)
{
    struct list *node = session->parked.next;

    while (node != &session->parked) {
        struct parked *parked = CONTAINER_OF(node, struct parked, of_session);

        node = node->next;
        if (parked->apart && !parked->put_off &&
                requests_is_undecided(parked)) {
            list_remove(&parked->of_session);
            parked->session = NULL;
        }
    }
}

static void on_ended(void *user, struct session *session, int64_t now)
{
    struct remex_error error;

    let_go_of_starts(session);
    refusal_session_gone(&error);
    refuse_all(user, &session->parked, offsetof(struct parked, of_session),
            &error);
    follows_free_all(session);
    while (!list_is_empty(&session->processes))
        registry_owner_lost(
                CONTAINER_OF(session->processes.next, struct entry, owned),
                now);
}

static bool on_is_idle(void *user, const struct session *session)
{
    struct list *node = session->processes.next;

    (void)user;
    if (session->parked_count > 0 || !follows_are_done(session))
        return false;
    for (; node != &session->processes; node = node->next) {
        const struct entry *entry = CONTAINER_OF(node, struct entry, owned);

        if (process_state(entry->process) != PROCESS_CLOSED)
            return false;
    }
    return true;
}

/* --- Life ---------------------------------------------------------------- */

struct sessions_limits requests_sessions_limits(
        const struct requests_settings *settings)
{
    return (struct sessions_limits){
        .sessions = (size_t)settings->limits.sessions_in_all,
        .follows = (size_t)settings->limits.follows,
        .window_bytes = settings->limits.window_bytes,
        .lease_ms = settings->lease_ms,
        .min_lease_ms = settings->min_lease_ms,
        .max_lease_ms = (uint32_t)settings->limits.lease_ms,
    };
}

struct registry_limits requests_registry_limits(
        const struct requests_settings *settings)
{
    return (struct registry_limits){
        .processes_in_all = settings->limits.processes_in_all,
        .retained_bytes_in_all = settings->limits.retained_bytes_in_all,
        .retention = clock_from_ms(settings->retention_ms),
    };
}

static void init_sessions(struct requests *requests)
{
    struct sessions_limits limits =
            requests_sessions_limits(&requests->settings);
    struct sessions_hooks hooks = {
        .user = requests,
        .ended = on_ended,
        .is_idle = on_is_idle,
        .random = on_random,
    };

    sessions_init(&requests->sessions, &limits, &hooks, &requests->agenda);
}

static void init_registry(struct requests *requests, struct process_host *host)
{
    struct registry_limits limits =
            requests_registry_limits(&requests->settings);
    struct registry_hooks hooks = {
        .user = requests,
        .launched = on_launched,
        .changed = on_changed,
        .wanted = on_wanted,
        .owed = on_owed,
        .forgotten = on_forgotten,
    };

    registry_init(
            &requests->registry, &limits, &hooks, host, &requests->agenda);
}

/* What can be said without memory has to be ready. */
static enum remex_status make_reserve(struct requests *requests)
{
    struct reply reply = { .version = MESSAGE_VERSION,
        .boot_id = requests->boot_id };

    refusal_answer_lost(&reply.error);
    return wire_encode_reply(&reply, 0, &requests->reserve);
}

enum remex_status requests_new(const struct requests_settings *settings,
        const struct requests_hooks *hooks, struct process_host *host,
        struct requests **out)
{
    struct requests *requests = calloc(1, sizeof(*requests));

    if (!requests)
        return REMEX_NO_MEMORY;
    requests->settings = *settings;
    requests_list_capabilities(requests);
    requests->hooks = *hooks;
    on_random(requests, &requests->boot_id, sizeof(requests->boot_id));
    if (make_reserve(requests) != REMEX_OK) {
        free(requests);
        return REMEX_NO_MEMORY;
    }
    agenda_init(&requests->agenda);
    principals_init(&requests->principals, &settings->limits, settings->policy);
    init_sessions(requests);
    init_registry(requests, host);
    list_init(&requests->parked);
    list_init(&requests->entries);
    list_init(&requests->changed);
    list_init(&requests->hinting);
    list_init(&requests->crowd);
    list_init(&requests->again);
    arena_init(&requests->arena, REQUESTS_ARENA_BYTES);
    *out = requests;
    return REMEX_OK;
}

static void drop_parked(
        struct requests *requests, const void *front, const uint32_t *pipe)
{
    struct list *node = requests->parked.next;

    while (node != &requests->parked) {
        struct parked *parked = CONTAINER_OF(node, struct parked, all);

        node = node->next;
        if (!front ||
                (parked->caller.front == front &&
                        (!pipe || parked->caller.pipe == *pipe)))
            parked_free(parked);
    }
}

void requests_free(struct requests *requests, int64_t now)
{
    if (!requests)
        return;
    drop_parked(requests, NULL, NULL);
    sessions_deinit(&requests->sessions, now);
    registry_deinit(&requests->registry);
    principals_deinit(&requests->principals);
    agenda_deinit(&requests->agenda);
    arena_deinit(&requests->arena);
    wire_head_free(&requests->reserve);
    free(requests);
}

const struct message_id *requests_boot_id(const struct requests *requests)
{
    return &requests->boot_id;
}

/* --- The gate ------------------------------------------------------------ */

void requests_seen(const struct call *call, struct session *session)
{
    const struct caller *caller = call->caller;
    const struct requests_hooks *hooks = &call->requests->hooks;

    if (session_seen(session, caller->front, caller->pipe) && hooks->known)
        hooks->known(hooks->user, caller);
}

static enum remex_status use_session(
        struct call *call, struct remex_error *error)
{
    const struct request *request = call->request;
    enum remex_status status =
            session_use(call->session, request->attachment, call->now, error);

    if (status != REMEX_OK)
        return status;
    requests_seen(call, call->session);
    return gate_allows(call->session->role, request->method, error);
}

static enum remex_status find_session(
        struct call *call, struct remex_error *error)
{
    const struct request *request = call->request;
    struct requests *requests = call->requests;
    enum remex_status status =
            gate_admits(&requests->settings.gate, call->caller, error);

    if (status != REMEX_OK)
        return status;
    if (!id_equal(&request->boot_id, &requests->boot_id))
        return refusal_stale_boot(error);
    call->session =
            sessions_find(&requests->sessions, &request->session_id, NULL);
    if (call->session &&
            !gate_is_of(call->caller, call->session->principal->name))
        call->session = NULL;
    if (call->session && call->session->revoked)
        return refusal_token_revoked(error);
    if (call->session)
        return use_session(call, error);
    /* Closed is what a Close wants it to be. */
    return request->method == METHOD_CLOSE ? REMEX_OK
                                           : refusal_session_gone(error);
}

/* The decoder lets no other number through. */
static requests_method *find_method(enum method method)
{
    static requests_method *const methods[METHOD_FORGET + 1] = {
        [METHOD_OPEN] = requests_open,
        [METHOD_CLOSE] = requests_close,
        [METHOD_RENEW] = requests_renew,
        [METHOD_START] = requests_start,
        [METHOD_RUN] = requests_run,
        [METHOD_FOLLOW] = requests_follow,
        [METHOD_UNFOLLOW] = requests_unfollow,
        [METHOD_PULL] = requests_pull,
        [METHOD_READ] = requests_read,
        [METHOD_WRITE] = requests_write,
        [METHOD_SIGNAL] = requests_signal,
        [METHOD_RESIZE] = requests_resize,
        [METHOD_TERMINATE] = requests_terminate,
        [METHOD_WAIT] = requests_wait,
        [METHOD_INSPECT] = requests_inspect,
        [METHOD_LIST] = requests_list,
        [METHOD_SEAL] = requests_seal,
        [METHOD_FORGET] = requests_forget,
    };

    assert(method <= METHOD_FORGET && methods[method]);
    return methods[method];
}

static enum remex_status carry_out(struct call *call, struct remex_error *error)
{
    requests_method *method = find_method(call->request->method);
    struct entry *undecided;
    enum remex_status status;

    if (call->request->version != MESSAGE_VERSION)
        return refusal_unsupported_version(error);
    if (call->request->method != METHOD_OPEN) {
        status = find_session(call, error);
        if (status != REMEX_OK)
            return status;
    }
    if (requests_time_left(call) == 0)
        return error_set(error, REMEX_DEADLINE_EXCEEDED,
                "The request waited for longer than its deadline before it "
                "could be looked at; nothing was done.");
    undecided = requests_undecided(call);
    return undecided ? requests_put_off(call, call->session, undecided, error)
                     : method(call, error);
}

static void take_decoded(struct call *call)
{
    struct requests *requests = call->requests;
    struct remex_error error = { 0 };
    enum remex_status status;

    requests->taken[call->request->method]++;
    status = carry_out(call, &error);

    if (status == REMEX_OK) {
        call->reply.method = call->request->method;
        requests_answer(requests, call->caller, &call->reply,
                call->gathered ? &requests->gather : NULL);
    } else if (status != REMEX_AGAIN) {
        requests_answer_error(requests, call->caller, &error);
    }
}

void requests_take(struct requests *requests, const struct caller *caller,
        struct remex_bytes bytes, int64_t now)
{
    struct request request;
    struct remex_error error = { 0 };
    struct call call = {
        .requests = requests,
        .caller = caller,
        .request = &request,
        .bytes = bytes,
        .now = now,
    };

    if (wire_decode_request(bytes, &requests->arena, &request, &error) ==
            REMEX_OK)
        take_decoded(&call);
    else
        requests_answer_error(requests, caller, &error);
    arena_reset(&requests->arena);
}

/* --- Who waits no longer, and what was put off -----------------------------
 */

void requests_drop_pipe(struct requests *requests, void *front, uint32_t pipe)
{
    drop_parked(requests, front, &pipe);
    sessions_lost(&requests->sessions, front, &pipe);
}

void requests_drop_front(struct requests *requests, void *front)
{
    drop_parked(requests, front, NULL);
    sessions_lost(&requests->sessions, front, NULL);
}

void requests_drained(struct requests *requests, void *front)
{
    struct list *node = requests->parked.next;

    for (; node != &requests->parked; node = node->next) {
        struct parked *parked = CONTAINER_OF(node, struct parked, all);

        if (parked->caller.front != front)
            continue;
        if (parked->entry)
            requests_touch_entry(requests, parked->entry);
        else
            requests_touch_session(requests, parked->session);
    }
}

void requests_retire(struct requests *requests)
{
    requests->retired = true;
}

bool requests_are_over(const struct requests *requests)
{
    return registry_is_over(&requests->registry);
}

void requests_tick(struct requests *requests, int64_t now)
{
    agenda_run(&requests->agenda, now);
}

int64_t requests_due(const struct requests *requests)
{
    return agenda_next(&requests->agenda);
}
