/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/plan.h"

#include <signal.h>
#include <string.h>

#include "common/text.h"

/* --- Contents ------------------------------------------------------------ */

enum { PERIOD = 8191 }; /* prime, so that no block of a log repeats another */

static const uint8_t *pattern(void)
{
    static uint8_t bytes[2 * PERIOD]; /* the same in every run */

    if (bytes[0] == 0) {
        struct chance chance = chance_new(0, 'p', 0);

        chance_bytes(&chance, bytes, PERIOD);
        bytes[0] = 1;
        memcpy(bytes + PERIOD, bytes, PERIOD);
    }
    return bytes;
}

static size_t place(
        const struct plan *plan, enum remex_stream stream, uint64_t offset)
{
    return (offset + (unsigned int)plan->code * 131U + stream * 4099U) % PERIOD;
}

void plan_fill(const struct plan *plan, enum remex_stream stream,
        uint64_t offset, uint8_t *out, size_t size)
{
    while (size > 0) {
        size_t piece = size < PERIOD ? size : PERIOD;

        memcpy(out, pattern() + place(plan, stream, offset), piece);
        out += piece;
        offset += piece;
        size -= piece;
    }
}

bool plan_matches(const struct plan *plan, enum remex_stream stream,
        uint64_t offset, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        size_t piece = size < PERIOD ? size : PERIOD;

        if (memcmp(bytes, pattern() + place(plan, stream, offset), piece) != 0)
            return false;
        bytes += piece;
        offset += piece;
        size -= piece;
    }
    return true;
}

/* --- Drawing ------------------------------------------------------------- */

static void draw_retention(struct stream_spec *stream, struct chance *chance)
{
    stream->retention = RETENTION_ALL;
    if (chance_percent(chance, 50))
        return;
    stream->retention = (enum retention)(chance_below(chance, 3) + 1);
    if (stream->retention == RETENTION_BYTES)
        stream->retention_amount = chance_below(chance, 9000) + 1;
    else if (stream->retention == RETENTION_CHUNKS)
        stream->retention_amount = 1;
}

static void draw_stream(struct stream_spec *stream, struct chance *chance)
{
    *stream = (struct stream_spec){
        .capture = CAPTURE_PIPE,
        .delivery =
                chance_percent(chance, 60) ? DELIVERY_RELIABLE : DELIVERY_LOSSY,
        .no_follower = chance_percent(chance, 50) ? NO_FOLLOWER_DRAIN
                                                  : NO_FOLLOWER_HOLD,
        .chunk_bytes = chance_percent(chance, 20)
                ? (uint32_t)chance_below(chance, 3000) + 1
                : 0,
    };
    draw_retention(stream, chance);
}

static void draw_streams(struct plan *plan, struct chance *chance)
{
    draw_stream(&plan->spec.out, chance);
    plan->spec.err = plan->spec.out;
    if (chance_percent(chance, 50))
        draw_stream(&plan->spec.err, chance);
    if (chance_percent(chance, 10))
        plan->spec.err.capture = CAPTURE_DISCARD;
}

static void draw_endings(struct plan *plan, struct chance *chance)
{
    struct process_spec *spec = &plan->spec;

    plan->stop_plan[0] = (struct stop_step){ SIGTERM, 300 };
    plan->stop_plan[1] = (struct stop_step){ SIGINT, 200 };
    spec->stop_plan = plan->stop_plan;
    spec->stop_plan_count = chance_below(chance, 3);
    spec->owner_loss = (enum owner_loss)(chance_below(chance, 3) + 1);
    if (spec->owner_loss == OWNER_LOSS_KEEP)
        spec->keep_ms = 1 + chance_below(chance, 3000);
    if (chance_percent(chance, 10))
        spec->wall_time_ms = chance_below(chance, 4000) + 100;
    spec->has_eof_linger = chance_percent(chance, 50);
    if (spec->has_eof_linger && chance_percent(chance, 70))
        spec->eof_linger_ms = chance_below(chance, 2000) + 1;
}

/* Events of few bytes would be too many to be told in the end's time. */
static void bound_events(const struct plan *plan, struct stream_spec *stream)
{
    size_t least = plan->most / 20;

    if (stream->chunk_bytes > 0 && stream->chunk_bytes < least)
        stream->chunk_bytes = (uint32_t)least;
}

static void draw_terminal(struct plan *plan, struct chance *chance)
{
    if (!chance_percent(chance, 15))
        return;
    plan->pty = (struct pty_spec){ 24, 80, text_bytes("dumb") };
    plan->spec.pty = &plan->pty;
    plan->spec.out.capture = CAPTURE_PIPE;
    plan->spec.err = (struct stream_spec){ .chunk_bytes = 0 };
}

static void draw_deeds(struct plan *plan, struct chance *chance)
{
    static const size_t sizes[] = { 1, 30, 600, 6000, 40000 };

    plan->fails = chance_percent(chance, 4);
    plan->dawdles = chance_percent(chance, 50);
    plan->writes = (unsigned int)chance_below(chance, 30);
    plan->most = sizes[chance_below(chance, G_N_ELEMENTS(sizes))];
    plan->pause = chance_between(
            chance, 0, chance_percent(chance, 50) ? 5 * MS : 400 * MS);
    plan->endless = chance_percent(chance, 30);
    plan->deaf = chance_percent(chance, 30);
    plan->code = (int)chance_below(chance, 256);
    if (chance_percent(chance, 25))
        plan->heir = chance_between(chance, 1, 5000) * MS;
    plan->input = (enum plan_input)chance_below(chance, 4);
    plan->spec.stdin_kind =
            chance_percent(chance, 70) ? STDIN_PIPE : STDIN_CLOSED;
    if (plan->spec.stdin_kind != STDIN_PIPE)
        plan->input = PLAN_READS_NOTHING;
}

struct plan *plan_new(
        struct world *world, unsigned int actor, unsigned int number)
{
    struct plan *plan = g_new0(struct plan, 1);
    struct chance chance = chance_new(world->seed, 'j', actor * 1000 + number);

    plan->world = world;
    plan->actor = actor;
    plan->chance = chance_new(world->seed, 'c', actor * 1000 + number);
    plan->input_bytes = g_byte_array_new();
    plan->marks = g_array_new(FALSE, TRUE, sizeof(struct plan_mark));
    g_snprintf(plan->id, sizeof(plan->id), "p%u.%u", actor, number);
    plan_belong(plan, 0, actor, number);
    plan->argv[0] = text_bytes("program");
    plan->argv[1] = text_bytes(plan->id);
    plan->spec = (struct process_spec){
        .process_id = text_bytes(plan->process_id),
        .argv = plan->argv,
        .argv_count = 2,
        .env_base = ENV_EMPTY,
    };
    draw_streams(plan, &chance);
    draw_endings(plan, &chance);
    draw_deeds(plan, &chance);
    bound_events(plan, &plan->spec.out);
    bound_events(plan, &plan->spec.err);
    draw_terminal(plan, &chance);
    return plan;
}

void plan_belong(struct plan *plan, unsigned int principal, unsigned int actor,
        unsigned int number)
{
    plan->principal = principal;
    g_snprintf(plan->process_id, sizeof(plan->process_id), "p%u.%u", actor,
            number);
    plan->spec.process_id = text_bytes(plan->process_id);
}

/* --- What it has, and what was told of it ---------------------------------
 */

bool plan_has(const struct plan *plan, size_t index)
{
    return (index == REMEX_TERMINAL - REMEX_STDOUT) == (plan->spec.pty != NULL);
}

const struct stream_spec *plan_stream(const struct plan *plan, size_t index)
{
    return index == REMEX_STDERR - REMEX_STDOUT ? &plan->spec.err
                                                : &plan->spec.out;
}

bool plan_captures(const struct plan *plan, size_t index)
{
    return plan_has(plan, index) &&
            plan_stream(plan, index)->capture == CAPTURE_PIPE;
}

const struct plan_mark *plan_mark(const struct plan *plan, uint64_t seq)
{
    const struct plan_mark *mark;

    if (seq >= plan->marks->len)
        return NULL;
    mark = &g_array_index(plan->marks, struct plan_mark, seq);
    return mark->known ? mark : NULL;
}

bool plan_witness(struct plan *plan, uint64_t seq, enum remex_event_kind kind,
        const uint64_t offsets[PLAN_STREAMS])
{
    struct plan_mark *mark;

    if (seq >= plan->marks->len)
        g_array_set_size(plan->marks, (guint)seq + 1);
    mark = &g_array_index(plan->marks, struct plan_mark, seq);
    if (mark->known && mark->kind != REMEX_EVENT_GAP &&
            kind != REMEX_EVENT_GAP && mark->kind != kind)
        return false;
    if (mark->known &&
            memcmp(mark->offsets, offsets, sizeof(mark->offsets)) != 0)
        return false;
    if (!mark->known || kind != REMEX_EVENT_GAP)
        mark->kind = kind;
    mark->known = true;
    memcpy(mark->offsets, offsets, sizeof(mark->offsets));
    return true;
}

static void tell_stream(const struct plan *plan, const char *name,
        const struct stream_spec *spec)
{
    static const char *const retentions[] = { "?", "none of it", "last bytes",
        "last chunks", "all" };

    world_note(plan->world, "%s %s: %s, %s without a follower, kept: %s %llu",
            plan->id, name,
            spec->capture == CAPTURE_DISCARD           ? "discarded"
                    : spec->delivery == DELIVERY_LOSSY ? "lossy"
                                                       : "reliable",
            spec->no_follower == NO_FOLLOWER_DRAIN ? "drained" : "held",
            retentions[spec->retention],
            (unsigned long long)spec->retention_amount);
}

void plan_tell(const struct plan *plan)
{
    static const char *const inputs[] = { "reads nothing", "reads slowly",
        "reads to the end", "closes it" };
    static const char *const losses[] = { "?", "killed", "terminated", "kept" };

    world_note(plan->world,
            "%s (%s): %u writes of up to %zu bytes each %lld ms, then %s %d; "
            "stdin: %s%s%s",
            plan->id, plan->process_id, plan->writes, plan->most,
            (long long)(plan->pause / MS),
            plan->endless ? "goes on until it is hurried, code" : "exits with",
            plan->code,
            plan->spec.stdin_kind == STDIN_PIPE ? inputs[plan->input] : "none",
            plan->deaf ? "; deaf to SIGTERM" : "",
            plan->fails ? "; cannot be executed" : "");
    world_note(plan->world,
            "%s: %s if its owner is lost (%llu ms), wall time %llu ms, an "
            "heir "
            "for %lld ms",
            plan->id, losses[plan->spec.owner_loss],
            (unsigned long long)plan->spec.keep_ms,
            (unsigned long long)plan->spec.wall_time_ms,
            (long long)(plan->heir / MS));
    tell_stream(plan, plan->spec.pty ? "terminal" : "stdout", &plan->spec.out);
    if (!plan->spec.pty)
        tell_stream(plan, "stderr", &plan->spec.err);
}

void plan_for_run(struct plan *plan, size_t input_size)
{
    struct process_spec *spec = &plan->spec;

    plan->runs = true;
    if (spec->pty)
        spec->err = spec->out;
    spec->pty = NULL;
    spec->out.no_follower = NO_FOLLOWER_DRAIN;
    spec->err.no_follower = NO_FOLLOWER_DRAIN;
    spec->stdin_kind = input_size > 0 ? STDIN_PIPE : STDIN_CLOSED;
    if (input_size == 0)
        plan->input = PLAN_READS_NOTHING;
}

void plan_free(struct plan *plan)
{
    g_byte_array_free(plan->input_bytes, TRUE);
    g_array_free(plan->marks, TRUE);
    g_free(plan);
}
