/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/judge.h"

#define CHECK(job, condition, ...) \
    WORLD_CHECK((job)->actor->world, condition, __VA_ARGS__)

/* A write whose outcome is unknown may have had more taken than it was told. */
static size_t most_taken(const struct operation *operation)
{
    enum remex_status status = operation->call.error.status;

    return status == REMEX_OUTCOME_UNKNOWN || status == REMEX_DISCONNECTED ||
                    status == REMEX_NOT_FOUND
            ? operation->bytes->len
            : operation->feed.taken;
}

/* How much of what came, from `at` on, is like this write. */
static size_t likeness(
        const GByteArray *came, size_t at, const struct operation *operation)
{
    size_t most = most_taken(operation);
    size_t size = 0;

    while (size < most && at + size < came->len &&
            came->data[at + size] == operation->bytes->data[size])
        size++;
    return size;
}

/* Whether what came, from `at` on, is what was taken of this write and of those
 * after it, one after the other. Where it may have been more, the next one may
 * begin as it goes on. */
static bool is_written(
        const struct job *job, const GPtrArray *writes, guint index, size_t at)
{
    const GByteArray *came = job->plan->input_bytes;
    const struct operation *operation;
    size_t size;

    if (index == writes->len)
        return at == came->len;
    operation = g_ptr_array_index(writes, index);
    size = likeness(came, at, operation);
    while (size >= operation->feed.taken || at + size == came->len) {
        if (is_written(job, writes, index + 1, at + size))
            return true;
        if (size-- == 0)
            return false;
    }
    return false;
}

static void judge_writes(const struct job *job)
{
    GPtrArray *writes = g_ptr_array_new();

    for (struct operation *operation = job->writes; operation;
            operation = operation->next_write)
        g_ptr_array_insert(writes, 0, operation);
    CHECK(job, is_written(job, writes, 0, 0),
            "%s: the %u bytes of stdin are not what was written", job->plan->id,
            job->plan->input_bytes->len);
    g_ptr_array_free(writes, TRUE);
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
    size_t taken = 0;

    if (plan->runs && !job->attached)
        judge_run_input(job);
    if (plan->runs || (plan->writer ? plan->writer != job : job->attached))
        return;

    judge_writes(job);
    if (!plan->input_closed)
        return;
    for (const struct operation *operation = job->writes; operation;
            operation = operation->next_write)
        taken += operation->feed.taken;
    CHECK(job, job->input_ended, "%s: stdin ends unasked", plan->id);
    CHECK(job, plan->input_bytes->len >= taken,
            "%s: stdin ends before what was taken", plan->id);
}

/* Who only looks may leave, but not end what he has started before: that stays
 * until his session ends. */
static bool may_not_end(const struct job *job)
{
    const struct actor *actor = job->actor;
    unsigned int roles = regime_roles(
            &actor->station->regime, actor->principal, job->freed_at);

    return (roles & REGIME_ROLE(ROLE_OBSERVE)) != 0;
}

void judge_gone(const struct job *job)
{
    const struct actor *actor = job->actor;

    if (job->handle.detached || actor->state != ACTOR_LIVES ||
            engine_has_failed(&actor->engine) || judge_is_lied_to(actor) ||
            may_not_end(job))
        return;
    job->plan->buried = true;
    CHECK(job, !job->plan->running, "%s runs, and nobody has a handle",
            job->plan->id);
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

        if (plan->launched_at > heard_at)
            heard_at = plan->launched_at;
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
    bool lied = judge_is_lied_to(actor);

    for (const struct job *job = actor->jobs; job; job = job->next) {
        const struct plan *plan = job->plan;

        if (!lied)
            judge_input(job);
        CHECK(job, !plan->running, "%s never ends", plan->id);
        CHECK(job, job->operations == 0 || actor->state == ACTOR_DEAD,
                "%s: a call never ends", plan->id);
        CHECK(job, !job->freed || job->gone || !job->added,
                "%s was freed and never goes", plan->id);
        CHECK(job,
                !job->answered || job->freed || job->told_closed || lied ||
                        job->told_failed || actor->state == ACTOR_DEAD,
                "%s is never closed", plan->id);
    }
}
