/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/gather.h"

#include <string.h>

#include "executor/follows.h"

void gather_begin(struct gather *gather, size_t max_bytes)
{
    if (max_bytes == 0)
        max_bytes = GATHER_BYTES;
    if (max_bytes > GATHER_MOST_BYTES)
        max_bytes = GATHER_MOST_BYTES;
    gather->count = 0;
    gather->bytes = 0;
    gather->max_bytes = max_bytes;
    gather->full = false;
    gather->state_count = 0;
    gather->piece_count = GATHER_HEAD_PIECES;
}

bool gather_is_empty(const struct gather *gather)
{
    return gather->count == 0 && gather->state_count == 0;
}

bool gather_state(struct gather *gather, const struct follow_state *state)
{
    if (gather->state_count == GATHER_STATES)
        return false;
    gather->states[gather->state_count++] = *state;
    return true;
}

/* Outputs that were read one after the other into the same block are one piece.
 */
static void add_piece(struct gather *gather, const struct remex_bytes *data,
        struct log_block *block)
{
    struct link_piece *last = &gather->pieces[gather->piece_count - 1];

    if (gather->piece_count > GATHER_HEAD_PIECES && last->block == block &&
            (const uint8_t *)last->data + last->size == data->data) {
        last->size += data->size;
        return;
    }
    log_block_hold(block);
    gather->pieces[gather->piece_count++] = (struct link_piece){
        .data = data->data,
        .size = data->size,
        .block = block,
    };
}

static bool fits(struct gather *gather, size_t size)
{
    if (gather->count == GATHER_EVENTS)
        return false;
    return gather->count == 0 || size <= gather->max_bytes - gather->bytes;
}

static bool add_event(struct gather *gather, uint64_t follow_id,
        const struct remex_event *event, struct log_block *block)
{
    size_t size =
            event->kind == REMEX_EVENT_OUTPUT ? event->output.data.size : 0;

    /* A first event larger than allowed has used it all up. */
    if (gather->bytes > gather->max_bytes || !fits(gather, size)) {
        gather->full = true;
        return false;
    }
    if (size > 0)
        add_piece(gather, &event->output.data, block);
    gather->events[gather->count++] = (struct batch_event){
        .follow_id = follow_id,
        .event = *event,
    };
    gather->bytes += size;
    return true;
}

/* What is lost takes no room at the other end. */
static uint64_t moved_on(uint64_t until_position, uint64_t bytes)
{
    return bytes < UINT64_MAX - until_position ? until_position + bytes
                                               : UINT64_MAX;
}

void gather_log(struct gather *gather, const struct event_log *log,
        struct cursor *cursor, uint64_t follow_id, uint64_t *until_position)
{
    size_t begin = gather->bytes;
    size_t first = gather->count;
    struct remex_event event;
    struct log_block *block;

    while (gather->bytes - begin < GATHER_TURN &&
            gather->count - first < GATHER_TURN_EVENTS &&
            event_log_next(log, cursor, &event, &block)) {
        if (cursor_waits(cursor, &event, *until_position))
            return;
        if (!add_event(gather, follow_id, &event, block))
            return;
        cursor_pass(cursor, &event);
        if (event.kind == REMEX_EVENT_GAP)
            *until_position = moved_on(*until_position, event.gap.bytes);
    }
}

/* --- A process as a whole ------------------------------------------------- */

/* Kept free for what always comes: Gap, Exited, Gap, Closed. */
enum { WHOLE_TAIL = 4 };

/* Outputs that are left out, since there was no room for the first of them. */
struct left_out {
    bool begun;
    bool pending; /* `gap` is still to be told */
    struct remex_event gap;
    uint64_t offsets[REMEX_STREAMS]; /* where each stream stands */
};

static bool has_room(
        const struct gather *gather, const struct remex_event *event)
{
    size_t size =
            event->kind == REMEX_EVENT_OUTPUT ? event->output.data.size : 0;

    return gather->count < GATHER_EVENTS - WHOLE_TAIL &&
            size <= gather->max_bytes - gather->bytes;
}

/* `event` is an Output or a Gap. */
static void note_offsets(
        struct left_out *left_out, const struct remex_event *event)
{
    if (event->kind == REMEX_EVENT_GAP)
        memcpy(left_out->offsets, event->gap.offsets,
                sizeof(left_out->offsets));
    else
        left_out->offsets[event->output.stream - REMEX_STDOUT] =
                event->output.offset + event->output.data.size;
}

static void leave_out(
        struct left_out *left_out, const struct remex_event *event)
{
    struct remex_event *gap = &left_out->gap;
    bool is_gap = event->kind == REMEX_EVENT_GAP;

    if (!left_out->pending)
        *gap = (struct remex_event){
            .kind = REMEX_EVENT_GAP,
            .gap = { .first_seq = is_gap ? event->gap.first_seq : event->seq },
        };
    left_out->pending = true;
    gap->seq = event->seq;
    gap->gap.bytes += is_gap ? event->gap.bytes : event->output.data.size;
    memcpy(gap->gap.offsets, left_out->offsets, sizeof(gap->gap.offsets));
}

void gather_whole(struct gather *gather, const struct event_log *log)
{
    struct left_out left_out = { 0 };
    struct cursor cursor = { 0 };
    struct remex_event event;
    struct log_block *block;

    while (event_log_next(log, &cursor, &event, &block)) {
        bool is_output = event.kind == REMEX_EVENT_OUTPUT ||
                event.kind == REMEX_EVENT_GAP;

        cursor_pass(&cursor, &event);
        if (is_output) {
            left_out.begun = left_out.begun || !has_room(gather, &event);
            note_offsets(&left_out, &event);
        }
        if (is_output && left_out.begun) {
            leave_out(&left_out, &event);
            continue;
        }
        if (left_out.pending)
            add_event(gather, 0, &left_out.gap, NULL);
        left_out.pending = false;
        add_event(gather, 0, &event, block);
    }
}

/* --- All of a session ----------------------------------------------------- */

/* False: no more fits. */
static bool gather_follow(struct gather *gather, struct follow *follow)
{
    const struct event_log *log = process_log(follow->entry->process);
    size_t first = gather->count;

    gather_log(
            gather, log, &follow->cursor, follow->id, &follow->until_position);
    for (size_t i = first; i < gather->count; i++)
        tally_pass(&follow->tally, &gather->events[i].event);
    if (follow_has_early_exit(follow)) {
        struct follow_state state;

        follow_tell_state(follow, &state);
        if (!gather_state(gather, &state))
            return false;
        follow->exit_told = true;
    }
    return !gather->full;
}

/* It stays until its client lets go of it: to be unknown is another thing, and
 * he might hear of that first. False: it does not fit. */
static bool gather_displaced(struct gather *gather, struct follow *follow)
{
    struct follow_state state;

    follow_tell_state(follow, &state);
    if (!gather_state(gather, &state))
        return false;
    follow->displaced_told = true;
    follow_refresh(follow);
    return true;
}

void gather_session(struct gather *gather, struct session *session)
{
    while (!list_is_empty(&session->ready)) {
        struct follow *follow =
                CONTAINER_OF(session->ready.next, struct follow, ready);
        size_t before;
        bool more;

        if (!follow->entry) {
            if (!gather_displaced(gather, follow))
                return;
            continue;
        }
        before = gather->count;
        more = gather_follow(gather, follow);
        if (more || gather->count > before) {
            list_remove(&follow->ready);
            follow_refresh(follow); /* to the end, if there is more */
        }
        if (!more)
            return;
    }
}
