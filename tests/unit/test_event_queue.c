/* SPDX-License-Identifier: Apache-2.0 */
#include "client/event_queue.h"

#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "support/fault.h"
#include "support/suite.h"

#define WINDOW ((size_t)1024 * 1024)

static struct event_queue queue;

static void set_up(size_t window)
{
    event_queue_init(&queue, window, 0);
    event_queue_grant(&queue);
}

static void tear_down(void)
{
    event_queue_deinit(&queue);
}

static struct remex_event output(
        uint64_t seq, uint64_t offset, const char *text)
{
    struct remex_event event = { .kind = REMEX_EVENT_OUTPUT, .seq = seq };

    event.output.stream = REMEX_STDOUT;
    event.output.offset = offset;
    event.output.data = (struct remex_bytes){ text, strlen(text) };
    return event;
}

static struct remex_event plain(enum remex_event_kind kind, uint64_t seq)
{
    return (struct remex_event){ .kind = kind, .seq = seq };
}

static struct remex_event gap(uint64_t first_seq, uint64_t seq, uint64_t bytes,
        uint64_t stdout_offset)
{
    struct remex_event event = { .kind = REMEX_EVENT_GAP, .seq = seq };

    event.gap.first_seq = first_seq;
    event.gap.bytes = bytes;
    event.gap.offsets[0] = stdout_offset;
    return event;
}

static enum remex_status push(struct remex_event event)
{
    return event_queue_push(&queue, &event, NULL);
}

/* Takes an output and compares it. */
static void take_output(uint64_t seq, const char *text)
{
    struct remex_event event;

    g_assert_true(event_queue_take(&queue, &event));
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_OUTPUT);
    g_assert_cmpuint(event.seq, ==, seq);
    g_assert_cmpuint(event.output.data.size, ==, strlen(text));
    g_assert_true(memcmp(event.output.data.data, text, strlen(text)) == 0);
}

static void take_kind(enum remex_event_kind kind)
{
    struct remex_event event;

    g_assert_true(event_queue_take(&queue, &event));
    g_assert_cmpint(event.kind, ==, kind);
}

static void take_nothing(void)
{
    struct remex_event event;

    g_assert_false(event_queue_is_ready(&queue));
    g_assert_false(event_queue_take(&queue, &event));
}

static void a_story_comes_out_as_it_went_in(void)
{
    set_up(WINDOW);
    g_assert_cmpint(push(output(1, 0, "one")), ==, REMEX_OK);
    g_assert_cmpint(push(plain(REMEX_EVENT_EXITED, 2)), ==, REMEX_OK);
    g_assert_cmpint(push(output(3, 3, "late")), ==, REMEX_OK);
    g_assert_cmpint(push(plain(REMEX_EVENT_CLOSED, 4)), ==, REMEX_OK);
    take_output(1, "one");
    take_kind(REMEX_EVENT_EXITED);
    take_output(3, "late");
    g_assert_false(event_queue_is_ended(&queue));
    take_kind(REMEX_EVENT_CLOSED);
    g_assert_true(event_queue_is_ended(&queue));
    take_nothing();
    tear_down();
}

static void it_keeps_a_copy_of_what_is_no_packets(void)
{
    char text[] = "mine";

    set_up(WINDOW);
    g_assert_cmpint(push(output(1, 0, text)), ==, REMEX_OK);
    memset(text, 'x', sizeof(text) - 1);
    take_output(1, "mine");
    tear_down();
}

static bool destroyed;

static void note_destruction(struct packet *packet)
{
    (void)packet;
    destroyed = true;
}

static void a_packet_lives_until_the_next_event_is_taken(void)
{
    struct packet packet = { .holders = 1, .destroy = note_destruction };
    struct remex_event event = output(1, 0, "lent");

    destroyed = false;
    set_up(WINDOW);
    g_assert_cmpint(event_queue_push(&queue, &event, &packet), ==, REMEX_OK);
    packet_release(&packet);
    g_assert_false(destroyed);
    take_output(1, "lent");
    g_assert_false(destroyed);
    take_nothing();
    g_assert_true(destroyed);
    tear_down();
}

static void what_was_had_before_is_dropped(void)
{
    set_up(WINDOW);
    g_assert_cmpint(push(output(1, 0, "a")), ==, REMEX_OK);
    g_assert_cmpint(push(output(1, 0, "a")), ==, REMEX_ALREADY_EXISTS);
    take_output(1, "a");
    g_assert_cmpint(push(output(1, 0, "a")), ==, REMEX_ALREADY_EXISTS);
    take_nothing();
    tear_down();
}

static void what_comes_too_early_waits_for_its_turn(void)
{
    set_up(WINDOW);
    g_assert_cmpint(push(output(3, 2, "c")), ==, REMEX_AGAIN);
    g_assert_cmpint(push(plain(REMEX_EVENT_EXITED, 4)), ==, REMEX_AGAIN);
    g_assert_cmpint(push(output(2, 1, "b")), ==, REMEX_AGAIN);
    g_assert_true(event_queue_has_hole(&queue));
    take_nothing();
    g_assert_cmpint(push(output(1, 0, "a")), ==, REMEX_OK);
    g_assert_false(event_queue_has_hole(&queue));
    take_output(1, "a");
    take_output(2, "b");
    take_output(3, "c");
    take_kind(REMEX_EVENT_EXITED);
    tear_down();
}

static void a_lie_put_aside_comes_to_light_in_its_turn(void)
{
    set_up(WINDOW);
    g_assert_cmpint(push(output(2, 7, "wrong offset")), ==, REMEX_AGAIN);
    g_assert_cmpint(push(output(1, 0, "a")), ==, REMEX_PROTOCOL_ERROR);
    tear_down();
}

static void what_was_put_aside_can_be_forgotten(void)
{
    set_up(WINDOW);
    g_assert_cmpint(push(output(2, 1, "b")), ==, REMEX_AGAIN);
    event_queue_drop_early(&queue);
    g_assert_false(event_queue_has_hole(&queue));
    g_assert_cmpint(push(output(1, 0, "a")), ==, REMEX_OK);
    take_output(1, "a");
    take_nothing();
    g_assert_cmpint(push(output(2, 1, "b")), ==, REMEX_OK);
    g_assert_cmpuint(queue.held_count, ==, 1);
    g_assert_cmpuint(queue.held_bytes, ==, 1);
    tear_down();
}

static void what_was_put_aside_twice_is_told_once(void)
{
    set_up(WINDOW);
    g_assert_cmpint(push(output(2, 1, "b")), ==, REMEX_AGAIN);
    g_assert_cmpint(push(output(2, 1, "b")), ==, REMEX_AGAIN);
    g_assert_cmpint(push(output(1, 0, "a")), ==, REMEX_OK);
    take_output(1, "a");
    take_output(2, "b");
    take_nothing();
    g_assert_cmpuint(queue.held_bytes, <=, 1); /* of what is lent */
    tear_down();
}

static void nothing_put_aside_comes_after_closed(void)
{
    set_up(WINDOW);
    g_assert_cmpint(push(plain(REMEX_EVENT_CLOSED, 2)), ==, REMEX_AGAIN);
    g_assert_cmpint(push(output(3, 0, "a")), ==, REMEX_AGAIN);
    g_assert_cmpint(push(output(4, 1, "b")), ==, REMEX_AGAIN);
    g_assert_cmpint(
            push(plain(REMEX_EVENT_EXITED, 1)), ==, REMEX_PROTOCOL_ERROR);
    tear_down();
}

static void a_gap_moves_the_cursor_of_each_stream(void)
{
    set_up(WINDOW);
    g_assert_cmpint(push(gap(1, 9, 100, 100)), ==, REMEX_OK);
    g_assert_cmpuint(queue.come.position, ==, 100);
    g_assert_cmpint(push(output(10, 100, "on")), ==, REMEX_OK);
    take_kind(REMEX_EVENT_GAP);
    take_output(10, "on");
    tear_down();
}

static void a_gap_that_does_not_add_up_is_refused(void)
{
    set_up(WINDOW);
    g_assert_cmpint(push(output(1, 0, "abc")), ==, REMEX_OK);
    g_assert_cmpint(push(gap(2, 9, 5, 7)), ==, REMEX_PROTOCOL_ERROR);
    g_assert_cmpint(push(gap(2, 9, 3, 7)), ==, REMEX_PROTOCOL_ERROR);
    g_assert_cmpint(push(gap(2, 9, 0, 2)), ==, REMEX_PROTOCOL_ERROR);
    g_assert_cmpint(push(gap(2, 0, 0, 3)), ==, REMEX_PROTOCOL_ERROR);
    g_assert_cmpint(push(gap(2, 1, 0, 3)), ==, REMEX_ALREADY_EXISTS);
    g_assert_cmpint(push(gap(2, 9, UINT64_MAX, 3)), ==, REMEX_PROTOCOL_ERROR);
    g_assert_cmpint(push(gap(2, 9, 4, 7)), ==, REMEX_OK);
    tear_down();
}

static void what_breaks_the_rules_is_refused(void)
{
    struct remex_event stray = output(1, 0, "a");

    set_up(WINDOW);
    g_assert_cmpint(push(output(1, 1, "a")), ==, REMEX_PROTOCOL_ERROR);
    g_assert_cmpint(push(output(1, 0, "")), ==, REMEX_PROTOCOL_ERROR);
    stray.output.stream = (enum remex_stream)4;
    g_assert_cmpint(push(stray), ==, REMEX_PROTOCOL_ERROR);
    g_assert_cmpint(
            push(plain(REMEX_EVENT_FAILED, 1)), ==, REMEX_PROTOCOL_ERROR);
    g_assert_cmpint(
            push(plain(REMEX_EVENT_CLOSED, 1)), ==, REMEX_PROTOCOL_ERROR);
    g_assert_cmpint(push(plain(REMEX_EVENT_EXITED, 1)), ==, REMEX_OK);
    g_assert_cmpint(
            push(plain(REMEX_EVENT_EXITED, 2)), ==, REMEX_PROTOCOL_ERROR);
    g_assert_cmpint(push(plain(REMEX_EVENT_CLOSED, 2)), ==, REMEX_OK);
    g_assert_cmpint(push(output(3, 0, "a")), ==, REMEX_PROTOCOL_ERROR);
    tear_down();
}

static void the_number_0_is_nobodys(void)
{
    set_up(WINDOW);
    g_assert_cmpint(push(output(0, 0, "a")), ==, REMEX_PROTOCOL_ERROR);
    g_assert_cmpint(push(output(UINT64_MAX, 0, "a")), ==, REMEX_AGAIN);
    take_nothing();
    tear_down();
}

static void output_beyond_the_grant_is_refused(void)
{
    event_queue_init(&queue, WINDOW, 0);
    g_assert_cmpint(push(output(1, 0, "a")), ==, REMEX_PROTOCOL_ERROR);
    g_assert_cmpuint(event_queue_grant(&queue), >, 0);
    g_assert_cmpint(push(output(1, 0, "a")), ==, REMEX_OK);
    tear_down();
}

static void a_full_queue_grants_nothing_more(void)
{
    uint64_t granted;
    uint64_t seq = 0;

    set_up(4096);
    while (queue.come.position < queue.until) {
        seq++;
        g_assert_cmpint(
                push(output(seq, (seq - 1) * 8, "12345678")), ==, REMEX_OK);
        event_queue_grant(&queue);
    }
    granted = event_queue_grant(&queue);
    g_assert_cmpuint(event_queue_grant(&queue), ==, granted);
    g_assert_cmpuint(queue.held_bytes, <=, 4096 + 8);
    take_output(1, "12345678");
    while (queue.held_count > 0)
        take_kind(REMEX_EVENT_OUTPUT);
    g_assert_cmpuint(event_queue_grant(&queue), >, granted);
    tear_down();
}

static void small_events_have_a_bound_of_their_own(void)
{
    size_t count = 0;

    set_up(4096);
    while (push(output(count + 2, count, "x")) == REMEX_AGAIN)
        count++;
    g_assert_cmpuint(count, ==, queue.max_count);
    tear_down();
}

static void failed_comes_last_and_once(void)
{
    struct remex_event event;

    set_up(WINDOW);
    g_assert_cmpint(push(output(1, 0, "a")), ==, REMEX_OK);
    g_assert_cmpint(push(output(3, 2, "c")), ==, REMEX_AGAIN);
    event_queue_fail(&queue, REMEX_FAILURE_LINK_LOST);
    event_queue_fail(&queue, REMEX_FAILURE_EVICTED);
    g_assert_cmpint(push(output(2, 1, "b")), ==, REMEX_ALREADY_EXISTS);
    take_output(1, "a");
    g_assert_false(event_queue_is_ended(&queue));
    g_assert_true(event_queue_take(&queue, &event));
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_FAILED);
    g_assert_cmpint(event.failure, ==, REMEX_FAILURE_LINK_LOST);
    g_assert_cmpuint(event.seq, ==, 0);
    g_assert_true(event_queue_is_ended(&queue));
    take_nothing();
    tear_down();
}

static void what_is_closed_cannot_fail(void)
{
    set_up(WINDOW);
    g_assert_cmpint(push(plain(REMEX_EVENT_EXITED, 1)), ==, REMEX_OK);
    g_assert_cmpint(push(plain(REMEX_EVENT_CLOSED, 2)), ==, REMEX_OK);
    event_queue_fail(&queue, REMEX_FAILURE_LINK_LOST);
    take_kind(REMEX_EVENT_EXITED);
    take_kind(REMEX_EVENT_CLOSED);
    take_nothing();
    tear_down();
}

static void a_failed_allocation_changes_nothing(void)
{
    set_up(WINDOW);
    fault_fail_allocation(1);
    g_assert_cmpint(push(output(1, 0, "a")), ==, REMEX_NO_MEMORY);
    g_assert_true(fault_happened());
    g_assert_cmpint(push(output(1, 0, "a")), ==, REMEX_OK);
    take_output(1, "a");
    tear_down();
}

static void what_was_lost_takes_no_room(void)
{
    uint64_t until;

    set_up(WINDOW);
    until = queue.until;
    g_assert_cmpint(push(gap(1, 9, until, until)), ==, REMEX_OK);
    g_assert_cmpuint(queue.until, ==, 2 * until);
    g_assert_cmpint(push(output(10, until, "on")), ==, REMEX_OK);
    take_kind(REMEX_EVENT_GAP);
    take_output(10, "on");
    tear_down();
}

/* --- Where numbers end --------------------------------------------------- */

/* Behind so much of stdout, and as many bytes before the end of all numbers as
 * the window has. */
static uint64_t set_up_at_the_end(uint64_t seq)
{
    struct follow_place place = { .seq = seq };

    set_up(4096);
    event_queue_unplace(&queue);
    place.offsets[0] = UINT64_MAX - queue.until;
    g_assert_cmpint(event_queue_place(&queue, &place), ==, REMEX_OK);
    g_assert_cmpuint(queue.until, ==, UINT64_MAX);
    return place.offsets[0];
}

static void no_place_is_beyond_all_numbers(void)
{
    struct follow_place place = { .seq = UINT64_MAX };

    set_up(4096);
    event_queue_unplace(&queue);
    g_assert_cmpint(
            event_queue_place(&queue, &place), ==, REMEX_PROTOCOL_ERROR);
    place.seq = 1;
    place.offsets[0] = UINT64_MAX - queue.until + 1;
    g_assert_cmpint(
            event_queue_place(&queue, &place), ==, REMEX_PROTOCOL_ERROR);
    tear_down();
}

static void the_last_number_is_no_events(void)
{
    uint64_t offset = set_up_at_the_end(UINT64_MAX - 1);

    g_assert_cmpint(
            push(output(UINT64_MAX, offset, "a")), ==, REMEX_PROTOCOL_ERROR);
    take_nothing();
    tear_down();
}

static void output_ends_where_positions_end(void)
{
    uint64_t offset = set_up_at_the_end(1);
    char *text = g_strnfill(UINT64_MAX - offset + 1, 'x');

    g_assert_cmpint(push(output(2, offset, text)), ==, REMEX_PROTOCOL_ERROR);
    text[UINT64_MAX - offset] = '\0';
    g_assert_cmpint(push(output(2, offset, text)), ==, REMEX_OK);
    take_output(2, text);
    g_assert_cmpuint(event_queue_grant(&queue), ==, UINT64_MAX);
    tear_down();
    g_free(text);
}

static void what_was_lost_moves_no_bound_beyond_them(void)
{
    uint64_t offset = set_up_at_the_end(1);

    g_assert_cmpint(push(gap(2, 3, 9, offset + 9)), ==, REMEX_OK);
    g_assert_cmpuint(queue.until, ==, UINT64_MAX);
    take_kind(REMEX_EVENT_GAP);
    tear_down();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/event_queue", a_story_comes_out_as_it_went_in);
    SUITE_ADD("/event_queue", it_keeps_a_copy_of_what_is_no_packets);
    SUITE_ADD("/event_queue", a_packet_lives_until_the_next_event_is_taken);
    SUITE_ADD("/event_queue", what_was_had_before_is_dropped);
    SUITE_ADD("/event_queue", what_comes_too_early_waits_for_its_turn);
    SUITE_ADD("/event_queue", a_lie_put_aside_comes_to_light_in_its_turn);
    SUITE_ADD("/event_queue", what_was_put_aside_can_be_forgotten);
    SUITE_ADD("/event_queue", what_was_put_aside_twice_is_told_once);
    SUITE_ADD("/event_queue", nothing_put_aside_comes_after_closed);
    SUITE_ADD("/event_queue", a_gap_moves_the_cursor_of_each_stream);
    SUITE_ADD("/event_queue", a_gap_that_does_not_add_up_is_refused);
    SUITE_ADD("/event_queue", what_breaks_the_rules_is_refused);
    SUITE_ADD("/event_queue", the_number_0_is_nobodys);
    SUITE_ADD("/event_queue", output_beyond_the_grant_is_refused);
    SUITE_ADD("/event_queue", a_full_queue_grants_nothing_more);
    SUITE_ADD("/event_queue", small_events_have_a_bound_of_their_own);
    SUITE_ADD("/event_queue", failed_comes_last_and_once);
    SUITE_ADD("/event_queue", what_is_closed_cannot_fail);
    SUITE_ADD("/event_queue", a_failed_allocation_changes_nothing);
    SUITE_ADD("/event_queue", what_was_lost_takes_no_room);
    SUITE_ADD("/event_queue", no_place_is_beyond_all_numbers);
    SUITE_ADD("/event_queue", the_last_number_is_no_events);
    SUITE_ADD("/event_queue", output_ends_where_positions_end);
    SUITE_ADD("/event_queue", what_was_lost_moves_no_bound_beyond_them);
    return g_test_run();
}
