/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/actor.h"
#include "simulation/judge.h"

/* Questions about processes, and what is asked of those that are over. */

static void note_time(struct operation *operation)
{
    operation->asked_at = operation->job->actor->world->now;
}

static void prepare(struct call *call, uint32_t wait_ms)
{
    (void)wait_ms;
    note_time((struct operation *)call);
}

static struct operation *question(struct job *job, struct chance *chance,
        enum operation_kind kind, enum method method)
{
    struct operation *operation;

    if (job->handle.events.failure)
        return NULL;
    operation = actor_operation(job, kind, actor_patience(chance));
    operation->read_seq = job->handle.newest_seq;
    operation->call.request.method = method;
    operation->call.repeatable = true;
    operation->call.prepare = prepare;
    return operation;
}

/* --- Wait ----------------------------------------------------------------- */

static void prepare_wait(struct call *call, uint32_t wait_ms)
{
    call->request.wait.wait_ms = wait_ms;
}

static enum remex_status waited(struct call *call, const struct reply *reply)
{
    const struct process_ending *ending = &reply->wait.ending;

    judge_ending(((struct operation *)call)->job, ending);
    return ending->state < call->request.wait.until ? REMEX_AGAIN : REMEX_OK;
}

void actor_call_wait(struct job *job, struct chance *chance)
{
    struct operation *operation =
            question(job, chance, OPERATION_WAIT, METHOD_WAIT);

    if (!operation)
        return;
    operation->call.waits = true;
    operation->call.prepare = prepare_wait;
    operation->call.replied = waited;
    operation->call.request.wait = (struct wait_request){
        .process_id = handle_id(&job->handle),
        .until = chance_percent(chance, 50) ? PROCESS_EXITED : PROCESS_CLOSED,
    };
    actor_send(operation);
}

/* --- Inspect -------------------------------------------------------------- */

static enum remex_status inspected(struct call *call, const struct reply *reply)
{
    judge_status((struct operation *)call, &reply->inspect.process);
    return REMEX_OK;
}

void actor_call_inspect(struct job *job, struct chance *chance)
{
    struct operation *operation =
            question(job, chance, OPERATION_INSPECT, METHOD_INSPECT);

    if (!operation)
        return;
    operation->call.replied = inspected;
    operation->call.request.inspect.process_id = handle_id(&job->handle);
    actor_send(operation);
}

/* --- List ----------------------------------------------------------------- */

static enum remex_status listed(struct call *call, const struct reply *reply)
{
    judge_list((struct operation *)call, &reply->list);
    return REMEX_OK;
}

void actor_call_list(struct job *job, struct chance *chance)
{
    struct operation *operation =
            question(job, chance, OPERATION_LIST, METHOD_LIST);

    if (!operation)
        return;
    operation->call.replied = listed;
    operation->call.request.list = (struct list_request){
        .max_count = (uint32_t)chance_below(chance, 5),
        .everybody = chance_percent(chance, 30),
    };
    actor_send(operation);
}

/* --- Forget ----------------------------------------------------------------
 */

static enum remex_status forgotten(struct call *call, const struct reply *reply)
{
    const struct job *job = ((struct operation *)call)->job;

    (void)reply;
    WORLD_CHECK(job->actor->world,
            job->plan->closed_at > 0 || judge_is_lied_to(job->actor),
            "%s is forgotten before its end", job->plan->id);
    return REMEX_OK;
}

/* Whoever forgets what another is not sure to have started frees its id. */
void actor_call_forget(struct job *job, struct chance *chance)
{
    struct operation *operation;

    if (!job->plan->answered)
        return;
    operation = question(job, chance, OPERATION_FORGET, METHOD_FORGET);
    if (!operation)
        return;
    job->plan->forgettable = true;
    operation->call.changes = true;
    operation->call.replied = forgotten;
    operation->call.request.forget.process_id = handle_id(&job->handle);
    world_tell(job->actor->world, "client %u forgets %s", job->actor->number,
            job->plan->id);
    actor_send(operation);
}
