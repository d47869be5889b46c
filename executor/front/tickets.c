/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/front/tickets.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 64 };

void tickets_deinit(struct tickets *tickets)
{
    free(tickets->all);
    *tickets = (struct tickets){ .all = NULL };
}

static bool grow(struct tickets *tickets)
{
    uint32_t capacity =
            tickets->capacity > 0 ? tickets->capacity * 2 : FIRST_CAPACITY;
    struct ticket *all =
            reallocarray(tickets->all, capacity, sizeof(tickets->all[0]));

    if (!all)
        return false;
    memset(all + tickets->capacity, 0,
            (capacity - tickets->capacity) * sizeof(all[0]));
    tickets->all = all;
    tickets->capacity = capacity;
    return true;
}

bool tickets_new(struct tickets *tickets, uint32_t peer,
        const uint8_t *way_back, size_t way_back_size, uint64_t *out)
{
    struct ticket *ticket;
    uint32_t index;

    assert(peer != 0 && way_back_size <= SP_MAX_WAY_BACK);
    if (tickets->free == 0) {
        if (tickets->used == tickets->capacity && !grow(tickets))
            return false;
        index = tickets->used++;
    } else {
        index = tickets->free - 1;
        tickets->free = tickets->all[index].next_free;
    }
    ticket = &tickets->all[index];
    ticket->peer = peer;
    ticket->way_back_size = (uint8_t)way_back_size;
    memcpy(ticket->way_back, way_back, way_back_size);
    *out = (uint64_t)ticket->generation << 32 | index;
    return true;
}

bool tickets_take(struct tickets *tickets, uint64_t name, struct ticket *out)
{
    uint32_t index = (uint32_t)name;
    struct ticket *ticket;

    if (index >= tickets->used)
        return false;
    ticket = &tickets->all[index];
    if (ticket->peer == 0 || ticket->generation != name >> 32)
        return false;
    *out = *ticket;
    ticket->peer = 0;
    ticket->generation++;
    ticket->next_free = tickets->free;
    tickets->free = index + 1;
    return true;
}
