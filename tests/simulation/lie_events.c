/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "simulation/lie.h"

enum { BIG = 200 * 1024 };

static struct batch_event *pick(struct draft *draft)
{
    if (!draft->batch || draft->batch->count == 0)
        return NULL;
    return &draft->events[chance_below(draft->chance, draft->batch->count)];
}

static struct batch_event *pick_kind(
        struct draft *draft, enum remex_event_kind kind)
{
    struct batch_event *picked = NULL;
    uint64_t count = 0;

    for (size_t i = 0; draft->batch && i < draft->batch->count; i++)
        if (draft->events[i].event.kind == kind &&
                chance_below(draft->chance, ++count) == 0)
            picked = &draft->events[i];
    return picked;
}

/* There is room for one more; it is a copy of the one that it stands before. */
static void repeat_at(struct draft *draft, const struct batch_event *item)
{
    size_t at = (size_t)(item - draft->events);
    size_t left = draft->batch->count - at;

    memmove(&draft->events[at + 1], &draft->events[at],
            left * sizeof(draft->events[0]));
    draft->batch->count++;
}

bool lie_tell_number(struct draft *draft)
{
    struct batch_event *item = pick(draft);

    if (!item || item->event.kind == REMEX_EVENT_GAP)
        return false;
    if (item->event.seq > 1 && chance_percent(draft->chance, 50))
        item->event.seq--;
    else
        item->event.seq += 1 + chance_below(draft->chance, 3);
    return true;
}

bool lie_tell_huge_number(struct draft *draft)
{
    struct batch_event *item = pick(draft);

    if (!item)
        return false;
    item->event.seq = UINT64_MAX - chance_below(draft->chance, 2);
    return true;
}

bool lie_tell_twice(struct draft *draft)
{
    struct batch_event *item = pick(draft);

    if (!item)
        return false;
    repeat_at(draft, item);
    return true;
}

bool lie_tell_out_of_order(struct draft *draft)
{
    struct batch_event *item = pick(draft);
    struct batch_event other;

    if (!item || item == &draft->events[draft->batch->count - 1])
        return false;
    other = item[0];
    item[0] = item[1];
    item[1] = other;
    return true;
}

bool lie_leave_out(struct draft *draft)
{
    struct batch_event *item = pick(draft);

    if (!item)
        return false;
    draft->batch->count--;
    memmove(item, item + 1,
            (draft->batch->count - (size_t)(item - draft->events)) *
                    sizeof(*item));
    return true;
}

bool lie_tell_offset(struct draft *draft)
{
    struct batch_event *item = pick_kind(draft, REMEX_EVENT_OUTPUT);

    if (!item)
        return false;
    item->event.output.offset += 1 + chance_below(draft->chance, 5);
    if (chance_percent(draft->chance, 10))
        item->event.output.offset = UINT64_MAX - item->event.output.data.size;
    return true;
}

bool lie_tell_stream(struct draft *draft)
{
    struct batch_event *item = pick_kind(draft, REMEX_EVENT_OUTPUT);

    if (!item)
        return false;
    item->event.output.stream =
            (enum remex_stream)(1 + chance_below(draft->chance, REMEX_STREAMS));
    return true;
}

bool lie_tell_another(struct draft *draft)
{
    struct batch_event *item = pick(draft);

    if (!item || item->follow_id == 0)
        return false;
    item->follow_id = 1 + chance_below(draft->chance, 8);
    return true;
}

bool lie_tell_gap(struct draft *draft)
{
    struct batch_event *item = pick(draft);
    struct remex_event gap = { .kind = REMEX_EVENT_GAP };

    if (!item)
        return false;
    gap.seq = item->event.seq + chance_below(draft->chance, 3);
    gap.gap.first_seq = item->event.kind == REMEX_EVENT_GAP
            ? item->event.gap.first_seq
            : item->event.seq;
    gap.gap.bytes = chance_below(draft->chance, 3) * 100;
    if (item->event.kind == REMEX_EVENT_OUTPUT)
        gap.gap.offsets[item->event.output.stream - 1] =
                item->event.output.offset + gap.gap.bytes;
    if (chance_percent(draft->chance, 10))
        gap.gap.bytes = UINT64_MAX;
    item->event = gap;
    return true;
}

/* One that is there counts otherwise. */
bool lie_tell_loss(struct draft *draft)
{
    struct batch_event *item = pick_kind(draft, REMEX_EVENT_GAP);

    if (!item)
        return false;
    item->event.gap.bytes += 1 + chance_below(draft->chance, 3);
    return true;
}

bool lie_tell_another_exit(struct draft *draft)
{
    struct batch_event *item = pick_kind(draft, REMEX_EVENT_EXITED);

    if (!item)
        return false;
    item->event.exited.by_signal = false;
    item->event.exited.code = (int)chance_below(draft->chance, 256);
    return true;
}

/* In the place of what comes next there, with that behind it. */
bool lie_tell_exit(struct draft *draft)
{
    struct batch_event *item = pick(draft);
    uint64_t seq;

    if (!item)
        return false;
    repeat_at(draft, item);
    seq = item->event.kind == REMEX_EVENT_GAP ? item->event.gap.first_seq
                                              : item->event.seq;
    item->event = (struct remex_event){
        .seq = seq,
        .kind = REMEX_EVENT_EXITED,
        .exited = { .code = 77, .reason = REMEX_EXIT_OWN },
    };
    return true;
}

bool lie_tell_end(struct draft *draft)
{
    if (!lie_tell_exit(draft))
        return false;
    for (size_t i = 0; i < draft->batch->count; i++)
        if (draft->events[i].event.kind == REMEX_EVENT_EXITED &&
                draft->events[i].event.exited.code == 77)
            draft->events[i].event = (struct remex_event){
                .seq = draft->events[i].event.seq,
                .kind = REMEX_EVENT_CLOSED,
            };
    return true;
}

bool lie_tell_much(struct draft *draft)
{
    static const uint8_t bytes[BIG];
    struct batch_event *item = pick_kind(draft, REMEX_EVENT_OUTPUT);

    if (!item)
        return false;
    item->event.output.data.data = bytes;
    item->event.output.data.size = 1 + chance_below(draft->chance, BIG);
    return true;
}
