/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Open (with Resume), Close, Renew.
 */

#include <assert.h>
#include <string.h>

#include "common/ids.h"
#include "common/text.h"
#include "executor/refusal.h"
#include "executor/requests_state.h"
#include "executor/tree_limits.h"

static void add_capability(struct requests *requests, const char *name)
{
    assert(requests->capability_count < REQUESTS_CAPABILITIES);
    requests->capabilities[requests->capability_count++] = text_bytes(name);
}

void requests_list_capabilities(struct requests *requests)
{
    static const char *const everywhere[] = { "pty", "terminate-plan", "wait",
        "list", "run", "seal", "let-go" };

    for (size_t i = 0; i < sizeof(everywhere) / sizeof(everywhere[0]); i++)
        add_capability(requests, everywhere[i]);
    if (requests->settings.grouped)
        add_capability(requests, "cgroup");
    for (enum tree_limit i = 0; i < TREE_LIMITS; i++)
        if (requests->settings.tree_limits & TREE_LIMIT(i))
            add_capability(requests, tree_limit_capability(i));
}

static void note_holder(struct session *session,
        const struct open_request *open, const struct gate_identity *identity)
{
    struct remex_bytes name = open->client_name;

    session->role = identity->role;
    session->token = identity->token;
    session->revoked = false;
    if (name.size > 0)
        memcpy(session->client_name, name.data, name.size);
    session->client_name_size = name.size;
}

static void fill_open_reply(struct call *call, struct session *session,
        const struct gate_identity *identity)
{
    struct requests *requests = call->requests;
    struct open_reply *open = &call->reply.open;

    note_holder(session, &call->request->open, identity);
    session->home = call->caller->front;
    requests_seen(call, session);
    open->version = MESSAGE_VERSION;
    open->session_id = session->id;
    open->attachment = session->attachment;
    open->lease_ms = session->lease_ms;
    open->principal = text_bytes(session->principal->name);
    open->role = session->role;
    open->limits = session->principal->limits;
    open->limits.retention_ms = requests->settings.retention_ms;
    open->limits.follows = session->most_follows;
    open->limits.window_bytes = session->window_bytes;
    open->capabilities = requests->capabilities;
    open->capability_count = requests->capability_count;
    open->hint_address = text_bytes(requests->hooks.hint_address(
            requests->hooks.user, call->caller->front));
    memcpy(open->hint_topic, session->topic, sizeof(open->hint_topic));
    open->heartbeat_ms = requests->settings.heartbeat_ms;
    open->executor_version = text_bytes(REMEX_VERSION);
}

static enum remex_status open_new(struct call *call,
        const struct gate_identity *identity, struct remex_error *error)
{
    struct requests *requests = call->requests;
    struct principal *principal =
            principals_hold(&requests->principals, identity->name, call->now);
    struct session *session = NULL;
    enum remex_status status;

    if (!principal)
        return refusal_no_memory(error, "a session");
    status = sessions_open(
            &requests->sessions, principal, call->now, &session, error);
    principal_release(principal);
    if (!session)
        return status;
    session_set_lease(session, call->request->open.lease_ms, call->now);
    fill_open_reply(call, session, identity);
    return REMEX_OK;
}

/* --- Resume -------------------------------------------------------------- */

/* What makes no sense refuses the whole resume, before it has changed anything.
 * A process that was forgotten is no mistake, nor is a follow that there may be
 * no room for. */
static enum remex_status check_follows(const struct call *call,
        const struct session *session, struct remex_error *error)
{
    const struct resume *resume = call->request->open.resume;

    for (size_t i = 0; i < resume->follow_count; i++) {
        const struct follow_spec *spec = &resume->follows[i];
        const struct entry *entry = registry_find(&call->requests->registry,
                session->principal, spec->process_id);
        enum remex_status status = entry
                ? follows_check_cursor(session, entry, spec, error)
                : REMEX_OK;

        if (status != REMEX_OK)
            return status;
    }
    return REMEX_OK;
}

static void resume_follow(const struct call *call, struct session *session,
        const struct follow_spec *spec, struct follow_state *state)
{
    struct requests *requests = call->requests;
    struct entry *entry = registry_find(
            &requests->registry, session->principal, spec->process_id);
    struct follow *follow = follows_find(session, spec->follow_id);
    struct remex_error error;

    *state = (struct follow_state){ .follow_id = spec->follow_id };
    if (follow && follow->entry != entry && !follow->stated) {
        follow_free(follow);
        follow = NULL;
    }
    if (!entry)
        return;
    if (spec->take_over)
        requests_touch_followers(requests, entry);
    if (follows_set(session, entry, spec, &follow, &error) != REMEX_OK) {
        if (error.kind == REMEX_ERROR_FOLLOWED)
            follows_tell_displaced(spec->follow_id, state);
        state->no_room = error.kind == REMEX_ERROR_LIMIT_HIT;
        state->known |= state->no_room;
        return;
    }
    follow->stated = true;
    follow_tell_state(follow, state);
    follow->exit_told = state->has_exited;
    follow_refresh(follow);
}

/* Those that there are have their room. The others get what is left, and what
 * is not stated leaves. */
static void resume_follows(const struct call *call, struct session *session,
        struct follow_state *states)
{
    const struct resume *resume = call->request->open.resume;
    size_t count = resume->follow_count;

    for (size_t i = 0; i < count; i++) {
        states[i].follow_id = 0; /* not yet */
        if (follows_find(session, resume->follows[i].follow_id))
            resume_follow(call, session, &resume->follows[i], &states[i]);
    }
    follows_count_unstated(session);
    for (size_t i = 0; i < count; i++)
        if (states[i].follow_id == 0)
            resume_follow(call, session, &resume->follows[i], &states[i]);
    follows_drop_unstated(session);
}

static void supersede_parked(struct requests *requests, struct session *session)
{
    struct remex_error error;

    refusal_superseded(&error, session->attachment);
    requests_refuse_session(requests, session, &error);
}

static struct session *find_resumed(
        struct call *call, const char *name, struct remex_error *error)
{
    const struct resume *resume = call->request->open.resume;
    struct requests *requests = call->requests;
    struct session *session;

    if (!id_equal(&resume->boot_id, &requests->boot_id)) {
        refusal_stale_boot(error);
        return NULL;
    }
    session = sessions_find(&requests->sessions, &resume->session_id, NULL);
    if (session && strcmp(session->principal->name, name) == 0)
        return session;
    refusal_session_gone(error);
    return NULL;
}

/* Without memory for one of them nothing is resumed: told that it is unknown,
 * the client would give its process up. */
static enum remex_status prepare_resume(const struct call *call,
        struct session *session, struct follow_state **states_out)
{
    const struct resume *resume = call->request->open.resume;
    size_t unknown = 0;

    for (size_t i = 0; i < resume->follow_count; i++) {
        const struct follow_spec *spec = &resume->follows[i];
        const struct follow *follow = follows_find(session, spec->follow_id);

        if (!follow ||
                follow->entry !=
                        registry_find(&call->requests->registry,
                                session->principal, spec->process_id))
            unknown++;
    }
    *states_out = arena_alloc(&call->requests->arena,
            (resume->follow_count + 1) * sizeof(struct follow_state));
    return *states_out ? follows_prepare(session, unknown) : REMEX_NO_MEMORY;
}

static enum remex_status open_resumed(struct call *call,
        const struct gate_identity *identity, struct remex_error *error)
{
    const struct resume *resume = call->request->open.resume;
    struct requests *requests = call->requests;
    struct session *session = find_resumed(call, identity->name, error);
    struct follow_state *states;
    struct entry *undecided;
    enum remex_status status;

    if (!session)
        return error->status;
    undecided = requests_undecided_follow(call, session);
    if (undecided)
        return requests_put_off(call, session, undecided, error);
    status = check_follows(call, session, error);
    if (status != REMEX_OK)
        return status;
    if (prepare_resume(call, session, &states) != REMEX_OK)
        status = refusal_no_memory(error, "a resume");
    else
        status = session_resume(session, resume->attachment, resume->take_over,
                call->now, error);
    if (status == REMEX_OK) {
        supersede_parked(requests, session);
        resume_follows(call, session, states);
    }
    follows_drop_spares(session);
    if (status != REMEX_OK)
        return status;
    fill_open_reply(call, session, identity);
    call->reply.open.follows = states;
    call->reply.open.follow_count = resume->follow_count;
    return REMEX_OK;
}

/* --- Methods ------------------------------------------------------------- */

enum remex_status requests_open(struct call *call, struct remex_error *error)
{
    const struct open_request *open = &call->request->open;
    struct gate_identity identity;
    enum remex_status status = gate_identify(&call->requests->settings.gate,
            call->caller, open->token, &identity, error);

    if (status != REMEX_OK)
        return status;
    if (open->min_version > MESSAGE_VERSION ||
            open->max_version < MESSAGE_VERSION)
        return refusal_unsupported_version(error);
    return open->resume ? open_resumed(call, &identity, error)
                        : open_new(call, &identity, error);
}

enum remex_status requests_close(struct call *call, struct remex_error *error)
{
    (void)error;
    if (call->session)
        session_end(call->session, call->now);
    call->session = NULL;
    return REMEX_OK;
}

enum remex_status requests_renew(struct call *call, struct remex_error *error)
{
    (void)call;
    (void)error;
    return REMEX_OK; /* the gate has done it */
}
