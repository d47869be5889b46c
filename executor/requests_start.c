/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Start: what may be started, and who waits until it has been.
 */

#include <assert.h>

#include "common/clock.h"
#include "common/error.h"
#include "executor/refusal.h"
#include "executor/requests_state.h"
#include "executor/tree_limits.h"

/* --- What may be started -------------------------------------------------- */

static uint64_t bytes_of(const struct remex_bytes *items, size_t count)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < count; i++)
        bytes += items[i].size + 1;
    return bytes;
}

static enum remex_status check_limits(const struct call *call,
        const struct process_spec *spec, struct remex_error *error)
{
    const struct message_limits *limits = &call->session->principal->limits;
    uint64_t count = (uint64_t)spec->argv_count + spec->env_count;
    uint64_t bytes = bytes_of(spec->argv, spec->argv_count) +
            bytes_of(spec->env, spec->env_count);

    if (count > limits->argument_count)
        return refusal_too_large(
                error, "argument_count", limits->argument_count, count);
    if (bytes > limits->argument_bytes)
        return refusal_too_large(
                error, "argument_bytes", limits->argument_bytes, bytes);
    if (limits->wall_time_ms > 0 && spec->wall_time_ms > limits->wall_time_ms)
        return refusal_too_large(error, "wall_time_ms", limits->wall_time_ms,
                spec->wall_time_ms);
    return tree_limits_check(&spec->tree_limits, &limits->tree,
            call->requests->settings.tree_limits, error);
}

enum remex_status requests_check_process(struct call *call,
        const struct process_spec *spec, bool known, struct remex_error *error)
{
    struct principal *principal = call->session->principal;
    enum remex_status status = check_limits(call, spec, error);

    if (!known && call->requests->retired)
        return refusal_draining(error);
    if (status == REMEX_OK && !known && principal->policy)
        status = policy_check_environment(principal->policy, spec, error);
    if (status == REMEX_OK && !known &&
            !principal_take_start(principal, call->now))
        return refusal_too_often(error, principal->limits.starts_per_second);
    return status;
}

struct log_store *requests_store(const struct call *call)
{
    const struct requests_hooks *hooks = &call->requests->hooks;

    return hooks->store ? hooks->store(hooks->user, call->caller->front) : NULL;
}

/* --- What was on its way -------------------------------------------------- */

static void tell_trace(
        const struct requests *requests, const struct entry *entry)
{
    const struct requests_hooks *hooks = &requests->hooks;
    struct remex_bytes traceparent = entry->description->traceparent;
    struct remex_bytes id = { entry->id, entry->id_size };

    if (traceparent.size > 0 && hooks->traced)
        hooks->traced(hooks->user, traceparent, id, entry->principal->name,
                process_pid(entry->process));
}

void requests_launched(struct requests *requests, struct entry *entry)
{
    struct list *node = entry->waiting.next;

    tell_trace(requests, entry);
    while (node != &entry->waiting) {
        struct parked *parked = CONTAINER_OF(node, struct parked, of_target);

        node = node->next;
        if (parked->method == METHOD_START && !parked->put_off)
            requests_try_parked(requests, parked, true);
    }
}

/* --- Start ---------------------------------------------------------------- */

/* Follows what was started. A repeat finds it followed already, and leaves the
 * cursor where it is. A follow of that id which somebody has displaced makes
 * room for a new one: whoever repeats has yet to hear that it began. */
static enum remex_status follow_started(struct call *call, struct entry *entry,
        bool known, struct remex_error *error)
{
    const struct follow_spec *spec = call->request->start.follow;
    struct follow *follow;

    if (!spec)
        return REMEX_OK;
    follow = follows_find(call->session, spec->follow_id);
    if (known && follow && follow->entry)
        return REMEX_OK;
    if (spec->take_over)
        requests_touch_followers(call->requests, entry);
    return follows_set(call->session, entry, spec, &follow, error);
}

/* Of what was forgotten, a follow need not make sense. */
static enum remex_status check_start(
        struct call *call, const struct entry *known, struct remex_error *error)
{
    const struct start_request *start = &call->request->start;
    enum remex_status status = REMEX_OK;

    if (!known)
        status = registry_check_former(&call->requests->registry,
                call->session->principal, start->process.process_id, call->now,
                error);
    if (status == REMEX_OK && start->follow)
        status = follows_check(call->session, known, start->follow, error);
    if (status == REMEX_OK)
        status = requests_check_process(
                call, &start->process, known != NULL, error);
    return status;
}

static struct parked *new_waiting(const struct call *call)
{
    return parked_new(&call->requests->agenda, call->request, call->caller,
            CLOCK_NEVER, requests_parked_due);
}

/* Whoever repeats it waits as well, among what else waits of his. */
static enum remex_status prepare_repeat(const struct call *call,
        const struct entry *known, struct parked **waiting,
        struct remex_error *error)
{
    if (!registry_is_launching(known))
        return REMEX_OK;
    if (requests_check_parked(call->session, error) != REMEX_OK)
        return error->status;
    *waiting = new_waiting(call);
    return *waiting ? REMEX_OK : refusal_no_memory(error, "a start");
}

/* A program that was started cannot be taken back: what following it and
 * waiting for it takes is there before. The wait has an end of its own. */
static enum remex_status prepare_new(const struct call *call,
        struct parked **waiting, struct remex_error *error)
{
    if (follows_prepare(call->session, call->request->start.follow ? 1 : 0) !=
            REMEX_OK)
        return refusal_no_memory(error, "a follow");
    *waiting = new_waiting(call);
    if (!*waiting)
        return refusal_no_memory(error, "a start");
    (*waiting)->apart = true;
    return REMEX_OK;
}

static enum remex_status start_known_or_new(struct call *call,
        const struct entry *known, struct parked **waiting, struct entry **out,
        struct remex_error *error)
{
    const struct registry_order order = {
        .spec = &call->request->start.process,
        .store = requests_store(call),
    };
    enum remex_status status = known
            ? prepare_repeat(call, known, waiting, error)
            : prepare_new(call, waiting, error);

    if (status != REMEX_OK)
        return status;
    return registry_start(&call->requests->registry, call->session->principal,
            &order, call->now, out, error);
}

/* What is there, or on its way, becomes the session's. */
static enum remex_status take_started(struct call *call, struct entry *entry,
        bool known, struct remex_error *error)
{
    enum remex_status status;

    requests_touch_entry(call->requests, entry);
    registry_own(entry, &call->session->processes);
    status = follow_started(call, entry, known, error);
    assert(status == REMEX_OK || known);
    call->reply.start.pid = process_pid(entry->process);
    return status;
}

enum remex_status requests_start(struct call *call, struct remex_error *error)
{
    const struct start_request *start = &call->request->start;
    const struct entry *known = registry_find(&call->requests->registry,
            call->session->principal, start->process.process_id);
    struct parked *waiting = NULL;
    struct entry *entry = NULL;
    enum remex_status status;

    if (!known && !requests_has_room(call))
        return requests_put_off(call, call->session, NULL, error);
    status = check_start(call, known, error);
    if (status == REMEX_OK)
        status = start_known_or_new(call, known, &waiting, &entry, error);
    if (entry)
        status = take_started(call, entry, known != NULL, error);
    if (status == REMEX_OK && registry_is_launching(entry)) {
        requests_put_parked_at(call, waiting, entry);
        status = REMEX_AGAIN;
    } else if (waiting) {
        parked_free(waiting);
    }
    if (status == REMEX_OK && !known)
        tell_trace(call->requests, entry);
    follows_drop_spares(call->session);
    return status;
}
