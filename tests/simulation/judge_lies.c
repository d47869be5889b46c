/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/judge.h"

#define CHECK(job, condition, ...) \
    WORLD_CHECK((job)->actor->world, condition, __VA_ARGS__)

/* Whoever is lied to may believe that, but no more than that, and what he tells
 * his user keeps the rules all the same. */

bool judge_is_lied_to(const struct actor *actor)
{
    return actor->network.liar && actor->network.liar->lies > 0;
}

static void judge_order(struct job *job, const struct remex_event *event)
{
    enum remex_stream stream = event->output.stream;

    CHECK(job, stream >= REMEX_STDOUT && stream <= REMEX_TERMINAL,
            "%s has output of stream %d", job->plan->id, (int)stream);
    CHECK(job, event->output.offset == job->offsets[stream - 1],
            "%s stream %d: output at %llu instead of %llu", job->plan->id,
            (int)stream, (unsigned long long)event->output.offset,
            (unsigned long long)job->offsets[stream - 1]);
    job->offsets[stream - 1] += event->output.data.size;
    job->position += event->output.data.size;
}

static void judge_gap(struct job *job, const struct remex_event *event)
{
    uint64_t bytes = 0;

    CHECK(job, event->gap.first_seq == job->seq + 1 && event->seq > job->seq,
            "%s: a gap from %llu to %llu after %llu", job->plan->id,
            (unsigned long long)event->gap.first_seq,
            (unsigned long long)event->seq, (unsigned long long)job->seq);
    for (size_t i = 0; i < PLAN_STREAMS; i++) {
        CHECK(job, event->gap.offsets[i] >= job->offsets[i],
                "%s: a gap that goes back", job->plan->id);
        bytes += event->gap.offsets[i] - job->offsets[i];
        job->offsets[i] = event->gap.offsets[i];
    }
    CHECK(job, bytes == event->gap.bytes, "%s: a gap of %llu bytes, not %llu",
            job->plan->id, (unsigned long long)bytes,
            (unsigned long long)event->gap.bytes);
    job->position += bytes;
}

void judge_lied_event(struct job *job, const struct remex_event *event)
{
    CHECK(job,
            liar_has_said(
                    job->actor->network.liar, job->handle.follow_id, event),
            "%s: event %llu was made up by the client", job->plan->id,
            (unsigned long long)event->seq);
    if (event->kind == REMEX_EVENT_OUTPUT) {
        judge_order(job, event);
    } else if (event->kind == REMEX_EVENT_GAP) {
        judge_gap(job, event);
    } else if (event->kind == REMEX_EVENT_EXITED) {
        CHECK(job, !job->told_exit, "%s exits twice", job->plan->id);
        job->told_exit = true;
    } else {
        CHECK(job, job->told_exit || job->attached,
                "%s is closed and has not exited", job->plan->id);
        job->told_closed = true;
    }
    job->seq = event->seq;
}

void judge_lied_exit(const struct job *job, const struct remex_exit *exit)
{
    CHECK(job, liar_has_said_exit(job->actor->network.liar, exit),
            "%s: an exit was made up by the client", job->plan->id);
}
