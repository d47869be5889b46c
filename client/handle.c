/* SPDX-License-Identifier: Apache-2.0 */
#include "client/handle.h"

#include <assert.h>
#include <string.h>

/* An executor may hold a process for events as well as for bytes. */
#define ACK_EVENTS 256

void handle_init(struct handle *handle, uint64_t follow_id, const char *id,
        size_t id_size, size_t window, size_t history)
{
    assert(id_size > 0 && id_size <= MESSAGE_PROCESS_ID_BYTES);
    memset(handle, 0, sizeof(*handle));
    handle->follow_id = follow_id;
    memcpy(handle->id, id, id_size);
    handle->id_size = id_size;
    event_queue_init(&handle->events, window, history);
}

void handle_begin(struct handle *handle, enum follow_from from, uint64_t seq)
{
    handle->from = from;
    handle->from_seq = seq;
    event_queue_unplace(&handle->events);
}

void handle_deinit(struct handle *handle)
{
    assert(!handle->acking);
    event_queue_deinit(&handle->events);
}

struct remex_bytes handle_id(const struct handle *handle)
{
    return (struct remex_bytes){ handle->id, handle->id_size };
}

const struct follow_spec *handle_cursor(struct handle *handle)
{
    handle->asked = true;
    handle->told_until = event_queue_grant(&handle->events);
    handle->told_seq = 0;
    handle->follow = (struct follow_spec){
        .process_id = handle_id(handle),
        .follow_id = handle->follow_id,
        .after_seq = handle->events.come.next_seq - 1,
        .after_position = handle->events.come.position,
        .until_position = handle->told_until,
        .exclusive = handle->exclusive,
    };
    handle->displaced = false; /* that was said of an earlier follow */
    if (!handle->events.placed) {
        handle->follow.after_seq = handle->from_seq;
        handle->follow.from = handle->from;
    }
    return &handle->follow;
}

/* After Closed whatever has come counts: the executor has no use for more. */
static uint64_t consumed(const struct event_queue *events)
{
    return events->closed ? events->come.next_seq - 1 : events->taken_seq;
}

enum handle_ack handle_ack_due(struct handle *handle)
{
    struct event_queue *events = &handle->events;
    uint64_t granted = event_queue_grant(events) - handle->told_until;
    uint64_t taken = events->taken_seq - handle->told_seq;

    if (!handle->started || !handle->asked || handle->freed || events->failure)
        return HANDLE_ACK_NONE;
    if (events->closed)
        return handle->told_seq < consumed(events) ? HANDLE_ACK_LATER
                                                   : HANDLE_ACK_NONE;
    if (granted >= events->window / 4 || taken >= ACK_EVENTS)
        return HANDLE_ACK_NOW;
    if (granted > 0 && events->come.position >= handle->told_until)
        return HANDLE_ACK_NOW;
    return granted > 0 || taken > 0 ? HANDLE_ACK_LATER : HANDLE_ACK_NONE;
}

struct pull_ack handle_ack(struct handle *handle, bool may_let_go)
{
    handle->told_until = event_queue_grant(&handle->events);
    handle->told_seq = consumed(&handle->events);
    handle->let_go = may_let_go && handle->events.closed;
    return (struct pull_ack){
        .follow_id = handle->follow_id,
        .consumed_seq = handle->told_seq,
        .until_position = handle->told_until,
        .let_go = handle->let_go,
    };
}

/* The exit is known from the event, or before it comes. */
static void note_exit(struct handle *handle, const struct remex_exit *exit)
{
    if (handle->has_exit)
        return;
    handle->has_exit = true;
    handle->exit = *exit;
}

void handle_push(struct handle *handle, const struct remex_event *event,
        struct packet *packet, uint64_t newest)
{
    bool had_hole = event_queue_has_hole(&handle->events);
    enum remex_status status;

    if (!had_hole)
        handle->hole_pull = 0;
    handle_saw(handle, event->seq);
    status = event_queue_push(&handle->events, event, packet);
    if (status == REMEX_NO_MEMORY)
        handle_fail(handle, REMEX_FAILURE_NO_MEMORY);
    else if (status == REMEX_PROTOCOL_ERROR)
        handle_fail(handle, REMEX_FAILURE_PROTOCOL);
    else if (status == REMEX_AGAIN && newest > handle->hole_pull)
        handle->hole_pull = newest; /* there may be a hole behind the hole */
    /* Also if what was put aside behind it breaks the rules: it will be told.
     */
    if (event->kind == REMEX_EVENT_EXITED &&
            (status == REMEX_AGAIN || handle->events.exited))
        note_exit(handle, &event->exited);
}

void handle_pull_over(struct handle *handle, uint64_t oldest)
{
    if (event_queue_has_hole(&handle->events) && oldest > handle->hole_pull)
        handle_fail(handle, REMEX_FAILURE_PROTOCOL);
}

bool handle_is_held(const struct handle *handle)
{
    return handle->started && handle->asked && !handle->freed &&
            !handle_is_over(handle) &&
            handle->events.come.position >= handle->told_until;
}

void handle_saw(struct handle *handle, uint64_t seq)
{
    if (seq > handle->newest_seq)
        handle->newest_seq = seq;
}

static void place(struct handle *handle, const struct follow_place *place)
{
    uint64_t ahead = handle->told_until;

    /* An exit that lies before comes no more: it has to be told here. */
    if ((place->exited && !handle->has_exit) ||
            event_queue_place(&handle->events, place) != REMEX_OK)
        handle_fail(handle, REMEX_FAILURE_PROTOCOL);
    else
        handle->told_until = handle->events.begin.position + ahead;
}

/* It is told once, and may overtake the answer to the follow itself. */
static void check_displaced(struct handle *handle)
{
    if (!handle->displaced || !handle->started || handle_is_over(handle))
        return;
    handle->detached = true;
    handle_fail(handle, REMEX_FAILURE_TAKEN_OVER);
}

void handle_started(struct handle *handle)
{
    handle->started = true;
    check_displaced(handle);
}

void handle_heard(struct handle *handle, const struct follow_state *state)
{
    handle_saw(handle, state->last_seq);
    if (state->has_exited)
        note_exit(handle, &state->exited);
    if (state->has_place && !handle->events.placed)
        place(handle, &state->place);
    if (!state->known && handle->started && !handle_is_over(handle))
        handle_fail(handle, REMEX_FAILURE_EVICTED);
    if (state->no_room && handle->started && !handle_is_over(handle))
        handle_fail(handle, REMEX_FAILURE_PROTOCOL);
    if (state->displaced)
        handle->displaced = true;
    check_displaced(handle);
}

void handle_fail(struct handle *handle, enum remex_failure reason)
{
    event_queue_fail(&handle->events, reason);
}

bool handle_is_over(const struct handle *handle)
{
    return handle->events.closed || handle->events.failure;
}
