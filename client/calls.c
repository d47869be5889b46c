/* SPDX-License-Identifier: Apache-2.0 */
#include "client/calls.h"

#include <assert.h>
#include <stddef.h>

#include "common/clock.h"
#include "common/error.h"

/* Nanoseconds; see calls_overdue_at. */
#define GRACE ((int64_t)250 * 1000 * 1000)

static bool are_none(const struct calls *calls)
{
    for (unsigned int lane = 0; lane < CALLS_LANES; lane++) {
        if (calls->sent[lane])
            return false;
    }
    return !calls->first;
}

static void lower(int64_t *earliest, const struct call *call)
{
    int64_t at = calls_overdue_at(call);

    if (at < *earliest)
        *earliest = at;
}

void calls_add(struct calls *calls, struct call *call)
{
    assert(call->state == CALL_IDLE);
    if (are_none(calls))
        calls->overdue = CLOCK_NEVER;
    lower(&calls->overdue, call);
    call->state = CALL_QUEUED;
    call->next = NULL;
    call->previous = calls->last;
    if (calls->last)
        calls->last->next = call;
    else
        calls->first = call;
    calls->last = call;
}

void calls_take(struct calls *calls, struct call *call)
{
    assert(call->state == CALL_QUEUED);
    if (call->previous)
        call->previous->next = call->next;
    else
        calls->first = call->next;
    if (call->next)
        call->next->previous = call->previous;
    else
        calls->last = call->previous;
    call->next = NULL;
    call->previous = NULL;
    call->state = CALL_IDLE;
}

struct call *calls_next(const struct calls *calls)
{
    struct call *call = calls->first;

    while (call &&
            ((call->waits && calls->waiting >= CALLS_LANES - 1) ||
                    (call->last && calls->given_up != 0)))
        call = call->next;
    return call;
}

void calls_sent(struct calls *calls, struct call *call, unsigned int lane)
{
    assert(lane < CALLS_LANES && !calls->sent[lane]);
    calls_take(calls, call);
    call->state = CALL_SENT;
    call->repeated = call->unanswered;
    call->unanswered = true;
    calls->sent[lane] = call;
    calls->waiting += call->waits;
}

struct call *calls_unsend(struct calls *calls, unsigned int lane)
{
    struct call *call = calls->sent[lane];

    assert(lane < CALLS_LANES);
    calls->sent[lane] = NULL;
    calls->given_up &= ~(1U << lane);
    if (!call)
        return NULL;
    assert(call->state == CALL_SENT);
    calls->waiting -= call->waits;
    call->state = CALL_IDLE;
    return call;
}

void calls_finish(struct call *call)
{
    assert(call->state == CALL_IDLE);
    call->state = CALL_DONE;
    call->done(call);
}

void calls_again(struct calls *calls, struct call *call)
{
    calls_add(calls, call);
    if (calls->first == call)
        return;
    calls->last = call->previous;
    calls->last->next = NULL;
    call->previous = NULL;
    call->next = calls->first;
    calls->first->previous = call;
    calls->first = call;
}

void calls_lost(struct calls *calls, struct call *call)
{
    if (call->repeatable) {
        calls_again(calls, call);
        return;
    }
    error_set(&call->error, REMEX_OUTCOME_UNKNOWN,
            "the link broke before the executor's answer came");
    calls_finish(call);
}

/* An orphaned lane stays busy until its reply comes. */
static void leave_lane(struct calls *calls, const struct call *call)
{
    for (unsigned int lane = 0; lane < CALLS_LANES; lane++) {
        if (calls->sent[lane] != call)
            continue;
        calls_unsend(calls, lane);
        calls->given_up |= 1U << lane;
    }
}

static void leave(struct calls *calls, struct call *call)
{
    if (call->state == CALL_QUEUED)
        calls_take(calls, call);
    else if (call->state == CALL_SENT)
        leave_lane(calls, call);
}

void calls_abandon(struct calls *calls, struct call *call)
{
    if (call->state == CALL_DONE)
        return;
    leave(calls, call);
    if (call->unanswered && call->changes)
        error_set(&call->error, REMEX_OUTCOME_UNKNOWN,
                "the executor did not answer in time; it may have acted");
    else
        error_set(&call->error, REMEX_DEADLINE_EXCEEDED,
                "the executor did not answer in time");
    calls_finish(call);
}

int64_t calls_overdue_at(const struct call *call)
{
    return clock_after(
            call->deadline, call->unanswered && call->changes ? GRACE : 0);
}

static void abandon_overdue(struct calls *calls, int64_t now)
{
    struct call *call = calls->first;

    for (unsigned int lane = 0; lane < CALLS_LANES; lane++) {
        if (calls->sent[lane] && calls_overdue_at(calls->sent[lane]) <= now)
            calls_abandon(calls, calls->sent[lane]);
    }
    while (call) {
        struct call *next = call->next;

        if (calls_overdue_at(call) <= now)
            calls_abandon(calls, call);
        call = next;
    }
}

static int64_t find_overdue(const struct calls *calls)
{
    int64_t earliest = CLOCK_NEVER;

    for (unsigned int lane = 0; lane < CALLS_LANES; lane++) {
        if (calls->sent[lane])
            lower(&earliest, calls->sent[lane]);
    }
    for (const struct call *call = calls->first; call; call = call->next)
        lower(&earliest, call);
    return earliest;
}

void calls_expire(struct calls *calls, int64_t now)
{
    if (now < calls->overdue)
        return;
    abandon_overdue(calls, now);
    calls->overdue = find_overdue(calls);
}

void calls_refuse(
        struct calls *calls, struct call *call, const struct remex_error *error)
{
    leave(calls, call);
    call->error = *error;
    calls_finish(call);
}

void calls_fail(struct calls *calls, const struct remex_error *error)
{
    for (unsigned int lane = 0; lane < CALLS_LANES; lane++) {
        if (calls->sent[lane])
            calls_refuse(calls, calls->sent[lane], error);
    }
    while (calls->first)
        calls_refuse(calls, calls->first, error);
}

int64_t calls_next_overdue(const struct calls *calls)
{
    return are_none(calls) ? CLOCK_NEVER : calls->overdue;
}
