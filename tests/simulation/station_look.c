/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "common/text.h"
#include "executor/requests_state.h"
#include "simulation/station.h"

/* What those see who judge. */

static const struct principal *find_principal(
        const struct station *station, unsigned int number)
{
    const struct list *all = &station->requests->principals.all;

    for (struct list *node = all->next; node != all; node = node->next) {
        const struct principal *principal =
                CONTAINER_OF(node, struct principal, all);

        if (strcmp(principal->name, station_principals[number]) == 0)
            return principal;
    }
    return NULL;
}

static const struct entry *find(
        const struct station *station, const struct plan *plan)
{
    const struct principal *principal =
            station->requests ? find_principal(station, plan->principal) : NULL;

    return principal ? registry_find(&station->requests->registry, principal,
                               text_bytes(plan->process_id))
                     : NULL;
}

bool station_knows(const struct station *station, const struct plan *plan)
{
    return find(station, plan) != NULL;
}

uint64_t station_newest(const struct station *station, const struct plan *plan)
{
    const struct entry *entry = find(station, plan);

    return entry ? event_log_next_seq(process_log(entry->process)) - 1 : 0;
}

bool station_is_bare(const struct station *station)
{
    const struct requests *requests = station->requests;

    return requests && requests->sessions.by_id.count == 0 &&
            requests->registry.by_name.count == 0 &&
            list_is_empty(&requests->parked) && requests->agenda.booked == 0 &&
            !station->host.children;
}
