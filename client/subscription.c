/* SPDX-License-Identifier: Apache-2.0 */
#include <remex/subscription.h>

#include <stdlib.h>

#include "client/client.h"
#include "common/error.h"

struct remex_subscription {
    struct remex_process *process; /* lives longer */
    struct event_reader reader;
};

/* The event to begin after. */
static uint64_t begin_of(const struct event_queue *events, enum remex_from from,
        uint64_t after_seq)
{
    if (from == REMEX_FROM_OLDEST)
        return events->begin.next_seq - 1;
    if (from == REMEX_FROM_LIVE)
        return events->come.next_seq - 1;
    return after_seq;
}

static enum remex_status subscribe(struct remex_process *process,
        enum remex_from from, uint64_t after_seq,
        struct remex_subscription **out, struct remex_error *error)
{
    const struct event_queue *events = &process->handle.events;
    struct remex_subscription *made = calloc(1, sizeof(*made));
    enum remex_status status;

    if (!made)
        return error_set(
                error, REMEX_NO_MEMORY, "no memory for a subscription");
    made->process = process;
    status = event_reader_open(
            &made->reader, events, begin_of(events, from, after_seq));
    if (status == REMEX_OK) {
        *out = made;
        return REMEX_OK;
    }
    free(made);
    return error_set(error, status,
            "there is no such event here yet; the next one is %llu",
            (unsigned long long)events->come.next_seq);
}

enum remex_status remex_process_subscribe(struct remex_process *process,
        enum remex_from from, uint64_t after_seq,
        struct remex_subscription **out, struct remex_error *error)
{
    enum remex_status status;

    if ((unsigned int)from > REMEX_FROM_AFTER)
        return error_bad_field(error, "from", "choose one of enum remex_from");
    if (!client_lock(process->client))
        return client_forked(error);
    status = subscribe(process, from, after_seq, out, error);
    client_unlock(process->client);
    return status;
}

static enum remex_status next(struct remex_subscription *subscription,
        int timeout_ms, struct remex_event *out)
{
    struct remex_process *process = subscription->process;
    struct event_reader *reader = &subscription->reader;
    int64_t deadline = client_deadline(timeout_ms);
    bool in_time = timeout_ms != 0;

    for (;;) {
        if (event_reader_next(reader, &process->handle.events, out))
            return REMEX_OK;
        if (reader->ended)
            return REMEX_ENDED;
        if (!in_time)
            return REMEX_AGAIN;
        in_time = client_wait(process->client, &process->changed, deadline);
    }
}

enum remex_status remex_subscription_next(
        struct remex_subscription *subscription, int timeout_ms,
        struct remex_event *out)
{
    struct remex_client *client = subscription->process->client;
    enum remex_status status;

    if (!client_lock(client))
        return client_forked(NULL);
    status = next(subscription, timeout_ms, out);
    client_unlock(client);
    return status;
}

void remex_subscription_free(struct remex_subscription *subscription)
{
    struct remex_client *client;

    if (!subscription)
        return;
    client = subscription->process->client;
    if (!client_lock(client))
        return;
    event_reader_close(&subscription->reader);
    client_unlock(client);
    free(subscription);
}
