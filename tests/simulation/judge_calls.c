/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "common/clock.h"
#include "common/ids.h"
#include "simulation/judge.h"
#include "simulation/rights.h"

/* How long a link may be silent: three beats, and a little. */
#define SILENCE (4 * SECOND)

/* What a thread that waits may be kept beyond its deadline. */
#define LATENESS (600 * MS)

#define CHECK(job, condition, ...) \
    WORLD_CHECK((job)->actor->world, condition, __VA_ARGS__)

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

    if (network_had_trouble(&actor->network, JUDGE_RESUMES_WITHIN) ||
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
        if (!judge_is_lied_to(actor))
            judge_news(job);
    }
}

/* It has come for this session, and has been taken. */
static bool is_taken(const struct actor *actor, const struct reply *reply)
{
    return reply->error.status == REMEX_OK && reply->method == METHOD_OPEN &&
            reply->open.attachment == actor->engine.attachment &&
            id_equal(&reply->open.session_id, &actor->engine.session_id);
}

/* Without memory what was told before does for those who ask. */
static void judge_facts(const struct actor *actor)
{
    const struct remex_client_info *facts = actor->engine.facts;

    WORLD_CHECK(actor->world,
            !facts || actor->memory.failed > 0 ||
                    (enum role)facts->role == actor->told_role,
            "client %u has the role %d, and says %d", actor->number,
            (int)actor->told_role, (int)facts->role);
}

void judge_terms(struct actor *actor, const struct reply *reply)
{
    const struct message_limits *limits = &actor->engine.limits;

    if (judge_is_lied_to(actor))
        return;
    if (is_taken(actor, reply)) {
        actor->told_limits = reply->open.limits;
        actor->told_role = reply->open.role;
    }
    WORLD_CHECK(actor->world,
            memcmp(limits, &actor->told_limits, sizeof(*limits)) == 0,
            "client %u goes by limits that it was not told", actor->number);
    judge_facts(actor);
}

void judge_silence(const struct actor *actor)
{
    const struct network *network = &actor->network;
    int64_t now = actor->world->now;

    WORLD_CHECK(actor->world,
            actor->state != ACTOR_LIVES || judge_is_lied_to(actor) ||
                    !recovery_is_linked(&actor->engine.recovery) ||
                    now <= network->told_at + SILENCE ||
                    now <= network->asleep_until + SILENCE,
            "client %u hears nothing and does not mind", actor->number);
}

/* By the policy, or by his role of then. */
static bool may_be_denied(const struct operation *operation)
{
    const struct call *call = &operation->call;
    const struct actor *actor = operation->job->actor;
    const struct regime *regime = &actor->station->regime;
    int64_t since = operation->begun_at;

    if (call->error.kind == REMEX_ERROR_POLICY)
        return regime_denied(regime, actor->principal, since);
    return (regime_roles(regime, actor->principal, since) &
                   ~rights_roles(&call->request)) != 0;
}

static bool may_be_done(const struct operation *operation)
{
    const struct actor *actor = operation->job->actor;

    return (regime_roles(&actor->station->regime, actor->principal,
                    operation->begun_at) &
                   rights_roles(&operation->call.request)) != 0;
}

static void judge_ending_of(const struct operation *operation)
{
    const struct job *job = operation->job;
    const struct actor *actor = job->actor;
    const struct regime *regime = &actor->station->regime;
    const struct call *call = &operation->call;
    int64_t begun_at = operation->begun_at;
    enum remex_status status = call->error.status;

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
    CHECK(job, status != REMEX_PERMISSION_DENIED || may_be_denied(operation),
            "%s: %s is denied: %s", job->plan->id,
            message_method_name(call->request.method), call->error.text);
    CHECK(job, status != REMEX_OK || may_be_done(operation),
            "%s: %s is done, against his role", job->plan->id,
            message_method_name(call->request.method));
    CHECK(job,
            status != REMEX_UNAUTHENTICATED ||
                    regime_shut(regime, actor->principal, begun_at),
            "%s: %s is shut out: %s", job->plan->id,
            message_method_name(call->request.method), call->error.text);
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
    CHECK(job, status != REMEX_OK || actor->heard == call->request.method,
            "%s: %s ends by an answer to another method", job->plan->id,
            message_method_name(call->request.method));
    if (!judge_is_lied_to(actor))
        judge_ending_of(operation);
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
    CHECK(job,
            (status != REMEX_PERMISSION_DENIED &&
                    status != REMEX_UNAUTHENTICATED) ||
                    plan->starts == 0,
            "%s was started, and is denied", plan->id);
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
    if (judge_is_lied_to(operation->job->actor))
        return;
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
