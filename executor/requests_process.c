/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is asked of one process: Start, Read, Write, Resize, Signal, Terminate;
 * and how requests are parked.
 */

#include <assert.h>

#include "common/clock.h"
#include "common/error.h"
#include "executor/refusal.h"
#include "executor/requests_state.h"
#include "executor/tree_limits.h"

/* Of a Write that waits for room only so much is kept: it may be taken in part,
 * and what waits is not charged to anybody. */
enum { PARKED_PAYLOAD_BYTES = 64 * 1024 };

enum { DEADLINE_MARGIN_MS = 100 };

/* --- Start --------------------------------------------------------------- */

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

void requests_tell_trace(const struct call *call, const struct entry *entry,
        const struct process_spec *spec)
{
    const struct requests_hooks *hooks = &call->requests->hooks;

    if (spec->traceparent.size > 0 && hooks->traced)
        hooks->traced(hooks->user, spec, call->session->principal->name,
                process_pid(entry->process));
}

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

/* A program that was started cannot be taken back: what following it takes is
 * there before. */
static enum remex_status start_known_or_new(struct call *call, bool known,
        struct entry **out, struct remex_error *error)
{
    const struct start_request *start = &call->request->start;
    size_t new_follows = start->follow && !known ? 1 : 0;

    if (follows_prepare(call->session, new_follows) != REMEX_OK)
        return refusal_no_memory(error, "a follow");
    return registry_start(&call->requests->registry, call->session->principal,
            &start->process, NULL, call->now, out, error);
}

enum remex_status requests_start(struct call *call, struct remex_error *error)
{
    const struct entry *known =
            requests_find(call, call->request->start.process.process_id);
    struct entry *entry = NULL;
    enum remex_status status = check_start(call, known, error);

    if (status == REMEX_OK)
        status = start_known_or_new(call, known != NULL, &entry, error);
    if (entry) {
        requests_touch_entry(call->requests, entry);
        registry_own(entry, &call->session->processes);
        status = follow_started(call, entry, known != NULL, error);
        assert(status == REMEX_OK || known);
        call->reply.start.pid = process_pid(entry->process);
        if (!known)
            requests_tell_trace(call, entry, &call->request->start.process);
    }
    follows_drop_spares(call->session);
    return status;
}

/* --- Parking ------------------------------------------------------------- */

static uint32_t least(uint64_t a, uint64_t b)
{
    return (uint32_t)(a < b ? a : b);
}

uint32_t requests_time_left(const struct call *call)
{
    uint32_t deadline_ms = call->request->deadline_ms;
    int64_t arrived = call->caller->arrived;
    int64_t waited_ms = 0;

    if (deadline_ms == 0)
        return UINT32_MAX;
    if (arrived > 0 && call->now > arrived)
        waited_ms = (call->now - arrived) / clock_from_ms(1);
    return waited_ms < deadline_ms ? deadline_ms - (uint32_t)waited_ms : 0;
}

/* The reply has to be there by the deadline, not on its way. */
static uint32_t patience(const struct call *call)
{
    uint32_t left = requests_time_left(call);

    if (left == UINT32_MAX)
        return left;
    return left - least(left / 4, DEADLINE_MARGIN_MS);
}

struct parked *requests_park(
        struct call *call, uint32_t wait_ms, struct remex_error *error)
{
    struct requests *requests = call->requests;
    struct session *session = call->session;
    const struct message_limits *limits = &session->principal->limits;
    struct parked *parked;

    if (session->parked_count >= limits->parked) {
        error_limit_hit(
                error, "parked", limits->parked, session->parked_count + 1);
        return NULL;
    }
    wait_ms = least(wait_ms, limits->park_ms);
    wait_ms = least(wait_ms, patience(call));
    parked = parked_new(&requests->agenda, call->request, call->caller,
            clock_after(call->now, clock_from_ms(wait_ms)),
            requests_parked_due);
    if (!parked) {
        refusal_no_memory(error, "a request that waits");
        return NULL;
    }
    parked->requests = requests;
    parked->session = session;
    session->parked_count++;
    list_append(&requests->parked, &parked->all);
    list_append(&session->parked, &parked->of_session);
    return parked;
}

enum remex_status requests_park_at(struct call *call, struct entry *entry,
        uint32_t wait_ms, struct remex_error *error)
{
    struct parked *parked = requests_park(call, wait_ms, error);

    if (!parked)
        return error->status;
    parked->entry = entry;
    list_append(&entry->waiting, &parked->of_target);
    return REMEX_AGAIN;
}

struct entry *requests_find(
        const struct call *call, struct remex_bytes process_id)
{
    return registry_find(
            &call->requests->registry, call->session->principal, process_id);
}

/* --- Read ---------------------------------------------------------------- */

enum remex_status requests_do_read(struct requests *requests,
        const struct entry *entry, const struct read_request *read,
        struct reply *reply)
{
    const struct event_log *log = process_log(entry->process);
    uint64_t exited_seq = event_log_exited_seq(log);
    uint64_t closed_seq = event_log_closed_seq(log);
    struct cursor cursor = { .seq = read->after_seq,
        .position = read->after_position };
    struct gather *gather = &requests->gather;
    uint64_t until_position = UINT64_MAX;

    gather_begin(gather, read->max_bytes);
    while (!gather->full) {
        uint64_t before = cursor.seq;

        gather_log(gather, log, &cursor, 0, &until_position);
        if (cursor.seq == before)
            break;
    }
    reply->read = (struct read_reply){
        .batch = { gather->events, gather->count },
        .first_seq = event_log_first_seq(log),
        .next_seq = event_log_next_seq(log),
        .exited = exited_seq > 0 && cursor.seq >= exited_seq,
        .closed = closed_seq > 0 && cursor.seq >= closed_seq,
    };
    return gather->count > 0 || reply->read.closed ? REMEX_OK : REMEX_AGAIN;
}

enum remex_status requests_read(struct call *call, struct remex_error *error)
{
    const struct read_request *read = &call->request->read;
    struct entry *entry = requests_find(call, read->process_id);
    enum remex_status status;

    if (!entry)
        return refusal_unknown_process(error);
    if (read->after_seq >= event_log_next_seq(process_log(entry->process)))
        return error_bad_field(
                error, "read.after_seq", "There is no such event yet.");
    status = requests_do_read(call->requests, entry, read, &call->reply);
    if (status == REMEX_AGAIN && read->wait_ms > 0)
        return requests_park_at(call, entry, read->wait_ms, error);
    call->gathered = true;
    return REMEX_OK;
}

/* --- Write --------------------------------------------------------------- */

enum remex_status requests_do_write(const struct entry *entry,
        const struct write_request *write, struct remex_bytes payload,
        struct reply *reply, struct remex_error *error)
{
    struct write_reply *out = &reply->write;
    enum remex_status status =
            process_write(entry->process, write, payload, out, error);

    if (status != REMEX_OK)
        return status;
    if (out->outcome == WRITE_ACCEPTED && payload.size > 0 &&
            out->next_offset <= write->offset)
        return REMEX_AGAIN;
    return REMEX_OK;
}

static enum remex_status park_write(
        struct call *call, struct entry *entry, struct remex_error *error)
{
    struct request request = *call->request;
    struct call part = *call;

    if (request.payload.size > PARKED_PAYLOAD_BYTES) {
        request.payload.size = PARKED_PAYLOAD_BYTES;
        request.write.eof = false;
    }
    part.request = &request;
    return requests_park_at(&part, entry, request.write.wait_ms, error);
}

enum remex_status requests_write(struct call *call, struct remex_error *error)
{
    const struct write_request *write = &call->request->write;
    struct entry *entry = requests_find(call, write->process_id);
    enum remex_status status;

    if (!entry)
        return refusal_unknown_process(error);
    status = requests_do_write(
            entry, write, call->request->payload, &call->reply, error);
    if (status == REMEX_AGAIN && write->wait_ms > 0)
        return park_write(call, entry, error);
    return status == REMEX_AGAIN ? REMEX_OK : status;
}

/* --- Resize, Signal and Terminate ----------------------------------------- */

enum remex_status requests_resize(struct call *call, struct remex_error *error)
{
    const struct resize_request *resize = &call->request->resize;
    struct entry *entry = requests_find(call, resize->process_id);

    if (!entry)
        return refusal_unknown_process(error);
    return process_resize(entry->process, resize->rows, resize->columns, error);
}

enum remex_status requests_signal(struct call *call, struct remex_error *error)
{
    const struct signal_request *signal = &call->request->signal;
    struct signal_window *window = &call->session->signals;
    struct entry *entry = requests_find(call, signal->process_id);
    enum signal_outcome outcome;
    bool delivered;
    enum remex_status status;

    if (!entry)
        return refusal_unknown_process(error);
    if (signal_window_is_new(window, signal->number, &delivered)) {
        status = process_signal(entry->process, (int)signal->signal,
                signal->target, &outcome, error);
        if (status != REMEX_OK)
            return status;
        delivered = outcome == SIGNAL_DELIVERED;
        signal_window_note(window, signal->number, delivered);
    }
    call->reply.signal.outcome = delivered ? SIGNAL_DELIVERED : SIGNAL_EXITED;
    return REMEX_OK;
}

enum remex_status requests_terminate(
        struct call *call, struct remex_error *error)
{
    const struct terminate_request *terminate = &call->request->terminate;
    struct entry *entry = requests_find(call, terminate->process_id);

    if (!entry)
        return refusal_unknown_process(error);
    call->reply.terminate.running = terminate->default_plan
            ? registry_terminate(entry, entry->stop_plan,
                      entry->stop_plan_count, call->now)
            : registry_terminate(
                      entry, terminate->plan, terminate->plan_count, call->now);
    return REMEX_OK;
}
