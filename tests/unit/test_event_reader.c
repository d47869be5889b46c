/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Readers of an event queue against a model that forgets nothing: whatever is
 * pushed, taken and lost, each reader is told every event once and in order, or
 * the gap that is in its place.
 */

#include "client/event_queue.h"

#include <string.h>

#include <glib.h>

#include "support/suite.h"

#define WINDOW ((size_t)64 * 1024)
#define COST 128 /* of an event, beside its bytes */
#define EVENTS 400
#define READERS 5
#define ROUNDS 300

/* --- A queue, and all it has ever had ------------------------------------ */

struct model {
    struct event_queue queue;
    struct remex_event events[EVENTS]; /* by number - first */
    uint64_t first;
    uint64_t count;
    uint64_t offsets[REMEX_STREAMS];
    uint64_t position;
    uint64_t before[EVENTS]; /* position before each */
    bool exited;
    bool closed;
};

/* Where an output comes from says what is in it. */
static uint8_t byte_at(enum remex_stream stream, uint64_t offset)
{
    return (uint8_t)(offset * 31 + (uint64_t)stream * 7);
}

static void push(struct model *model, struct remex_event *event)
{
    event->seq = model->first + model->count;
    model->events[model->count] = *event;
    model->before[model->count++] = model->position;
    (void)event_queue_grant(&model->queue);
    g_assert_cmpint(event_queue_push(&model->queue, event, NULL), ==, REMEX_OK);
}

static void push_output(
        struct model *model, enum remex_stream stream, size_t size)
{
    uint8_t data[2048];
    struct remex_event event = { .kind = REMEX_EVENT_OUTPUT };
    uint64_t offset = model->offsets[stream - 1];

    for (size_t i = 0; i < size; i++)
        data[i] = byte_at(stream, offset + i);
    event.output.stream = stream;
    event.output.offset = offset;
    event.output.data = (struct remex_bytes){ data, size };
    push(model, &event);
    model->offsets[stream - 1] += size;
    model->position += size;
}

static void push_exited(struct model *model)
{
    struct remex_event event = { .kind = REMEX_EVENT_EXITED };

    event.exited.code = 7;
    push(model, &event);
    model->exited = true;
}

static void push_closed(struct model *model)
{
    struct remex_event event = { .kind = REMEX_EVENT_CLOSED };

    push(model, &event);
    model->closed = true;
}

static void take(struct model *model)
{
    struct remex_event event;

    (void)event_queue_take(&model->queue, &event);
}

static void init(struct model *model, size_t history, uint64_t after)
{
    struct follow_place place = { .seq = after, .offsets = { 5, 0, 9 } };

    memset(model, 0, sizeof(*model));
    event_queue_init(&model->queue, WINDOW, history);
    model->first = 1;
    if (after == 0)
        return;
    event_queue_unplace(&model->queue);
    g_assert_cmpint(event_queue_place(&model->queue, &place), ==, REMEX_OK);
    model->first = after + 1;
    memcpy(model->offsets, place.offsets, sizeof(model->offsets));
    model->position = 14;
}

/* --- A reader, and what it has been told --------------------------------- */

struct track {
    struct event_reader reader;
    uint64_t next_seq;
    bool knows_position; /* from the first on, or since a Gap */
    bool open;
};

static const struct remex_event *find(const struct model *model, uint64_t seq)
{
    g_assert_cmpuint(seq, >=, model->first);
    g_assert_cmpuint(seq, <, model->first + model->count);
    return &model->events[seq - model->first];
}

static uint64_t position_before(const struct model *model, uint64_t seq)
{
    if (seq == model->first + model->count)
        return model->position;
    return model->before[seq - model->first];
}

static void check_output(
        const struct remex_event *told, const struct remex_event *had)
{
    const uint8_t *data = told->output.data.data;

    g_assert_cmpint(told->output.stream, ==, had->output.stream);
    g_assert_cmpuint(told->output.offset, ==, had->output.offset);
    g_assert_cmpuint(told->output.data.size, ==, had->output.data.size);
    for (size_t i = 0; i < told->output.data.size; i++)
        g_assert_cmpuint(data[i], ==,
                byte_at(had->output.stream, had->output.offset + i));
}

/* A gap stands for outputs alone, and says how many bytes they had. */
static void check_gap(const struct model *model, struct track *track,
        const struct remex_event *gap)
{
    uint64_t bytes = position_before(model, gap->seq + 1) -
            position_before(model, gap->gap.first_seq);
    uint64_t position = 0;

    for (uint64_t seq = gap->gap.first_seq; seq <= gap->seq; seq++)
        g_assert_cmpint(find(model, seq)->kind, ==, REMEX_EVENT_OUTPUT);
    if (track->knows_position)
        g_assert_cmpuint(gap->gap.bytes, ==, bytes);
    else
        g_assert_cmpuint(gap->gap.bytes, ==, 0);
    track->knows_position = true;
    for (int i = 0; i < REMEX_STREAMS; i++)
        position += gap->gap.offsets[i];
    g_assert_cmpuint(position, ==, position_before(model, gap->seq + 1));
}

static void check_told(const struct model *model, struct track *track,
        const struct remex_event *told)
{
    if (told->kind == REMEX_EVENT_FAILED) {
        g_assert_cmpuint(track->next_seq, ==, model->first + model->count);
        return;
    }
    if (told->kind == REMEX_EVENT_GAP) {
        g_assert_cmpuint(told->gap.first_seq, ==, track->next_seq);
        check_gap(model, track, told);
    } else {
        g_assert_cmpuint(told->seq, ==, track->next_seq);
        g_assert_cmpint(told->kind, ==, find(model, told->seq)->kind);
        if (told->kind == REMEX_EVENT_OUTPUT)
            check_output(told, find(model, told->seq));
    }
    track->next_seq = told->seq + 1;
}

static void read_some(const struct model *model, struct track *track, int most)
{
    struct remex_event told;

    while (most-- > 0 &&
            event_reader_next(&track->reader, &model->queue, &told)) {
        check_told(model, track, &told);
        if (told.kind == REMEX_EVENT_FAILED || told.kind == REMEX_EVENT_CLOSED)
            g_assert_false(
                    event_reader_next(&track->reader, &model->queue, &told));
    }
}

static void open_at(
        const struct model *model, struct track *track, uint64_t after)
{
    if (track->open)
        event_reader_close(&track->reader);
    g_assert_cmpint(event_reader_open(&track->reader, &model->queue, after), ==,
            REMEX_OK);
    track->open = true;
    track->next_seq = after + 1;
    track->knows_position = after + 1 == model->first ||
            after + 1 >= model->queue.kept.next_seq;
}

/* --- Random stories ------------------------------------------------------ */

static void step(struct model *model, struct track tracks[READERS])
{
    struct track *track = &tracks[g_test_rand_int_range(0, READERS)];
    enum remex_stream stream = g_test_rand_bit() ? REMEX_STDOUT : REMEX_STDERR;
    int what = g_test_rand_int_range(0, 20);

    if (what < 8 && model->count < EVENTS - 2 && !model->closed)
        push_output(model, stream, (size_t)g_test_rand_int_range(1, 2048));
    else if (what < 13)
        take(model);
    else if (what < 17)
        read_some(model, track, g_test_rand_int_range(1, 30));
    else if (what < 18)
        open_at(model, track,
                model->first - 1 +
                        (uint64_t)g_test_rand_int_range(
                                0, (int)model->count + 1));
    else if (what < 19 && !model->exited && g_test_rand_int_range(0, 10) == 0)
        push_exited(model);
    else if (what < 20 && model->exited && !model->closed &&
            g_test_rand_int_range(0, 40) == 0)
        push_closed(model);
    /* As much as a window holds has to be taken first. */
    while (model->queue.held_bytes + model->queue.held_count * COST >
            WINDOW / 2)
        take(model);
}

static void end_story(struct model *model, struct track tracks[READERS])
{
    if (!model->closed)
        event_queue_fail(&model->queue, REMEX_FAILURE_LINK_LOST);
    for (int i = 0; i < READERS; i++) {
        read_some(model, &tracks[i], EVENTS + 2);
        g_assert_true(tracks[i].reader.ended);
        g_assert_cmpuint(tracks[i].next_seq, ==, model->first + model->count);
        event_reader_close(&tracks[i].reader);
    }
    event_queue_deinit(&model->queue);
}

static void every_reader_gets_everything_or_its_gap(void)
{
    for (int round = 0; round < ROUNDS; round++) {
        static const size_t histories[] = { 0, 1000, 20000 };
        struct model model;
        struct track tracks[READERS] = { { .open = false } };

        init(&model, histories[round % 3], round % 2 ? 77 : 0);
        for (int i = 0; i < READERS; i++)
            open_at(&model, &tracks[i], model.first - 1);
        for (int i = 0; i < 1000; i++)
            step(&model, tracks);
        end_story(&model, tracks);
    }
}

/* --- Plain ones ---------------------------------------------------------- */

static void the_same_loss_is_the_same_gap(void)
{
    struct event_reader readers[2];
    struct remex_event gaps[2];
    struct model model;

    init(&model, 0, 0);
    for (int i = 0; i < 2; i++)
        g_assert_cmpint(
                event_reader_open(&readers[i], &model.queue, 0), ==, REMEX_OK);
    for (int i = 0; i < 10; i++) {
        push_output(&model, REMEX_STDOUT, 10);
        take(&model);
    }
    for (int i = 0; i < 2; i++)
        g_assert_true(event_reader_next(&readers[i], &model.queue, &gaps[i]));
    g_assert_cmpint(gaps[0].kind, ==, REMEX_EVENT_GAP);
    g_assert_cmpuint(gaps[0].gap.bytes, ==, 100);
    g_assert_cmpint(memcmp(&gaps[0], &gaps[1], sizeof(gaps[0])), ==, 0);
    for (int i = 0; i < 2; i++)
        event_reader_close(&readers[i]);
    event_queue_deinit(&model.queue);
}

static void what_is_lent_outlives_the_queue(void)
{
    struct event_reader reader;
    struct remex_event event;
    struct model model;
    const uint8_t *data;

    init(&model, 0, 0);
    g_assert_cmpint(event_reader_open(&reader, &model.queue, 0), ==, REMEX_OK);
    push_output(&model, REMEX_STDERR, 100);
    g_assert_true(event_reader_next(&reader, &model.queue, &event));
    take(&model);
    take(&model);
    event_queue_deinit(&model.queue);
    data = event.output.data.data;
    for (size_t i = 0; i < 100; i++)
        g_assert_cmpuint(data[i], ==, byte_at(REMEX_STDERR, i));
    event_reader_close(&reader);
}

static void nobody_begins_in_the_future(void)
{
    struct event_reader reader;
    struct model model;

    init(&model, 0, 0);
    push_output(&model, REMEX_STDOUT, 1);
    g_assert_cmpint(event_reader_open(&reader, &model.queue, 1), ==, REMEX_OK);
    event_reader_close(&reader);
    g_assert_cmpint(event_reader_open(&reader, &model.queue, 2), ==,
            REMEX_OUT_OF_RANGE);
    event_queue_deinit(&model.queue);
}

static void what_has_been_taken_is_bounded(void)
{
    struct model model;

    init(&model, 4000, 0);
    for (int i = 0; i < 300; i++) {
        push_output(&model, REMEX_STDOUT, 500);
        take(&model);
        g_assert_cmpuint(model.queue.history_used, <=, 4000);
    }
    g_assert_cmpuint(model.queue.history_used, >, 3000);
    event_queue_deinit(&model.queue);
}

/* What he missed is the rest of the gap; how much, nobody knows. */
static void who_begins_within_a_gap_is_told_of_its_rest(void)
{
    struct remex_event gap = { .kind = REMEX_EVENT_GAP, .seq = 5 };
    struct remex_event told;
    struct event_reader reader;
    struct event_queue queue;

    gap.gap.first_seq = 1;
    gap.gap.bytes = 100;
    gap.gap.offsets[0] = 100;
    event_queue_init(&queue, WINDOW, WINDOW);
    (void)event_queue_grant(&queue);
    g_assert_cmpint(event_queue_push(&queue, &gap, NULL), ==, REMEX_OK);
    g_assert_cmpint(event_reader_open(&reader, &queue, 3), ==, REMEX_OK);
    g_assert_true(event_reader_next(&reader, &queue, &told));
    g_assert_cmpuint(told.gap.first_seq, ==, 4);
    g_assert_cmpuint(told.seq, ==, 5);
    g_assert_cmpuint(told.gap.bytes, ==, 0);
    g_assert_cmpuint(told.gap.offsets[0], ==, 100);
    event_reader_close(&reader);
    event_queue_deinit(&queue);
}

/* Not even when it has left before he reads. */
static void the_rest_of_a_gap_that_has_left_is_not_counted(void)
{
    struct remex_event gap = { .kind = REMEX_EVENT_GAP, .seq = 5 };
    struct remex_event told;
    struct event_reader reader;
    struct event_queue queue;

    gap.gap.first_seq = 1;
    gap.gap.bytes = 100;
    gap.gap.offsets[0] = 100;
    event_queue_init(&queue, WINDOW, 0);
    (void)event_queue_grant(&queue);
    g_assert_cmpint(event_queue_push(&queue, &gap, NULL), ==, REMEX_OK);
    g_assert_cmpint(event_reader_open(&reader, &queue, 3), ==, REMEX_OK);
    g_assert_true(event_queue_take(&queue, &told));
    g_assert_true(event_reader_next(&reader, &queue, &told));
    g_assert_cmpuint(told.gap.first_seq, ==, 4);
    g_assert_cmpuint(told.gap.bytes, ==, 0);
    event_reader_close(&reader);
    event_queue_deinit(&queue);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/event_reader", every_reader_gets_everything_or_its_gap);
    SUITE_ADD("/event_reader", the_same_loss_is_the_same_gap);
    SUITE_ADD("/event_reader", who_begins_within_a_gap_is_told_of_its_rest);
    SUITE_ADD("/event_reader", the_rest_of_a_gap_that_has_left_is_not_counted);
    SUITE_ADD("/event_reader", what_is_lent_outlives_the_queue);
    SUITE_ADD("/event_reader", nobody_begins_in_the_future);
    SUITE_ADD("/event_reader", what_has_been_taken_is_bounded);
    return g_test_run();
}
