/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/judge.h"

#include <signal.h>
#include <string.h>

#include "common/clock.h"

#define CHECK(job, condition, ...) \
    WORLD_CHECK((job)->actor->world, condition, __VA_ARGS__)

/* --- Events ----------------------------------------------------------------
 */

static void judge_bytes(
        const struct job *job, const struct remex_event *event, uint64_t offset)
{
    const struct plan *plan = job->plan;
    enum remex_stream stream = event->output.stream;
    size_t size = event->output.data.size;

    CHECK(job, stream >= REMEX_STDOUT && plan_captures(plan, stream - 1),
            "%s has output of stream %d", plan->id, (int)stream);
    CHECK(job, event->output.offset == offset,
            "%s stream %d: output at %llu instead of %llu", plan->id,
            (int)stream, (unsigned long long)event->output.offset,
            (unsigned long long)offset);
    CHECK(job, size > 0 && offset + size <= plan->told[stream - 1],
            "%s stream %d: %zu bytes at %llu were never written", plan->id,
            (int)stream, size, (unsigned long long)offset);
    CHECK(job,
            plan_matches(plan, stream, offset, event->output.data.data, size),
            "%s stream %d: wrong bytes at %llu", plan->id, (int)stream,
            (unsigned long long)offset);
}

/* Whoever is told of an event is told of the same one. */
static void judge_mark(const struct job *job, const struct remex_event *event,
        const uint64_t offsets[REMEX_STREAMS])
{
    CHECK(job, plan_witness(job->plan, event->seq, event->kind, offsets),
            "%s: event %llu is not what somebody else was told", job->plan->id,
            (unsigned long long)event->seq);
}

static void judge_output(struct job *job, const struct remex_event *event)
{
    uint64_t *offset = &job->offsets[event->output.stream - 1];

    CHECK(job, event->seq > job->sealed[event->output.stream - 1],
            "%s: event %llu was sealed before", job->plan->id,
            (unsigned long long)event->seq);
    judge_bytes(job, event, *offset);
    *offset += event->output.data.size;
    job->position += event->output.data.size;
}

static void judge_gap(struct job *job, const struct remex_event *event)
{
    const struct plan *plan = job->plan;
    uint64_t bytes = 0;
    /* All of it left before he came, or while another was in his place. */
    bool late = event->seq <= job->followed_seq || plan->taken_over;

    CHECK(job, event->gap.first_seq == job->seq + 1 && event->seq > job->seq,
            "%s: a gap from %llu to %llu after %llu", plan->id,
            (unsigned long long)event->gap.first_seq,
            (unsigned long long)event->seq, (unsigned long long)job->seq);
    for (size_t i = 0; i < PLAN_STREAMS; i++) {
        CHECK(job,
                event->gap.offsets[i] >= job->offsets[i] &&
                        event->gap.offsets[i] <= plan->told[i],
                "%s: a gap to where stream %zu is not", plan->id, i + 1);
        CHECK(job,
                event->gap.offsets[i] == job->offsets[i] || late ||
                        event->gap.offsets[i] <= job->followed_offsets[i] ||
                        plan_stream(plan, i)->delivery == DELIVERY_LOSSY,
                "%s stream %zu is reliable and has a gap", plan->id, i + 1);
        bytes += event->gap.offsets[i] - job->offsets[i];
        job->offsets[i] = event->gap.offsets[i];
    }
    CHECK(job, bytes == event->gap.bytes, "%s: a gap of %llu bytes, not %llu",
            plan->id, (unsigned long long)bytes,
            (unsigned long long)event->gap.bytes);
    job->position += bytes;
    job->gaps++;
}

/* It is told in many ways, and always as the same. */
static bool is_same_exit(
        const struct remex_exit *one, const struct remex_exit *other)
{
    return one->by_signal == other->by_signal && one->code == other->code &&
            one->core == other->core && one->reason == other->reason &&
            one->wall_us == other->wall_us;
}

/* Why it ended: what the executor did to it, if that is what it died of. */
static bool is_reason(const struct world *world, const struct plan *plan,
        const struct remex_exit *exit)
{
    int64_t wall = (int64_t)plan->spec.wall_time_ms * MS;
    bool late = wall > 0 && plan->dead_at >= plan->started_at + wall;
    bool lost = world->now >= *plan->renewed_at + plan->lease;
    bool killed = exit->by_signal && exit->code == SIGKILL;

    switch (exit->reason) {
    case REMEX_EXIT_OWN:
        return !killed;
    case REMEX_EXIT_WALL_TIME:
        return late && killed;
    case REMEX_EXIT_TERMINATED:
        return plan->may_be_killed || plan->taken_back;
    case REMEX_EXIT_OWNER_LOST:
        return plan->may_be_killed || lost;
    default:
        return false;
    }
}

void judge_exit(
        struct world *world, struct plan *plan, const struct remex_exit *exit)
{
    if (!plan->exit_is_told) {
        plan->exit_is_told = true;
        plan->exit_told = *exit;
    }
    WORLD_CHECK(world, is_same_exit(exit, &plan->exit_told),
            "%s is said to have exited in two ways", plan->id);

    WORLD_CHECK(world, plan->dead, "%s exits and lives", plan->id);
    WORLD_CHECK(world,
            exit->by_signal == plan->died_by_signal &&
                    exit->code == plan->died_of,
            "%s died of %d and is said to have of %d", plan->id, plan->died_of,
            exit->code);
    WORLD_CHECK(world, is_reason(world, plan, exit),
            "%s is said to have exited for reason %d", plan->id,
            (int)exit->reason);
}

static void judge_closed(const struct job *job, const struct remex_event *event)
{
    const struct plan *plan = job->plan;

    CHECK(job, job->told_exit, "%s is closed and has not exited", plan->id);
    CHECK(job, event->closed.count == (plan->spec.pty ? 1 : 2),
            "%s has %zu streams", plan->id, event->closed.count);
    for (size_t at = 0; at < event->closed.count; at++) {
        const struct remex_stream_end *end = &event->closed.ends[at];
        size_t i = (size_t)end->stream - 1;

        CHECK(job, end->bytes == job->offsets[i] && end->bytes == plan->told[i],
                "%s stream %zu ends at %llu, and was told to %llu", plan->id,
                i + 1, (unsigned long long)end->bytes,
                (unsigned long long)job->offsets[i]);
        CHECK(job,
                end->kind != REMEX_END_EOF || plan->told[i] == plan->written[i],
                "%s stream %zu ends before its end", plan->id, i + 1);
    }
}

/* --- Failed ----------------------------------------------------------------
 */

/* At the limit of sessions one whose connections are gone gives way, if nothing
 * lives or waits there. */
static bool gave_way(const struct job *job)
{
    const struct actor *actor = job->actor;
    const struct regime *regime = &actor->station->regime;

    return regime_least_sessions(regime, actor->network.renewed_at) <
            STATION_NETWORKS &&
            network_had_trouble(&actor->network, JUDGE_RESUMES_WITHIN) &&
            !job->answered;
}

static bool is_justified(const struct job *job, enum remex_failure reason)
{
    const struct actor *actor = job->actor;
    const struct network *network = &actor->network;
    const struct plan *plan = job->plan;
    int64_t now = actor->world->now;

    if (actor->state == ACTOR_CLOSED ||
            (network->liar && liar_excuses(network->liar, reason)))
        return true;
    switch (reason) {
    case REMEX_FAILURE_LINK_LOST:
        return actor->engine.closing ||
                (network_had_trouble(network, JUDGE_RESUMES_WITHIN) &&
                        now >= actor->linked_at + actor->weather->patience);
    case REMEX_FAILURE_EXECUTOR_RESTARTED:
        return actor->station->host.boot != actor->boot;
    case REMEX_FAILURE_SESSION_EXPIRED:
        return (now >= network->renewed_at +
                                       (int64_t)actor->engine.lease_ms * MS ||
                       gave_way(job)) &&
                actor->station->host.boot == actor->boot;
    case REMEX_FAILURE_EVICTED:
        return plan->closed_at > 0 && !station_knows(actor->station, plan) &&
                (plan->forgettable || plan->taken_over ||
                        now >= plan->closed_at +
                                        regime_least_retention(
                                                &actor->station->regime,
                                                plan->closed_at) *
                                                MS);
    case REMEX_FAILURE_TAKEN_OVER:
        return plan->taken_over;
    case REMEX_FAILURE_NO_MEMORY:
        return actor->memory.failed > 0;
    case REMEX_FAILURE_NOT_AUTHORISED:
        return regime_shut(
                &actor->station->regime, actor->principal, actor->came_at);
    case REMEX_FAILURE_PROTOCOL:
        break;
    }
    return false;
}

static const char *failure_name(enum remex_failure reason)
{
    static const char *const names[] = { "?", "link lost", "executor restarted",
        "session expired", "taken over", "evicted", "not authorised",
        "protocol", "no memory" };

    return names[(size_t)reason < G_N_ELEMENTS(names) ? reason : 0];
}

/* What justifies it is looked at when it is made, which may be long before its
 * user takes it. */
void judge_failure(struct job *job)
{
    enum remex_failure reason = job->handle.events.failure;

    if (!reason || job->failure_judged)
        return;
    job->failure_judged = true;
    CHECK(job, is_justified(job, reason), "%s fails, without cause: %s",
            job->plan->id, failure_name(reason));
}

static void judge_failed(const struct job *job, enum remex_failure reason)
{
    world_tell(job->actor->world, "client %u: %s has failed: %s",
            job->actor->number, job->plan->id, failure_name(reason));
    CHECK(job, job->failure_judged && reason == job->handle.events.failure,
            "%s fails, and nobody was woken: %s", job->plan->id,
            failure_name(reason));
}

static const char *event_name(enum remex_event_kind kind)
{
    static const char *const names[] = { "?", "output", "exited", "closed",
        "gap", "failed" };

    return names[(size_t)kind < G_N_ELEMENTS(names) ? kind : 0];
}

static void tell_event(const struct job *job, const struct remex_event *event)
{
    struct world *world = job->actor->world;

    world_tell(world, "client %u: %s: event %llu, %s", job->actor->number,
            job->plan->id, (unsigned long long)event->seq,
            event_name(event->kind));
    if (event->kind == REMEX_EVENT_OUTPUT)
        world_note(world, "of stream %d, %zu bytes at %llu",
                (int)event->output.stream, event->output.data.size,
                (unsigned long long)event->output.offset);
    else if (event->kind == REMEX_EVENT_GAP)
        world_note(world, "from event %llu on, %llu bytes",
                (unsigned long long)event->gap.first_seq,
                (unsigned long long)event->gap.bytes);
}

static void judge_true_event(struct job *job, const struct remex_event *event)
{
    if (event->kind == REMEX_EVENT_OUTPUT) {
        judge_output(job, event);
    } else if (event->kind == REMEX_EVENT_GAP) {
        judge_gap(job, event);
    } else if (event->kind == REMEX_EVENT_EXITED) {
        CHECK(job, !job->told_exit, "%s exits twice", job->plan->id);
        judge_exit(job->actor->world, job->plan, &event->exited);
        job->told_exit = true;
    } else {
        judge_closed(job, event);
        job->told_closed = true;
    }
    job->seq = event->seq;
    judge_mark(job, event, job->offsets);
}

void judge_event(struct job *job, const struct remex_event *event)
{
    const struct plan *plan = job->plan;

    tell_event(job, event);
    CHECK(job, !job->told_closed && !job->told_failed, "%s: an event follows",
            plan->id);
    CHECK(job,
            event->kind == REMEX_EVENT_GAP ||
                    event->kind == REMEX_EVENT_FAILED ||
                    event->seq == job->seq + 1,
            "%s: event %llu after %llu", plan->id,
            (unsigned long long)event->seq, (unsigned long long)job->seq);
    CHECK(job,
            !job->begins_lost || event->kind == REMEX_EVENT_GAP ||
                    event->kind == REMEX_EVENT_FAILED,
            "%s: event %llu where nothing is known", plan->id,
            (unsigned long long)event->seq);
    job->begins_lost = false;
    if (event->kind == REMEX_EVENT_FAILED) {
        judge_failed(job, event->failure);
        job->told_failed = true;
        return;
    }
    if (judge_is_lied_to(job->actor))
        judge_lied_event(job, event);
    else
        judge_true_event(job, event);
    if (chance_percent(&job->chance, 10)) {
        job->mark_seq = job->seq;
        job->mark_position = job->position;
    }
}

void judge_handle(const struct job *job)
{
    const struct handle *handle = &job->handle;

    if (handle->has_exit && judge_is_lied_to(job->actor))
        judge_lied_exit(job, &handle->exit);
    else if (handle->has_exit)
        judge_exit(job->actor->world, job->plan, &handle->exit);
    CHECK(job, handle->has_exit || !handle->events.exited,
            "%s has exited, and a wait does not know", job->plan->id);
}

/* --- Read ------------------------------------------------------------------
 */

static void judge_item(const struct job *job, const struct remex_event *event,
        struct place *place)
{
    bool gap = event->kind == REMEX_EVENT_GAP;

    CHECK(job, (gap ? event->gap.first_seq : event->seq) == place->seq + 1,
            "%s: read event %llu after %llu", job->plan->id,
            (unsigned long long)event->seq, (unsigned long long)place->seq);
    CHECK(job, !place->closed, "%s: read on after Closed", job->plan->id);
    place->seq = event->seq;
    if (judge_is_lied_to(job->actor)) {
        place->closed = event->kind == REMEX_EVENT_CLOSED;
        return;
    }
    if (gap) {
        memcpy(place->offsets, event->gap.offsets, sizeof(place->offsets));
        place->known = true;
    } else if (event->kind == REMEX_EVENT_EXITED) {
        CHECK(job, !place->exited, "%s: read of two exits", job->plan->id);
        judge_exit(job->actor->world, job->plan, &event->exited);
        place->exited = true;
    } else if (event->kind == REMEX_EVENT_CLOSED) {
        place->closed = true;
    } else if (event->kind == REMEX_EVENT_OUTPUT) {
        uint64_t *offset = &place->offsets[event->output.stream - 1];

        judge_bytes(job, event, place->known ? *offset : event->output.offset);
        *offset = event->output.offset + event->output.data.size;
    }
    if (place->known)
        judge_mark(job, event, place->offsets);
}

struct place judge_place(const struct plan *plan, uint64_t seq)
{
    const struct plan_mark *mark = plan_mark(plan, seq);
    struct place place = { .seq = seq, .known = mark || seq == 0 };

    if (mark)
        memcpy(place.offsets, mark->offsets, sizeof(place.offsets));
    return place;
}

void judge_next(const struct job *job, const struct remex_event *event,
        struct place *place)
{
    if (event->kind != REMEX_EVENT_FAILED) {
        judge_item(job, event, place);
        return;
    }
    CHECK(job, !place->closed && job->handle.events.failure == event->failure,
            "%s: read of a failure that is none", job->plan->id);
    place->closed = true;
}

static struct place judge_batch(
        const struct job *job, const struct batch *batch, uint64_t seq)
{
    struct place place = judge_place(job->plan, seq);

    for (size_t i = 0; i < batch->count; i++)
        judge_item(job, &batch->events[i].event, &place);
    return place;
}

void judge_read(
        const struct operation *operation, const struct read_reply *reply)
{
    const struct job *job = operation->job;
    struct place place;

    if (judge_is_lied_to(job->actor))
        return; /* what was read is not looked at by the client */
    place = judge_batch(job, &reply->batch, operation->read_seq);

    CHECK(job, reply->next_seq > place.seq, "%s: read beyond the end",
            job->plan->id);
}

void judge_run(const struct job *job, const struct batch *batch)
{
    const struct plan *plan = job->plan;
    struct place place;

    if (judge_is_lied_to(job->actor))
        return;
    place = judge_batch(job, batch, 0);

    CHECK(job, place.exited && place.closed, "%s ran, and has no end",
            plan->id);
    for (size_t i = 0; i < PLAN_STREAMS; i++)
        CHECK(job, place.offsets[i] == plan->told[i],
                "%s ran: stream %zu is told up to %llu, not %llu", plan->id,
                i + 1, (unsigned long long)place.offsets[i],
                (unsigned long long)plan->told[i]);
}
