/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "client/engine.h"
#include "client/facts.h"
#include "common/address.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/ids.h"

#define OPEN_TIMEOUT_MS 5000
#define PROBE_TIMEOUT_MS 5000

/* Heartbeats, in milliseconds: what is taken from an executor that tells none,
 * and what is believed. */
#define DEFAULT_BEAT 1000
#define MIN_BEAT 100
#define MAX_BEAT 30000

/* The shortest lease that is believed; requests go out well within it. */
#define MIN_LEASE 1000

enum remex_status engine_connect(struct engine *engine)
{
    engine_open_lane(engine, 0);
    return engine->lanes[0].opened ? REMEX_OK : REMEX_NO_MEMORY;
}

bool engine_is_open(const struct engine *engine)
{
    return recovery_is_linked(&engine->recovery) ||
            engine->recovery.state == RECOVERY_RESUMING;
}

bool engine_has_failed(const struct engine *engine)
{
    return engine->recovery.state == RECOVERY_FAILED;
}

static void fail_handles(struct engine *engine, enum remex_failure reason)
{
    struct handle *handle = handles_next(&engine->handles, NULL);

    while (handle) {
        struct handle *next = handles_next(&engine->handles, handle);

        if (!handle->freed) {
            handle_fail(handle, reason);
            engine->hooks.changed(engine->hooks.user, handle);
        }
        handle = next;
    }
}

void engine_fail(struct engine *engine, enum remex_failure reason,
        const struct remex_error *error)
{
    struct remex_error disconnected = *error;

    if (engine->error.status != REMEX_OK)
        return;
    engine->error = *error;
    recovery_fail(&engine->recovery, reason);
    disconnected.status = REMEX_DISCONNECTED;
    calls_fail(&engine->calls, &disconnected);
    fail_handles(engine, reason);
    engine->hooks.moved(engine->hooks.user);
}

static void fail_with(struct engine *engine, enum remex_failure reason,
        enum remex_status status, const char *text)
{
    struct remex_error error;

    error_set(&error, status, "%s", text);
    engine_fail(engine, reason, &error);
}

/* --- Open and Resume ----------------------------------------------------- */

/* Also what is being started or attached to just now: if the executor has done
 * that, the follow must not end with the old link, or the process has a moment
 * without a follower; if it has not, it says so and nothing is lost. But there
 * is no cursor to state while it is not known where the events begin. */
static bool needs_follow(const struct handle *handle)
{
    return handle->asked && handle->events.placed && !handle->freed &&
            !handle_is_over(handle);
}

/* The cursors of all that is or may be followed; NULL without memory. Those on
 * their way are few, one or two a lane: they may be more than the session has
 * room for, and the executor knows which of them it has. */
static struct follow_spec *state_cursors(
        struct engine *engine, size_t *count_out)
{
    struct handle *handle = handles_next(&engine->handles, NULL);
    struct follow_spec *follows =
            calloc(engine->handles.count + 1, sizeof(struct follow_spec));
    size_t count = 0;

    for (; follows && handle; handle = handles_next(&engine->handles, handle)) {
        if (!needs_follow(handle))
            continue;
        event_queue_drop_early(&handle->events);
        follows[count++] = *handle_cursor(handle);
    }
    *count_out = count;
    return follows;
}

static struct request open_request(const struct engine *engine)
{
    return (struct request){
        .method = METHOD_OPEN,
        .deadline_ms = OPEN_TIMEOUT_MS,
        .open = { .client_name = engine->options.name,
                .token = engine->options.token,
                .min_version = MESSAGE_VERSION,
                .max_version = MESSAGE_VERSION,
                .lease_ms = engine->options.lease_ms },
    };
}

static void send_open(struct engine *engine, unsigned int lane)
{
    struct request request = open_request(engine);
    struct remex_error error;
    enum remex_status status;

    status = engine_send(
            engine, lane, &request, ENGINE_OPENS, OPEN_TIMEOUT_MS, &error);
    if (status != REMEX_OK)
        engine_cannot_send(engine, &error);
}

static void send_resume(struct engine *engine, unsigned int lane, int64_t now)
{
    struct request request = open_request(engine);
    struct resume resume = {
        .session_id = engine->session_id,
        .boot_id = engine->boot_id,
        .attachment = engine->attachment,
    };
    struct follow_spec *follows = state_cursors(engine, &resume.follow_count);
    enum remex_status status = REMEX_NO_MEMORY;
    struct remex_error error = { .status = REMEX_NO_MEMORY };

    resume.follows = follows;
    request.open.resume = &resume;
    if (follows)
        status = engine_send(
                engine, lane, &request, ENGINE_OPENS, OPEN_TIMEOUT_MS, &error);
    free(follows);
    recovery_attempted(&engine->recovery);
    if (status == REMEX_RESOURCE_EXHAUSTED)
        engine_cannot_send(engine, &error);
    else if (status != REMEX_OK)
        recovery_attempt_failed(&engine->recovery, now);
}

/* Hints are a help only: without them, replies have to be the signs of life. */
static void listen_to_hints(
        struct engine *engine, const struct open_reply *open)
{
    char address[ADDRESS_TEXT_BYTES];

    if (open->hint_address.size == 0 ||
            open->hint_address.size >= sizeof(address))
        return;
    memcpy(address, open->hint_address.data, open->hint_address.size);
    address[open->hint_address.size] = '\0';
    (void)engine->transport->operations->listen(
            engine->transport, address, open->hint_topic);
}

/* Without memory the old ones do. */
static void take_facts(struct engine *engine, const struct reply *reply)
{
    const struct remex_client_info *facts =
            facts_new(&reply->open, &reply->boot_id);

    if (!facts)
        return;
    facts_drop(engine->facts);
    engine->facts = facts;
}

static uint32_t lease_of(const struct open_reply *open)
{
    return open->lease_ms > 0 && open->lease_ms < MIN_LEASE ? MIN_LEASE
                                                            : open->lease_ms;
}

static void take_session(struct engine *engine, const struct reply *reply)
{
    const struct open_reply *open = &reply->open;

    take_facts(engine, reply);
    engine->session_id = open->session_id;
    engine->boot_id = reply->boot_id;
    engine->attachment = open->attachment;
    engine->limits = open->limits;
    engine->lease_ms = lease_of(open);
    listen_to_hints(engine, open);
}

static int64_t beat_of(const struct open_reply *open)
{
    uint32_t beat = open->heartbeat_ms ? open->heartbeat_ms : DEFAULT_BEAT;

    if (beat < MIN_BEAT)
        beat = MIN_BEAT;
    return clock_from_ms(beat < MAX_BEAT ? beat : MAX_BEAT);
}

static void opened(
        struct engine *engine, const struct reply *reply, int64_t now)
{
    take_session(engine, reply);
    if (!engine->facts) {
        fail_with(engine, REMEX_FAILURE_NO_MEMORY, REMEX_NO_MEMORY,
                "no memory for a session");
        return;
    }
    recovery_opened(&engine->recovery, beat_of(&reply->open), now);
    engine_open_lane(engine, ENGINE_PULL_LANE);
}

static void resumed(
        struct engine *engine, const struct reply *reply, int64_t now)
{
    take_session(engine, reply);
    recovery_resumed(&engine->recovery, now);
    engine_pull_resume(engine);
    for (size_t i = 0; i < reply->open.follow_count; i++) {
        const struct follow_state *state = &reply->open.follows[i];
        struct handle *handle =
                handles_find(&engine->handles, state->follow_id);

        if (!handle || handle->freed)
            continue;
        handle_heard(handle, state);
        engine->hooks.changed(engine->hooks.user, handle);
    }
}

/* A Resume that was answered thus may be answered otherwise later. */
static bool may_work_later(enum remex_status status)
{
    switch (status) {
    case REMEX_UNAUTHENTICATED:
    case REMEX_PERMISSION_DENIED:
    case REMEX_INVALID_ARGUMENT:
    case REMEX_FAILED_PRECONDITION:
    case REMEX_NOT_FOUND:
    case REMEX_OUT_OF_RANGE:
    case REMEX_UNIMPLEMENTED:
        return false;
    case REMEX_OK:
    case REMEX_CANCELLED:
    case REMEX_UNKNOWN:
    case REMEX_DEADLINE_EXCEEDED:
    case REMEX_ALREADY_EXISTS:
    case REMEX_RESOURCE_EXHAUSTED:
    case REMEX_ABORTED:
    case REMEX_INTERNAL:
    case REMEX_UNAVAILABLE:
    case REMEX_DATA_LOSS:
    case REMEX_AGAIN:
    case REMEX_ENDED:
    case REMEX_DISCONNECTED:
    case REMEX_OUTCOME_UNKNOWN:
    case REMEX_PROTOCOL_ERROR:
    case REMEX_NO_MEMORY:
        break;
    }
    return true;
}

static void resume_refused(
        struct engine *engine, const struct remex_error *error, int64_t now)
{
    enum remex_failure reason = REMEX_FAILURE_PROTOCOL;

    if (error->status == REMEX_UNAUTHENTICATED ||
            error->status == REMEX_PERMISSION_DENIED)
        reason = REMEX_FAILURE_NOT_AUTHORISED;
    if (error->kind == REMEX_ERROR_SESSION_GONE) /* our Close has got there */
        fail_with(engine, REMEX_FAILURE_LINK_LOST, REMEX_DISCONNECTED,
                "the client was closed");
    else if (error->kind == REMEX_ERROR_SUPERSEDED)
        fail_with(engine, REMEX_FAILURE_TAKEN_OVER, REMEX_DISCONNECTED,
                "another client has taken over this session");
    else if (may_work_later(error->status))
        recovery_attempt_failed(&engine->recovery, now);
    else
        engine_fail(engine, reason, error);
}

static void on_resume_reply(
        struct engine *engine, const struct reply *reply, int64_t now)
{
    if (engine->recovery.state != RECOVERY_RESUMING)
        return;
    if (engine_session_ends(engine, reply, NULL, now))
        return;
    if (reply->error.status != REMEX_OK)
        resume_refused(engine, &reply->error, now);
    else
        resumed(engine, reply, now);
}

void engine_session_on_reply(
        struct engine *engine, const struct reply *reply, int64_t now)
{
    bool ok = reply->error.status == REMEX_OK;

    if (ok &&
            (reply->method != METHOD_OPEN ||
                    reply->open.version != MESSAGE_VERSION))
        fail_with(engine, REMEX_FAILURE_PROTOCOL, REMEX_PROTOCOL_ERROR,
                "the executor's answer to Open is another method's");
    else if (engine->recovery.state != RECOVERY_CONNECTING)
        on_resume_reply(engine, reply, now);
    else if (ok)
        opened(engine, reply, now);
    else
        engine_fail(engine, REMEX_FAILURE_NOT_AUTHORISED, &reply->error);
}

void engine_session_on_failure(struct engine *engine, int64_t now)
{
    if (engine->recovery.state == RECOVERY_RESUMING)
        recovery_attempt_failed(&engine->recovery, now);
}

/* --- Its ways to end ----------------------------------------------------- */

bool engine_wants_resume(const struct reply *reply)
{
    return reply->error.kind == REMEX_ERROR_SUPERSEDED ||
            reply->error.status == REMEX_UNAUTHENTICATED;
}

bool engine_session_ends(struct engine *engine, const struct reply *reply,
        const struct engine_lane *lane, int64_t now)
{
    enum remex_error_kind kind = reply->error.kind;

    if (kind == REMEX_ERROR_STALE_BOOT ||
            !id_equal(&reply->boot_id, &engine->boot_id)) {
        fail_with(engine, REMEX_FAILURE_EXECUTOR_RESTARTED, REMEX_DISCONNECTED,
                "the executor was restarted; its processes are gone");
        return true;
    }
    if (kind == REMEX_ERROR_SESSION_GONE && !engine->closing) {
        fail_with(engine, REMEX_FAILURE_SESSION_EXPIRED, REMEX_DISCONNECTED,
                "the session's lease ended before the link came back");
        return true;
    }
    /* Our newest Resume, or a repeated one that came late: or somebody else's,
     * then the next Resume will be told so. So it will be if a token is good no
     * more: it may have been so for a while only. */
    if (engine_wants_resume(reply) && lane &&
            lane->attachment == engine->attachment)
        recovery_lost(&engine->recovery, now);
    return false;
}

static void close_done(struct call *call)
{
    struct engine *engine = call->user;

    engine->hooks.moved(engine->hooks.user);
}

void engine_close(struct engine *engine, int64_t deadline, int64_t now)
{
    engine->closing = true;
    engine->close = (struct call){
        .request = { .method = METHOD_CLOSE },
        .deadline = deadline,
        .user = engine,
        .done = close_done,
    };
    engine_call(engine, &engine->close, now);
}

bool engine_is_quiet(const struct engine *engine)
{
    for (unsigned int lane = 0; lane < ENGINE_LANES; lane++) {
        if (engine->lanes[lane].use != ENGINE_IDLE)
            return false;
    }
    return !engine->closing || engine->close.state == CALL_DONE;
}

/* --- The pump ------------------------------------------------------------ */

/* A lane for what concerns the session; ENGINE_LANES: there is none. */
static unsigned int free_lane(const struct engine *engine)
{
    unsigned int lane = 0;

    while (lane < ENGINE_LANES && !engine_lane_is_free(engine, lane))
        lane++;
    return lane;
}

/* Calls under way ask as well, if there is no lane left. */
static void send_probe(struct engine *engine)
{
    struct request request = { .method = METHOD_RENEW };
    unsigned int lane = free_lane(engine);
    struct remex_error error;

    if (lane < ENGINE_LANES &&
            engine_send(engine, lane, &request, ENGINE_PROBES, PROBE_TIMEOUT_MS,
                    &error) != REMEX_OK)
        engine_cannot_send(engine, &error);
}

/* Silent connections carry nothing, so cutting them is safe. */
static void reset_lanes(struct engine *engine)
{
    for (unsigned int lane = 0; lane < ENGINE_LANES; lane++) {
        if (engine->lanes[lane].up)
            engine->transport->operations->reset(engine->transport, lane);
        engine->lanes[lane].up = false;
    }
}

static void recover(struct engine *engine, int64_t now)
{
    enum recovery_action action;
    unsigned int lane;

    do {
        lane = free_lane(engine);
        action = recovery_tick(&engine->recovery, lane < ENGINE_LANES, now);
        if (action == RECOVERY_PROBE)
            send_probe(engine);
        else if (action == RECOVERY_SILENT)
            reset_lanes(engine);
        else if (action == RECOVERY_RESUME)
            send_resume(engine, lane, now);
        else if (action == RECOVERY_FAIL)
            fail_with(engine, engine->recovery.reason, REMEX_DISCONNECTED,
                    "the link to the executor was lost and did not come back "
                    "in time");
    } while (action != RECOVERY_NOTHING);
}

void engine_session_pump(struct engine *engine, int64_t now)
{
    if (engine->recovery.state != RECOVERY_CONNECTING)
        recover(engine, now);
    else if (engine_lane_is_free(engine, 0))
        send_open(engine, 0);
}
