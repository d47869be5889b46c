/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/agenda.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void agenda_init(struct agenda *agenda)
{
    memset(agenda, 0, sizeof(*agenda));
}

void agenda_deinit(struct agenda *agenda)
{
    assert(agenda->count == 0);
    free(agenda->heap);
    agenda_init(agenda);
}

enum remex_status agenda_book(struct agenda *agenda,
        struct appointment *appointment,
        void (*due)(struct appointment *appointment, int64_t now))
{
    if (agenda->booked == agenda->capacity) {
        size_t capacity = agenda->capacity ? 2 * agenda->capacity : 64;
        struct appointment **heap = reallocarray(
                agenda->heap, capacity, sizeof(struct appointment *));

        if (!heap)
            return REMEX_NO_MEMORY;
        agenda->heap = heap;
        agenda->capacity = capacity;
    }
    agenda->booked++;
    appointment->due = due;
    appointment->slot = 0;
    return REMEX_OK;
}

void agenda_unbook(struct agenda *agenda, struct appointment *appointment)
{
    agenda_set(agenda, appointment, INT64_MAX);
    agenda->booked--;
}

/* --- The heap: slot n is at index n - 1, its parent is slot n / 2 --------- */

static struct appointment *at_slot(const struct agenda *agenda, size_t slot)
{
    return agenda->heap[slot - 1];
}

static void put(
        struct agenda *agenda, struct appointment *appointment, size_t slot)
{
    agenda->heap[slot - 1] = appointment;
    appointment->slot = slot;
}

static void rise(struct agenda *agenda, struct appointment *appointment)
{
    size_t slot = appointment->slot;

    while (slot > 1 && at_slot(agenda, slot / 2)->at > appointment->at) {
        put(agenda, at_slot(agenda, slot / 2), slot);
        slot /= 2;
    }
    put(agenda, appointment, slot);
}

static void sink(struct agenda *agenda, struct appointment *appointment)
{
    size_t slot = appointment->slot;
    size_t child;

    for (; (child = 2 * slot) <= agenda->count; slot = child) {
        if (child < agenda->count &&
                at_slot(agenda, child + 1)->at < at_slot(agenda, child)->at)
            child++;
        if (at_slot(agenda, child)->at >= appointment->at)
            break;
        put(agenda, at_slot(agenda, child), slot);
    }
    put(agenda, appointment, slot);
}

static void drop(struct agenda *agenda, struct appointment *appointment)
{
    struct appointment *last = at_slot(agenda, agenda->count);
    size_t slot = appointment->slot;

    agenda->count--;
    appointment->slot = 0;
    if (last == appointment)
        return;
    put(agenda, last, slot);
    rise(agenda, last);
    sink(agenda, last);
}

void agenda_set(
        struct agenda *agenda, struct appointment *appointment, int64_t at)
{
    if (at == INT64_MAX) {
        if (appointment->slot > 0)
            drop(agenda, appointment);
        return;
    }
    appointment->at = at;
    if (appointment->slot == 0) {
        assert(agenda->count < agenda->booked);
        put(agenda, appointment, ++agenda->count);
    }
    rise(agenda, appointment);
    sink(agenda, appointment);
}

int64_t agenda_next(const struct agenda *agenda)
{
    return agenda->count > 0 ? agenda->heap[0]->at : INT64_MAX;
}

void agenda_run(struct agenda *agenda, int64_t now)
{
    while (agenda_next(agenda) <= now) {
        struct appointment *appointment = agenda->heap[0];

        drop(agenda, appointment);
        appointment->due(appointment, now);
    }
}
