/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/requests.h"

#include <string.h>

#include <glib.h>

#include "common/text.h"
#include "common/wire.h"
#include "support/desk.h"
#include "support/fault.h"
#include "support/samples.h"
#include "support/suite.h"

#define ID(text) ((struct remex_bytes){ text, sizeof(text) - 1 })

enum { WINDOW = 1024 * 1024 };

static void begin(struct desk *desk)
{
    desk_init(desk);
    desk_start(desk);
    desk_open(desk);
}

static void check_status(const struct reply *reply, enum remex_status status)
{
    g_assert_cmpstr(remex_status_name(reply->error.status), ==,
            remex_status_name(status));
}

static void check_bytes(struct remex_bytes bytes, const char *text)
{
    char *copy = g_strndup(bytes.data, bytes.size);

    g_assert_cmpstr(copy, ==, text);
    g_free(copy);
}

static void check_answered(
        struct desk *desk, uint64_t ticket, enum remex_status status)
{
    struct reply reply;

    g_assert_true(desk_take(desk, ticket, &reply));
    check_status(&reply, status);
}

static void check_parked(struct desk *desk, uint64_t ticket)
{
    struct reply reply;

    g_assert_false(desk_take(desk, ticket, &reply));
}

/* --- The gate ------------------------------------------------------------ */

static void open_tells_what_a_client_needs(void)
{
    struct desk desk;
    struct reply reply;

    begin(&desk);
    reply = desk_open(&desk);
    g_assert_cmpuint(reply.open.version, ==, 1);
    g_assert_cmpuint(reply.open.attachment, ==, 1);
    g_assert_cmpuint(reply.open.lease_ms, ==, 80000);
    g_assert_cmpuint(reply.open.heartbeat_ms, ==, 1000);
    check_bytes(reply.open.principal, "uid:1000");
    check_bytes(reply.open.hint_address, "ipc:///hints");
    g_assert_cmpuint(reply.open.limits.park_ms, ==, 15000);
    desk_deinit(&desk);
}

static void nobody_gets_by_the_gate(void)
{
    struct request request = { .version = 1, .method = METHOD_RENEW };
    struct caller caller;
    struct desk desk;
    struct reply reply;

    begin(&desk);
    reply = desk_call(&desk, &request);
    check_status(&reply, REMEX_OK);

    request.session_id.bytes[3] ^= 1;
    caller = desk_caller(&desk);
    g_assert_true(
            desk_take(&desk, desk_send(&desk, &caller, &request), &reply));
    g_assert_cmpint(reply.error.kind, ==, REMEX_ERROR_SESSION_GONE);
    request.session_id.bytes[3] ^= 1;

    request.boot_id.bytes[3] ^= 1;
    g_assert_true(
            desk_take(&desk, desk_send(&desk, &caller, &request), &reply));
    g_assert_cmpint(reply.error.kind, ==, REMEX_ERROR_STALE_BOOT);
    request.boot_id.bytes[3] ^= 1;

    caller.uid = 1001;
    check_answered(&desk, desk_send(&desk, &caller, &request),
            REMEX_PERMISSION_DENIED);
    caller.uid = LINK_PEER_UID_UNKNOWN;
    check_answered(&desk, desk_send(&desk, &caller, &request),
            REMEX_PERMISSION_DENIED);
    caller.uid = 0; /* may come in, but the session is another's */
    g_assert_true(
            desk_take(&desk, desk_send(&desk, &caller, &request), &reply));
    g_assert_cmpint(reply.error.kind, ==, REMEX_ERROR_SESSION_GONE);
    caller.has_uid = false; /* so is it for whoever comes by tcp */
    g_assert_true(
            desk_take(&desk, desk_send(&desk, &caller, &request), &reply));
    g_assert_cmpint(reply.error.kind, ==, REMEX_ERROR_SESSION_GONE);
    desk_deinit(&desk);
}

static void without_credentials_only_the_token_opens(void)
{
    struct request request = { .version = 1,
        .method = METHOD_OPEN,
        .open = { .min_version = 1, .max_version = 9 } };
    struct caller caller;
    struct desk desk;

    desk_init(&desk);
    desk.settings.token = ID("a token of the right length");
    desk_start(&desk);
    caller = desk_caller(&desk);
    caller.has_uid = false;
    check_answered(
            &desk, desk_send(&desk, &caller, &request), REMEX_UNAUTHENTICATED);
    request.open.token = ID("a token of the wrong length");
    check_answered(
            &desk, desk_send(&desk, &caller, &request), REMEX_UNAUTHENTICATED);
    request.open.token = desk.settings.token;
    check_answered(&desk, desk_send(&desk, &caller, &request), REMEX_OK);
    desk_deinit(&desk);
}

static void where_there_is_no_token_an_empty_one_opens_nothing(void)
{
    struct request request = { .version = 1,
        .method = METHOD_OPEN,
        .open = { .min_version = 1, .max_version = 1 } };
    struct caller caller;
    struct desk desk;

    begin(&desk);
    caller = desk_caller(&desk);
    caller.has_uid = false;
    check_answered(
            &desk, desk_send(&desk, &caller, &request), REMEX_UNAUTHENTICATED);
    desk_deinit(&desk);
}

static void versions_that_are_not_spoken_are_told(void)
{
    struct request request = { .version = 1,
        .method = METHOD_OPEN,
        .open = { .min_version = 2, .max_version = 3 } };
    struct caller caller;
    struct desk desk;
    struct reply reply;

    begin(&desk);
    caller = desk_caller(&desk);
    g_assert_true(
            desk_take(&desk, desk_send(&desk, &caller, &request), &reply));
    g_assert_cmpint(reply.error.kind, ==, REMEX_ERROR_UNSUPPORTED_VERSION);
    g_assert_cmpuint(reply.error.allowed, ==, 1);
    request.version = 2;
    g_assert_true(
            desk_take(&desk, desk_send(&desk, &caller, &request), &reply));
    g_assert_cmpint(reply.error.kind, ==, REMEX_ERROR_UNSUPPORTED_VERSION);
    desk_deinit(&desk);
}

static void what_is_no_request_is_answered_and_harms_nothing(void)
{
    struct desk desk;
    struct caller caller;
    uint8_t junk[200];

    begin(&desk);
    for (int i = 0; i < 1000; i++) {
        caller = desk_caller(&desk);
        for (size_t j = 0; j < sizeof(junk); j++)
            junk[j] = (uint8_t)g_test_rand_int();
        requests_take(desk.requests, &caller,
                (struct remex_bytes){ junk, (size_t)(i % 200) + 1 }, 1);
    }
    g_assert_cmpuint(desk.replies->len, ==, 1000);
    desk_start_process(&desk, "fine", 0, 0);
    desk_deinit(&desk);
}

/* --- Start --------------------------------------------------------------- */

static void a_start_happens_at_most_once(void)
{
    struct follow_spec none = { 0 };
    struct request request = desk_start_request("one", &none, 0);
    struct desk desk;
    struct reply reply;
    int64_t pid;

    begin(&desk);
    reply = desk_call(&desk, &request);
    pid = reply.start.pid;
    reply = desk_call(&desk, &request);
    check_status(&reply, REMEX_OK);
    g_assert_cmpint(reply.start.pid, ==, pid);
    g_assert_cmpuint(desk.puppets.started, ==, 1);
    request.start.process.wall_time_ms = 1;
    reply = desk_call(&desk, &request);
    check_status(&reply, REMEX_ALREADY_EXISTS);
    desk_deinit(&desk);
}

static void a_failed_start_frees_the_id(void)
{
    struct follow_spec follow = { .follow_id = 1 };
    struct request request = desk_start_request("one", &follow, WINDOW);
    struct desk desk;
    struct reply reply;

    begin(&desk);
    desk.puppets.next_start = REMEX_NOT_FOUND;
    reply = desk_call(&desk, &request);
    check_status(&reply, REMEX_NOT_FOUND);
    g_assert_cmpint(reply.error.kind, ==, REMEX_ERROR_LAUNCH_FAILED);
    g_assert_cmpint(reply.error.stage, ==, REMEX_STAGE_EXEC);
    desk.puppets.next_start = REMEX_OK;
    request.start.process.wall_time_ms = 1; /* another one altogether */
    reply = desk_call(&desk, &request);
    check_status(&reply, REMEX_OK);
    desk_deinit(&desk);
}

static void too_many_arguments_name_the_limit(void)
{
    struct remex_bytes argv[] = { ID("12345"), ID("1234") };
    struct follow_spec none = { 0 };
    struct request request = desk_start_request("one", &none, 0);
    struct desk desk;
    struct reply reply;

    desk_init(&desk);
    desk.settings.limits.argument_count = 2;
    desk.settings.limits.argument_bytes = 11;
    desk_start(&desk);
    desk_open(&desk);
    request.start.process.argv = argv;
    request.start.process.argv_count = 2;
    reply = desk_call(&desk, &request);
    check_status(&reply, REMEX_OK);
    request.start.process.process_id = ID("two");
    argv[1] = ID("12345");
    reply = desk_call(&desk, &request);
    check_status(&reply, REMEX_INVALID_ARGUMENT);
    g_assert_cmpstr(reply.error.name, ==, "argument_bytes");
    g_assert_cmpuint(reply.error.asked, ==, 12);
    request.start.process.env = argv;
    request.start.process.env_count = 1;
    argv[0] = ID("A=");
    reply = desk_call(&desk, &request);
    g_assert_cmpstr(reply.error.name, ==, "argument_count");
    desk_deinit(&desk);
}

static void at_the_limit_closed_processes_make_room_and_others_do_not(void)
{
    struct follow_spec none = { 0 };
    struct request request = desk_start_request("three", &none, 0);
    struct puppet *one;
    struct desk desk;
    struct reply reply;

    desk_init(&desk);
    desk.settings.limits.processes = 2;
    desk_start(&desk);
    desk_open(&desk);
    one = desk_start_process(&desk, "one", 0, 0);
    desk_start_process(&desk, "two", 0, 0);
    reply = desk_call(&desk, &request);
    check_status(&reply, REMEX_RESOURCE_EXHAUSTED);
    g_assert_cmpstr(reply.error.name, ==, "processes");
    puppet_exit(one, 0);
    puppet_end(one);
    desk_settle(&desk);
    reply = desk_call(&desk, &request);
    check_status(&reply, REMEX_OK);
    g_assert_cmpuint(desk.puppets.living, ==, 2);
    desk_deinit(&desk);
}

static void one_that_is_still_to_be_told_of_makes_no_room(void)
{
    struct follow_spec none = { 0 };
    struct request request = desk_start_request("two", &none, 0);
    struct request pull = desk_pull_request(0);
    struct puppet *one;
    struct desk desk;
    struct reply reply;

    desk_init(&desk);
    desk.settings.limits.processes = 1;
    desk_start(&desk);
    desk_open(&desk);
    one = desk_start_process(&desk, "one", 1, WINDOW);
    puppet_exit(one, 0);
    puppet_end(one);
    desk_settle(&desk);
    reply = desk_call(&desk, &request);
    check_status(&reply, REMEX_RESOURCE_EXHAUSTED);
    reply = desk_call(&desk, &pull);
    g_assert_cmpuint(reply.pull.batch.count, ==, 2);
    reply = desk_call(&desk, &request);
    check_status(&reply, REMEX_OK);
    desk_deinit(&desk);
}

static void a_closed_process_is_kept_for_the_retention_time(void)
{
    struct request read = { .method = METHOD_READ,
        .read = { .process_id = ID("one") } };
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;

    begin(&desk);
    puppet = desk_start_process(&desk, "one", 0, 0);
    puppet_exit(puppet, 7);
    puppet_end(puppet);
    desk_settle(&desk);
    desk_pass(&desk, 79999);
    desk_open(&desk); /* the first session's lease is about to end */
    reply = desk_call(&desk, &read);
    check_status(&reply, REMEX_OK);
    g_assert_cmpuint(reply.read.batch.count, ==, 2);
    g_assert_true(reply.read.exited && reply.read.closed);
    desk_pass(&desk, 1);
    reply = desk_call(&desk, &read);
    check_status(&reply, REMEX_NOT_FOUND);
    g_assert_cmpuint(desk.puppets.living, ==, 0);
    desk_deinit(&desk);
}

static void it_is_kept_longer_while_somebody_is_still_to_be_told(void)
{
    struct request renew = { .method = METHOD_RENEW };
    struct request pull = desk_pull_request(0);
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;

    begin(&desk);
    puppet = desk_start_process(&desk, "one", 1, WINDOW);
    puppet_exit(puppet, 7);
    puppet_end(puppet);
    desk_settle(&desk);
    for (int i = 0; i < 5; i++) {
        desk_pass(&desk, 60000);
        desk_call(&desk, &renew);
    }
    reply = desk_call(&desk, &pull);
    g_assert_cmpuint(reply.pull.batch.count, ==, 2);
    desk_pass(&desk, 1000);
    g_assert_cmpuint(desk.puppets.living, ==, 0);
    desk_deinit(&desk);
}

/* --- The end of a session ------------------------------------------------- */

static void the_lease_ends_and_the_processes_are_killed(void)
{
    struct request renew = { .method = METHOD_RENEW };
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;

    begin(&desk);
    puppet = desk_start_process(&desk, "one", 1, WINDOW);
    desk_pass(&desk, 79000);
    reply = desk_call(&desk, &renew);
    check_status(&reply, REMEX_OK);
    desk_pass(&desk, 79999);
    g_assert_false(puppet->killed);
    desk_pass(&desk, 1);
    g_assert_true(puppet->killed);
    reply = desk_call(&desk, &renew);
    g_assert_cmpint(reply.error.kind, ==, REMEX_ERROR_SESSION_GONE);
    desk_deinit(&desk);
}

static void close_answers_what_waits_and_can_be_repeated(void)
{
    struct request request = { .method = METHOD_CLOSE };
    struct request pull = desk_pull_request(10000);
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;
    uint64_t waiting;

    begin(&desk);
    puppet = desk_start_process(&desk, "one", 1, WINDOW);
    waiting = desk_ask(&desk, &pull);
    check_parked(&desk, waiting);
    reply = desk_call(&desk, &request);
    check_status(&reply, REMEX_OK);
    g_assert_true(puppet->killed);
    g_assert_true(desk_take(&desk, waiting, &reply));
    g_assert_cmpint(reply.error.kind, ==, REMEX_ERROR_SESSION_GONE);
    reply = desk_call(&desk, &request);
    check_status(&reply, REMEX_OK);
    desk_deinit(&desk);
}

static void one_to_keep_is_killed_when_its_time_is_over(void)
{
    struct follow_spec none = { 0 };
    struct request start = desk_start_request("one", &none, 0);
    struct request request = { .method = METHOD_CLOSE };
    struct desk desk;

    begin(&desk);
    start.start.process.owner_loss = OWNER_LOSS_KEEP;
    start.start.process.keep_ms = 5000;
    desk_call(&desk, &start);
    desk_call(&desk, &request);
    desk_pass(&desk, 4999);
    g_assert_false(desk.puppets.newest->killed);
    desk_pass(&desk, 1);
    g_assert_true(desk.puppets.newest->killed);
    desk_deinit(&desk);
}

static void one_to_terminate_is_asked_first(void)
{
    struct stop_step plan[] = { { 15, 1000 } };
    struct follow_spec none = { 0 };
    struct request start = desk_start_request("one", &none, 0);
    struct request request = { .method = METHOD_CLOSE };
    struct desk desk;

    begin(&desk);
    start.start.process.owner_loss = OWNER_LOSS_TERMINATE;
    start.start.process.stop_plan = plan;
    start.start.process.stop_plan_count = 1;
    desk_call(&desk, &start);
    desk_call(&desk, &request);
    g_assert_cmpint(desk.puppets.newest->last_signal, ==, 15);
    g_assert_false(desk.puppets.newest->killed);
    desk_pass(&desk, 1000);
    g_assert_true(desk.puppets.newest->killed);
    desk_deinit(&desk);
}

/* --- Waiting ------------------------------------------------------------- */

static void a_short_life_comes_in_one_reply(void)
{
    struct request pull = desk_pull_request(10000);
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;
    uint64_t ticket;

    begin(&desk);
    puppet = desk_start_process(&desk, "one", 5, WINDOW);
    ticket = desk_ask(&desk, &pull);
    puppet_output(puppet, REMEX_STDOUT, "hello", 5);
    puppet_exit(puppet, 3);
    puppet_end(puppet);
    check_parked(&desk, ticket); /* not before the end of the turn */
    desk_settle(&desk);
    g_assert_true(desk_take(&desk, ticket, &reply));
    g_assert_cmpuint(reply.pull.batch.count, ==, 3);
    for (size_t i = 0; i < 3; i++) {
        g_assert_cmpuint(reply.pull.batch.events[i].follow_id, ==, 5);
        g_assert_cmpuint(reply.pull.batch.events[i].event.seq, ==, i + 1);
    }
    g_assert_cmpint(reply.pull.batch.events[1].event.exited.code, ==, 3);
    check_bytes(reply.payload, "hello");
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

    begin(&desk);
    desk_start_process(&desk, "one", 0, 0);
    pulling = desk_ask(&desk, &pull);
    reading = desk_ask(&desk, &read);
    desk_pass(&desk, 1999);
    check_parked(&desk, reading);
    desk_pass(&desk, 1);
    g_assert_true(desk_take(&desk, reading, &reply));
    check_status(&reply, REMEX_OK);
    g_assert_cmpuint(reply.read.batch.count, ==, 0);
    g_assert_cmpuint(reply.read.next_seq, ==, 1);
    desk_pass(&desk, 12999);
    check_parked(&desk, pulling);
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

    begin(&desk);
    pull.deadline_ms = 2000;
    ticket = desk_ask(&desk, &pull);
    desk_pass(&desk, 1899);
    check_parked(&desk, ticket);
    desk_pass(&desk, 1);
    check_answered(&desk, ticket, REMEX_OK);
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

    begin(&desk);
    puppet = desk_start_process(&desk, "one", 0, 0);
    puppet_output(puppet, REMEX_STDERR, "abc", 3);
    reply = desk_call(&desk, &read);
    g_assert_cmpuint(reply.read.batch.count, ==, 1);
    check_bytes(reply.payload, "abc");
    reply = desk_call(&desk, &read); /* the same again */
    g_assert_cmpuint(reply.read.batch.count, ==, 1);
    read.read.after_seq = 1;
    read.read.after_position = 3;
    ticket = desk_ask(&desk, &read);
    check_parked(&desk, ticket);
    puppet_output(puppet, REMEX_STDOUT, "de", 2);
    desk_settle(&desk);
    g_assert_true(desk_take(&desk, ticket, &reply));
    check_bytes(reply.payload, "de");
    read.read.after_seq = 3;
    reply = desk_call(&desk, &read);
    check_status(&reply, REMEX_INVALID_ARGUMENT);
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
    check_parked(&desk, ticket);
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
    check_status(&reply, REMEX_OUT_OF_RANGE);
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

    begin(&desk);
    puppet = desk_start_process(&desk, "one", 0, 0);
    write.payload = (struct remex_bytes){ bytes, sizeof(bytes) };
    do {
        reply = desk_call(&desk, &write);
        write.write.offset = reply.write.next_offset;
    } while (reply.write.room > 0);
    write.write.eof = true;
    ticket = desk_ask(&desk, &write);
    check_parked(&desk, ticket);
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
    check_status(&reply, REMEX_RESOURCE_EXHAUSTED);
    g_assert_cmpstr(reply.error.name, ==, "parked");
    check_parked(&desk, first);
    desk_deinit(&desk);
}

static void what_nobody_waits_for_is_dropped(void)
{
    struct request pull = desk_pull_request(10000);
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;
    uint64_t ticket;

    begin(&desk);
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

    begin(&desk);
    puppet = desk_start_process(&desk, "one", 1, WINDOW);
    ticket = desk_ask(&desk, &pull);
    desk.full = true;
    puppet_output(puppet, REMEX_STDOUT, "x", 1);
    desk_settle(&desk);
    check_parked(&desk, ticket);
    desk.full = false;
    requests_drained(desk.requests, &desk);
    desk_settle(&desk);
    g_assert_true(desk_take(&desk, ticket, &reply));
    g_assert_cmpuint(reply.pull.batch.count, ==, 1);
    desk_deinit(&desk);
}

/* --- Signals and hints ---------------------------------------------------- */

static void a_signal_of_the_same_number_is_sent_once(void)
{
    struct request signal = { .method = METHOD_SIGNAL,
        .signal = { .process_id = ID("one"),
                .signal = 10,
                .target = SIGNAL_LEADER,
                .number = 1 } };
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;

    begin(&desk);
    puppet = desk_start_process(&desk, "one", 0, 0);
    reply = desk_call(&desk, &signal);
    g_assert_cmpint(reply.signal.outcome, ==, SIGNAL_DELIVERED);
    g_assert_cmpint(puppet->last_signal, ==, 10);
    puppet->last_signal = 0;
    reply = desk_call(&desk, &signal);
    g_assert_cmpint(reply.signal.outcome, ==, SIGNAL_DELIVERED);
    g_assert_cmpint(puppet->last_signal, ==, 0);
    puppet_exit(puppet, 0);
    signal.signal.number = 2;
    reply = desk_call(&desk, &signal);
    g_assert_cmpint(reply.signal.outcome, ==, SIGNAL_EXITED);
    desk_deinit(&desk);
}

static uint64_t news_of(const struct desk *desk, guint index)
{
    gsize size;
    const void *data =
            g_bytes_get_data(g_ptr_array_index(desk->hints, index), &size);
    struct arena arena;
    struct hint hint;

    arena_init(&arena, 10000);
    g_assert_cmpint(wire_decode_hint((struct remex_bytes){ data, size }, &arena,
                            &hint, NULL),
            ==, REMEX_OK);
    arena_deinit(&arena);
    return hint.news;
}

static void news_are_hinted_once_and_again_until_they_are_fetched(void)
{
    struct request pull = desk_pull_request(0);
    struct puppet *puppet;
    struct desk desk;

    begin(&desk);
    puppet = desk_start_process(&desk, "one", 1, WINDOW);
    g_assert_false(desk.hint_wanted);
    for (int i = 0; i < 5; i++)
        puppet_output(puppet, REMEX_STDOUT, "x", 1);
    desk_settle(&desk);
    g_assert_true(desk.hint_wanted);
    requests_hint(desk.requests, false);
    g_assert_cmpuint(desk.hints->len, ==, 1);
    g_assert_cmpuint(news_of(&desk, 0), ==, 5);
    desk.hint_wanted = false;
    pull.pull.max_bytes = 1;
    desk_call(&desk, &pull); /* some, but there is no more news for it */
    g_assert_false(desk.hint_wanted);
    requests_hint(desk.requests, false);
    g_assert_cmpuint(desk.hints->len, ==, 1);
    requests_hint(desk.requests, true);
    g_assert_cmpuint(desk.hints->len, ==, 2);
    g_assert_cmpuint(news_of(&desk, 1), ==, 5);
    pull.pull.max_bytes = 0;
    desk_call(&desk, &pull);
    requests_hint(desk.requests, true);
    g_assert_cmpuint(desk.hints->len, ==, 2);
    desk_deinit(&desk);
}

/* --- Memory -------------------------------------------------------------- */

static struct remex_bytes prepare(struct desk *desk, struct request *request)
{
    desk_address(desk, request);
    return sample_encode_request(request);
}

static void take(struct desk *desk, struct remex_bytes bytes)
{
    struct caller caller = desk_caller(desk);

    requests_take(desk->requests, &caller, bytes, desk->puppets.now);
    desk_settle(desk);
}

/* Each allocation of a little story fails in turn: whatever is answered,
 * nothing is left over and the next request is served. */
static void without_memory_nothing_breaks(void)
{
    bool happened = true;

    for (unsigned int nth = 1; happened; nth++) {
        struct follow_spec follow = { .follow_id = 1 };
        struct request start = desk_start_request("one", &follow, WINDOW);
        struct request pull = desk_pull_request(1000);
        struct remex_bytes starting, pulling;
        struct desk desk;

        begin(&desk);
        starting = prepare(&desk, &start);
        pulling = prepare(&desk, &pull);
        fault_fail_allocation(nth);
        take(&desk, starting);
        take(&desk, pulling);
        if (desk.puppets.newest)
            puppet_output(desk.puppets.newest, REMEX_STDOUT, "x", 1);
        desk_settle(&desk);
        happened = fault_happened();
        fault_fail_allocation(0);
        desk_start_process(&desk, "two", 2, WINDOW);
        sample_free(starting);
        sample_free(pulling);
        desk_deinit(&desk);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/requests", open_tells_what_a_client_needs);
    SUITE_ADD("/requests", nobody_gets_by_the_gate);
    SUITE_ADD("/requests", without_credentials_only_the_token_opens);
    SUITE_ADD("/requests", where_there_is_no_token_an_empty_one_opens_nothing);
    SUITE_ADD("/requests", versions_that_are_not_spoken_are_told);
    SUITE_ADD("/requests", what_is_no_request_is_answered_and_harms_nothing);
    SUITE_ADD("/requests", a_start_happens_at_most_once);
    SUITE_ADD("/requests", a_failed_start_frees_the_id);
    SUITE_ADD("/requests", too_many_arguments_name_the_limit);
    SUITE_ADD("/requests",
            at_the_limit_closed_processes_make_room_and_others_do_not);
    SUITE_ADD("/requests", one_that_is_still_to_be_told_of_makes_no_room);
    SUITE_ADD("/requests", a_closed_process_is_kept_for_the_retention_time);
    SUITE_ADD(
            "/requests", it_is_kept_longer_while_somebody_is_still_to_be_told);
    SUITE_ADD("/requests", the_lease_ends_and_the_processes_are_killed);
    SUITE_ADD("/requests", close_answers_what_waits_and_can_be_repeated);
    SUITE_ADD("/requests", one_to_keep_is_killed_when_its_time_is_over);
    SUITE_ADD("/requests", one_to_terminate_is_asked_first);
    SUITE_ADD("/requests", a_short_life_comes_in_one_reply);
    SUITE_ADD("/requests", waiting_ends_empty_at_its_limit);
    SUITE_ADD("/requests", waiting_ends_before_the_deadline);
    SUITE_ADD("/requests", a_read_waits_for_what_comes_after_its_cursor);
    SUITE_ADD("/requests", a_write_waits_for_room);
    SUITE_ADD("/requests", a_large_write_that_waits_is_taken_in_part);
    SUITE_ADD("/requests", what_waits_is_bounded_and_the_limit_is_named);
    SUITE_ADD("/requests", what_nobody_waits_for_is_dropped);
    SUITE_ADD(
            "/requests", a_front_that_does_not_read_gets_nothing_that_can_wait);
    SUITE_ADD("/requests", a_signal_of_the_same_number_is_sent_once);
    SUITE_ADD(
            "/requests", news_are_hinted_once_and_again_until_they_are_fetched);
    SUITE_ADD("/requests", without_memory_nothing_breaks);
    return g_test_run();
}
