/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "simulation/actor.h"
#include "simulation/judge.h"

/* As client/process_attach.c. */

static void prepare(struct call *call, uint32_t wait_ms)
{
    struct operation *operation = (struct operation *)call;
    struct handle *handle = &operation->job->handle;

    (void)wait_ms;
    operation->asked_at = operation->job->actor->world->now;
    if (!handle->events.placed)
        event_queue_drop_early(&handle->events);
    call->request.follow.follow = *handle_cursor(handle);
    call->request.follow.follow.take_over = operation->take_over;
}

static enum remex_status replied(struct call *call, const struct reply *reply)
{
    struct job *job = ((struct operation *)call)->job;
    const struct follow_state *state = &reply->follow.state;
    struct handle *handle = &job->handle;

    if (state->has_place && !handle->events.placed) {
        job->told_exit = state->place.exited;
        job->told_closed = state->place.closed;
    }
    engine_followed(&job->actor->engine, handle, state);
    if (handle->events.failure == REMEX_FAILURE_NO_MEMORY)
        return REMEX_NO_MEMORY;
    if (!handle->events.placed || handle->events.failure)
        return REMEX_PROTOCOL_ERROR;
    job->followed_seq = state->last_seq;
    memcpy(job->followed_offsets, job->plan->told, sizeof(job->plan->told));
    return REMEX_OK;
}

static void draw_begin(struct job *job, struct chance *chance)
{
    uint64_t seq = job->plan->marks->len;

    if (chance_percent(chance, 30)) {
        handle_begin(&job->handle, FOLLOW_FROM_LIVE, 0);
        return;
    }
    if (seq < 2 || chance_percent(chance, 50))
        return;
    seq = 1 + chance_below(chance, seq - 1);
    handle_begin(&job->handle, FOLLOW_FROM_SEQ, seq);
}

/* Another's, whose id may be that of one of his own as well. */
static bool is_namesake(const struct actor *actor, const struct plan *plan)
{
    return plan->principal != actor->principal && actor->weather->same_ids;
}

static struct plan *draw_plan(struct actor *actor, struct chance *chance)
{
    struct plan *picked = NULL;
    uint64_t count = 0;

    for (struct plan *plan = actor->station->host.plans; plan;
            plan = plan->next)
        if (!is_namesake(actor, plan) && chance_below(chance, ++count) == 0)
            picked = plan;
    return picked;
}

static void send(struct job *job, struct chance *chance)
{
    struct operation *operation =
            actor_operation(job, OPERATION_ATTACH, actor_patience(chance));
    struct call *call = &operation->call;

    job->handle.detached = true; /* until all has worked */
    job->handle.stdin_unsure = true;
    job->handle.exclusive = chance_percent(chance, 30);
    operation->take_over = chance_percent(chance, 30);
    operation->armed = chance_percent(chance, 30);
    if (job->plan->principal == job->actor->principal) {
        job->plan->contested |= job->handle.exclusive;
        job->plan->taken_over |= operation->take_over;
    }
    memcpy(job->sealed, job->plan->sealed, sizeof(job->sealed));
    call->request.method = METHOD_FOLLOW;
    call->repeatable = true;
    call->changes = true;
    call->prepare = prepare;
    call->replied = replied;
    world_tell(job->actor->world, "client %u attaches to %s%s%s",
            job->actor->number, job->plan->id,
            job->handle.exclusive ? ", alone" : "",
            operation->take_over ? ", in the place of others" : "");
    actor_send(operation);
}

void actor_attach(struct actor *actor, struct chance *chance)
{
    struct plan *plan = draw_plan(actor, chance);
    struct job *job = plan ? actor_add_job(actor, plan) : NULL;

    if (!job)
        return;
    WORLD_CHECK(actor->world,
            engine_add(&actor->engine, &job->handle, job->plan->process_id,
                    strlen(job->plan->process_id), 0) == REMEX_OK,
            "no handle");
    job->added = true;
    job->read_pause = (int64_t)chance_below(chance, 2) * 300 * MS;
    draw_begin(job, chance);
    send(job, chance);
}

void actor_attached(struct operation *operation, int64_t now)
{
    struct job *job = operation->job;
    struct handle *handle = &job->handle;
    struct engine *engine = &job->actor->engine;

    if (operation->call.error.status != REMEX_OK) {
        actor_drop(job);
        handle->started = true;
        engine_release(engine, handle, now);
        return;
    }
    handle->detached = !operation->armed;
    job->armed = operation->armed;
    job->answered = true;
    judge_attached(job);
    engine_started(engine, handle, now);
    actor_notice(job);
    actor_read_soon(job);
}
