/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/actor.h"
#include "simulation/judge.h"

/* Calls about processes of somebody else's, by their ids. That they change
 * nothing there is seen by those whose they are. */

static void read_request(struct request *request, struct remex_bytes id)
{
    request->read = (struct read_request){ .process_id = id };
}

static void write_request(struct request *request, struct remex_bytes id)
{
    request->write = (struct write_request){ .process_id = id, .eof = true };
    request->payload = (struct remex_bytes){ "trespass", 8 };
}

static void signal_request(struct request *request, struct remex_bytes id)
{
    request->signal = (struct signal_request){
        .process_id = id,
        .signal = 9,
        .target = SIGNAL_TREE,
    };
}

static void resize_request(struct request *request, struct remex_bytes id)
{
    request->resize = (struct resize_request){ id, 1, 1 };
}

static void terminate_request(struct request *request, struct remex_bytes id)
{
    request->terminate = (struct terminate_request){ .process_id = id };
}

static void wait_request(struct request *request, struct remex_bytes id)
{
    request->wait = (struct wait_request){ id, PROCESS_EXITED, 0 };
}

static void inspect_request(struct request *request, struct remex_bytes id)
{
    request->inspect.process_id = id;
}

static void seal_request(struct request *request, struct remex_bytes id)
{
    request->seal = (struct seal_request){ .process_id = id };
}

static void forget_request(struct request *request, struct remex_bytes id)
{
    request->forget.process_id = id;
}

static const struct {
    enum method method;
    void (*fill)(struct request *request, struct remex_bytes id);
} ways[] = {
    { METHOD_READ, read_request },
    { METHOD_WRITE, write_request },
    { METHOD_SIGNAL, signal_request },
    { METHOD_RESIZE, resize_request },
    { METHOD_TERMINATE, terminate_request },
    { METHOD_WAIT, wait_request },
    { METHOD_INSPECT, inspect_request },
    { METHOD_SEAL, seal_request },
    { METHOD_FORGET, forget_request },
};

static enum remex_status replied(struct call *call, const struct reply *reply)
{
    (void)call;
    (void)reply;
    return REMEX_OK;
}

static struct plan *draw_plan(const struct actor *actor, struct chance *chance)
{
    struct plan *picked = NULL;
    uint64_t count = 0;

    for (struct plan *plan = actor->station->host.plans; plan;
            plan = plan->next)
        if (plan->principal != actor->principal &&
                chance_below(chance, ++count) == 0)
            picked = plan;
    return picked;
}

void actor_trespass(struct actor *actor, struct chance *chance)
{
    struct plan *plan = draw_plan(actor, chance);
    size_t way = chance_below(chance, G_N_ELEMENTS(ways));
    struct operation *operation;
    struct job *job;

    if (!plan || actor->weather->same_ids)
        return; /* it may be the id of one of his own */
    job = actor_add_job(actor, plan);
    if (!job)
        return;
    operation =
            actor_operation(job, OPERATION_TRESPASS, actor_patience(chance));
    operation->call.request.method = ways[way].method;
    ways[way].fill(&operation->call.request, plan->spec.process_id);
    operation->call.repeatable = true;
    operation->call.changes = true;
    operation->call.replied = replied;
    world_tell(actor->world, "client %u tries a %s of %s, which is another's",
            actor->number, message_method_name(ways[way].method), plan->id);
    actor_send(operation);
}
