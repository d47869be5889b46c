/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/event_log.h"

#include <string.h>

#include <glib.h>

#include "support/fault.h"
#include "support/suite.h"

#define MIN_BYTES LOG_BLOCK_BYTES

static struct event_log *new_log(size_t max_events)
{
    const struct event_log_limits limits = { MIN_BYTES, max_events };
    struct event_log *log = NULL;

    g_assert_cmpint(event_log_new(limits, &log), ==, REMEX_OK);
    return log;
}

static void append_filled(struct event_log *log, enum remex_stream stream,
        size_t size, int fill, int64_t time_ns)
{
    void *data;
    size_t room;

    while (size > 0) {
        g_assert_cmpint(
                event_log_reserve(log, size, &data, &room), ==, REMEX_OK);
        g_assert_cmpuint(room, <=, size);
        memset(data, fill, room);
        event_log_commit(log, stream, room, time_ns);
        size -= room;
    }
}

static void append(struct event_log *log, const char *text)
{
    void *data;
    size_t room;

    g_assert_cmpint(
            event_log_reserve(log, strlen(text), &data, &room), ==, REMEX_OK);
    g_assert_cmpuint(room, ==, strlen(text));
    memcpy(data, text, room);
    event_log_commit(log, REMEX_STDOUT, room, 0);
}

static void append_exit(struct event_log *log)
{
    const struct remex_exit exited = { .code = 3 };

    event_log_exited(log, &exited, 5);
}

static void append_close(struct event_log *log)
{
    const struct remex_stream_end ends[] = { { REMEX_STDOUT, REMEX_END_EOF, 0,
            9 } };

    event_log_closed(log, ends, 1, 6);
}

/* --- Reading ------------------------------------------------------------- */

static struct remex_event next(
        const struct event_log *log, struct cursor *cursor)
{
    struct remex_event event;

    g_assert_true(event_log_next(log, cursor, &event, NULL));
    cursor_pass(cursor, &event);
    g_assert_cmpuint(cursor->seq, ==, event.seq);
    return event;
}

static void check_text(struct remex_bytes bytes, const char *text)
{
    g_assert_cmpuint(bytes.size, ==, strlen(text));
    g_assert_true(memcmp(bytes.data, text, bytes.size) == 0);
}

static void check_output(
        const struct event_log *log, struct cursor *cursor, const char *text)
{
    struct remex_event event = next(log, cursor);

    g_assert_cmpint(event.kind, ==, REMEX_EVENT_OUTPUT);
    check_text(event.output.data, text);
}

static void check_gap(const struct event_log *log, struct cursor *cursor,
        uint64_t first, uint64_t last, uint64_t bytes)
{
    struct remex_event event = next(log, cursor);

    g_assert_cmpint(event.kind, ==, REMEX_EVENT_GAP);
    g_assert_cmpuint(event.gap.first_seq, ==, first);
    g_assert_cmpuint(event.seq, ==, last);
    g_assert_cmpuint(event.gap.bytes, ==, bytes);
}

static void check_none(const struct event_log *log, const struct cursor *cursor)
{
    struct remex_event event;

    g_assert_false(event_log_next(log, cursor, &event, NULL));
}

/* --- What it promises ---------------------------------------------------- */

static void a_new_log_is_empty(void)
{
    struct event_log *log = new_log(1);
    struct cursor cursor = { 0 };

    check_none(log, &cursor);
    g_assert_cmpuint(event_log_first_seq(log), ==, 1);
    g_assert_cmpuint(event_log_next_seq(log), ==, 1);
    g_assert_cmpuint(event_log_exited_seq(log), ==, 0);
    g_assert_cmpuint(event_log_closed_seq(log), ==, 0);
    event_log_free(log);
}

static void events_are_numbered_from_one_in_order(void)
{
    struct event_log *log = new_log(10);
    struct cursor cursor = { 0 };
    struct remex_event event;

    append(log, "a");
    append_exit(log);
    append_filled(log, REMEX_STDERR, 2, 'b', 4);
    append_close(log);
    check_output(log, &cursor, "a");
    event = next(log, &cursor);
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_EXITED);
    g_assert_cmpint(event.exited.code, ==, 3);
    g_assert_cmpint(event.time_ns, ==, 5);
    event = next(log, &cursor);
    g_assert_cmpint(event.output.stream, ==, REMEX_STDERR);
    g_assert_cmpuint(event.output.offset, ==, 0);
    g_assert_cmpint(event.time_ns, ==, 4);
    event = next(log, &cursor);
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_CLOSED);
    g_assert_cmpuint(event.closed.count, ==, 1);
    g_assert_cmpuint(event.closed.ends[0].bytes, ==, 9);
    g_assert_cmpuint(event.seq, ==, 4);
    check_none(log, &cursor);
    g_assert_cmpuint(cursor.position, ==, 3);
    event_log_free(log);
}

static void what_is_not_committed_is_not_told(void)
{
    struct event_log *log = new_log(10);
    struct cursor cursor = { 0 };
    void *data;
    size_t size;

    g_assert_cmpint(event_log_reserve(log, 5, &data, &size), ==, REMEX_OK);
    memcpy(data, "never", 5);
    check_none(log, &cursor);
    append(log, "told");
    check_output(log, &cursor, "told");
    check_none(log, &cursor);
    event_log_free(log);
}

static void the_oldest_make_room_and_a_gap_tells_of_them(void)
{
    struct event_log *log = new_log(2);
    struct cursor cursor = { 0 };

    append(log, "one");
    append(log, "two");
    append(log, "three");
    append(log, "four");
    g_assert_cmpuint(event_log_first_seq(log), ==, 3);
    check_gap(log, &cursor, 1, 2, 6);
    check_output(log, &cursor, "three");
    check_output(log, &cursor, "four");
    check_none(log, &cursor);
    event_log_free(log);
}

static void bytes_are_bounded_too(void)
{
    struct event_log *log = new_log(1000);

    for (int i = 0; i < 100; i++) {
        append_filled(log, REMEX_STDOUT, 5000, i, 0);
        g_assert_cmpuint(event_log_kept_bytes(log), <=, MIN_BYTES);
    }
    g_assert_cmpuint(event_log_kept_bytes(log), >, MIN_BYTES - 5000);
    event_log_free(log);
}

static void a_whole_bound_fits(void)
{
    struct event_log *log = new_log(1000);
    struct cursor cursor = { 0 };
    struct remex_event event;
    void *data;
    size_t size;

    append(log, "gone");
    g_assert_cmpint(
            event_log_reserve(log, (size_t)10 * MIN_BYTES, &data, &size), ==,
            REMEX_OK);
    g_assert_cmpuint(size, ==, MIN_BYTES);
    memset(data, 'x', size);
    event_log_commit(log, REMEX_STDERR, size, 0);
    g_assert_cmpuint(event_log_kept_bytes(log), ==, MIN_BYTES);
    check_gap(log, &cursor, 1, 1, 4);
    event = next(log, &cursor);
    g_assert_cmpuint(event.output.data.size, ==, MIN_BYTES);
    event_log_free(log);
}

static void exited_and_closed_stay_when_all_around_them_has_gone(void)
{
    struct event_log *log = new_log(1);
    struct cursor cursor = { 0 };
    struct cursor late = { 5, 5 };
    int i;

    for (i = 1; i <= 11; i++)
        append(log, "x");
    append_exit(log); /* 12 */
    for (i = 13; i <= 20; i++)
        append(log, "y");
    append_close(log); /* 21 */

    check_gap(log, &cursor, 1, 11, 11);
    g_assert_cmpint(next(log, &cursor).kind, ==, REMEX_EVENT_EXITED);
    check_gap(log, &cursor, 13, 19, 7);
    check_output(log, &cursor, "y");
    g_assert_cmpint(next(log, &cursor).kind, ==, REMEX_EVENT_CLOSED);
    check_none(log, &cursor);
    check_gap(log, &late, 6, 11, 6);
    g_assert_cmpuint(event_log_first_seq(log), ==, 12);
    event_log_free(log);
}

static void a_gap_tells_where_each_stream_goes_on(void)
{
    struct event_log *log = new_log(2);
    struct cursor cursor = { 0 };
    struct remex_event gap;

    append_filled(log, REMEX_STDOUT, 10, 'a', 0);
    append_filled(log, REMEX_STDERR, 20, 'b', 0);
    append_exit(log);
    append_filled(log, REMEX_STDERR, 30, 'c', 0);
    append_filled(log, REMEX_STDOUT, 40, 'd', 0);
    append_filled(log, REMEX_STDOUT, 50, 'e', 0);
    gap = next(log, &cursor);
    g_assert_cmpuint(gap.gap.offsets[0], ==, 10);
    g_assert_cmpuint(gap.gap.offsets[1], ==, 20);
    g_assert_cmpint(next(log, &cursor).kind, ==, REMEX_EVENT_EXITED);
    gap = next(log, &cursor);
    g_assert_cmpuint(gap.gap.offsets[0], ==, 10);
    g_assert_cmpuint(gap.gap.offsets[1], ==, 50);
    g_assert_cmpuint(next(log, &cursor).output.offset, ==, 10);
    event_log_free(log);
}

static void what_is_pinned_stays_and_fills_the_log(void)
{
    struct event_log *log = new_log(2);
    struct cursor cursor = { 0 };
    void *data;
    size_t size;

    append(log, "one");
    append(log, "two");
    event_log_pin(log, 1);
    append(log, "three"); /* in the place of the first */
    g_assert_false(event_log_has_room(log));
    g_assert_cmpint(event_log_reserve(log, 1, &data, &size), ==, REMEX_AGAIN);
    check_gap(log, &cursor, 1, 1, 3);
    check_output(log, &cursor, "two");
    event_log_pin(log, 2);
    g_assert_true(event_log_has_room(log));
    append(log, "four");
    event_log_pin(log, UINT64_MAX);
    append(log, "five");
    append(log, "six");
    check_gap(log, &cursor, 3, 4, 9);
    event_log_free(log);
}

static void a_pin_beyond_the_newest_pins_nothing(void)
{
    struct event_log *log = new_log(1);

    append(log, "one");
    event_log_pin(log, 1000);
    append(log, "two");
    append(log, "three");
    g_assert_cmpuint(event_log_first_seq(log), ==, 3);
    event_log_free(log);
}

static void pinned_bytes_leave_room_for_the_rest(void)
{
    struct event_log *log = new_log(1000);
    void *data;
    size_t size;

    append_filled(log, REMEX_STDOUT, 40000, 'a', 0);
    event_log_pin(log, 0);
    g_assert_cmpint(
            event_log_reserve(log, MIN_BYTES, &data, &size), ==, REMEX_OK);
    g_assert_cmpuint(size, <=, MIN_BYTES - 40000);
    append_filled(log, REMEX_STDOUT, MIN_BYTES - 40000 - 100, 'b', 0);
    /* Less than a page is not worth a read, unless that is all it takes. */
    g_assert_cmpint(
            event_log_reserve(log, 4096, &data, &size), ==, REMEX_AGAIN);
    append_filled(log, REMEX_STDOUT, 100, 'c', 0);
    g_assert_cmpint(event_log_reserve(log, 1, &data, &size), ==, REMEX_AGAIN);
    g_assert_cmpuint(event_log_kept_bytes(log), ==, MIN_BYTES);
    event_log_free(log);
}

static void a_held_block_outlives_its_log(void)
{
    struct event_log *log = new_log(1);
    struct cursor cursor = { 0 };
    struct log_block *block = NULL;
    struct remex_event event;

    append(log, "kept");
    g_assert_true(event_log_next(log, &cursor, &event, &block));
    log_block_hold(block);
    append(log, "other");
    event_log_free(log);
    check_text(event.output.data, "kept");
    log_block_release(block);
}

static void a_made_up_cursor_does_no_harm(void)
{
    struct event_log *log = new_log(1);
    struct cursor cursor = { UINT64_MAX, 0 };
    struct remex_event event;

    append(log, "one");
    append(log, "two");
    check_none(log, &cursor);
    cursor = (struct cursor){ 0, UINT64_MAX };
    g_assert_true(event_log_next(log, &cursor, &event, NULL));
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_GAP);
    g_assert_cmpuint(event.gap.bytes, ==, 0);
    event_log_free(log);
}

static void a_failed_allocation_changes_nothing(void)
{
    const struct event_log_limits limits = { MIN_BYTES, 100 };
    struct event_log *log = NULL;
    struct cursor cursor = { 0 };
    void *data;
    size_t size;

    fault_fail_allocation(1);
    g_assert_cmpint(event_log_new(limits, &log), ==, REMEX_NO_MEMORY);
    g_assert_true(fault_happened());
    log = new_log(100);
    for (int i = 0; i < 70; i++) {
        enum remex_status status;
        unsigned int nth = 0;

        do {
            fault_fail_allocation(++nth);
            status = event_log_reserve(log, 1500, &data, &size);
            g_assert_true(fault_happened() == (status == REMEX_NO_MEMORY));
            g_assert_cmpuint(event_log_next_seq(log), ==, (guint64)i + 1);
        } while (status != REMEX_OK);
        memset(data, i, size);
        event_log_commit(log, REMEX_STDOUT, 1, 0);
    }
    for (int i = 0; i < 70; i++) {
        struct remex_event event = next(log, &cursor);

        g_assert_cmpint(*(const uint8_t *)event.output.data.data, ==, i);
    }
    event_log_free(log);
}

/* --- Against a model ----------------------------------------------------- */

#define STEPS 200000

/* Everything that ever happened, and which of it has left. */
struct model {
    GArray *events; /* of struct told */
    uint64_t evicted;
    uint64_t pin;
    uint64_t exited;
    uint64_t closed;
    size_t max_events;
};

struct told {
    enum remex_event_kind kind;
    enum remex_stream stream;
    size_t size;
    uint8_t fill;
    uint64_t position;   /* before it */
    uint64_t offsets[3]; /* before it */
    bool gone;
};

static struct told *told_at(const struct model *model, uint64_t seq)
{
    return &g_array_index(model->events, struct told, seq - 1);
}

static struct told model_end(const struct model *model)
{
    struct told end = { .size = 0 };

    if (model->events->len == 0)
        return end;
    end = *told_at(model, model->events->len);
    end.position += end.size;
    if (end.kind == REMEX_EVENT_OUTPUT)
        end.offsets[end.stream - 1] += end.size;
    end.gone = false;
    end.size = 0;
    return end;
}

/* Outputs that have not left: how many, how large, and whether they are pinned.
 */
static void model_weigh(const struct model *model, bool pinned_only,
        size_t *count, size_t *bytes)
{
    *count = 0;
    *bytes = 0;
    for (guint seq = model->events->len; seq > 0; seq--) {
        const struct told *told = told_at(model, seq);

        if (told->kind != REMEX_EVENT_OUTPUT)
            continue;
        if (told->gone || (pinned_only && seq <= model->pin))
            return;
        (*count)++;
        *bytes += told->size;
    }
}

static void model_evict(struct model *model, size_t size)
{
    size_t count;
    size_t bytes;
    uint64_t seq = 1;

    for (model_weigh(model, false, &count, &bytes);
            count >= model->max_events || bytes + size > MIN_BYTES;
            model_weigh(model, false, &count, &bytes)) {
        while (told_at(model, seq)->gone ||
                told_at(model, seq)->kind != REMEX_EVENT_OUTPUT)
            seq++;
        g_assert_true(model->pin == UINT64_MAX || seq <= model->pin);
        told_at(model, seq)->gone = true;
    }
}

static void model_append(struct model *model, enum remex_event_kind kind,
        enum remex_stream stream, size_t size, uint8_t fill)
{
    struct told told = model_end(model);

    told.kind = kind;
    told.stream = stream;
    told.size = size;
    told.fill = fill;
    g_array_append_val(model->events, told);
}

static void step_output(struct event_log *log, struct model *model)
{
    size_t want = (size_t)g_test_rand_int_range(1, 4) == 1
            ? (size_t)g_test_rand_int_range(1, 80000)
            : (size_t)g_test_rand_int_range(1, 300);
    enum remex_stream stream = (enum remex_stream)g_test_rand_int_range(1, 4);
    uint8_t fill = (uint8_t)g_test_rand_int_range(0, 256);
    size_t pinned;
    size_t pinned_bytes;
    size_t room;
    size_t size;
    void *data;

    model_weigh(model, true, &pinned, &pinned_bytes);
    room = pinned >= model->max_events ? 0 : MIN_BYTES - pinned_bytes;
    if (event_log_reserve(log, want, &data, &size) == REMEX_AGAIN) {
        g_assert_cmpuint(room, <, MIN(want, 4096));
        return;
    }
    g_assert_cmpuint(room, >=, MIN(want, 4096));
    g_assert_cmpuint(size, <=, MIN(want, room));
    g_assert_cmpuint(size, >, 0);
    if (g_test_rand_int_range(0, 10) == 0)
        return; /* nothing was there to be read */
    size = (size_t)g_test_rand_int_range(1, (gint)size + 1);
    memset(data, fill, size);
    event_log_commit(log, stream, size, 0);
    model_evict(model, size);
    model_append(model, REMEX_EVENT_OUTPUT, stream, size, fill);
}

static void step_pin(struct event_log *log, struct model *model)
{
    guint last = model->events->len;

    model->pin = g_test_rand_int_range(0, 3) == 0
            ? UINT64_MAX
            : last - (guint)g_test_rand_int_range(0, (gint)MIN(last, 8) + 1);
    event_log_pin(log, model->pin);
}

static void check_event(const struct model *model,
        const struct remex_event *event, const struct cursor *cursor)
{
    const struct told *told = told_at(model, cursor->seq + 1);

    if (event->kind != REMEX_EVENT_GAP) {
        g_assert_cmpuint(event->seq, ==, cursor->seq + 1);
        g_assert_cmpint(event->kind, ==, told->kind);
        g_assert_false(told->gone);
    }
    if (event->kind == REMEX_EVENT_OUTPUT) {
        const uint8_t *data = event->output.data.data;

        g_assert_cmpint(event->output.stream, ==, told->stream);
        g_assert_cmpuint(event->output.data.size, ==, told->size);
        g_assert_cmpuint(
                event->output.offset, ==, told->offsets[told->stream - 1]);
        g_assert_cmpuint(data[0], ==, told->fill);
        g_assert_cmpuint(data[told->size - 1], ==, told->fill);
    }
}

static void check_model_gap(const struct model *model,
        const struct remex_event *event, const struct cursor *cursor)
{
    struct told end = model_end(model);
    uint64_t last = cursor->seq + 1;

    while (last <= model->events->len && told_at(model, last)->gone)
        last++;
    if (last <= model->events->len)
        end = *told_at(model, last);
    g_assert_cmpuint(event->gap.first_seq, ==, cursor->seq + 1);
    g_assert_cmpuint(event->seq, ==, last - 1);
    g_assert_cmpuint(event->gap.bytes, ==, end.position - cursor->position);
    g_assert_cmpint(
            memcmp(event->gap.offsets, end.offsets, sizeof(end.offsets)), ==,
            0);
}

/* Reads from a random place on for a while. */
static void step_read(const struct event_log *log, const struct model *model)
{
    guint last = model->events->len;
    struct cursor cursor = { 0 };
    struct remex_event event;

    cursor.seq =
            last - (guint)g_test_rand_int_range(0, (gint)MIN(last, 40) + 1);
    cursor.position = cursor.seq < last
            ? told_at(model, cursor.seq + 1)->position
            : model_end(model).position;
    for (int i = 0; i < 10; i++) {
        if (!event_log_next(log, &cursor, &event, NULL)) {
            g_assert_cmpuint(cursor.seq, ==, last);
            return;
        }
        if (event.kind == REMEX_EVENT_GAP)
            check_model_gap(model, &event, &cursor);
        check_event(model, &event, &cursor);
        cursor_pass(&cursor, &event);
    }
}

static void check_counts(const struct event_log *log, const struct model *model)
{
    struct told end = model_end(model);
    uint64_t first = 1;
    size_t count;
    size_t bytes;

    model_weigh(model, false, &count, &bytes);
    while (first <= model->events->len && told_at(model, first)->gone)
        first++;
    g_assert_cmpuint(event_log_first_seq(log), ==, first);
    g_assert_cmpuint(event_log_next_seq(log), ==, model->events->len + 1);
    g_assert_cmpuint(event_log_kept_bytes(log), ==, bytes);
    g_assert_cmpuint(event_log_exited_seq(log), ==, model->exited);
    g_assert_cmpuint(event_log_closed_seq(log), ==, model->closed);
    for (int stream = 1; stream <= 3; stream++)
        g_assert_cmpuint(event_log_stream_bytes(log, (enum remex_stream)stream),
                ==, end.offsets[stream - 1]);
}

static void play(struct event_log *log, struct model *model, int steps)
{
    int exit_step = g_test_rand_int_range(0, 2 * steps);

    for (int step = 0; step < steps; step++) {
        int choice = g_test_rand_int_range(0, 10);

        if (step == exit_step) {
            model_append(model, REMEX_EVENT_EXITED, 1, 0, 0);
            model->exited = model->events->len;
            append_exit(log);
        } else if (choice < 5) {
            step_output(log, model);
        } else if (choice < 6) {
            step_pin(log, model);
        } else {
            step_read(log, model);
        }
        check_counts(log, model);
    }
    if (model->exited == 0)
        return;
    model_append(model, REMEX_EVENT_CLOSED, 1, 0, 0);
    model->closed = model->events->len;
    append_close(log);
    check_counts(log, model);
    for (int i = 0; i < 50; i++)
        step_read(log, model);
}

/* The seed is GLib's: printed at the start, given by --seed. */
static void it_does_what_a_simple_model_does(void)
{
    for (int done = 0; done < STEPS;) {
        int steps = g_test_rand_int_range(1, 400);
        struct model model = {
            .events = g_array_new(FALSE, FALSE, sizeof(struct told)),
            .pin = UINT64_MAX,
            .max_events = (size_t)g_test_rand_int_range(1, 40),
        };
        struct event_log *log = new_log(model.max_events);

        play(log, &model, steps);
        event_log_free(log);
        g_array_free(model.events, TRUE);
        done += steps;
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/event_log", a_new_log_is_empty);
    SUITE_ADD("/event_log", events_are_numbered_from_one_in_order);
    SUITE_ADD("/event_log", what_is_not_committed_is_not_told);
    SUITE_ADD("/event_log", the_oldest_make_room_and_a_gap_tells_of_them);
    SUITE_ADD("/event_log", bytes_are_bounded_too);
    SUITE_ADD("/event_log", a_whole_bound_fits);
    SUITE_ADD(
            "/event_log", exited_and_closed_stay_when_all_around_them_has_gone);
    SUITE_ADD("/event_log", a_gap_tells_where_each_stream_goes_on);
    SUITE_ADD("/event_log", what_is_pinned_stays_and_fills_the_log);
    SUITE_ADD("/event_log", a_pin_beyond_the_newest_pins_nothing);
    SUITE_ADD("/event_log", pinned_bytes_leave_room_for_the_rest);
    SUITE_ADD("/event_log", a_held_block_outlives_its_log);
    SUITE_ADD("/event_log", a_made_up_cursor_does_no_harm);
    SUITE_ADD("/event_log", a_failed_allocation_changes_nothing);
    SUITE_ADD("/event_log", it_does_what_a_simple_model_does);
    return g_test_run();
}
