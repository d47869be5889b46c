/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "simulation/judge.h"

/* How late a stop plan may be, and a whole one of these here. */
#define STOPS_WITHIN (2 * SECOND)

#define CHECK(job, condition, ...) \
    WORLD_CHECK((job)->actor->world, condition, __VA_ARGS__)

/* --- Attaching -------------------------------------------------------------
 */

void judge_attached(struct job *job)
{
    const struct event_mark *begin = &job->handle.events.begin;
    uint64_t seq = begin->next_seq - 1;
    const struct plan_mark *mark = plan_mark(job->plan, seq);
    bool lied = judge_is_lied_to(job->actor);

    if (lied)
        mark = NULL;
    CHECK(job, lied || seq <= job->followed_seq,
            "%s is followed from %llu on, which there is not", job->plan->id,
            (unsigned long long)seq);
    for (size_t i = 0; mark && i < REMEX_STREAMS; i++) {
        CHECK(job, begin->offsets[i] >= mark->offsets[i],
                "%s is followed from %llu on, which is elsewhere",
                job->plan->id, (unsigned long long)seq);
        job->begins_lost |= begin->offsets[i] > mark->offsets[i];
    }
    job->seq = seq;
    job->position = begin->position;
    memcpy(job->offsets, begin->offsets, sizeof(job->offsets));
    job->mark_seq = job->seq;
    job->mark_position = job->position;
}

/* What is another's is not there: no answer tells more. What is not there is
 * forgotten. */
void judge_foreign(const struct operation *operation)
{
    const struct call *call = &operation->call;
    enum remex_status status = call->error.status;
    bool closes = operation->job->actor->state != ACTOR_LIVES;

    CHECK(operation->job,
            (closes && status == REMEX_FAILED_PRECONDITION) ||
                    status ==
                            (call->request.method == METHOD_FORGET
                                            ? REMEX_OK
                                            : REMEX_NOT_FOUND) ||
                    status == REMEX_DISCONNECTED ||
                    status == REMEX_DEADLINE_EXCEEDED ||
                    status == REMEX_OUTCOME_UNKNOWN ||
                    status == REMEX_RESOURCE_EXHAUSTED ||
                    status == REMEX_UNAUTHENTICATED ||
                    status == REMEX_PERMISSION_DENIED ||
                    status == REMEX_NO_MEMORY,
            "%s is another's, and %s ends with %s: %s",
            operation->job->plan->id, message_method_name(call->request.method),
            remex_status_name(status), call->error.text);
}

void judge_attach(const struct operation *operation)
{
    const struct job *job = operation->job;
    const struct plan *plan = job->plan;
    enum remex_status status = operation->call.error.status;

    if (plan->principal != job->actor->principal) {
        judge_foreign(operation);
        return;
    }
    CHECK(job,
            status != REMEX_NOT_FOUND || plan->starts == 0 ||
                    plan->started_at >= operation->asked_at ||
                    plan->closed_at > 0 || plan->boot != job->actor->boot,
            "%s is there, and cannot be attached to", plan->id);
    CHECK(job,
            status != REMEX_FAILED_PRECONDITION || plan->contested ||
                    job->actor->state != ACTOR_LIVES,
            "%s is said to be another's", plan->id);
}

void judge_resize(const struct operation *operation)
{
    const struct plan *plan = operation->job->plan;
    enum remex_status status = operation->call.error.status;

    CHECK(operation->job,
            status != REMEX_OK || plan->sizes > 0 || plan->closed_at > 0,
            "%s is said to be resized", plan->id);
    CHECK(operation->job,
            status != REMEX_FAILED_PRECONDITION || !plan->spec.pty ||
                    plan->closed_at > 0,
            "%s has a terminal, and cannot be resized", plan->id);
}

/* --- What is told of a process ---------------------------------------------
 */

void judge_ending(const struct job *job, const struct process_ending *ending)
{
    struct plan *plan = job->plan;

    if (judge_is_lied_to(job->actor))
        return;
    CHECK(job, ending->has_exited == (ending->state >= PROCESS_EXITED),
            "%s: state %d, and an exit", plan->id, (int)ending->state);
    CHECK(job, ending->has_closed == (ending->state == PROCESS_CLOSED),
            "%s: state %d, and an end", plan->id, (int)ending->state);
    if (ending->has_exited)
        judge_exit(job->actor->world, plan, &ending->exited);
    for (size_t i = 0; ending->has_closed && i < ending->end_count; i++) {
        const struct remex_stream_end *end = &ending->ends[i];

        CHECK(job, end->bytes == plan->told[end->stream - 1],
                "%s: stream %d is said to have had %llu bytes", plan->id,
                (int)end->stream, (unsigned long long)end->bytes);
    }
}

static bool is_named(const struct plan *plan, struct remex_bytes id)
{
    return strlen(plan->process_id) == id.size &&
            memcmp(plan->process_id, id.data, id.size) == 0;
}

void judge_status(
        const struct operation *operation, const struct process_status *status)
{
    const struct job *job = operation->job;
    const struct plan *plan = job->plan;

    if (judge_is_lied_to(job->actor))
        return;
    CHECK(job, is_named(plan, status->process_id), "%s is told as another",
            plan->id);
    judge_ending(job, &status->ending);
    CHECK(job, status->next_seq > operation->read_seq,
            "%s: its next event is %llu, after %llu", plan->id,
            (unsigned long long)status->next_seq,
            (unsigned long long)operation->read_seq);
    CHECK(job, status->stream_count == (plan->spec.pty ? 1 : 2),
            "%s is said to have %zu streams", plan->id, status->stream_count);
    for (size_t i = 0; i < status->stream_count; i++) {
        const struct stream_status *stream = &status->streams[i];
        size_t at = (size_t)stream->stream - 1;

        CHECK(job, plan_has(plan, at) && stream->bytes_read <= plan->told[at],
                "%s: stream %d is said to have %llu bytes", plan->id,
                (int)stream->stream, (unsigned long long)stream->bytes_read);
        CHECK(job,
                stream->sealed || plan->sealed_at[at] == 0 ||
                        plan->sealed_at[at] >= operation->asked_at,
                "%s: stream %d was sealed, and is not", plan->id,
                (int)stream->stream);
    }
}

/* As those have it who see everybody's: others' may have the same id. */
static bool is_of(const struct plan *plan, const struct process_status *status)
{
    const char *whose = station_principals[plan->principal];

    return is_named(plan, status->process_id) &&
            strlen(whose) == status->principal.size &&
            memcmp(whose, status->principal.data, status->principal.size) == 0;
}

static bool is_listed(const struct plan *plan, const struct list_reply *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (is_of(plan, &list->processes[i]))
            return true;
    return list->more;
}

/* Whether he may see it, as he has asked. */
static bool is_shown(const struct plan *plan, const struct operation *operation)
{
    return operation->call.request.list.everybody ||
            plan->principal == operation->job->actor->principal;
}

static bool is_known(
        const struct process_status *status, const struct operation *operation)
{
    const struct plan *plan = operation->job->actor->station->host.plans;

    while (plan &&
            (!is_shown(plan, operation) || plan->starts == 0 ||
                    !is_of(plan, status)))
        plan = plan->next;
    return plan != NULL;
}

/* Nobody is missed who ran all the while. */
void judge_list(
        const struct operation *operation, const struct list_reply *list)
{
    const struct job *job = operation->job;
    const struct host *host = &job->actor->station->host;
    const struct request *request = &operation->call.request;

    if (judge_is_lied_to(job->actor))
        return;
    for (const struct plan *plan = host->plans; plan; plan = plan->next) {
        bool runs = plan->running && plan->launched_at < operation->asked_at &&
                plan->boot == job->actor->boot;

        CHECK(job, !runs || !is_shown(plan, operation) || is_listed(plan, list),
                "%s is not listed", plan->id);
    }
    for (size_t i = 0; i < list->count; i++)
        CHECK(job, is_known(&list->processes[i], operation),
                "process %zu of %zu that are listed is not known", i,
                list->count);
    CHECK(job,
            request->list.max_count == 0 ||
                    list->count <= request->list.max_count,
            "%zu are listed, at most %u were asked for", list->count,
            request->list.max_count);
}

/* --- Stop plans -------------------------------------------------------------
 */

void judge_stops(const struct station *station)
{
    const struct host *host = &station->host;
    int64_t awake = host->asleep_until + STOPS_WITHIN;

    for (const struct plan *plan = host->plans; plan; plan = plan->next) {
        int64_t limit = plan->dead_by > awake ? plan->dead_by : awake;

        WORLD_CHECK(station->world,
                !plan->running || plan->dead_by == 0 ||
                        station->world->now <= limit,
                "%s was stopped, and runs", plan->id);
    }
}
