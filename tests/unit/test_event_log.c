/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/event_log.h"

#include <string.h>

#include <glib.h>

#include "support/fault.h"
#include "support/suite.h"

#define MIN_BYTES LOG_BLOCK_BYTES

#define ALL \
    { \
        .captured = true, .retention = RETENTION_ALL \
    }
#define PINS \
    { \
        .captured = true, .pins = true, .retention = RETENTION_ALL \
    }

static struct event_log *new_log_of(
        size_t max_events, struct log_policy out, struct log_policy err)
{
    const struct event_log_limits limits = { MIN_BYTES, max_events };
    const struct log_policy policies[REMEX_STREAMS] = { out, err };
    struct event_log *log = NULL;

    g_assert_cmpint(event_log_new(limits, policies, NULL, &log), ==, REMEX_OK);
    return log;
}

/* stdout alone, which pins. */
static struct event_log *new_log(size_t max_events)
{
    return new_log_of(max_events, (struct log_policy)PINS,
            (struct log_policy){ .captured = false });
}

static struct event_log *new_log_of_two(size_t max_events)
{
    return new_log_of(
            max_events, (struct log_policy)PINS, (struct log_policy)PINS);
}

static void need(struct event_log *log, uint64_t seq)
{
    event_log_need(log, REMEX_STDOUT, seq);
    event_log_need(log, REMEX_STDERR, seq);
}

static void append_filled(struct event_log *log, enum remex_stream stream,
        size_t size, int fill, int64_t time_ns)
{
    void *data;
    size_t room;

    while (size > 0) {
        g_assert_cmpint(event_log_reserve(log, stream, size, &data, &room), ==,
                REMEX_OK);
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
            event_log_reserve(log, REMEX_STDOUT, strlen(text), &data, &room),
            ==, REMEX_OK);
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
    struct event_log *log = new_log_of_two(10);
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

    g_assert_cmpint(event_log_reserve(log, REMEX_STDOUT, 5, &data, &size), ==,
            REMEX_OK);
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
    g_assert_cmpint(event_log_reserve(log, REMEX_STDOUT, (size_t)10 * MIN_BYTES,
                            &data, &size),
            ==, REMEX_OK);
    g_assert_cmpuint(size, ==, MIN_BYTES);
    memset(data, 'x', size);
    event_log_commit(log, REMEX_STDOUT, size, 0);
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
    struct cursor late = { .seq = 5, .position = 5 };
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

#define LAST(number) \
    { \
        .captured = true, .retention = RETENTION_CHUNKS, .amount = (number) \
    }
#define LAST_BYTES(number) \
    { \
        .captured = true, .retention = RETENTION_BYTES, .amount = (number) \
    }
#define NONE \
    { \
        .captured = true, .retention = RETENTION_NONE \
    }
#define NO_STREAM \
    { \
        .captured = false \
    }

#define OF(policy) ((struct log_policy)policy)

static void a_gap_tells_where_each_stream_goes_on(void)
{
    struct event_log *log = new_log_of(10, OF(LAST(2)), OF(NONE));
    struct cursor cursor = { 0 };
    struct remex_event gap;

    append_filled(log, REMEX_STDOUT, 10, 'a', 0);
    append_filled(log, REMEX_STDERR, 20, 'b', 0);
    append_exit(log);
    append_filled(log, REMEX_STDERR, 30, 'c', 0);
    append_filled(log, REMEX_STDOUT, 40, 'd', 0);
    append_filled(log, REMEX_STDERR, 60, 'e', 0);
    append_filled(log, REMEX_STDOUT, 50, 'f', 0);
    append_filled(log, REMEX_STDERR, 70, 'g', 0);
    gap = next(log, &cursor);
    g_assert_cmpuint(gap.gap.offsets[0], ==, 10);
    g_assert_cmpuint(gap.gap.offsets[1], ==, 20);
    g_assert_cmpint(next(log, &cursor).kind, ==, REMEX_EVENT_EXITED);
    gap = next(log, &cursor);
    g_assert_cmpuint(gap.gap.offsets[0], ==, 10);
    g_assert_cmpuint(gap.gap.offsets[1], ==, 50);
    g_assert_cmpuint(next(log, &cursor).output.offset, ==, 10);
    check_gap(log, &cursor, 6, 6, 60); /* between what is kept */
    g_assert_cmpuint(next(log, &cursor).output.offset, ==, 50);
    check_gap(log, &cursor, 8, 8, 70);
    check_none(log, &cursor);
    g_assert_cmpuint(cursor.position, ==, 280);
    event_log_free(log);
}

/* --- Retention ------------------------------------------------------------ */

static void check_kept(const struct event_log *log, enum remex_stream stream,
        size_t events, size_t bytes)
{
    struct log_stream_state state = event_log_stream(log, stream);

    g_assert_cmpuint(state.kept_events, ==, events);
    g_assert_cmpuint(state.kept_bytes, ==, bytes);
}

static void whole_chunks_leave_once_the_rest_has_the_bytes(void)
{
    struct event_log *log = new_log_of(10, OF(LAST_BYTES(4)), OF(NO_STREAM));

    append(log, "aa");
    append(log, "bb");
    append(log, "cc");
    check_kept(log, REMEX_STDOUT, 2, 4);
    append(log, "ddd");
    check_kept(log, REMEX_STDOUT, 2, 5);
    append(log, "0123456789"); /* alone enough */
    check_kept(log, REMEX_STDOUT, 1, 10);
    append(log, "x");
    check_kept(log, REMEX_STDOUT, 2, 11);
    append(log, "yyy");
    check_kept(log, REMEX_STDOUT, 2, 4);
    event_log_free(log);
}

static void each_stream_keeps_what_its_own_policy_says(void)
{
    struct event_log *log = new_log_of(100, OF(NONE), OF(LAST(3)));

    for (int i = 0; i < 50; i++) {
        append(log, "out");
        append_filled(log, REMEX_STDERR, 5, i, 0);
    }
    check_kept(log, REMEX_STDOUT, 0, 0);
    check_kept(log, REMEX_STDERR, 3, 15);
    g_assert_cmpuint(event_log_stream(log, REMEX_STDOUT).dropped, ==, 0);
    g_assert_cmpuint(event_log_stream(log, REMEX_STDOUT).bytes, ==, 150);
    event_log_free(log);
}

static void what_is_needed_outlives_every_policy(void)
{
    struct event_log *log = new_log_of(100, OF(NONE), OF(LAST(1)));
    struct cursor cursor = { 0 };

    need(log, 0);
    append(log, "one");
    append(log, "two");
    append_filled(log, REMEX_STDERR, 3, 'e', 0);
    append_filled(log, REMEX_STDERR, 3, 'f', 0);
    check_output(log, &cursor, "one");
    need(log, 1);
    check_kept(log, REMEX_STDOUT, 1, 3);
    check_kept(log, REMEX_STDERR, 2, 6);
    need(log, UINT64_MAX);
    check_kept(log, REMEX_STDOUT, 0, 0);
    check_kept(log, REMEX_STDERR, 1, 3);
    check_gap(log, &cursor, 2, 3, 6);
    event_log_free(log);
}

static void a_stream_that_does_not_pin_is_never_full(void)
{
    struct event_log *log = new_log_of(8, OF(PINS), OF(ALL));
    void *data;
    size_t size;

    need(log, 0);
    for (int i = 0; i < 6; i++) /* three quarters */
        append(log, "pinned");
    g_assert_cmpint(event_log_reserve(log, REMEX_STDOUT, 1, &data, &size), ==,
            REMEX_AGAIN);
    for (int i = 0; i < 1000; i++)
        append_filled(log, REMEX_STDERR, 200, i, 0);
    check_kept(log, REMEX_STDOUT, 6, 36);
    check_kept(log, REMEX_STDERR, 2, 400);
    g_assert_cmpuint(
            event_log_stream(log, REMEX_STDERR).dropped, ==, 998 * 200);
    g_assert_cmpuint(event_log_stream(log, REMEX_STDOUT).dropped, ==, 0);
    event_log_free(log);
}

static void a_chatty_stream_leaves_the_other_its_quarter(void)
{
    struct event_log *log = new_log_of(1000, OF(ALL), OF(ALL));

    for (int i = 0; i < 10; i++)
        append_filled(log, REMEX_STDERR, MIN_BYTES / 40, 'e', 0);
    for (int i = 0; i < 100; i++)
        append_filled(log, REMEX_STDOUT, 4000, 'o', 0);
    check_kept(log, REMEX_STDERR, 10, MIN_BYTES / 40 * 10);
    g_assert_cmpuint(event_log_kept_bytes(log), <=, MIN_BYTES);
    /* And takes back, up to a half, what the other had borrowed. */
    for (int i = 0; i < 10; i++)
        append_filled(log, REMEX_STDERR, MIN_BYTES / 40, 'e', 0);
    check_kept(log, REMEX_STDERR, 20, MIN_BYTES / 40 * 20);
    g_assert_cmpuint(event_log_kept_bytes(log), <=, MIN_BYTES);
    event_log_free(log);
}

static void a_sealed_stream_keeps_nothing_but_what_is_needed(void)
{
    struct event_log *log = new_log_of(100, OF(ALL), OF(ALL));
    struct cursor early = { 0 };
    struct cursor late;

    append(log, "one");
    append(log, "two");
    append_filled(log, REMEX_STDERR, 3, 'e', 0);
    need(log, 1);
    event_log_seal(log, REMEX_STDOUT);
    event_log_seal(log, REMEX_STDOUT);
    g_assert_true(event_log_stream(log, REMEX_STDOUT).sealed);
    g_assert_false(event_log_stream(log, REMEX_STDERR).sealed);
    late = event_log_join(log, 0, 0);
    append(log, "three");
    check_gap(log, &early, 1, 1, 3);
    check_output(log, &early, "two");
    check_output(log, &early, "eee");
    check_output(log, &early, "three");
    check_gap(log, &late, 1, 2, 6); /* not for him, though it is there */
    check_output(log, &late, "eee");
    check_output(log, &late, "three");
    need(log, 4);
    check_kept(log, REMEX_STDOUT, 0, 0);
    check_kept(log, REMEX_STDERR, 1, 3);
    event_log_free(log);
}

static void the_place_of_a_cursor_is_known_unless_a_gap_comes_next(void)
{
    struct event_log *log = new_log_of(100, OF(LAST(1)), OF(ALL));
    struct mark mark;

    g_assert_true(event_log_mark(log, 0, &mark));
    g_assert_cmpuint(mark_position(&mark), ==, 0);
    append(log, "one");
    append(log, "two");
    append_filled(log, REMEX_STDERR, 5, 'e', 0);
    g_assert_false(event_log_mark(log, 0, &mark));
    g_assert_cmpuint(mark.offsets[0], ==, 3);
    g_assert_true(event_log_mark(log, 1, &mark));
    g_assert_true(event_log_mark(log, 2, &mark));
    g_assert_cmpuint(mark.offsets[0], ==, 6);
    append_exit(log);
    append_close(log);
    for (uint64_t seq = 3; seq <= 5; seq++) {
        g_assert_true(event_log_mark(log, seq, &mark));
        g_assert_cmpuint(mark_position(&mark), ==, 11);
    }
    event_log_free(log);
}

/* One byte to a record, and still within what is said in the header. */
static void one_byte_writes_cannot_make_it_grow(void)
{
    const size_t events = 1000;
    struct event_log *log = new_log_of(events, OF(ALL), OF(ALL));

    for (int i = 0; i < 100000; i++)
        append_filled(log, i % 3 ? REMEX_STDOUT : REMEX_STDERR, 1, i, 0);
    g_assert_cmpuint(event_log_kept_bytes(log), ==, events);
    event_log_free(log);
}

/* --- Pinning -------------------------------------------------------------- */

static void what_is_pinned_stays_and_fills_the_log(void)
{
    struct event_log *log = new_log(2);
    struct cursor cursor = { 0 };
    void *data;
    size_t size;

    append(log, "one");
    append(log, "two");
    need(log, 1);
    append(log, "three"); /* in the place of the first */
    g_assert_false(event_log_has_room(log, REMEX_STDOUT));
    g_assert_cmpint(event_log_reserve(log, REMEX_STDOUT, 1, &data, &size), ==,
            REMEX_AGAIN);
    check_gap(log, &cursor, 1, 1, 3);
    check_output(log, &cursor, "two");
    need(log, 2);
    g_assert_true(event_log_has_room(log, REMEX_STDOUT));
    append(log, "four");
    need(log, UINT64_MAX);
    append(log, "five");
    append(log, "six");
    check_gap(log, &cursor, 3, 4, 9);
    event_log_free(log);
}

static void a_pin_beyond_the_newest_pins_nothing(void)
{
    struct event_log *log = new_log(1);

    append(log, "one");
    need(log, 1000);
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
    need(log, 0);
    g_assert_cmpint(
            event_log_reserve(log, REMEX_STDOUT, MIN_BYTES, &data, &size), ==,
            REMEX_OK);
    g_assert_cmpuint(size, <=, MIN_BYTES - 40000);
    append_filled(log, REMEX_STDOUT, MIN_BYTES - 40000 - 100, 'b', 0);
    /* Less than a page is not worth a read, unless that is all it takes. */
    g_assert_cmpint(event_log_reserve(log, REMEX_STDOUT, 4096, &data, &size),
            ==, REMEX_AGAIN);
    append_filled(log, REMEX_STDOUT, 100, 'c', 0);
    g_assert_cmpint(event_log_reserve(log, REMEX_STDOUT, 1, &data, &size), ==,
            REMEX_AGAIN);
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

/* The ring keeps a block that is free for its next one: free of everybody. */
static void a_block_with_output_in_it_is_not_filled_anew(void)
{
    struct log_policy last = {
        .captured = true,
        .retention = RETENTION_CHUNKS,
        .amount = 1,
    };
    struct event_log *log = new_log_of(100, last, (struct log_policy)ALL);
    struct cursor cursor = { 0 };
    struct remex_event event;

    append_filled(log, REMEX_STDOUT, 5000, 'a', 0);
    append_filled(log, REMEX_STDOUT, 5000, 'b', 0); /* in the same block */
    append_filled(log, REMEX_STDERR, 20000, 'c', 0);
    check_gap(log, &cursor, 1, 1, 5000);
    event = next(log, &cursor);
    g_assert_cmpuint(event.output.data.size, ==, 5000);
    g_assert_cmpint(*(const char *)event.output.data.data, ==, 'b');
    event_log_free(log);
}

static void a_block_that_a_reader_holds_is_not_filled_anew(void)
{
    struct log_policy last = {
        .captured = true,
        .retention = RETENTION_CHUNKS,
        .amount = 1,
    };
    struct event_log *log =
            new_log_of(100, last, (struct log_policy){ .captured = false });
    struct cursor cursor = { 0 };
    struct log_block *block = NULL;
    struct remex_event event;

    append_filled(log, REMEX_STDOUT, 60000, 'a', 0);
    g_assert_true(event_log_next(log, &cursor, &event, &block));
    log_block_hold(block);
    for (int fill = 'b'; fill <= 'e'; fill++)
        append_filled(log, REMEX_STDOUT, 60000, fill, 0);
    g_assert_cmpint(*(const char *)event.output.data.data, ==, 'a');
    log_block_release(block);
    event_log_free(log);
}

static void a_made_up_cursor_does_no_harm(void)
{
    struct event_log *log = new_log(1);
    struct cursor cursor = { .seq = UINT64_MAX };
    struct remex_event event;

    append(log, "one");
    append(log, "two");
    check_none(log, &cursor);
    cursor = (struct cursor){ .position = UINT64_MAX };
    g_assert_true(event_log_next(log, &cursor, &event, NULL));
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_GAP);
    g_assert_cmpuint(event.gap.bytes, ==, 0);
    event_log_free(log);
}

static void a_failed_allocation_changes_nothing(void)
{
    const struct event_log_limits limits = { MIN_BYTES, 100 };
    const struct log_policy policies[REMEX_STREAMS] = { ALL };
    struct event_log *log = NULL;
    struct cursor cursor = { 0 };
    void *data;
    size_t size;

    fault_fail_allocation(1);
    g_assert_cmpint(
            event_log_new(limits, policies, NULL, &log), ==, REMEX_NO_MEMORY);
    g_assert_true(fault_happened());
    log = new_log(100);
    for (int i = 0; i < 70; i++) {
        enum remex_status status;
        unsigned int nth = 0;

        do {
            fault_fail_allocation(++nth);
            status = event_log_reserve(log, REMEX_STDOUT, 1500, &data, &size);
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
    SUITE_ADD("/event_log", whole_chunks_leave_once_the_rest_has_the_bytes);
    SUITE_ADD("/event_log", each_stream_keeps_what_its_own_policy_says);
    SUITE_ADD("/event_log", what_is_needed_outlives_every_policy);
    SUITE_ADD("/event_log", a_stream_that_does_not_pin_is_never_full);
    SUITE_ADD("/event_log", a_chatty_stream_leaves_the_other_its_quarter);
    SUITE_ADD("/event_log", a_sealed_stream_keeps_nothing_but_what_is_needed);
    SUITE_ADD("/event_log",
            the_place_of_a_cursor_is_known_unless_a_gap_comes_next);
    SUITE_ADD("/event_log", one_byte_writes_cannot_make_it_grow);
    SUITE_ADD("/event_log", what_is_pinned_stays_and_fills_the_log);
    SUITE_ADD("/event_log", a_pin_beyond_the_newest_pins_nothing);
    SUITE_ADD("/event_log", pinned_bytes_leave_room_for_the_rest);
    SUITE_ADD("/event_log", a_held_block_outlives_its_log);
    SUITE_ADD("/event_log", a_block_with_output_in_it_is_not_filled_anew);
    SUITE_ADD("/event_log", a_block_that_a_reader_holds_is_not_filled_anew);
    SUITE_ADD("/event_log", a_made_up_cursor_does_no_harm);
    SUITE_ADD("/event_log", a_failed_allocation_changes_nothing);
    return g_test_run();
}
