/* SPDX-License-Identifier: Apache-2.0 */
#include "client/engine.h"

#include <assert.h>
#include <string.h>

#include "client/facts.h"
#include "common/check.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/ids.h"

/* What decoding one reply may use; a batch of tiny events is the worst. */
#define ARENA_LIMIT ((size_t)32 * 1024 * 1024)

/* Of output in one answer: little enough not to stand in another event's way
 * for long. */
#define BATCH_BYTES ((size_t)192 * 1024)

void engine_init(struct engine *engine, const struct engine_options *options,
        const struct engine_hooks *hooks, struct transport *transport)
{
    memset(engine, 0, sizeof(*engine));
    engine->options = *options;
    if (engine->options.batch_bytes == 0)
        engine->options.batch_bytes = BATCH_BYTES;
    engine->hooks = *hooks;
    engine->transport = transport;
    engine->wake_at = CLOCK_NEVER;
    engine->ack_at = CLOCK_NEVER;
    engine->park_at = CLOCK_NEVER;
    engine->look_at = CLOCK_NEVER;
    engine->next_follow_id = 1;
    engine->next_signal = 1;
    recovery_init(&engine->recovery, options->recovery_ns);
    arena_init(&engine->arena, ARENA_LIMIT);
}

void engine_deinit(struct engine *engine)
{
    handles_deinit(&engine->handles);
    facts_drop(engine->facts);
    arena_deinit(&engine->arena);
}

bool engine_lane_is_free(const struct engine *engine, unsigned int lane)
{
    return engine->lanes[lane].up && engine->lanes[lane].use == ENGINE_IDLE;
}

static bool has_free_lane(const struct engine *engine)
{
    for (unsigned int lane = 0; lane < ENGINE_LANES; lane++) {
        if (engine_lane_is_free(engine, lane))
            return true;
    }
    return false;
}

void engine_open_lane(struct engine *engine, unsigned int lane)
{
    if (engine->lanes[lane].opened)
        return;
    engine->lanes[lane].opened = engine->transport->operations->open(
                                         engine->transport, lane) == REMEX_OK;
}

/* Asks to be called when the next thing is due. */
static void set_wake(struct engine *engine)
{
    int64_t at = recovery_next(&engine->recovery, has_free_lane(engine));
    int64_t overdue = calls_next_overdue(&engine->calls);

    if (overdue < at)
        at = overdue;
    if (engine->ack_at < at && !engine->hurry)
        at = engine->ack_at;
    if (engine->park_at < at)
        at = engine->park_at;
    if (engine->look_at < at)
        at = engine->look_at;
    if (at >= engine->wake_at) /* it will be earlier, and is set again then */
        return;
    engine->wake_at = at;
    engine->transport->operations->wake(engine->transport, at);
}

void engine_pump(struct engine *engine, int64_t now)
{
    if (engine_has_failed(engine)) /* nothing is sent any more */
        return;
    engine_session_pump(engine, now);
    engine_calls_pump(engine, now);
    engine_pull_pump(engine, now);
    set_wake(engine);
}

static void put_names(const struct engine *engine, struct request *request)
{
    request->version = MESSAGE_VERSION;
    if (request->method == METHOD_OPEN)
        return;
    request->session_id = engine->session_id;
    request->boot_id = engine->boot_id;
    request->attachment = engine->attachment;
}

/* Over this limit the executor cuts the connection. */
static enum remex_status check_size(
        const struct engine *engine, size_t size, struct remex_error *error)
{
    uint64_t limit = engine->limits.request_bytes;

    if (limit == 0 || size <= limit)
        return REMEX_OK;
    return error_limit_hit(error, "request_bytes", limit, size);
}

enum remex_status engine_send(struct engine *engine, unsigned int lane,
        struct request *request, enum engine_use use, int timeout_ms,
        struct remex_error *error)
{
    struct transport *transport = engine->transport;
    struct wire_head head;
    enum remex_status status;

    assert(engine_lane_is_free(engine, lane));
    put_names(engine, request);
    status = check_request(request, error);
    if (status != REMEX_OK)
        return status;
    status = wire_encode_request(request, &head);
    if (status != REMEX_OK)
        return error_set(error, status, "the request cannot be encoded");
    status = check_size(engine, head.size + request->payload.size, error);
    if (status == REMEX_OK) {
        status = transport->operations->send(
                transport, lane, &head, request->payload, timeout_ms);
        if (status != REMEX_OK)
            error_set(error, status, "there is no memory to send a request");
    }
    wire_head_free(&head);
    if (status == REMEX_OK) {
        engine->lanes[lane].use = use;
        engine->lanes[lane].broke = false;
        engine->lanes[lane].attachment = request->attachment;
    }
    return status;
}

void engine_cannot_send(struct engine *engine, const struct remex_error *error)
{
    engine_fail(engine,
            error->status == REMEX_NO_MEMORY ? REMEX_FAILURE_NO_MEMORY
                                             : REMEX_FAILURE_PROTOCOL,
            error);
}

/* --- What the transport tells -------------------------------------------- */

void engine_on_up(struct engine *engine, unsigned int lane, int64_t now)
{
    assert(lane < ENGINE_LANES);
    engine->lanes[lane].up = true;
    engine_pump(engine, now);
}

/* An executor that wants nothing of us closes every connection at once. */
static void note_refusal(struct engine *engine)
{
    struct remex_error error;

    if (++engine->refusals < 3)
        return;
    error_set(&error, REMEX_PERMISSION_DENIED,
            "the executor closes every connection: it serves another user, or "
            "this is not a remex executor");
    engine_fail(engine, REMEX_FAILURE_NOT_AUTHORISED, &error);
}

void engine_on_down(struct engine *engine, unsigned int lane, int64_t now)
{
    bool known = !engine->lanes[lane].up;

    assert(lane < ENGINE_LANES);
    engine->lanes[lane].up = false;
    engine->lanes[lane].broke = true;
    if (engine->recovery.state == RECOVERY_CONNECTING)
        note_refusal(engine);
    else if (!known)
        recovery_lost(&engine->recovery, now);
    engine_pump(engine, now);
}

/* Nobody knows what the executor made of the request there. */
static void lose_request(struct engine *engine, unsigned int lane, int64_t now)
{
    enum engine_use use = engine->lanes[lane].use;

    recovery_lost(&engine->recovery, now);
    if (use == ENGINE_OPENS)
        engine_session_on_failure(engine, now);
    else if (use == ENGINE_CALLS)
        engine_calls_on_failure(engine, lane);
}

void engine_on_failure(struct engine *engine, unsigned int lane, int64_t now)
{
    assert(lane < ENGINE_LANES && engine->lanes[lane].use != ENGINE_IDLE);
    if (!engine->lanes[lane].broke) /* that is yet to be told */
        engine->lanes[lane].up = false;
    lose_request(engine, lane, now);
    engine->lanes[lane].use = ENGINE_IDLE;
    engine->hooks.moved(engine->hooks.user);
    engine_pump(engine, now);
}

/* An executor without memory for its answer says so in time, but no more than
 * that. Only who is not in yet can be told. */
static bool is_lost(const struct engine *engine, const struct reply *reply)
{
    return reply->error.kind == REMEX_ERROR_ANSWER_LOST &&
            engine->recovery.state != RECOVERY_CONNECTING;
}

static void take_reply(struct engine *engine, unsigned int lane,
        const struct reply *reply, struct packet *packet, int64_t now)
{
    if (is_lost(engine, reply)) {
        lose_request(engine, lane, now);
        engine_session_ends(engine, reply, &engine->lanes[lane], now);
        return;
    }
    switch (engine->lanes[lane].use) {
    case ENGINE_OPENS:
        engine_session_on_reply(engine, reply, now);
        break;
    case ENGINE_CALLS:
        recovery_used(&engine->recovery);
        engine_calls_on_reply(engine, lane, reply, now);
        break;
    case ENGINE_PULLS:
        recovery_used(&engine->recovery);
        engine_pull_on_reply(engine, lane, reply, packet, now);
        break;
    case ENGINE_PROBES:
        engine_session_ends(engine, reply, &engine->lanes[lane], now);
        break;
    case ENGINE_IDLE:
        break;
    }
}

/* It leaves nothing to rely on. One that is more than this side takes is the
 * executor's fault, one that there is no memory for is not. */
static void fail_for_reply(
        struct engine *engine, unsigned int lane, struct remex_error *error)
{
    bool starved = engine->arena.starved;
    struct call *call = NULL;

    if (engine->lanes[lane].use == ENGINE_CALLS)
        call = calls_unsend(&engine->calls, lane);
    if (call)
        calls_again(&engine->calls, call);
    error->status = starved ? REMEX_NO_MEMORY : REMEX_PROTOCOL_ERROR;
    engine_fail(engine,
            starved ? REMEX_FAILURE_NO_MEMORY : REMEX_FAILURE_PROTOCOL, error);
}

void engine_on_reply(struct engine *engine, unsigned int lane,
        struct packet *packet, int64_t now)
{
    struct remex_error error = { .status = REMEX_OK };
    struct reply reply;
    enum remex_status status;

    assert(lane < ENGINE_LANES && engine->lanes[lane].use != ENGINE_IDLE);
    recovery_heard(&engine->recovery, now);
    status = wire_decode_reply(packet->bytes, &engine->arena, &reply, &error);
    if (status == REMEX_OK)
        take_reply(engine, lane, &reply, packet, now);
    else
        fail_for_reply(engine, lane, &error);
    engine->lanes[lane].use = ENGINE_IDLE;
    arena_reset(&engine->arena);
    engine->hooks.moved(engine->hooks.user);
    engine_pump(engine, now);
}

void engine_on_hint(struct engine *engine, struct remex_bytes hint, int64_t now)
{
    struct hint decoded;
    enum remex_status status;

    status = wire_decode_hint(hint, &engine->arena, &decoded, NULL);
    arena_reset(&engine->arena);
    if (status != REMEX_OK)
        return;
    /* Another executor answers at this address. A hint proves nothing, so ask
     * it. */
    if (id_equal(&decoded.boot_id, &engine->boot_id))
        recovery_heard(&engine->recovery, now);
    else
        recovery_lost(&engine->recovery, now);
    engine_pull_hinted(engine, decoded.news, now);
    engine_pump(engine, now);
}

void engine_tick(struct engine *engine, int64_t now)
{
    engine->wake_at = CLOCK_NEVER;
    calls_expire(&engine->calls, now);
    engine_pump(engine, now);
}
