/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/actor.h"
#include "simulation/judge.h"

enum { MOST = 3 }; /* of one handle */

/* Reads beside the user, and in his own time. */
struct subscriber {
    struct subscriber *next;
    struct event_reader reader;
    struct place place;
};

/* As client/subscription.c. */
static uint64_t draw_begin(const struct job *job, struct chance *chance)
{
    const struct event_queue *events = &job->handle.events;
    uint64_t first = events->begin.next_seq - 1;
    uint64_t come = events->come.next_seq - 1;

    switch (chance_below(chance, 3)) {
    case 0:
        return first;
    case 1:
        return come;
    default:
        return first + chance_below(chance, come - first + 1);
    }
}

void actor_subscribe(struct job *job, struct chance *chance)
{
    struct subscriber *subscriber;
    unsigned int count = 0;
    uint64_t seq = draw_begin(job, chance);

    for (subscriber = job->subscribers; subscriber;
            subscriber = subscriber->next)
        count++;
    if (count == MOST)
        return;
    subscriber = g_new0(struct subscriber, 1);
    WORLD_CHECK(job->actor->world,
            event_reader_open(&subscriber->reader, &job->handle.events, seq) ==
                    REMEX_OK,
            "%s has no event %llu to subscribe after", job->plan->id,
            (unsigned long long)seq);
    subscriber->place = judge_place(job->plan, seq);
    subscriber->next = job->subscribers;
    job->subscribers = subscriber;
    world_tell(job->actor->world, "client %u subscribes to %s after %llu",
            job->actor->number, job->plan->id, (unsigned long long)seq);
    actor_read_soon(job);
}

void actor_unsubscribe(struct job *job)
{
    while (job->subscribers) {
        struct subscriber *subscriber = job->subscribers;

        job->subscribers = subscriber->next;
        event_reader_close(&subscriber->reader);
        g_free(subscriber);
    }
}

/* False: there is nothing more now. */
static bool read_some(struct job *job, struct subscriber *subscriber)
{
    unsigned int most = 1 + (unsigned int)chance_below(&job->chance, 12);
    struct remex_event event;

    while (most-- > 0) {
        if (!event_reader_next(
                    &subscriber->reader, &job->handle.events, &event))
            return false;
        judge_next(job, &event, &subscriber->place);
    }
    return true;
}

bool actor_read_subscriptions(struct job *job)
{
    bool more = false;

    for (struct subscriber *subscriber = job->subscribers; subscriber;
            subscriber = subscriber->next)
        more |= read_some(job, subscriber);
    return more;
}

bool actor_has_subscribed(const struct job *job)
{
    const struct subscriber *subscriber = job->subscribers;

    while (subscriber && subscriber->reader.ended)
        subscriber = subscriber->next;
    return !subscriber;
}
