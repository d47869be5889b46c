/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "simulation/actor.h"
#include "simulation/judge.h"

static enum remex_status replied(struct call *call, const struct reply *reply)
{
    struct operation *operation = (struct operation *)call;

    if (reply->run.batch.count == 0)
        return REMEX_AGAIN;
    judge_run(operation->job, &reply->run.batch);
    return REMEX_OK;
}

static void draw_input(struct job *job, struct chance *chance)
{
    if (chance_percent(chance, 50))
        return;
    job->input_size = 1 + chance_below(chance, 90);
    job->input = g_malloc(job->input_size);
    plan_fill(job->plan, REMEX_TERMINAL, 0, job->input, job->input_size);
}

/* As client/run.c. */
void actor_run(struct actor *actor, struct chance *chance)
{
    struct job *job = actor_add_job(actor, NULL);
    struct operation *operation;
    struct call *call;

    if (!job)
        return;
    draw_input(job, chance);
    plan_for_run(job->plan, job->input_size);
    world_tell(actor->world, "client %u runs %s", actor->number, job->plan->id);
    plan_tell(job->plan);
    WORLD_CHECK(actor->world,
            engine_add(&actor->engine, &job->handle, job->plan->process_id,
                    strlen(job->plan->process_id), 0) == REMEX_OK,
            "no handle");
    job->added = true;
    operation = actor_operation(job, OPERATION_RUN, actor_patience(chance));
    call = &operation->call;
    call->request.method = METHOD_RUN;
    call->request.run.process = job->plan->spec;
    call->request.run.max_output_bytes = chance_below(chance, 60000);
    call->request.payload = (struct remex_bytes){ job->input, job->input_size };
    call->repeatable = true;
    call->remembered = true;
    call->changes = true;
    call->waits = true;
    call->parks = true;
    call->replied = replied;
    actor_send(operation);
}

void actor_ran(struct operation *operation, int64_t now)
{
    struct job *job = operation->job;
    struct engine *engine = &job->actor->engine;
    enum remex_status status = operation->call.error.status;

    actor_drop(job);
    job->plan->may_be_killed = true;
    if (status == REMEX_OUTCOME_UNKNOWN || status == REMEX_DEADLINE_EXCEEDED ||
            status == REMEX_NO_MEMORY) {
        job->handle.started = true;
        engine_release(engine, &job->handle, now);
        return;
    }
    engine_remove(engine, &job->handle);
    job->added = false;
}
