/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>

#include "client/engine.h"
#include "common/clock.h"
#include "common/error.h"

#define MILLISECOND ((int64_t)1000 * 1000)

/* How long a call may wait at the executor before it has to come back and ask
 * again: with lanes to spare, on the last lane it may use, and when others wait
 * for that lane. */
#define WAIT_LONG_MS 10000
#define WAIT_LAST_MS 1000
#define WAIT_SHARED_MS 100

/* What an answer may take, beside such waiting. One that was lost while its
 * connection lives on is missed after this; then the call is sent again. */
#define ANSWER_MS 3000
#define GRACE_MS 2000

/* That to a Start that was missed before: its program may be as far away as
 * that (executor.proto). */
#define FAR_ANSWER_MS 11000

/* With less of its own time left, a call is not asked again. */
#define LEAST_LEFT_MS 500

/* How long an executor remembers a closed process, if it does not say. */
#define RETENTION_MS 80000

void engine_call(struct engine *engine, struct call *call, int64_t now)
{
    calls_add(&engine->calls, call);
    if (engine_has_failed(engine)) {
        struct remex_error error = engine->error;

        error.status = REMEX_DISCONNECTED;
        calls_refuse(&engine->calls, call, &error);
        return;
    }
    engine_pump(engine, now);
}

void engine_abandon(struct engine *engine, struct call *call, int64_t now)
{
    calls_abandon(&engine->calls, call);
    engine_pump(engine, now);
}

static uint32_t wait_ms(const struct engine *engine, const struct call *call)
{
    const struct calls *calls = &engine->calls;
    uint64_t most = WAIT_LONG_MS;

    if (!call->waits)
        return 0;
    if (calls->waiting + 2 >= CALLS_LANES)
        most = call->next ? WAIT_SHARED_MS : WAIT_LAST_MS;
    if (engine->limits.park_ms > 0 && engine->limits.park_ms < most)
        most = engine->limits.park_ms;
    return (uint32_t)most;
}

/* Rounded up, so that an answer for lack of time does not come too early. */
static uint32_t ms_left(const struct call *call, int64_t now, uint32_t most)
{
    int64_t left = call->deadline - now;

    if (left <= 0)
        return 0;
    if (left >= most * MILLISECOND)
        return most;
    return (uint32_t)((left + MILLISECOND - 1) / MILLISECOND);
}

/* It cannot be sent, but may have been before. */
static void refuse_unsent(
        struct engine *engine, struct call *call, struct remex_error *error)
{
    if (call->unanswered && call->changes)
        error_set(error, REMEX_OUTCOME_UNKNOWN,
                "the link broke before the executor's answer came, and there "
                "is no memory to ask again");
    calls_refuse(&engine->calls, call, error);
}

static uint32_t answer_ms(const struct call *call)
{
    bool far = call->request.method == METHOD_START && call->unanswered;

    return far ? FAR_ANSWER_MS : ANSWER_MS;
}

static void send_call(struct engine *engine, struct call *call,
        unsigned int lane, int64_t now)
{
    uint32_t wait = ms_left(call, now, wait_ms(engine, call));
    struct remex_error error;
    enum remex_status status;

    if (call->prepare)
        call->prepare(call, wait);
    call->request.deadline_ms =
            call->parks ? wait : ms_left(call, now, wait + answer_ms(call));
    if (call->request.deadline_ms == 0) /* that would be none */
        call->request.deadline_ms = 1;
    status = engine_send(engine, lane, &call->request, ENGINE_CALLS,
            (int)call->request.deadline_ms + GRACE_MS, &error);
    if (status != REMEX_OK) {
        refuse_unsent(engine, call, &error);
        return;
    }
    if (!call->known)
        call->known_at = now;
    call->known = true;
    call->sent_at = now;
    calls_sent(&engine->calls, call, lane);
}

/* A start whose process ended may be forgotten, and would be made again. Half
 * of the time is left to what is on its way, there or back. */
static bool may_be_forgotten(
        const struct engine *engine, const struct call *call, int64_t now)
{
    uint64_t retention = engine->limits.retention_ms;

    if (retention == 0)
        retention = RETENTION_MS;
    return call->remembered && call->known &&
            now - call->known_at >= clock_from_ms(retention / 2);
}

static void send_or_give_up(struct engine *engine, struct call *call,
        unsigned int lane, int64_t now)
{
    struct remex_error error;

    if (!may_be_forgotten(engine, call, now)) {
        send_call(engine, call, lane, now);
        return;
    }
    error_set(&error, REMEX_OUTCOME_UNKNOWN,
            "the executor did not answer while it was sure to remember what it "
            "had done; it may have acted");
    calls_refuse(&engine->calls, call, &error);
}

/* One at a time, while there is more to do than lanes to do it. */
void engine_open_another(struct engine *engine)
{
    for (unsigned int lane = 0; lane < CALLS_LANES; lane++) {
        if (engine->lanes[lane].opened && engine->lanes[lane].up)
            continue;
        engine_open_lane(engine, lane);
        return;
    }
}

void engine_calls_pump(struct engine *engine, int64_t now)
{
    struct call *call;

    while (recovery_is_linked(&engine->recovery) &&
            (call = calls_next(&engine->calls))) {
        unsigned int lane = 0;

        while (lane < CALLS_LANES && !engine_lane_is_free(engine, lane))
            lane++;
        if (lane == CALLS_LANES) {
            engine_open_another(engine);
            return;
        }
        send_or_give_up(engine, call, lane, now);
    }
}

/* For want of something, for a role that is another by now, or after a Close of
 * ours: before the executor has looked whether it knows it. A policy is asked
 * after that. */
static bool is_of_the_moment(const struct remex_error *error)
{
    return error->status == REMEX_RESOURCE_EXHAUSTED ||
            error->kind == REMEX_ERROR_SESSION_GONE ||
            (error->status == REMEX_PERMISSION_DENIED &&
                    error->kind != REMEX_ERROR_POLICY);
}

/* What is refused has done nothing, but the same may have been sent before,
 * when it would not have been refused so, and have been carried out. */
static void take_refusal(struct call *call, const struct remex_error *error)
{
    call->error = *error;
    if (is_of_the_moment(error) && call->changes && call->repeated)
        error_set(&call->error, REMEX_OUTCOME_UNKNOWN,
                "the link broke before the executor's answer came, and then it "
                "could not be asked again: %s",
                error->text);
}

/* What was asked had no time left for it, but who asks has. Nothing was done;
 * what was sent before that, and lost, may have done something. An executor who
 * says so at once is not believed. */
static bool asks_again(struct engine *engine, struct call *call,
        const struct reply *reply, int64_t now)
{
    if (reply->error.status != REMEX_DEADLINE_EXCEEDED ||
            call->deadline - now < clock_from_ms(LEAST_LEFT_MS) ||
            now - call->sent_at < clock_from_ms(call->request.deadline_ms / 2))
        return false;
    call->unanswered = call->repeated;
    calls_add(&engine->calls, call);
    return true;
}

/* The call is in no list any more. */
static void take_answer(struct engine *engine, struct call *call,
        const struct reply *reply, int64_t now)
{
    enum remex_status status = reply->error.status;

    if (asks_again(engine, call, reply, now))
        return;
    if (status == REMEX_OK && call->replied)
        status = call->replied(call, reply);
    if (status == REMEX_AGAIN) {
        call->known_at = now;
        calls_add(&engine->calls, call);
        if (call->deadline <= now)
            calls_abandon(&engine->calls, call);
        return;
    }
    if (reply->error.status != REMEX_OK)
        take_refusal(call, &reply->error);
    else if (status != REMEX_OK)
        error_set(&call->error, status, "the executor's answer cannot be used");
    calls_finish(call);
}

/* A Resume that was sent before a start or a follow got there stated a follow
 * of what was not known yet. The call is sent again, for its follow. */
static bool has_lost_follow(
        const struct engine *engine, const struct call *call, unsigned int lane)
{
    return (call->request.method == METHOD_START ||
                   call->request.method == METHOD_FOLLOW) &&
            (!recovery_is_linked(&engine->recovery) ||
                    engine->lanes[lane].attachment != engine->attachment);
}

void engine_calls_on_reply(struct engine *engine, unsigned int lane,
        const struct reply *reply, int64_t now)
{
    struct call *call = calls_unsend(&engine->calls, lane);
    bool mixed_up = call && reply->error.status == REMEX_OK &&
            reply->method != call->request.method;
    struct remex_error error;

    /* If the session has ended, that ends the call as well. */
    if (call)
        calls_again(&engine->calls, call);
    if (engine_session_ends(engine, reply, &engine->lanes[lane], now) || !call)
        return;
    if (mixed_up) {
        error_set(&error, REMEX_PROTOCOL_ERROR,
                "the executor's answer is another method's");
        engine_fail(engine, REMEX_FAILURE_PROTOCOL, &error);
        return;
    }
    if (engine_wants_resume(reply) || has_lost_follow(engine, call, lane))
        return;
    call->unanswered = false;
    calls_take(&engine->calls, call);
    take_answer(engine, call, reply, now);
}

void engine_calls_on_failure(struct engine *engine, unsigned int lane)
{
    struct call *call = calls_unsend(&engine->calls, lane);

    if (call)
        calls_lost(&engine->calls, call);
}

bool engine_has_business(const struct engine *engine)
{
    for (unsigned int lane = 0; lane < CALLS_LANES; lane++) {
        if (engine->calls.sent[lane])
            return true;
    }
    return engine->calls.first != NULL;
}
