/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "client/engine.h"
#include "client/facts.h"
#include "common/clock.h"
#include "common/error.h"

/* The longest park, if the executor and the lease allow it: long enough to cost
 * nothing, short enough to notice that nobody is there. */
#define PARK_MS 15000
#define GRACE_MS 5000

/* And the shortest, whatever the executor says: it would have us ask all the
 * time. */
#define MIN_PARK_MS 100

/* How long the lane of the Pull may be down. */
#define PARK_PATIENCE ((int64_t)100 * 1000 * 1000)

/* What a batch may hold where links break before a large one is through. */
#define MIN_BATCH_BYTES ((size_t)6 * 1024)

/* In one Pull; the rest goes with the next. */
#define MAX_ACKS 256

/* What the user has taken is told after this time at the latest. */
#define ACK_DELAY ((int64_t)100 * 1000 * 1000)

/* --- Telling ------------------------------------------------------------- */

static void enlist(struct engine *engine, struct handle *handle)
{
    if (handle->acking)
        return;
    handle->acking = true;
    handle->next_ack = NULL;
    if (engine->first_ack)
        engine->last_ack->next_ack = handle;
    else
        engine->first_ack = handle;
    engine->last_ack = handle;
}

static struct handle *delist_first(struct engine *engine)
{
    struct handle *handle = engine->first_ack;

    engine->first_ack = handle->next_ack;
    handle->next_ack = NULL;
    handle->acking = false;
    return handle;
}

void engine_pull_forget(struct engine *engine, struct handle *handle)
{
    struct handle *first = engine->first_ack;

    if (!handle->acking)
        return;
    engine->first_ack = NULL;
    handle->acking = false;
    while (first) {
        struct handle *next = first->next_ack;

        if (first != handle) {
            first->acking = false;
            enlist(engine, first);
        }
        first = next;
    }
    handle->next_ack = NULL;
}

static size_t collect_acks(
        struct engine *engine, struct pull_ack acks[MAX_ACKS])
{
    bool may_let_go = facts_tell(engine->facts, "let-go");
    size_t count = 0;

    while (engine->first_ack && count < MAX_ACKS) {
        struct handle *handle = delist_first(engine);

        if (handle_ack_due(handle) != HANDLE_ACK_NONE)
            acks[count++] = handle_ack(handle, may_let_go);
    }
    engine->hurry = engine->first_ack != NULL;
    engine->ack_at = CLOCK_NEVER;
    return count;
}

/* False: nothing has become due that was not. */
static bool note_due(struct engine *engine, struct handle *handle, int64_t now)
{
    enum handle_ack due = handle_ack_due(handle);

    if (due == HANDLE_ACK_NONE)
        return false;
    enlist(engine, handle);
    if (due == HANDLE_ACK_NOW)
        engine->hurry = true;
    else if (engine->ack_at != CLOCK_NEVER)
        return false;
    else
        engine->ack_at = clock_after(now, ACK_DELAY);
    return true;
}

void engine_taken(struct engine *engine, struct handle *handle, int64_t now)
{
    if (note_due(engine, handle, now))
        engine_pump(engine, now);
}

/* --- Asking -------------------------------------------------------------- */

static uint32_t park_ms(const struct engine *engine)
{
    uint64_t longest = PARK_MS;

    if (engine->limits.park_ms > 0 && engine->limits.park_ms < longest)
        longest = engine->limits.park_ms;
    if (engine->lease_ms > 0 && engine->lease_ms / 3 < longest)
        longest = engine->lease_ms / 3;
    return longest > MIN_PARK_MS ? (uint32_t)longest : MIN_PARK_MS;
}

/* How late the answer to a Pull may be. One that was lost is missed while
 * there is still lease for a resume. */
static uint32_t grace_ms(const struct engine *engine)
{
    if (engine->lease_ms > 0 && engine->lease_ms / 3 < GRACE_MS)
        return engine->lease_ms / 3;
    return GRACE_MS;
}

/* As long as batches come, ever larger ones. */
static size_t batch_bytes(struct engine *engine)
{
    if (engine->batch_bytes == 0)
        engine->batch_bytes = engine->options.batch_bytes;
    return engine->batch_bytes;
}

/* One that parks is answered by events, one that does not, by heads as well. */
static void send_pull(struct engine *engine, unsigned int lane, uint32_t wait)
{
    struct pull_ack acks[MAX_ACKS];
    struct request request = { .method = METHOD_PULL };
    struct remex_error error;
    enum remex_status status;

    request.deadline_ms = wait + grace_ms(engine);
    request.pull.acks = acks;
    request.pull.ack_count = collect_acks(engine, acks);
    request.pull.wait_ms = wait;
    request.pull.max_bytes = (uint32_t)batch_bytes(engine);
    request.pull.heads = wait == 0 && engine->look;
    status = engine_send(engine, lane, &request, ENGINE_PULLS,
            (int)request.deadline_ms, &error);
    if (status != REMEX_OK) {
        engine_cannot_send(engine, &error);
        return;
    }
    if (wait == 0)
        engine->look = false;
    engine->lanes[lane].pull = ++engine->pulls;
    engine->lanes[lane].parked = wait > 0;
}

/* A Pull is under way there that may bring something: not if it was sent before
 * the last Resume, and its lane cannot tell yet that it is lost. */
static bool is_pulling(const struct engine *engine, unsigned int lane)
{
    return engine->lanes[lane].use == ENGINE_PULLS &&
            engine->lanes[lane].attachment == engine->attachment;
}

/* A Pull of that sort is under way. */
static bool has_pull(const struct engine *engine, bool parked)
{
    for (unsigned int lane = 0; lane < ENGINE_LANES; lane++) {
        if (is_pulling(engine, lane) && engine->lanes[lane].parked == parked)
            return true;
    }
    return false;
}

/* ENGINE_LANES: there is none. */
static unsigned int last_free_lane(const struct engine *engine)
{
    unsigned int lane = ENGINE_LANES;

    while (lane > 0) {
        if (engine_lane_is_free(engine, --lane))
            return lane;
    }
    return ENGINE_LANES;
}

/* Acks that cannot wait until a parked Pull comes back travel by one that does
 * not park: on the last lane, or while that one is parked too, on any. If Pulls
 * and Writes are parked on all there are, each may be waiting for what these
 * acks let go on: then another lane is opened. */
static void tell_at_once(struct engine *engine)
{
    unsigned int lane;

    engine_open_lane(engine, ENGINE_BULK_LANE);
    lane = last_free_lane(engine);
    if (has_pull(engine, false))
        return;
    if (lane == ENGINE_LANES)
        engine_open_another(engine);
    else
        send_pull(engine, lane, 0);
}

/* A Pull has to be parked: on its own lane or, if that is down for more than a
 * moment, on another one. */
static void keep_parked(struct engine *engine, int64_t now)
{
    unsigned int lane = ENGINE_PULL_LANE;

    if (!engine_lane_is_free(engine, lane) && engine->park_at <= now) {
        engine_open_lane(engine, ENGINE_BULK_LANE);
        lane = last_free_lane(engine);
    }
    if (lane < ENGINE_LANES && engine_lane_is_free(engine, lane))
        send_pull(engine, lane, park_ms(engine));
    if (engine->park_at == CLOCK_NEVER || engine->park_at <= now)
        engine->park_at = clock_after(now, PARK_PATIENCE);
}

static bool may_pull(const struct engine *engine)
{
    return recovery_is_linked(&engine->recovery) && !engine->closing;
}

static bool has_held(const struct engine *engine)
{
    const struct handle *handle = handles_next(&engine->handles, NULL);

    while (handle && !handle_is_held(handle))
        handle = handles_next(&engine->handles, handle);
    return handle;
}

/* Events of handles whose windows are full do not come, so they are asked
 * about. */
static void look(struct engine *engine, int64_t now)
{
    if (has_held(engine))
        engine->look = true;
    engine->look_at = clock_after(now, engine->recovery.beat);
}

void engine_pull_hinted(struct engine *engine, uint64_t news, int64_t now)
{
    if (news <= engine->news || !may_pull(engine))
        return;
    engine->news = news;
    look(engine, now);
}

/* While one lane brings a batch, the other asks for the next. */
static void pull_bulk(struct engine *engine)
{
    static const unsigned int lanes[] = { ENGINE_PULL_LANE, ENGINE_BULK_LANE };

    engine_open_lane(engine, ENGINE_BULK_LANE);
    for (size_t i = 0; i < sizeof(lanes) / sizeof(lanes[0]); i++) {
        if (may_pull(engine) && engine_lane_is_free(engine, lanes[i]))
            send_pull(engine, lanes[i], park_ms(engine));
    }
}

void engine_pull_pump(struct engine *engine, int64_t now)
{
    if (engine->ack_at <= now)
        engine->hurry = true;
    if (!may_pull(engine)) {
        engine->park_at = CLOCK_NEVER;
        engine->look_at = CLOCK_NEVER;
        return;
    }
    if (engine->look_at == CLOCK_NEVER && engine->handles.count > 0)
        engine->look_at = clock_after(now, engine->recovery.beat);
    if (!has_pull(engine, true))
        keep_parked(engine, now);
    if (may_pull(engine) && engine->look_at <= now)
        look(engine, now);
    if (may_pull(engine) && (engine->hurry || engine->look))
        tell_at_once(engine);
    if (may_pull(engine) && engine->bulky)
        pull_bulk(engine);
    if (has_pull(engine, true)) /* whoever has sent it */
        engine->park_at = CLOCK_NEVER;
}

/* --- Taking in ----------------------------------------------------------- */

static uint64_t newest_pull(const struct engine *engine, unsigned int except)
{
    uint64_t newest = 0;

    for (unsigned int lane = 0; lane < ENGINE_LANES; lane++) {
        if (lane != except && is_pulling(engine, lane) &&
                engine->lanes[lane].pull > newest)
            newest = engine->lanes[lane].pull;
    }
    return newest;
}

static uint64_t oldest_pull(const struct engine *engine, unsigned int except)
{
    uint64_t oldest = UINT64_MAX;

    for (unsigned int lane = 0; lane < ENGINE_LANES; lane++) {
        if (lane != except && is_pulling(engine, lane) &&
                engine->lanes[lane].pull < oldest)
            oldest = engine->lanes[lane].pull;
    }
    return oldest;
}

/* NULL: a handle that was freed; what comes for it is dropped. */
static struct handle *find(const struct engine *engine, uint64_t follow_id)
{
    struct handle *handle = handles_find(&engine->handles, follow_id);

    return handle && !handle->freed ? handle : NULL;
}

/* How much of the batch is whose. */
static void weigh(
        struct engine *engine, const struct batch *batch, uint64_t number)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct batch_event *item = &batch->events[i];
        struct handle *handle = find(engine, item->follow_id);

        if (!handle)
            continue;
        if (handle->batch != number)
            handle->batch_bytes = 0;
        handle->batch = number;
        if (item->event.kind == REMEX_EVENT_OUTPUT)
            handle->batch_bytes += item->event.output.data.size;
    }
}

/* A packet is kept only by a handle that half of it is for. It is consumed in
 * order, so that beside what waits there, a handle keeps at most as much again,
 * and one packet. */
static void deliver(struct engine *engine, const struct batch *batch,
        struct packet *packet, uint64_t newest)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct batch_event *item = &batch->events[i];
        struct handle *handle = find(engine, item->follow_id);
        bool keep = handle && item->event.kind == REMEX_EVENT_OUTPUT &&
                handle->batch_bytes >= packet->bytes.size / 2;

        if (!handle)
            continue;
        handle_push(handle, &item->event, keep ? packet : NULL, newest);
        if (event_queue_has_hole(&handle->events))
            engine->holes = true;
    }
}

/* Once for each handle. That Closed has come is told without its being taken.
 */
static void announce(
        struct engine *engine, const struct batch *batch, int64_t now)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct handle *handle = find(engine, batch->events[i].follow_id);

        if (!handle || handle->batch == 0)
            continue;
        handle->batch = 0;
        engine->hooks.changed(engine->hooks.user, handle);
        if (handle->events.closed)
            note_due(engine, handle, now);
    }
}

static void check_holes(struct engine *engine, uint64_t oldest)
{
    struct handle *handle = handles_next(&engine->handles, NULL);

    if (!engine->holes)
        return;
    engine->holes = false;
    for (; handle; handle = handles_next(&engine->handles, handle)) {
        if (handle->freed || !event_queue_has_hole(&handle->events))
            continue;
        handle_pull_over(handle, oldest);
        engine->hooks.changed(engine->hooks.user, handle);
        if (event_queue_has_hole(&handle->events))
            engine->holes = true;
    }
}

static void take_states(struct engine *engine, const struct pull_reply *pull)
{
    for (size_t i = 0; i < pull->state_count; i++) {
        struct handle *handle = find(engine, pull->states[i].follow_id);

        if (!handle)
            continue;
        handle_heard(handle, &pull->states[i]);
        engine->hooks.changed(engine->hooks.user, handle);
    }
}

static void take_batch(struct engine *engine, unsigned int lane,
        const struct reply *reply, struct packet *packet, int64_t now)
{
    const struct batch *batch = &reply->pull.batch;

    weigh(engine, batch, engine->lanes[lane].pull);
    deliver(engine, batch, packet, newest_pull(engine, lane));
    announce(engine, batch, now);
    take_states(engine, &reply->pull);
    check_holes(engine, oldest_pull(engine, lane));
    /* If it is nearly full, more is waiting. */
    engine->bulky = reply->payload.size >= engine->batch_bytes / 3 * 2;
    engine->batched = true;
    if (engine->batch_bytes < engine->options.batch_bytes)
        engine->batch_bytes *= 2;
}

void engine_pull_on_reply(struct engine *engine, unsigned int lane,
        const struct reply *reply, struct packet *packet, int64_t now)
{
    if (engine_session_ends(engine, reply, &engine->lanes[lane], now))
        return;
    /* Sent before the last Resume, which has brought its events again. */
    if (engine->lanes[lane].attachment != engine->attachment ||
            !recovery_is_linked(&engine->recovery) || engine->closing)
        return;
    if (reply->error.status == REMEX_OK && reply->method == METHOD_PULL)
        take_batch(engine, lane, reply, packet, now);
    else
        recovery_lost(&engine->recovery, now);
}

void engine_pull_resume(struct engine *engine)
{
    struct handle *handle = handles_next(&engine->handles, NULL);

    if (!engine->batched && engine->batch_bytes > MIN_BATCH_BYTES)
        engine->batch_bytes /= 2;
    engine->batched = false;
    engine->bulky = false;
    engine->holes = false;
    for (; handle; handle = handles_next(&engine->handles, handle)) {
        if (handle_ack_due(handle) != HANDLE_ACK_NONE)
            enlist(engine, handle);
    }
}
