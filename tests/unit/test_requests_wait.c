/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/requests.h"

#include <glib.h>

#include "support/desk.h"
#include "support/suite.h"

/* Requests that wait: Pull, Read, Write. */

#define ID(text) ((struct remex_bytes){ text, sizeof(text) - 1 })

enum { WINDOW = 1024 * 1024 };

/* --- Waiting ------------------------------------------------------------- */

static void a_short_life_comes_in_one_reply(void)
{
    struct request pull = desk_pull_request(10000);
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;
    uint64_t ticket;

    desk_begin(&desk);
    puppet = desk_start_process(&desk, "one", 5, WINDOW);
    ticket = desk_ask(&desk, &pull);
    puppet_output(puppet, REMEX_STDOUT, "hello", 5);
    puppet_exit(puppet, 3);
    puppet_end(puppet);
    desk_check_parked(&desk, ticket); /* not before the end of the turn */
    desk_settle(&desk);
    g_assert_true(desk_take(&desk, ticket, &reply));
    g_assert_cmpuint(reply.pull.batch.count, ==, 3);
    for (size_t i = 0; i < 3; i++) {
        g_assert_cmpuint(reply.pull.batch.events[i].follow_id, ==, 5);
        g_assert_cmpuint(reply.pull.batch.events[i].event.seq, ==, i + 1);
    }
    g_assert_cmpint(reply.pull.batch.events[1].event.exited.code, ==, 3);
    desk_check_bytes(reply.payload, "hello");
    desk_deinit(&desk);
}

static void waiting_ends_empty_at_its_limit(void)
{
    struct request pull = desk_pull_request(60000);
    struct request read = { .method = METHOD_READ,
        .read = { .process_id = ID("one"), .wait_ms = 2000 } };
    struct desk desk;
    struct reply reply;
    uint64_t pulling;
    uint64_t reading;

    desk_begin(&desk);
    desk_start_process(&desk, "one", 0, 0);
    pulling = desk_ask(&desk, &pull);
    reading = desk_ask(&desk, &read);
    desk_pass(&desk, 1999);
    desk_check_parked(&desk, reading);
    desk_pass(&desk, 1);
    g_assert_true(desk_take(&desk, reading, &reply));
    desk_check_status(&reply, REMEX_OK);
    g_assert_cmpuint(reply.read.batch.count, ==, 0);
    g_assert_cmpuint(reply.read.next_seq, ==, 1);
    desk_pass(&desk, 12999);
    desk_check_parked(&desk, pulling);
    desk_pass(&desk, 1); /* nothing is parked for longer than park_ms */
    g_assert_true(desk_take(&desk, pulling, &reply));
    g_assert_cmpuint(reply.pull.batch.count, ==, 0);
    desk_deinit(&desk);
}

static void waiting_ends_before_the_deadline(void)
{
    struct request pull = desk_pull_request(10000);
    struct desk desk;
    uint64_t ticket;

    desk_begin(&desk);
    pull.deadline_ms = 2000;
    ticket = desk_ask(&desk, &pull);
    desk_pass(&desk, 1899);
    desk_check_parked(&desk, ticket);
    desk_pass(&desk, 1);
    desk_check_answered(&desk, ticket, REMEX_OK);
    desk_deinit(&desk);
}

/* As when the executor was stopped for a while. */
static void what_nobody_waits_for_any_more_is_not_begun(void)
{
    struct follow_spec none = { 0 };
    struct request start = desk_start_request("one", &none, 0);
    struct request pull = desk_pull_request(10000);
    struct caller early, late;
    struct desk desk;

    desk_begin(&desk);
    late = desk_caller(&desk);
    desk_pass(&desk, 2000);
    desk_address(&desk, &start);
    start.deadline_ms = 2000;
    desk_send(&desk, &late, &start);
    desk_check_answered(&desk, late.ticket, REMEX_DEADLINE_EXCEEDED);
    g_assert_cmpuint(desk.puppets.started, ==, 0);
    start.deadline_ms = 2001;
    desk_send(&desk, &late, &start);
    desk_check_answered(&desk, late.ticket, REMEX_OK);
    g_assert_cmpuint(desk.puppets.started, ==, 1);
    early = desk_caller(&desk);
    desk_pass(&desk, 1500);
    desk_address(&desk, &pull);
    pull.deadline_ms = 2000;
    desk_send(&desk, &early, &pull); /* has 500 ms left, less the margin */
    desk_pass(&desk, 399);
    desk_check_parked(&desk, early.ticket);
    desk_pass(&desk, 1);
    desk_check_answered(&desk, early.ticket, REMEX_OK);
    desk_deinit(&desk);
}

static void a_read_waits_for_what_comes_after_its_cursor(void)
{
    struct request read = { .method = METHOD_READ,
        .read = { .process_id = ID("one"), .wait_ms = 2000 } };
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;
    uint64_t ticket;

    desk_begin(&desk);
    puppet = desk_start_process(&desk, "one", 0, 0);
    puppet_output(puppet, REMEX_STDERR, "abc", 3);
    reply = desk_call(&desk, &read);
    g_assert_cmpuint(reply.read.batch.count, ==, 1);
    desk_check_bytes(reply.payload, "abc");
    reply = desk_call(&desk, &read); /* the same again */
    g_assert_cmpuint(reply.read.batch.count, ==, 1);
    read.read.after_seq = 1;
    read.read.after_position = 3;
    ticket = desk_ask(&desk, &read);
    desk_check_parked(&desk, ticket);
    puppet_output(puppet, REMEX_STDOUT, "de", 2);
    desk_settle(&desk);
    g_assert_true(desk_take(&desk, ticket, &reply));
    desk_check_bytes(reply.payload, "de");
    read.read.after_seq = 3;
    reply = desk_call(&desk, &read);
    desk_check_status(&reply, REMEX_INVALID_ARGUMENT);
    desk_deinit(&desk);
}

static void a_write_waits_for_room(void)
{
    struct request write = { .method = METHOD_WRITE,
        .write = { .process_id = ID("one"), .wait_ms = 2000 } };
    uint8_t bytes[100] = { 0 };
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;
    uint64_t ticket;

    desk_init(&desk);
    desk.settings.limits.stdin_bytes = 64;
    desk_start(&desk);
    desk_open(&desk);
    puppet = desk_start_process(&desk, "one", 0, 0);
    write.payload = (struct remex_bytes){ bytes, sizeof(bytes) };
    reply = desk_call(&desk, &write);
    g_assert_cmpuint(reply.write.next_offset, ==, 64);
    write.write.offset = 64;
    write.payload.size = 36;
    ticket = desk_ask(&desk, &write);
    desk_check_parked(&desk, ticket);
    g_assert_cmpuint(puppet_take_stdin(puppet, bytes, 10), ==, 10);
    desk_settle(&desk);
    g_assert_true(desk_take(&desk, ticket, &reply));
    g_assert_cmpint(reply.write.outcome, ==, WRITE_ACCEPTED);
    g_assert_cmpuint(reply.write.next_offset, ==, 74);
    write.write.offset = 74;
    write.payload.size = 26;
    ticket = desk_ask(&desk, &write);
    desk_pass(&desk, 2000);
    g_assert_true(desk_take(&desk, ticket, &reply));
    g_assert_cmpuint(reply.write.next_offset, ==, 74);
    g_assert_cmpuint(reply.write.room, ==, 0);
    write.write.offset = 75;
    reply = desk_call(&desk, &write);
    desk_check_status(&reply, REMEX_OUT_OF_RANGE);
    desk_deinit(&desk);
}

/* Only a part of a large one is kept while it waits: it must not end stdin. */
static void a_large_write_that_waits_is_taken_in_part(void)
{
    static uint8_t bytes[200000];
    struct request write = { .method = METHOD_WRITE,
        .write = { .process_id = ID("one"), .wait_ms = 2000 } };
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;
    uint64_t ticket;

    desk_begin(&desk);
    puppet = desk_start_process(&desk, "one", 0, 0);
    write.payload = (struct remex_bytes){ bytes, sizeof(bytes) };
    do {
        reply = desk_call(&desk, &write);
        write.write.offset = reply.write.next_offset;
    } while (reply.write.room > 0);
    write.write.eof = true;
    ticket = desk_ask(&desk, &write);
    desk_check_parked(&desk, ticket);
    for (size_t taken = 0; taken < sizeof(bytes);)
        taken += puppet_take_stdin(puppet, bytes, sizeof(bytes) - taken);
    desk_settle(&desk);
    g_assert_true(desk_take(&desk, ticket, &reply));
    g_assert_cmpuint(reply.write.next_offset, ==, write.write.offset + 65536);
    g_assert_false(reply.write.eof);
    desk_deinit(&desk);
}

static void what_waits_is_bounded_and_the_limit_is_named(void)
{
    struct request pull = desk_pull_request(10000);
    struct desk desk;
    struct reply reply;
    uint64_t first;

    desk_init(&desk);
    desk.settings.limits.parked = 2;
    desk_start(&desk);
    desk_open(&desk);
    first = desk_ask(&desk, &pull);
    desk_ask(&desk, &pull);
    reply = desk_call(&desk, &pull);
    desk_check_status(&reply, REMEX_RESOURCE_EXHAUSTED);
    g_assert_cmpstr(reply.error.name, ==, "parked");
    desk_check_parked(&desk, first);
    desk_deinit(&desk);
}

static void what_nobody_waits_for_is_dropped(void)
{
    struct request pull = desk_pull_request(10000);
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;
    uint64_t ticket;

    desk_begin(&desk);
    puppet = desk_start_process(&desk, "one", 1, WINDOW);
    desk_ask(&desk, &pull);
    requests_drop_pipe(desk.requests, &desk, 2);
    requests_drop_front(desk.requests, &puppet);
    requests_drop_pipe(desk.requests, &desk, 1);
    puppet_output(puppet, REMEX_STDOUT, "x", 1);
    desk_settle(&desk);
    g_assert_cmpuint(desk.replies->len, ==, 0);
    ticket = desk_ask(&desk, &pull); /* nothing was lost by it */
    g_assert_true(desk_take(&desk, ticket, &reply));
    g_assert_cmpuint(reply.pull.batch.count, ==, 1);
    desk_ask(&desk, &pull);
    requests_drop_front(desk.requests, &desk);
    puppet_output(puppet, REMEX_STDOUT, "x", 1);
    desk_settle(&desk);
    g_assert_cmpuint(desk.replies->len, ==, 0);
    desk_deinit(&desk);
}

static void a_front_that_does_not_read_gets_nothing_that_can_wait(void)
{
    struct request pull = desk_pull_request(10000);
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;
    uint64_t ticket;

    desk_begin(&desk);
    puppet = desk_start_process(&desk, "one", 1, WINDOW);
    ticket = desk_ask(&desk, &pull);
    desk.full = true;
    puppet_output(puppet, REMEX_STDOUT, "x", 1);
    desk_settle(&desk);
    desk_check_parked(&desk, ticket);
    desk.full = false;
    requests_drained(desk.requests, &desk);
    desk_settle(&desk);
    g_assert_true(desk_take(&desk, ticket, &reply));
    g_assert_cmpuint(reply.pull.batch.count, ==, 1);
    desk_deinit(&desk);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/requests_wait", a_short_life_comes_in_one_reply);
    SUITE_ADD("/requests_wait", waiting_ends_empty_at_its_limit);
    SUITE_ADD("/requests_wait", waiting_ends_before_the_deadline);
    SUITE_ADD("/requests_wait", what_nobody_waits_for_any_more_is_not_begun);
    SUITE_ADD("/requests_wait", a_read_waits_for_what_comes_after_its_cursor);
    SUITE_ADD("/requests_wait", a_write_waits_for_room);
    SUITE_ADD("/requests_wait", a_large_write_that_waits_is_taken_in_part);
    SUITE_ADD("/requests_wait", what_waits_is_bounded_and_the_limit_is_named);
    SUITE_ADD("/requests_wait", what_nobody_waits_for_is_dropped);
    SUITE_ADD("/requests_wait",
            a_front_that_does_not_read_gets_nothing_that_can_wait);
    return g_test_run();
}
