/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How many there are of everything, for operators.
 */

#include <string.h>

#include "executor/requests_state.h"

static uint64_t count_waiting(const struct sessions *sessions)
{
    struct list *node = sessions->all.next;
    uint64_t count = 0;

    for (; node != &sessions->all; node = node->next)
        count += CONTAINER_OF(node, struct session, all)->parked_count;
    return count;
}

/* At most so many as may be known in all. */
static uint64_t count_closed(const struct registry *registry)
{
    const struct list *node = registry->closed.next;
    uint64_t count = 0;

    for (; node != &registry->closed; node = node->next)
        count++;
    return count;
}

void requests_tell_figures(const struct requests *requests, struct figures *out)
{
    const struct registry *registry = &requests->registry;

    *out = (struct figures){
        .draining = requests->retired,
        .sessions = requests->sessions.by_id.count,
        .closed = count_closed(registry),
        .retained_bytes = registry->retained,
        .waiting = count_waiting(&requests->sessions),
        .processes = registry->started,
    };
    out->running = registry->by_name.count - out->closed;
    memcpy(out->requests, requests->taken, sizeof(out->requests));
    memcpy(out->refusals, requests->refused, sizeof(out->refusals));
}
