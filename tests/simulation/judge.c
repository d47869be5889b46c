/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/judge.h"

#include <signal.h>
#include <string.h>

#include "common/clock.h"

/* How soon a healthy link must be found and resumed: three silent beats, a
 * Resume that times out, and some back-off. */
#define RESUMES_WITHIN (12 * SECOND)

/* How long a link may be silent: three beats, and a little. */
#define SILENCE (4 * SECOND)

/* What a thread that waits may be kept beyond its deadline. */
#define LATENESS (600 * MS)

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

    return actor->weather->settings.limits.sessions < STATION_NETWORKS &&
            network_had_trouble(&actor->network, RESUMES_WITHIN) &&
            !job->answered;
}

static bool is_justified(const struct job *job, enum remex_failure reason)
{
    const struct actor *actor = job->actor;
    const struct network *network = &actor->network;
    const struct plan *plan = job->plan;
    int64_t now = actor->world->now;

    if (actor->state == ACTOR_CLOSED)
        return true;
    switch (reason) {
    case REMEX_FAILURE_LINK_LOST:
        return actor->engine.closing ||
                (network_had_trouble(network, RESUMES_WITHIN) &&
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
                                        actor->weather->settings.retention_ms *
                                                MS);
    case REMEX_FAILURE_TAKEN_OVER:
        return plan->taken_over;
    case REMEX_FAILURE_NO_MEMORY:
        return actor->memory.failed > 0;
    case REMEX_FAILURE_PROTOCOL:
    case REMEX_FAILURE_NOT_AUTHORISED:
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
    if (event->kind == REMEX_EVENT_OUTPUT) {
        judge_output(job, event);
    } else if (event->kind == REMEX_EVENT_GAP) {
        judge_gap(job, event);
    } else if (event->kind == REMEX_EVENT_EXITED) {
        CHECK(job, !job->told_exit, "%s exits twice", plan->id);
        judge_exit(job->actor->world, job->plan, &event->exited);
        job->told_exit = true;
    } else if (event->kind == REMEX_EVENT_CLOSED) {
        judge_closed(job, event);
        job->told_closed = true;
    } else {
        judge_failed(job, event->failure);
        job->told_failed = true;
        return;
    }
    job->seq = event->seq;
    judge_mark(job, event, job->offsets);
    if (chance_percent(&job->chance, 10)) {
        job->mark_seq = job->seq;
        job->mark_position = job->position;
    }
}

void judge_handle(const struct job *job)
{
    const struct handle *handle = &job->handle;

    if (handle->has_exit)
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
    struct place place = judge_batch(job, &reply->batch, operation->read_seq);

    CHECK(job, reply->next_seq > place.seq, "%s: read beyond the end",
            job->plan->id);
}

void judge_run(const struct job *job, const struct batch *batch)
{
    const struct plan *plan = job->plan;
    struct place place = judge_batch(job, batch, 0);

    CHECK(job, place.exited && place.closed, "%s ran, and has no end",
            plan->id);
    for (size_t i = 0; i < PLAN_STREAMS; i++)
        CHECK(job, place.offsets[i] == plan->told[i],
                "%s ran: stream %zu is told up to %llu, not %llu", plan->id,
                i + 1, (unsigned long long)place.offsets[i],
                (unsigned long long)plan->told[i]);
}

/* --- Calls ------------------------------------------------------------------
 */

/* Whoever waits for an exit or for news has been woken for it. */
static void judge_wake(const struct job *job)
{
    CHECK(job,
            job->noticed_exit == job->handle.has_exit &&
                    job->noticed_seq == job->handle.newest_seq,
            "%s has news, and nobody is woken", job->plan->id);
}

/* Whoever reads nothing is told all the same that there is something. But what
 * the executor had no memory to say is missed late, when the Pull is over. */
static void judge_news(struct job *job)
{
    const struct actor *actor = job->actor;
    int64_t now = actor->world->now;

    if (network_had_trouble(&actor->network, RESUMES_WITHIN) ||
            actor->station->host.memory.failed > 0 ||
            handle_is_over(&job->handle)) {
        job->sampled_at = now;
        job->sampled_seq = 0;
        return;
    }
    if (now < job->sampled_at + SILENCE)
        return;
    CHECK(job, job->handle.newest_seq >= job->sampled_seq,
            "%s has event %llu, and a wake does not know", job->plan->id,
            (unsigned long long)job->sampled_seq);
    job->sampled_at = now;
    job->sampled_seq = station_newest(actor->station, job->plan);
}

void judge_actor(struct actor *actor)
{
    const struct network *network = &actor->network;
    int64_t next = calls_next_overdue(&actor->engine.calls);

    WORLD_CHECK(actor->world,
            engine_has_failed(&actor->engine) || actor->state == ACTOR_DEAD ||
                    clock_after(next, LATENESS) >= actor->world->now ||
                    network->asleep_until + LATENESS >= actor->world->now,
            "client %u: a call is overdue", actor->number);
    for (struct job *job = actor->jobs; job; job = job->next) {
        if (!job->answered || job->freed || actor->state == ACTOR_DEAD)
            continue;
        judge_wake(job);
        judge_news(job);
    }
}

void judge_silence(const struct actor *actor)
{
    const struct network *network = &actor->network;
    int64_t now = actor->world->now;

    WORLD_CHECK(actor->world,
            actor->state != ACTOR_LIVES ||
                    !recovery_is_linked(&actor->engine.recovery) ||
                    now <= network->told_at + SILENCE ||
                    now <= network->asleep_until + SILENCE,
            "client %u hears nothing and does not mind", actor->number);
}

void judge_call(const struct operation *operation)
{
    const struct job *job = operation->job;
    const struct actor *actor = job->actor;
    const struct call *call = &operation->call;
    enum remex_status status = call->error.status;

    world_tell(actor->world, "client %u: %s: %s ends: %s %s", actor->number,
            job->plan->id, message_method_name(call->request.method),
            remex_status_name(status), call->error.text);
    CHECK(job,
            status != REMEX_INVALID_ARGUMENT && status != REMEX_OUT_OF_RANGE &&
                    status != REMEX_PROTOCOL_ERROR &&
                    status != REMEX_UNIMPLEMENTED && status != REMEX_INTERNAL,
            "%s: %s ends with %s: %s", job->plan->id,
            message_method_name(call->request.method),
            remex_status_name(status), call->error.text);
    CHECK(job, status != REMEX_NO_MEMORY || actor->memory.failed > 0,
            "%s: %s has no memory", job->plan->id,
            message_method_name(call->request.method));
    CHECK(job,
            status == REMEX_DISCONNECTED ||
                    actor->world->now <=
                            clock_after(calls_overdue_at(call), LATENESS) ||
                    actor->network.asleep_until + LATENESS >= actor->world->now,
            "%s: %s ends late", job->plan->id,
            message_method_name(call->request.method));
}

/* It was, and the executor had to forget it. */
static void judge_loss(const struct operation *operation)
{
    const struct job *job = operation->job;
    const struct plan *plan = job->plan;

    if (operation->call.error.status == REMEX_DATA_LOSS)
        CHECK(job, plan->starts == 1 && plan->closed_at > 0,
                "%s is said to be over and forgotten", plan->id);
}

static void judge_start(const struct operation *operation)
{
    const struct job *job = operation->job;
    const struct plan *plan = job->plan;
    enum remex_status status = operation->call.error.status;

    CHECK(job, status != REMEX_OK || plan->starts == 1,
            "%s is said to be started", plan->id);
    CHECK(job,
            (status != REMEX_DEADLINE_EXCEEDED && status != REMEX_NO_MEMORY) ||
                    plan->starts == 0,
            "%s was started, and is said not to be", plan->id);
    CHECK(job,
            status != REMEX_FAILED_PRECONDITION || plan->fails ||
                    plan->contested || job->actor->state != ACTOR_LIVES,
            "%s fails to start", plan->id);
    CHECK(job,
            status != REMEX_RESOURCE_EXHAUSTED || plan->starts == 0 ||
                    plan->taken_back,
            "%s was started, and is refused for want of something", plan->id);
}

static void judge_write(const struct operation *operation)
{
    const struct plan *plan = operation->job->plan;

    CHECK(operation->job,
            !operation->feed.ended || operation->after_end ||
                    plan->input_gone || plan->spec.stdin_kind != STDIN_PIPE,
            "%s reads, and its stdin is said to be closed", plan->id);
}

static void judge_signal(const struct operation *operation)
{
    const struct job *job = operation->job;
    unsigned int times = job->plan->signals[operation->signal_number];
    enum remex_status status = operation->call.error.status;

    CHECK(job, times <= 1, "%s gets signal %d %u times", job->plan->id,
            operation->signal_number, times);
    if (status == REMEX_OK)
        CHECK(job, times == operation->delivered,
                "%s: signal %d is said to be %sdelivered", job->plan->id,
                operation->signal_number, operation->delivered ? "" : "not ");
    CHECK(job, status != REMEX_DEADLINE_EXCEEDED || times == 0,
            "%s: signal %d is said to be unsent", job->plan->id,
            operation->signal_number);
}

void judge_operation(const struct operation *operation)
{
    judge_loss(operation);
    if (operation->kind == OPERATION_START)
        judge_start(operation);
    else if (operation->kind == OPERATION_WRITE)
        judge_write(operation);
    else if (operation->kind == OPERATION_SIGNAL)
        judge_signal(operation);
    else if (operation->kind == OPERATION_ATTACH)
        judge_attach(operation);
    else if (operation->kind == OPERATION_TRESPASS)
        judge_foreign(operation);
    else if (operation->kind == OPERATION_RESIZE)
        judge_resize(operation);
    else if (operation->kind == OPERATION_RUN)
        CHECK(operation->job,
                operation->call.error.status != REMEX_OK ||
                        operation->job->plan->starts == 1,
                "%s is said to have run", operation->job->plan->id);
}

/* --- The end ---------------------------------------------------------------
 */

/* How much of what came, from `at` on, is this write; at least `least`. */
static size_t match_write(const struct job *job,
        const struct operation *operation, size_t at, size_t least, size_t most)
{
    const GByteArray *came = job->plan->input_bytes;
    const GByteArray *sent = operation->bytes;
    size_t size = 0;

    while (size < most && at + size < came->len &&
            came->data[at + size] == sent->data[size])
        size++;
    CHECK(job, size >= least || at + size == came->len,
            "%s: stdin is wrong at %zu", job->plan->id, at + size);
    return size;
}

/* Stdin is what was taken of each write, one after the other. Of those whose
 * outcome is unknown it may be more. */
static size_t match_writes(
        const struct job *job, const struct operation *operation)
{
    enum remex_status status;
    size_t taken;
    size_t at;

    if (!operation)
        return 0;
    at = match_writes(job, operation->next_write);
    status = operation->call.error.status;
    taken = operation->feed.taken;
    return at +
            match_write(job, operation, at, taken,
                    status == REMEX_OUTCOME_UNKNOWN ||
                                    status == REMEX_DISCONNECTED ||
                                    status == REMEX_NOT_FOUND
                            ? operation->bytes->len
                            : taken);
}

/* Nothing but what it was given, from its beginning. */
static void judge_run_input(const struct job *job)
{
    const struct plan *plan = job->plan;
    const GByteArray *came = plan->input_bytes;

    CHECK(job,
            came->len <= job->input_size &&
                    plan_matches(
                            plan, REMEX_TERMINAL, 0, came->data, came->len),
            "%s ran on another input", plan->id);
    CHECK(job, !plan->input_closed || came->len == job->input_size,
            "%s ran on %u of %zu bytes", plan->id, came->len, job->input_size);
}

static void judge_input(const struct job *job)
{
    const struct plan *plan = job->plan;
    size_t matched = match_writes(job, job->writes);
    size_t taken = 0;

    if (plan->runs && !job->attached)
        judge_run_input(job);
    if (plan->runs || (plan->writer ? plan->writer != job : job->attached))
        return;

    CHECK(job, matched == plan->input_bytes->len,
            "%s: stdin has %u bytes, %zu of them known", plan->id,
            plan->input_bytes->len, matched);
    if (!plan->input_closed)
        return;
    for (const struct operation *operation = job->writes; operation;
            operation = operation->next_write)
        taken += operation->feed.taken;
    CHECK(job, job->input_ended, "%s: stdin ends unasked", plan->id);
    CHECK(job, plan->input_bytes->len >= taken,
            "%s: stdin ends before what was taken", plan->id);
}

/* What a lost owner's processes are left, at most. */
static int64_t left_to(const struct plan *plan)
{
    int64_t left = SECOND;

    if (plan->spec.owner_loss == OWNER_LOSS_KEEP)
        left += (int64_t)plan->spec.keep_ms * MS;
    else if (plan->spec.owner_loss == OWNER_LOSS_TERMINATE)
        for (size_t i = 0; i < plan->spec.stop_plan_count; i++)
            left += plan->stop_plan[i].wait_ms * MS;
    return left;
}

void judge_owners(const struct actor *actor)
{
    const struct station *station = actor->station;
    int64_t heard_at = actor->network.heard_at;
    int64_t now = actor->world->now;

    for (const struct job *job = actor->jobs; job; job = job->next) {
        const struct plan *plan = job->plan;

        if (plan->started_at > heard_at)
            heard_at = plan->started_at;
        if (station->host.asleep_until > heard_at)
            heard_at = station->host.asleep_until;
        CHECK(job,
                !plan->running || job->attached ||
                        actor->state == ACTOR_LIVES ||
                        actor->state == ACTOR_CLOSES ||
                        now <= heard_at + plan->lease + left_to(plan),
                "%s outlives its owner", plan->id);
    }
}

void judge_end(const struct actor *actor)
{
    for (const struct job *job = actor->jobs; job; job = job->next) {
        const struct plan *plan = job->plan;

        judge_input(job);
        CHECK(job, !plan->running, "%s never ends", plan->id);
        CHECK(job, job->operations == 0 || actor->state == ACTOR_DEAD,
                "%s: a call never ends", plan->id);
        CHECK(job, !job->freed || job->gone || !job->added,
                "%s was freed and never goes", plan->id);
        CHECK(job,
                !job->answered || job->freed || job->told_closed ||
                        job->told_failed || actor->state == ACTOR_DEAD,
                "%s is never closed", plan->id);
    }
}
