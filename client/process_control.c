/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client.h"
#include "client/process_spec.h"
#include "common/error.h"

/* A signal or a termination under way. */
struct control {
    struct client_call call; /* first */
    bool answer;
};

static struct control new_control(
        struct remex_process *process, enum method method)
{
    return (struct control){
        .call.call = {
            .request = { .method = method },
            .deadline = client_call_deadline(process->client),
            .changes = true,
        },
    };
}

/* Why a call on this process need not be sent. */
static enum remex_status check_failed(
        const struct remex_process *process, struct remex_error *error)
{
    if (!process->handle.events.failure)
        return REMEX_OK;
    return error_set(error, REMEX_DISCONNECTED,
            "the executor can no longer be asked about this process");
}

/* With the lock held, which is given up. */
static enum remex_status run(struct remex_process *process,
        struct control *control, bool *answer_out, struct remex_error *error)
{
    enum remex_status status = check_failed(process, error);

    /* After Closed, too: what the leader left behind may still run. */
    if (status == REMEX_OK)
        status = client_call(process->client, &control->call, error);
    if (status == REMEX_NOT_FOUND && process->handle.events.closed)
        status = REMEX_OK; /* and has gone with the executor's memory of it */
    client_unlock(process->client);
    if (status == REMEX_OK && answer_out)
        *answer_out = control->answer;
    return status;
}

static enum remex_status signalled(struct call *call, const struct reply *reply)
{
    struct control *control = (struct control *)call;

    control->answer = reply->signal.outcome == SIGNAL_DELIVERED;
    return REMEX_OK;
}

enum remex_status remex_process_signal(struct remex_process *process,
        int signal_number, enum remex_signal_target target, bool *delivered_out,
        struct remex_error *error)
{
    struct control control;
    struct engine *engine;
    struct call *call = &control.call.call;

    if (signal_number < 1 || signal_number > MESSAGE_SIGNAL)
        return error_bad_field(error, "signal",
                "a signal has a number from 1 to %d", MESSAGE_SIGNAL);
    if (!client_lock(process->client))
        return client_forked(error);
    engine = &process->client->engine;
    control = new_control(process, METHOD_SIGNAL);
    call->repeatable = true; /* thanks to its number */
    call->replied = signalled;
    call->request.signal = (struct signal_request){
        .process_id = handle_id(&process->handle),
        .signal = (uint32_t)signal_number,
        .target = (enum signal_target)target,
        .number = engine->next_signal++,
    };
    return run(process, &control, delivered_out, error);
}

static enum remex_status terminated(
        struct call *call, const struct reply *reply)
{
    struct control *control = (struct control *)call;

    control->answer = reply->terminate.running;
    return REMEX_OK;
}

/* `request` says how; its process id is filled in here. */
static enum remex_status terminate(struct remex_process *process,
        const struct terminate_request *request, bool *running_out,
        struct remex_error *error)
{
    struct control control;
    struct call *call = &control.call.call;

    if (!client_lock(process->client))
        return client_forked(error);
    control = new_control(process, METHOD_TERMINATE);
    call->repeatable = true;
    call->replied = terminated;
    call->request.terminate = *request;
    call->request.terminate.process_id = handle_id(&process->handle);
    return run(process, &control, running_out, error);
}

enum remex_status remex_process_terminate(struct remex_process *process,
        bool *running_out, struct remex_error *error)
{
    struct terminate_request kill = { .plan_count = 0 };

    return terminate(process, &kill, running_out, error);
}

enum remex_status remex_process_stop(struct remex_process *process,
        const struct remex_stop_step *plan, size_t step_count,
        bool *running_out, struct remex_error *error)
{
    struct stop_step steps[MESSAGE_STOP_STEPS];
    struct terminate_request request = {
        .plan = steps,
        .plan_count = plan ? step_count : 0,
        .default_plan = !plan,
    };
    enum remex_status status =
            spec_put_plan(plan, request.plan_count, "plan", steps, error);

    if (status != REMEX_OK)
        return status;
    return terminate(process, &request, running_out, error);
}

enum remex_status remex_process_resize(struct remex_process *process,
        unsigned int rows, unsigned int columns, struct remex_error *error)
{
    struct control control;
    struct call *call = &control.call.call;

    if (!client_lock(process->client))
        return client_forked(error);
    control = new_control(process, METHOD_RESIZE);
    call->repeatable = true;
    call->request.resize = (struct resize_request){
        .process_id = handle_id(&process->handle),
        .rows = rows,
        .columns = columns,
    };
    return run(process, &control, NULL, error);
}

enum remex_status remex_process_seal(
        struct remex_process *process, struct remex_error *error)
{
    struct control control;
    struct call *call = &control.call.call;

    if (!client_lock(process->client))
        return client_forked(error);
    control = new_control(process, METHOD_SEAL);
    call->repeatable = true;
    call->request.seal.process_id = handle_id(&process->handle);
    return run(process, &control, NULL, error);
}
