/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/liar.h"

#include <string.h>

#include "common/arena.h"
#include "common/check.h"
#include "common/wire.h"
#include "executor/link.h"
#include "simulation/lie.h"
#include "simulation/memory.h"

/* What may come of bytes that nobody has looked at: anything but a want of
 * memory. */
#define ANY_EXCUSE (~LIE_EXCUSE(NO_MEMORY))

/* --- What was said ---------------------------------------------------------
 */

static uint64_t mix(uint64_t hash, const void *data, size_t size)
{
    const uint8_t *bytes = data;

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t mix_number(uint64_t hash, uint64_t number)
{
    return mix(hash, &number, sizeof(number));
}

static uint64_t print_of_exit(const struct remex_exit *exit)
{
    uint64_t hash = mix_number(UINT64_C(0xcbf29ce484222325), 'x');

    hash = mix_number(hash, exit->by_signal);
    hash = mix_number(hash, (uint64_t)exit->code);
    hash = mix_number(hash, exit->core);
    hash = mix_number(hash, (uint64_t)exit->reason);
    return mix_number(hash, exit->wall_us);
}

static uint64_t print_of_closed(
        uint64_t hash, const struct remex_closed *closed)
{
    for (size_t i = 0; i < closed->count; i++) {
        hash = mix_number(hash, (uint64_t)closed->ends[i].stream);
        hash = mix_number(hash, (uint64_t)closed->ends[i].kind);
        hash = mix_number(hash, closed->ends[i].bytes);
    }
    return hash;
}

static uint64_t print_of(uint64_t follow_id, const struct remex_event *event)
{
    uint64_t hash = mix_number(UINT64_C(0xcbf29ce484222325), follow_id);

    hash = mix_number(hash, event->seq);
    hash = mix_number(hash, (uint64_t)event->kind);
    switch (event->kind) {
    case REMEX_EVENT_OUTPUT:
        hash = mix_number(hash, (uint64_t)event->output.stream);
        hash = mix_number(hash, event->output.offset);
        return mix(hash, event->output.data.data, event->output.data.size);
    case REMEX_EVENT_EXITED:
        return mix_number(hash, print_of_exit(&event->exited));
    case REMEX_EVENT_CLOSED:
        return print_of_closed(hash, &event->closed);
    case REMEX_EVENT_GAP:
        hash = mix_number(hash, event->gap.first_seq);
        hash = mix(hash, event->gap.offsets, sizeof(event->gap.offsets));
        return mix_number(hash, event->gap.bytes);
    case REMEX_EVENT_FAILED:
        break;
    }
    return hash;
}

static void keep(struct liar *liar, uint64_t print)
{
    g_hash_table_add(liar->said, GSIZE_TO_POINTER(print));
}

static bool has(const struct liar *liar, uint64_t print)
{
    return g_hash_table_contains(liar->said, GSIZE_TO_POINTER(print));
}

bool liar_has_said(const struct liar *liar, uint64_t follow_id,
        const struct remex_event *event)
{
    return has(liar, print_of(follow_id, event));
}

bool liar_has_said_exit(const struct liar *liar, const struct remex_exit *exit)
{
    return has(liar, print_of_exit(exit));
}

bool liar_excuses(const struct liar *liar, enum remex_failure reason)
{
    return liar->excuses & 1U << reason;
}

static void keep_states(
        struct liar *liar, const struct follow_state *states, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (states[i].has_exited)
            keep(liar, print_of_exit(&states[i].exited));
}

static void keep_batch(struct liar *liar, const struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct remex_event *event = &batch->events[i].event;

        keep(liar, print_of(batch->events[i].follow_id, event));
        if (event->kind == REMEX_EVENT_EXITED)
            keep(liar, print_of_exit(&event->exited));
    }
}

static void keep_reply(struct liar *liar, const struct reply *reply)
{
    if (reply->method == METHOD_PULL) {
        keep_batch(liar, &reply->pull.batch);
        keep_states(liar, reply->pull.states, reply->pull.state_count);
    } else if (reply->method == METHOD_OPEN) {
        keep_states(liar, reply->open.follows, reply->open.follow_count);
    } else if (reply->method == METHOD_FOLLOW) {
        keep_states(liar, &reply->follow.state, 1);
    }
}

static void keep_bytes(struct liar *liar, const GByteArray *bytes)
{
    struct arena arena;
    struct reply reply;

    arena_init(&arena, LINK_MAX_REPLY);
    if (wire_decode_reply((struct remex_bytes){ bytes->data, bytes->len },
                &arena, &reply, NULL) == REMEX_OK)
        keep_reply(liar, &reply);
    arena_deinit(&arena);
}

/* --- Lies that keep the rules ----------------------------------------------
 */

static struct batch *batch_of(struct reply *reply)
{
    if (reply->method == METHOD_PULL)
        return &reply->pull.batch;
    if (reply->method == METHOD_READ)
        return &reply->read.batch;
    return reply->method == METHOD_RUN ? &reply->run.batch : NULL;
}

/* What it has is copied, with room for one more each. */
static void draft_begin(struct draft *draft)
{
    const struct follow_state *states = NULL;

    draft->batch = batch_of(&draft->reply);
    if (draft->batch) {
        draft->events = g_new0(struct batch_event, draft->batch->count + 1);
        for (size_t i = 0; i < draft->batch->count; i++)
            draft->events[i] = draft->batch->events[i];
        draft->batch->events = draft->events;
    }
    if (draft->reply.method == METHOD_PULL) {
        states = draft->reply.pull.states;
        draft->state_count = draft->reply.pull.state_count;
    } else if (draft->reply.method == METHOD_OPEN) {
        states = draft->reply.open.follows;
        draft->state_count = draft->reply.open.follow_count;
    }
    draft->states = g_new0(struct follow_state, draft->state_count + 1);
    for (size_t i = 0; i < draft->state_count; i++)
        draft->states[i] = states[i];
}

static void draft_end(struct draft *draft)
{
    g_free(draft->events);
    g_free(draft->states);
}

static size_t size_of(const struct batch *batch)
{
    size_t size = 0;

    for (size_t i = 0; batch && i < batch->count; i++)
        if (batch->events[i].event.kind == REMEX_EVENT_OUTPUT)
            size += batch->events[i].event.output.data.size;
    return size;
}

/* NULL: it would break the rules for a message, or be too long for one. */
static GByteArray *draft_encode(struct draft *draft)
{
    size_t size = size_of(draft->batch);
    GByteArray *bytes;
    struct wire_head head;

    if (draft->reply.method == METHOD_PULL) {
        draft->reply.pull.states = draft->states;
        draft->reply.pull.state_count = draft->state_count;
    } else if (draft->reply.method == METHOD_OPEN) {
        draft->reply.open.follows = draft->states;
        draft->reply.open.follow_count = draft->state_count;
    }
    if (check_reply(&draft->reply, size, NULL) != REMEX_OK ||
            size > LINK_MAX_REPLY / 2 ||
            wire_encode_reply(&draft->reply, size, &head) != REMEX_OK)
        return NULL;
    bytes = g_byte_array_sized_new((guint)(head.size + size));
    g_byte_array_append(bytes, head.data, (guint)head.size);
    wire_head_free(&head);
    for (size_t i = 0; draft->batch && i < draft->batch->count; i++) {
        const struct remex_event *event = &draft->events[i].event;

        if (event->kind == REMEX_EVENT_OUTPUT)
            g_byte_array_append(bytes, event->output.data.data,
                    (guint)event->output.data.size);
    }
    return bytes;
}

/* What ends everything at once is told less often. */
static bool is_mortal(const struct lie *lie)
{
    return lie->excuses & ~(LIE_EXCUSE(PROTOCOL) | LIE_EXCUSE(EVICTED));
}

/* Tries a few, for not all can be told of everything. */
static const struct lie *make_up(struct draft *draft)
{
    for (unsigned int i = 0; i < 20; i++) {
        const struct lie *lie =
                &lie_all[chance_below(draft->chance, lie_count)];

        if (is_mortal(lie) && chance_percent(draft->chance, 80))
            continue;
        if (lie->tell(draft))
            return lie;
    }
    return NULL;
}

static void note(struct liar *liar, const char *name, unsigned int excuses)
{
    liar->lies++;
    liar->excuses |= excuses;
    world_tell(liar->world, "client %u is told %s", liar->number, name);
}

static GByteArray *lie_about(struct liar *liar, const struct reply *truth)
{
    struct draft draft = { .chance = &liar->chance, .reply = *truth };
    const struct lie *lie;
    GByteArray *bytes = NULL;

    draft_begin(&draft);
    lie = make_up(&draft);
    if (lie)
        bytes = draft_encode(&draft);
    if (bytes)
        note(liar, lie->name, lie->excuses);
    draft_end(&draft);
    return bytes;
}

/* --- Lies that keep none ---------------------------------------------------
 */

static GByteArray *copy_of(const GByteArray *bytes)
{
    return g_byte_array_append(
            g_byte_array_sized_new(bytes->len), bytes->data, bytes->len);
}

static GByteArray *spoil(struct liar *liar, const GByteArray *truth)
{
    GByteArray *bytes = copy_of(truth);
    uint64_t changes = 1 + chance_below(&liar->chance, 3);

    if (bytes->len > 0 && chance_percent(&liar->chance, 30)) {
        g_byte_array_set_size(
                bytes, (guint)chance_below(&liar->chance, bytes->len));
        changes = 0;
    }
    while (changes-- > 0 && bytes->len > 0)
        bytes->data[chance_below(
                &liar->chance, bytes->len < 300 ? bytes->len : 300)] =
                (uint8_t)chance_next(&liar->chance);
    note(liar, "what makes no sense", ANY_EXCUSE);
    return bytes;
}

static GByteArray *tell_former(struct liar *liar)
{
    GByteArray *bytes = liar->former;

    liar->former = NULL;
    if (bytes)
        note(liar, "what was told before", ANY_EXCUSE);
    return bytes;
}

/* --- An answer --------------------------------------------------------------
 */

/* NULL: the truth is told. What is refused is refused. */
static GByteArray *replace(struct liar *liar, const GByteArray *truth)
{
    struct reply reply = { .error.status = REMEX_UNKNOWN };
    GByteArray *bytes = NULL;
    struct arena arena;

    arena_init(&arena, LINK_MAX_REPLY);
    if (wire_decode_reply((struct remex_bytes){ truth->data, truth->len },
                &arena, &reply, NULL) != REMEX_OK)
        world_fail(liar->world, "an answer breaks the rules");
    if (reply.error.status == REMEX_OK) {
        uint64_t way = chance_below(&liar->chance, 30);

        if (way == 0)
            bytes = spoil(liar, truth);
        else if (way < 4)
            bytes = tell_former(liar);
        else
            bytes = lie_about(liar, &reply);
    }
    arena_deinit(&arena);
    return bytes;
}

static void remember(struct liar *liar, const GByteArray *truth)
{
    if (liar->former && chance_percent(&liar->chance, 70))
        return;
    if (liar->former)
        g_byte_array_free(liar->former, TRUE);
    liar->former = copy_of(truth);
}

GByteArray *liar_pass(struct liar *liar, GByteArray *truth)
{
    struct memory *memory = memory_of(NULL);
    GByteArray *bytes = NULL;

    if (!liar->world->calm && chance_percent(&liar->chance, liar->percent))
        bytes = replace(liar, truth);
    if (bytes) {
        remember(liar, truth);
        g_byte_array_free(truth, TRUE);
    } else {
        bytes = truth;
        remember(liar, truth);
    }
    keep_bytes(liar, bytes);
    memory_of(memory);
    return bytes;
}

struct liar *liar_new(
        struct world *world, unsigned int number, unsigned int percent)
{
    struct liar *liar = g_new0(struct liar, 1);

    liar->world = world;
    liar->number = number;
    liar->chance = chance_new(world->seed, 'i', number);
    liar->percent = percent;
    liar->said = g_hash_table_new(g_direct_hash, g_direct_equal);
    return liar;
}

void liar_free(struct liar *liar)
{
    if (!liar)
        return;
    g_hash_table_destroy(liar->said);
    if (liar->former)
        g_byte_array_free(liar->former, TRUE);
    g_free(liar);
}
