/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A log and those who follow it against a simple model: two streams, each with
 * a policy of its own, followers who join at the oldest, live or somewhere,
 * read and acknowledge at their own pace and leave, seals, the exit and the
 * end. The model keeps everything that ever happened, marks what has left, and
 * finds out by counting.
 */

#include "executor/event_log.h"
#include "executor/log_store.h"

#include <string.h>

#include <glib.h>

#include "support/suite.h"

enum { STEPS = 1000000, FOLLOWERS = 4, MAX_BYTES = LOG_BLOCK_BYTES };

struct told {
    enum remex_event_kind kind;
    size_t stream; /* index */
    size_t size;
    uint8_t fill;
    uint64_t position;   /* before it */
    uint64_t offsets[2]; /* before it */
    bool gone;
};

struct follower {
    bool attached;
    struct cursor cursor;
    uint64_t consumed;
    uint64_t head;  /* at the join: what came later cannot be lost to it */
    uint64_t start; /* where it joined */
    bool saw_exit;
    bool saw_closed;
};

struct model {
    struct event_log *log;
    struct log_policy policies[REMEX_STREAMS];
    bool holds[2]; /* without a follower */
    bool sealed[2];
    uint64_t need[2];
    uint64_t dropped[2];
    uint64_t dropped_events[2];
    uint64_t last_consumed; /* by the slowest of those who were there */
    size_t max_events;
    struct told *events; /* the first is number 1 */
    size_t count;
    uint64_t exited;
    uint64_t closed;
    struct follower followers[FOLLOWERS];
};

static guint pick(guint bound)
{
    return (guint)g_test_rand_int_range(0, (gint)bound);
}

/* --- Counting ------------------------------------------------------------- */

static bool is_of(const struct told *told, size_t stream)
{
    return told->kind == REMEX_EVENT_OUTPUT && told->stream == stream;
}

struct sum {
    size_t events;
    size_t bytes;
};

/* What is kept of a stream; if `after` is not 0, only what is behind it. */
static struct sum kept_after(
        const struct model *model, size_t stream, uint64_t after)
{
    struct sum sum = { 0, 0 };

    for (size_t i = after; i < model->count; i++) {
        const struct told *told = &model->events[i];

        if (!is_of(told, stream) || told->gone)
            continue;
        sum.events++;
        sum.bytes += told->size;
    }
    return sum;
}

static struct sum pinned(const struct model *model, size_t stream)
{
    if (!model->policies[stream].pins || model->need[stream] >= model->count)
        return (struct sum){ 0, 0 };
    return kept_after(model, stream, model->need[stream]);
}

static size_t minus(size_t a, size_t b)
{
    return a > b ? a - b : 0;
}

static struct sum room(const struct model *model, size_t stream)
{
    struct sum own = pinned(model, stream);
    struct sum other = pinned(model, !stream);

    if (model->policies[!stream].captured) {
        other.bytes = MAX(other.bytes, MAX_BYTES / 4);
        other.events = MAX(other.events, model->max_events / 4);
    }
    return (struct sum){ minus(model->max_events, own.events + other.events),
        minus(MAX_BYTES, own.bytes + other.bytes) };
}

/* --- Leaving -------------------------------------------------------------- */

static size_t oldest(const struct model *model, size_t stream)
{
    for (size_t i = 0; i < model->count; i++)
        if (is_of(&model->events[i], stream) && !model->events[i].gone)
            return i + 1;
    return 0;
}

static void drop(struct model *model, size_t stream)
{
    size_t seq = oldest(model, stream);

    g_assert_cmpuint(seq, !=, 0);
    model->events[seq - 1].gone = true;
    if (seq > model->need[stream]) {
        model->dropped[stream] += model->events[seq - 1].size;
        model->dropped_events[stream]++;
    }
}

static bool may_leave(const struct model *model, size_t stream)
{
    size_t seq = oldest(model, stream);

    return seq != 0 &&
            (!model->policies[stream].pins || seq <= model->need[stream]);
}

static bool is_surplus(const struct model *model, size_t stream, size_t seq)
{
    const struct log_policy *policy = &model->policies[stream];
    struct sum kept = kept_after(model, stream, 0);

    if (model->sealed[stream] || policy->retention == RETENTION_NONE)
        return true;
    if (policy->retention == RETENTION_BYTES)
        return kept.bytes - model->events[seq - 1].size >= policy->amount;
    return policy->retention == RETENTION_CHUNKS &&
            kept.events > policy->amount;
}

static void trim(struct model *model, size_t stream)
{
    size_t seq = oldest(model, stream);

    while (seq != 0 && seq <= model->need[stream] &&
            is_surplus(model, stream, seq)) {
        drop(model, stream);
        seq = oldest(model, stream);
    }
}

/* The larger one of those that may; of equals the first. */
static size_t victim(const struct model *model, bool by_events)
{
    struct sum a = kept_after(model, 0, 0);
    struct sum b = kept_after(model, 1, 0);
    bool second = by_events ? b.events > a.events : b.bytes > a.bytes;

    if (!may_leave(model, 0))
        return 1;
    return may_leave(model, 1) && second;
}

static struct sum all_kept(const struct model *model)
{
    struct sum a = kept_after(model, 0, 0);
    struct sum b = kept_after(model, 1, 0);

    return (struct sum){ a.events + b.events, a.bytes + b.bytes };
}

static void make_room(struct model *model, size_t stream, size_t size)
{
    size_t other = model->policies[!stream].captured ? 4 : 0;
    size_t most_events =
            model->max_events - (other ? model->max_events / other : 0);
    size_t most_bytes = MAX_BYTES - (other ? MAX_BYTES / other : 0);

    while (kept_after(model, stream, 0).events >= most_events ||
            kept_after(model, stream, 0).bytes + size > most_bytes)
        drop(model, stream);
    while (all_kept(model).events >= model->max_events)
        drop(model, victim(model, true));
    while (all_kept(model).bytes + size > MAX_BYTES)
        drop(model, victim(model, false));
}

/* --- Happening ------------------------------------------------------------ */

static struct told model_end(const struct model *model)
{
    struct told end = { .size = 0 };

    if (model->count == 0)
        return end;
    end = model->events[model->count - 1];
    end.position += end.size;
    if (end.kind == REMEX_EVENT_OUTPUT)
        end.offsets[end.stream] += end.size;
    end.gone = false;
    end.size = 0;
    return end;
}

static struct told *add(struct model *model, enum remex_event_kind kind)
{
    struct told told = model_end(model);

    told.kind = kind;
    model->events[model->count] = told;
    return &model->events[model->count++];
}

static size_t random_size(void)
{
    switch (pick(6)) {
    case 0:
        return 1 + pick(40000);
    case 1:
        return 1 + pick(300);
    default:
        return 1 + pick(4);
    }
}

static void publish(struct model *model, size_t stream, size_t size)
{
    struct told *told;

    make_room(model, stream, size);
    told = add(model, REMEX_EVENT_OUTPUT);
    told->stream = stream;
    told->size = size;
    told->fill = (uint8_t)pick(256);
    trim(model, stream);
}

static void step_output(struct model *model)
{
    size_t stream = pick(2);
    enum remex_stream number = (enum remex_stream)(stream + 1);
    size_t want = random_size();
    struct sum free = room(model, stream);
    size_t size;
    void *data;

    if (!model->policies[stream].captured)
        return;
    if (event_log_reserve(model->log, number, want, &data, &size) ==
            REMEX_AGAIN) {
        g_assert_true(model->policies[stream].pins);
        g_assert_true(free.events == 0 || free.bytes < MIN(want, 4096));
        return;
    }
    g_assert_cmpuint(free.events, >, 0);
    g_assert_cmpuint(free.bytes, >=, MIN(want, 4096));
    g_assert_cmpuint(size, <=, MIN(want, free.bytes));
    g_assert_cmpuint(size, >, 0);
    if (pick(10) == 0)
        return; /* nothing was there to be read */
    size = 1 + pick((guint)size);
    publish(model, stream, size);
    memset(data, model->events[model->count - 1].fill, size);
    event_log_commit(model->log, number, size, 0);
}

static void step_exit(struct model *model)
{
    const struct remex_exit exited = { .code = 3 };

    if (model->exited != 0)
        return;
    add(model, REMEX_EVENT_EXITED);
    model->exited = model->count;
    event_log_exited(model->log, &exited, 5);
}

static void step_seal(struct model *model)
{
    size_t stream = pick(2);

    model->sealed[stream] = true;
    trim(model, stream);
    event_log_seal(model->log, (enum remex_stream)(stream + 1));
}

/* --- Following ------------------------------------------------------------ */

static void tell_need(struct model *model)
{
    uint64_t consumed = UINT64_MAX;

    for (size_t i = 0; i < FOLLOWERS; i++)
        if (model->followers[i].attached)
            consumed = MIN(consumed, model->followers[i].consumed);
    if (consumed != UINT64_MAX)
        model->last_consumed = consumed;
    for (size_t i = 0; i < 2; i++) {
        model->need[i] = consumed == UINT64_MAX && model->holds[i]
                ? model->last_consumed
                : consumed;
        event_log_need(model->log, (enum remex_stream)(i + 1), model->need[i]);
        trim(model, i);
    }
}

static uint64_t position_of(const struct model *model, uint64_t seq)
{
    return seq < model->count ? model->events[seq].position
                              : model_end(model).position;
}

/* At the oldest, live, or somewhere between. */
static void join(struct model *model, struct follower *follower)
{
    uint64_t seq = 0;

    if (pick(3) == 0)
        seq = model->count;
    else if (pick(2))
        seq = pick((guint)model->count + 1);
    *follower = (struct follower){
        .attached = true,
        .cursor = event_log_join(model->log, seq, position_of(model, seq)),
        .consumed = seq,
        .head = model->count,
        .start = seq,
    };
    for (size_t i = 0; i < 2; i++)
        g_assert_cmpuint(follower->cursor.hidden[i], ==,
                model->sealed[i] ? model->count : 0);
    tell_need(model);
}

static void leave(struct model *model, struct follower *follower)
{
    follower->attached = false;
    tell_need(model);
}

static bool is_lost(
        const struct model *model, const struct cursor *cursor, uint64_t seq)
{
    const struct told *told = &model->events[seq - 1];

    return told->gone ||
            (told->kind == REMEX_EVENT_OUTPUT &&
                    seq <= cursor->hidden[told->stream]);
}

static void check_gap(const struct model *model,
        const struct remex_event *event, const struct cursor *cursor)
{
    struct told end = model_end(model);
    uint64_t last = cursor->seq + 1;

    while (last <= model->count && is_lost(model, cursor, last))
        last++;
    if (last <= model->count)
        end = model->events[last - 1];
    g_assert_cmpuint(event->gap.first_seq, ==, cursor->seq + 1);
    g_assert_cmpuint(event->seq, ==, last - 1);
    g_assert_cmpuint(event->seq, >=, event->gap.first_seq);
    g_assert_cmpuint(event->gap.bytes, ==, end.position - cursor->position);
    for (size_t i = 0; i < 2; i++)
        g_assert_cmpuint(event->gap.offsets[i], ==, end.offsets[i]);
}

static void check_event(const struct model *model,
        const struct remex_event *event, const struct cursor *cursor)
{
    const struct told *told = &model->events[cursor->seq];

    if (event->kind == REMEX_EVENT_GAP) {
        check_gap(model, event, cursor);
        return;
    }
    g_assert_cmpuint(event->seq, ==, cursor->seq + 1);
    g_assert_cmpint(event->kind, ==, told->kind);
    g_assert_false(is_lost(model, cursor, event->seq));
    if (event->kind == REMEX_EVENT_OUTPUT) {
        const uint8_t *data = event->output.data.data;

        g_assert_cmpuint(event->output.stream, ==, told->stream + 1);
        g_assert_cmpuint(event->output.data.size, ==, told->size);
        g_assert_cmpuint(event->output.offset, ==, told->offsets[told->stream]);
        g_assert_cmpuint(data[0], ==, told->fill);
        g_assert_cmpuint(data[told->size - 1], ==, told->fill);
    }
}

/* Nothing that pins is lost to who was there when it came. */
static void check_loss(const struct model *model,
        const struct follower *follower, const struct remex_event *gap)
{
    for (uint64_t seq = gap->gap.first_seq; seq <= gap->seq; seq++)
        if (seq > follower->head)
            g_assert_false(model->policies[model->events[seq - 1].stream].pins);
}

/* Within a window, as Pull does. */
static void read_on(
        struct model *model, struct follower *follower, uint64_t window)
{
    uint64_t until = follower->cursor.position + window;
    struct remex_event event;
    struct mark mark;

    while (event_log_next(model->log, &follower->cursor, &event, NULL)) {
        if (event.kind == REMEX_EVENT_OUTPUT &&
                follower->cursor.position >= until)
            return;
        check_event(model, &event, &follower->cursor);
        g_assert_false(follower->saw_closed);
        if (event.kind == REMEX_EVENT_GAP)
            check_loss(model, follower, &event);
        else if (event_log_mark(model->log, follower->cursor.seq, &mark))
            g_assert_cmpuint(
                    mark_position(&mark), ==, follower->cursor.position);
        else
            g_assert_not_reached();
        follower->saw_exit |= event.kind == REMEX_EVENT_EXITED;
        follower->saw_closed |= event.kind == REMEX_EVENT_CLOSED;
        cursor_pass(&follower->cursor, &event);
    }
    g_assert_cmpuint(follower->cursor.seq, ==, model->count);
}

static void step_follower(struct model *model)
{
    struct follower *follower = &model->followers[pick(FOLLOWERS)];
    guint what = pick(16);

    if (!follower->attached) {
        if (what < 4)
            join(model, follower);
        return;
    }
    if (what == 0)
        leave(model, follower);
    else if (what < 10)
        read_on(model, follower, pick(5) ? pick(2000) : MAX_BYTES);
    if (!follower->attached || follower->consumed == follower->cursor.seq)
        return;
    follower->consumed += pick(3)
            ? follower->cursor.seq - follower->consumed
            : pick((guint)(follower->cursor.seq - follower->consumed) + 1);
    tell_need(model);
}

/* --- The whole ------------------------------------------------------------ */

static void check_counts(const struct model *model)
{
    struct told end = model_end(model);
    size_t first = 1;

    while (first <= model->count && model->events[first - 1].gone)
        first++;
    g_assert_cmpuint(event_log_first_seq(model->log), ==, first);
    g_assert_cmpuint(event_log_next_seq(model->log), ==, model->count + 1);
    g_assert_cmpuint(event_log_exited_seq(model->log), ==, model->exited);
    g_assert_cmpuint(event_log_closed_seq(model->log), ==, model->closed);
    g_assert_cmpuint(event_log_kept_bytes(model->log), <=, MAX_BYTES);
    for (size_t i = 0; i < 2; i++) {
        struct log_stream_state state =
                event_log_stream(model->log, (enum remex_stream)(i + 1));
        struct sum kept = kept_after(model, i, 0);

        g_assert_cmpuint(state.bytes, ==, end.offsets[i]);
        g_assert_cmpuint(state.kept_bytes, ==, kept.bytes);
        g_assert_cmpuint(state.kept_events, ==, kept.events);
        g_assert_cmpuint(state.dropped, ==, model->dropped[i]);
        g_assert_cmpuint(state.dropped_events, ==, model->dropped_events[i]);
        g_assert_cmpint(state.sealed, ==, model->sealed[i]);
    }
    g_assert_cmpuint(all_kept(model).events, <=, model->max_events);
}

static void random_policy(struct model *model, size_t stream)
{
    struct log_policy *policy = &model->policies[stream];

    policy->captured = stream == 0 || pick(6);
    policy->pins = pick(2);
    policy->retention = (enum retention)(pick(4) + 1);
    policy->amount = policy->retention == RETENTION_BYTES
            ? 1 + pick(MAX_BYTES / 2)
            : 1 + pick(6);
    model->holds[stream] = policy->pins && pick(2);
}

static void begin(struct model *model, size_t steps)
{
    struct event_log_limits limits = { .max_bytes = MAX_BYTES };
    struct log_store *store = pick(2) ? log_store_new() : NULL;

    memset(model, 0, sizeof(*model));
    random_policy(model, 0);
    random_policy(model, 1);
    model->max_events = 4 + pick(30);
    model->events = g_new0(struct told, steps + 2);
    limits.max_events = model->max_events;
    g_assert_cmpint(event_log_new(limits, model->policies, store, &model->log),
            ==, REMEX_OK);
    log_store_release(store);
    tell_need(model);
}

/* Closed comes, everybody reads to the end: who joined before it sees it, and
 * the exit, whatever was retained, sealed or lost. */
static void end(struct model *model)
{
    const struct remex_stream_end ends[] = { { REMEX_STDOUT, REMEX_END_EOF, 0,
            model_end(model).offsets[0] } };

    step_exit(model);
    add(model, REMEX_EVENT_CLOSED);
    model->closed = model->count;
    event_log_closed(model->log, ends, 1, 6);
    check_counts(model);
    for (size_t i = 0; i < FOLLOWERS; i++) {
        struct follower *follower = &model->followers[i];

        if (!follower->attached)
            join(model, follower);
        read_on(model, follower, UINT64_MAX / 2);
        g_assert_true(
                follower->saw_closed == (follower->start < model->closed));
        g_assert_true(follower->saw_exit == (follower->start < model->exited));
    }
    event_log_free(model->log);
    g_free(model->events);
}

static void step(struct model *model)
{
    guint what = pick(400);

    if (what == 0)
        step_exit(model);
    else if (what == 1)
        step_seal(model);
    else if (what < 220)
        step_output(model);
    else
        step_follower(model);
}

/* The seed is GLib's: printed at the start, given by --seed. */
static void it_does_what_a_simple_model_does(void)
{
    for (size_t done = 0; done < STEPS;) {
        size_t steps = pick(20) ? 1 + pick(100) : 1 + pick(600);
        struct model model;

        begin(&model, steps);
        for (size_t i = 0; i < steps; i++) {
            step(&model);
            check_counts(&model);
        }
        end(&model);
        done += steps;
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/log_model", it_does_what_a_simple_model_does);
    return g_test_run();
}
