/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is asked of one process: Read, Write, Resize, Signal, Terminate; and how
 * requests are parked.
 */

#include "common/clock.h"
#include "common/error.h"
#include "executor/refusal.h"
#include "executor/requests_state.h"

/* Of a Write that waits for room only so much is kept: it may be taken in part,
 * and what waits is not charged to anybody. */
enum { PARKED_PAYLOAD_BYTES = 64 * 1024 };

enum { DEADLINE_MARGIN_MS = 100 };

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
uint32_t requests_patience(const struct call *call)
{
    uint32_t left = requests_time_left(call);

    if (left == UINT32_MAX)
        return left;
    return left - least(left / 4, DEADLINE_MARGIN_MS);
}

void requests_put_parked(const struct call *call, struct parked *parked)
{
    struct session *session = call->session;

    parked->requests = call->requests;
    parked->session = session;
    if (!parked->apart)
        session->parked_count++;
    list_append(&call->requests->parked, &parked->all);
    list_append(&session->parked, &parked->of_session);
}

void requests_put_parked_at(
        const struct call *call, struct parked *parked, struct entry *entry)
{
    requests_put_parked(call, parked);
    parked->entry = entry;
    list_append(&entry->waiting, &parked->of_target);
}

enum remex_status requests_check_parked(
        const struct session *session, struct remex_error *error)
{
    uint64_t most = session->principal->limits.parked;

    if (session->parked_count < most)
        return REMEX_OK;
    return error_limit_hit(error, "parked", most, session->parked_count + 1);
}

struct parked *requests_park(
        struct call *call, uint32_t wait_ms, struct remex_error *error)
{
    struct requests *requests = call->requests;
    struct session *session = call->session;
    const struct message_limits *limits = &session->principal->limits;
    struct parked *parked;

    if (requests_check_parked(session, error) != REMEX_OK)
        return NULL;
    wait_ms = least(wait_ms, limits->park_ms);
    wait_ms = least(wait_ms, requests_patience(call));
    parked = parked_new(&requests->agenda, call->request, call->caller,
            clock_after(call->now, clock_from_ms(wait_ms)),
            requests_parked_due);
    if (!parked) {
        refusal_no_memory(error, "a request that waits");
        return NULL;
    }
    requests_put_parked(call, parked);
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
