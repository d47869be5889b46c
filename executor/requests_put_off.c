/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Requests about a process that is on its way to its program. That may take as
 * long as a network disk does, and nobody else is to wait for it: such a
 * request is put off as it came, and taken once more when it is decided.
 */

#include <string.h>

#include "common/clock.h"
#include "common/error.h"
#include "executor/refusal.h"
#include "executor/requests_state.h"

/* --- What is undecided ---------------------------------------------------- */

static struct remex_bytes process_id_of(const struct request *request)
{
    switch ((unsigned int)request->method) {
    case METHOD_FOLLOW:
        return request->follow.follow.process_id;
    case METHOD_READ:
        return request->read.process_id;
    case METHOD_WRITE:
        return request->write.process_id;
    case METHOD_SIGNAL:
        return request->signal.process_id;
    case METHOD_RESIZE:
        return request->resize.process_id;
    case METHOD_TERMINATE:
        return request->terminate.process_id;
    case METHOD_WAIT:
        return request->wait.process_id;
    case METHOD_INSPECT:
        return request->inspect.process_id;
    case METHOD_SEAL:
        return request->seal.process_id;
    case METHOD_FORGET:
        return request->forget.process_id;
    default:
        return (struct remex_bytes){ 0 };
    }
}

static struct entry *find_undecided(const struct call *call,
        const struct session *session, struct remex_bytes process_id)
{
    struct entry *entry = registry_find(
            &call->requests->registry, session->principal, process_id);

    return entry && registry_is_launching(entry) ? entry : NULL;
}

struct entry *requests_undecided(const struct call *call)
{
    struct remex_bytes process_id = process_id_of(call->request);

    return process_id.size > 0 ? find_undecided(call, call->session, process_id)
                               : NULL;
}

/* That of a Start which waits is there already, and its answer tells whoever
 * sent it if nothing comes of it. */
static bool is_of_start(const struct session *session,
        const struct follow_spec *spec, const struct entry *entry)
{
    const struct follow *follow = follows_find(session, spec->follow_id);

    return follow && follow->entry == entry;
}

struct entry *requests_undecided_follow(
        const struct call *call, const struct session *session)
{
    const struct resume *resume = call->request->open.resume;

    for (size_t i = 0; i < resume->follow_count; i++) {
        const struct follow_spec *spec = &resume->follows[i];
        struct entry *entry = find_undecided(call, session, spec->process_id);

        if (entry && !is_of_start(session, spec, entry))
            return entry;
    }
    return NULL;
}

bool requests_has_room(const struct call *call)
{
    return registry_has_room(
            &call->requests->registry, call->session->principal, call->now);
}

bool requests_is_undecided(const struct parked *parked)
{
    return parked->put_off ||
            (parked->entry && registry_is_launching(parked->entry));
}

/* --- Putting off ---------------------------------------------------------- */

/* Nobody is told that later than he is sure to wait for. */
static void on_due(struct appointment *appointment, int64_t now)
{
    struct parked *parked = CONTAINER_OF(appointment, struct parked, limit);
    struct remex_error error;

    (void)now;
    refusal_undecided(&error);
    requests_refuse_parked(parked->requests, parked, &error);
}

static bool has_resume(const struct session *session)
{
    struct list *node = session->parked.next;

    for (; node != &session->parked; node = node->next) {
        const struct parked *parked =
                CONTAINER_OF(node, struct parked, of_session);

        if (parked->put_off && parked->method == METHOD_OPEN)
            return true;
    }
    return false;
}

enum remex_status requests_put_off(struct call *call, struct session *session,
        struct entry *entry, struct remex_error *error)
{
    bool apart = call->request->method == METHOD_OPEN && !has_resume(session);
    uint32_t patience_ms = requests_patience(call);
    int64_t at = patience_ms == UINT32_MAX
            ? CLOCK_NEVER
            : clock_after(call->now, clock_from_ms(patience_ms));
    struct parked *parked;

    if (!apart && requests_check_parked(session, error) != REMEX_OK)
        return error->status;
    parked = parked_put_off(&call->requests->agenda, call->request->method,
            call->bytes, call->caller, at, on_due);
    if (!parked)
        return refusal_no_memory(error, "a request that waits");
    parked->apart = apart;
    call->session = session;
    requests_put_parked(call, parked);
    parked->entry = entry;
    list_append(entry ? &entry->waiting : &call->requests->crowd,
            &parked->of_target);
    return REMEX_AGAIN;
}

/* --- Taking up ------------------------------------------------------------ */

static void take_up(struct requests *requests, struct list *waiting)
{
    struct list *node = waiting->next;

    while (node != waiting) {
        struct parked *parked = CONTAINER_OF(node, struct parked, of_target);

        node = node->next;
        if (!parked->put_off)
            continue;
        parked->entry = NULL;
        list_append(&requests->again, &parked->of_target);
        requests->hooks.unsettled(requests->hooks.user);
    }
}

void requests_take_up(struct requests *requests, struct entry *entry)
{
    take_up(requests, &entry->waiting);
    take_up(requests, &requests->crowd);
}

/* What comes of one may put another off again. */
void requests_take_again(struct requests *requests, int64_t now)
{
    while (!list_is_empty(&requests->again)) {
        struct parked *parked =
                CONTAINER_OF(requests->again.next, struct parked, of_target);
        struct remex_bytes bytes = { parked->payload, parked->payload_size };

        parked_leave(parked);
        requests->taken[parked->method]--;
        requests_take(requests, &parked->caller, bytes, now);
        parked_free(parked);
    }
}
