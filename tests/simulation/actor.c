/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/actor.h"

#include <string.h>

#include "common/arena.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/text.h"
#include "common/wire.h"
#include "executor/link.h"
#include "executor/list.h"
#include "simulation/judge.h"

/* As in client/client_connect.c. */
#define GOODBYE_PATIENCE (2 * SECOND)
#define CLOSE_PATIENCE (2 * SECOND)

/* --- Reading -------------------------------------------------------------- */

void actor_read_soon(struct job *job)
{
    struct world *world = job->actor->world;
    int64_t at = world->now;

    if (job->reader.slot != 0 || job->freed || !job->answered)
        return; /* nobody has the handle */
    if (at < job->actor->network.asleep_until)
        at = job->actor->network.asleep_until;
    world_set(world, &job->reader,
            at + chance_between(&job->chance, 0, job->read_pause));
}

/* A handle that failed on this side alone is of no use, and as long as it is
 * there it holds up others. */
static bool is_lost(const struct job *job)
{
    enum remex_failure failure = job->handle.events.failure;

    return job->told_failed &&
            (failure == REMEX_FAILURE_NO_MEMORY ||
                    failure == REMEX_FAILURE_PROTOCOL);
}

static void on_read(struct appointment *appointment, int64_t now)
{
    struct job *job = CONTAINER_OF(appointment, struct job, reader);
    struct actor *actor = job->actor;
    unsigned int most = 1 + (unsigned int)chance_below(&job->chance, 20);
    struct remex_event event;

    if (job->freed || actor->state == ACTOR_DEAD)
        return;
    if (network_asleep(&actor->network)) {
        actor_read_soon(job);
        return;
    }
    while (most-- > 0 && event_queue_take(&job->handle.events, &event)) {
        judge_event(job, &event);
        memory_of(&actor->memory);
        engine_taken(&actor->engine, &job->handle, now);
        memory_of(NULL);
    }
    judge_handle(job);
    if (is_lost(job)) {
        actor_free(job, false);
        if (!job->freed) /* its threads have to come back first */
            world_set(actor->world, &job->reader, now + 100 * MS);
        return;
    }
    if (actor_read_subscriptions(job) ||
            event_queue_is_ready(&job->handle.events))
        actor_read_soon(job);
}

/* --- What the engine tells ------------------------------------------------ */

void actor_notice(struct job *job)
{
    job->noticed_exit = job->handle.has_exit;
    job->noticed_seq = job->handle.newest_seq;
}

static void on_changed(void *user, struct handle *handle)
{
    struct job *job = (struct job *)handle;

    (void)user;
    WORLD_CHECK(job->actor->world, !job->freed, "%s was freed and is told of",
            job->plan->id);
    actor_notice(job);
    if (job->actor->state == ACTOR_DEAD)
        return;
    judge_failure(job);
    actor_read_soon(job);
}

static void on_gone(void *user, struct handle *handle)
{
    struct job *job = (struct job *)handle;

    (void)user;
    WORLD_CHECK(job->actor->world, job->freed && !job->gone,
            "%s goes unasked or twice", job->plan->id);
    job->gone = true;
    job->added = false;
    judge_gone(job);
}

/* A link that breaks may take a start's follow with it. */
static void on_moved(void *user)
{
    struct actor *actor = user;

    if (actor->boot == 0 && engine_is_open(&actor->engine))
        actor->boot = actor->station->host.boot;
}

/* --- What the network tells ----------------------------------------------- */

static void note_link(struct actor *actor)
{
    if (recovery_is_linked(&actor->engine.recovery))
        actor->linked_at = actor->world->now;
}

static void on_up(void *user, unsigned int lane)
{
    struct actor *actor = user;

    note_link(actor);
    memory_of(&actor->memory);
    engine_on_up(&actor->engine, lane, actor->world->now);
    memory_of(NULL);
}

static void on_down(void *user, unsigned int lane)
{
    struct actor *actor = user;

    note_link(actor);
    memory_of(&actor->memory);
    engine_on_down(&actor->engine, lane, actor->world->now);
    memory_of(NULL);
}

static void decode(struct remex_bytes bytes, struct reply *out)
{
    struct arena arena;

    arena_init(&arena, LINK_MAX_REPLY);
    if (wire_decode_reply(bytes, &arena, out, NULL) != REMEX_OK)
        *out = (struct reply){ .error.status = REMEX_PROTOCOL_ERROR };
    arena_deinit(&arena);
}

/* Not what was refused for want of memory or a token, or because of its
 * attachment; and whoever was told of another session or attachment may have
 * asked for one that is not his. */
static bool renews_lease(const struct actor *actor, const struct reply *reply)
{
    const struct liar *liar = actor->network.liar;

    if (liar && liar_excuses(liar, REMEX_FAILURE_SESSION_EXPIRED))
        return false;
    return reply->error.status != REMEX_ABORTED &&
            reply->error.status != REMEX_UNAUTHENTICATED &&
            reply->error.status != REMEX_RESOURCE_EXHAUSTED;
}

static void on_replied(void *user, unsigned int lane, struct packet *packet)
{
    struct actor *actor = user;
    int64_t sent_at = actor->network.lanes[lane].sent_at;
    struct reply reply;
    bool renews;

    decode(packet->bytes, &reply);
    renews = renews_lease(actor, &reply);
    actor->heard = reply.method;
    note_link(actor);
    memory_of(&actor->memory);
    engine_on_reply(&actor->engine, lane, packet, actor->world->now);
    memory_of(NULL);
    packet_release(packet);
    if (renews && !engine_has_failed(&actor->engine) &&
            sent_at > actor->network.renewed_at)
        actor->network.renewed_at = sent_at;
    judge_terms(actor, &reply);
    judge_actor(actor);
}

static void on_failed(void *user, unsigned int lane)
{
    struct actor *actor = user;

    note_link(actor);
    memory_of(&actor->memory);
    engine_on_failure(&actor->engine, lane, actor->world->now);
    memory_of(NULL);
}

static void on_hinted(void *user, struct remex_bytes hint)
{
    struct actor *actor = user;

    note_link(actor);
    memory_of(&actor->memory);
    engine_on_hint(&actor->engine, hint, actor->world->now);
    memory_of(NULL);
}

static void on_due(void *user)
{
    struct actor *actor = user;

    note_link(actor);
    memory_of(&actor->memory);
    engine_tick(&actor->engine, actor->world->now);
    memory_of(NULL);
    judge_actor(actor);
}

/* --- Jobs ----------------------------------------------------------------- */

bool actor_is_open(const struct actor *actor)
{
    return actor->state == ACTOR_LIVES && engine_is_open(&actor->engine) &&
            !engine_has_failed(&actor->engine);
}

struct job *actor_pick(struct actor *actor, struct chance *chance)
{
    struct job *picked = NULL;
    uint64_t count = 0;

    for (struct job *job = actor->jobs; job; job = job->next)
        if (job->answered && !job->freed && chance_below(chance, ++count) == 0)
            picked = job;
    return picked;
}

struct job *actor_add_job(struct actor *actor, struct plan *plan)
{
    struct job *job;

    if (actor->state != ACTOR_LIVES || actor->boot == 0)
        return NULL;
    job = g_new0(struct job, 1);
    list_init(&job->pending);
    job->actor = actor;
    job->attached = plan;
    actor->job_count++;
    if (!plan) {
        plan = host_plan(
                &actor->station->host, actor->number, actor->job_count);
        plan_belong(plan, actor->principal,
                actor->weather->same_ids ? actor->among : actor->number,
                actor->job_count);
        plan->renewed_at = &actor->network.renewed_at;
        plan->lease = (int64_t)actor->engine.lease_ms * MS;
    }
    job->plan = plan;
    job->chance = chance_new(
            actor->world->seed, 'r', actor->number * 1000 + actor->job_count);
    job->next = actor->jobs;
    actor->jobs = job;
    world_book(actor->world, &job->reader, on_read);
    return job;
}

void actor_start(struct actor *actor, struct chance *chance)
{
    static const int64_t pauses[] = { 0, 2 * MS, 300 * MS };
    struct job *job = actor_add_job(actor, NULL);

    if (!job)
        return;
    job->read_pause = pauses[chance_below(chance, G_N_ELEMENTS(pauses))];
    actor_call_start(job, chance);
}

void actor_drop(struct job *job)
{
    job->freed = true;
    job->freed_at = job->actor->world->now;
}

void actor_free(struct job *job, bool detach)
{
    struct actor *actor = job->actor;

    if (job->operations > 0 || job->freed || !job->answered)
        return;
    world_tell(actor->world, "client %u frees %s%s", actor->number,
            job->plan->id, detach ? ", detached" : "");
    if (!job->attached)
        job->handle.detached |= detach;
    actor_drop(job);
    /* Not what another has taken over. */
    if (job->attached ? job->armed : !detach)
        job->plan->may_be_killed |=
                job->handle.events.failure != REMEX_FAILURE_TAKEN_OVER;
    world_set(actor->world, &job->reader, CLOCK_NEVER);
    actor_unsubscribe(job);
    memory_of(&actor->memory);
    engine_release(&actor->engine, &job->handle, actor->world->now);
    memory_of(NULL);
}

void actor_free_all(struct actor *actor)
{
    for (struct job *job = actor->jobs; job; job = job->next)
        if (actor->state != ACTOR_DEAD)
            actor_free(job, false);
}

void actor_read_on(struct actor *actor)
{
    for (struct job *job = actor->jobs; job; job = job->next) {
        job->read_pause = MS;
        if (job->answered && actor->state != ACTOR_DEAD) {
            world_set(actor->world, &job->reader, CLOCK_NEVER);
            actor_read_soon(job);
        }
    }
}

static bool is_over(const struct job *job)
{
    return !job->answered || job->freed || judge_is_lied_to(job->actor) ||
            (event_queue_is_ended(&job->handle.events) &&
                    actor_has_subscribed(job));
}

bool actor_is_done(const struct actor *actor)
{
    if (actor->state == ACTOR_DEAD)
        return true;
    if (actor->operations > 0)
        return false;
    for (const struct job *job = actor->jobs; job; job = job->next)
        if (!is_over(job))
            return false;
    return true;
}

/* --- Ending --------------------------------------------------------------- */

static void give_up(struct actor *actor)
{
    struct remex_error error;

    error_set(&error, REMEX_DISCONNECTED, "the client was freed");
    engine_fail(&actor->engine, REMEX_FAILURE_LINK_LOST, &error);
    network_attend(&actor->network, NULL);
}

/* As client_connect.c: freed processes first, then the session, then whatever
 * is under way. */
static void on_ending(struct appointment *appointment, int64_t now)
{
    struct actor *actor = CONTAINER_OF(appointment, struct actor, ending);
    struct engine *engine = &actor->engine;
    bool patient = now < actor->close_until;

    if (!engine->closing && recovery_is_linked(&engine->recovery)) {
        if (patient && engine_has_business(engine)) {
            world_set(actor->world, appointment, now + 5 * MS);
            return;
        }
        actor->close_until = now + CLOSE_PATIENCE;
        engine_close(engine, actor->close_until, now);
        patient = true;
    }
    if (engine->closing && patient && !engine_is_quiet(engine)) {
        world_set(actor->world, appointment, now + 5 * MS);
        return;
    }
    actor->state = ACTOR_CLOSED;
    world_tell(actor->world, "client %u is closed", actor->number);
    give_up(actor);
}

void actor_close(struct actor *actor)
{
    if (actor->state != ACTOR_LIVES)
        return;
    world_tell(actor->world, "client %u closes", actor->number);
    actor->state = ACTOR_CLOSES;
    actor->close_until = actor->world->now + GOODBYE_PATIENCE;
    for (struct job *job = actor->jobs; job; job = job->next)
        job->plan->may_be_killed = true;
    world_set(actor->world, &actor->ending, actor->world->now);
}

void actor_crash(struct actor *actor)
{
    if (actor->state == ACTOR_DEAD || actor->state == ACTOR_CLOSED)
        return;
    world_tell(actor->world, "client %u crashes", actor->number);
    actor->state = ACTOR_DEAD;
    world_set(actor->world, &actor->ending, CLOCK_NEVER);
    give_up(actor);
}

/* --- Life ----------------------------------------------------------------- */

void actor_init(struct actor *actor, struct station *station,
        const struct weather *weather, unsigned int number,
        unsigned int principal, unsigned int among)
{
    struct engine_options options = {
        .name = { "actor", 5 },
        .token = principal == REGIME_TOKEN_SUBJECT ? text_bytes(REGIME_TOKEN)
                                                   : text_bytes(""),
        .lease_ms = weather->lease_ms,
        .recovery_ns = weather->patience,
        .window = weather->window,
        .history = 10000,
    };
    struct engine_hooks hooks = { actor, on_changed, on_gone, on_moved };

    memset(actor, 0, sizeof(*actor));
    actor->world = station->world;
    actor->weather = weather;
    actor->station = station;
    actor->number = number;
    actor->came_at = station->world->now;
    actor->state = ACTOR_LIVES;
    actor->events = (struct transport_events){
        .user = actor,
        .up = on_up,
        .down = on_down,
        .replied = on_replied,
        .failed = on_failed,
        .hinted = on_hinted,
        .due = on_due,
    };
    world_book(actor->world, &actor->ending, on_ending);
    network_init(&actor->network, station, weather, number, principal);
    actor->principal = principal;
    actor->among = among;
    network_attend(&actor->network, &actor->events);
    engine_init(&actor->engine, &options, &hooks, &actor->network.transport);
    WORLD_CHECK(actor->world, engine_connect(&actor->engine) == REMEX_OK,
            "a client cannot connect");
}

static void job_deinit(struct job *job)
{
    struct actor *actor = job->actor;

    actor_unsubscribe(job);
    if (job->added && !job->freed) {
        actor_drop(job);
        job->handle.started = true;
        engine_release(&actor->engine, &job->handle, actor->world->now);
    }
    WORLD_CHECK(actor->world, !job->added, "%s never goes", job->plan->id);
    /* Threads of a program that crashed never wake. */
    while (!list_is_empty(&job->pending)) {
        struct operation *operation =
                CONTAINER_OF(job->pending.next, struct operation, pending);

        list_remove(&operation->pending);
        if (operation->kind != OPERATION_WRITE)
            actor_free_operation(operation);
    }
    while (job->writes) {
        struct operation *operation = job->writes;

        job->writes = operation->next_write;
        actor_free_operation(operation);
    }
    agenda_unbook(&actor->world->agenda, &job->reader);
    g_free(job->input);
    g_free(job);
}

void actor_deinit(struct actor *actor)
{
    give_up(actor);
    while (actor->jobs) {
        struct job *job = actor->jobs;

        actor->jobs = job->next;
        job_deinit(job);
    }
    engine_deinit(&actor->engine);
    network_deinit(&actor->network);
    agenda_unbook(&actor->world->agenda, &actor->ending);
}
