/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/requests.h"

#include <glib.h>

#include "support/desk.h"
#include "support/suite.h"

/* Starts, and how long what was started stays known. */

#define ID(text) ((struct remex_bytes){ text, sizeof(text) - 1 })

#define TRACEPARENT "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

enum { WINDOW = 1024 * 1024 };

/* --- Start --------------------------------------------------------------- */

static void a_start_happens_at_most_once(void)
{
    struct follow_spec none = { 0 };
    struct request request = desk_start_request("one", &none, 0);
    struct desk desk;
    struct reply reply;
    int64_t pid;

    desk_begin(&desk);
    reply = desk_call(&desk, &request);
    pid = reply.start.pid;
    reply = desk_call(&desk, &request);
    desk_check_status(&reply, REMEX_OK);
    g_assert_cmpint(reply.start.pid, ==, pid);
    g_assert_cmpuint(desk.puppets.started, ==, 1);
    request.start.process.wall_time_ms = 1;
    reply = desk_call(&desk, &request);
    desk_check_status(&reply, REMEX_ALREADY_EXISTS);
    desk_deinit(&desk);
}

/* What has not been started by it is no part of the trace. */
static void the_trace_of_a_start_is_told_once(void)
{
    struct follow_spec none = { 0 };
    struct request request = desk_start_request("one", &none, 0);
    struct desk desk;
    struct reply reply;
    char *told;

    desk_begin(&desk);
    desk.puppets.next_start = REMEX_NOT_FOUND;
    request.start.process.traceparent = ID(TRACEPARENT);
    reply = desk_call(&desk, &request);
    desk_check_status(&reply, REMEX_NOT_FOUND);
    g_assert_cmpstr(desk.traces->str, ==, "");
    desk.puppets.next_start = REMEX_OK;
    reply = desk_call(&desk, &request);
    told = g_strdup_printf("one of uid:%u: " TRACEPARENT ", %lld\n",
            desk.settings.gate.own_uid, (long long)reply.start.pid);
    g_assert_cmpstr(desk.traces->str, ==, told);
    reply = desk_call(&desk, &request);
    desk_check_status(&reply, REMEX_OK);
    g_assert_cmpstr(desk.traces->str, ==, told);
    request = desk_start_request("two", &none, 0);
    reply = desk_call(&desk, &request);
    desk_check_status(&reply, REMEX_OK);
    g_assert_cmpstr(desk.traces->str, ==, told);
    g_free(told);
    desk_deinit(&desk);
}

static void a_failed_start_frees_the_id(void)
{
    struct follow_spec follow = { .follow_id = 1 };
    struct request request = desk_start_request("one", &follow, WINDOW);
    struct desk desk;
    struct reply reply;

    desk_begin(&desk);
    desk.puppets.next_start = REMEX_NOT_FOUND;
    reply = desk_call(&desk, &request);
    desk_check_status(&reply, REMEX_NOT_FOUND);
    g_assert_cmpint(reply.error.kind, ==, REMEX_ERROR_LAUNCH_FAILED);
    g_assert_cmpint(reply.error.stage, ==, REMEX_STAGE_EXEC);
    desk.puppets.next_start = REMEX_OK;
    request.start.process.wall_time_ms = 1; /* another one altogether */
    reply = desk_call(&desk, &request);
    desk_check_status(&reply, REMEX_OK);
    desk_deinit(&desk);
}

static void retired_it_starts_nothing_but_what_it_has_started(void)
{
    struct follow_spec none = { 0 };
    struct request known = desk_start_request("one", &none, 0);
    struct request unknown = desk_start_request("two", &none, 0);
    struct request run = { .method = METHOD_RUN };
    struct desk desk;
    struct reply reply;

    desk_begin(&desk);
    reply = desk_call(&desk, &known);
    desk_check_status(&reply, REMEX_OK);
    requests_retire(desk.requests);
    reply = desk_call(&desk, &known);
    desk_check_status(&reply, REMEX_OK);
    reply = desk_call(&desk, &unknown);
    desk_check_status(&reply, REMEX_UNAVAILABLE);
    run.run.process = unknown.start.process;
    reply = desk_call(&desk, &run);
    desk_check_status(&reply, REMEX_UNAVAILABLE);
    g_assert_cmpuint(desk.puppets.started, ==, 1);
    desk_deinit(&desk);
}

/* Whoever follows it has to say that he has all of it, or be gone. */
static void it_is_over_when_all_have_ended_and_were_told(void)
{
    struct puppet *puppet;
    struct desk desk;

    desk_begin(&desk);
    g_assert_true(requests_are_over(desk.requests));
    puppet = desk_start_process(&desk, "one", 1, WINDOW);
    g_assert_false(requests_are_over(desk.requests));
    puppet_exit(puppet, 0);
    desk_settle(&desk);
    g_assert_false(requests_are_over(desk.requests));
    puppet_end(puppet);
    desk_settle(&desk);
    g_assert_false(requests_are_over(desk.requests));
    desk_pass(&desk, desk.settings.lease_ms);
    g_assert_true(requests_are_over(desk.requests));
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
    desk_check_status(&reply, REMEX_OK);
    request.start.process.process_id = ID("two");
    argv[1] = ID("12345");
    reply = desk_call(&desk, &request);
    desk_check_status(&reply, REMEX_INVALID_ARGUMENT);
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
    desk_check_status(&reply, REMEX_RESOURCE_EXHAUSTED);
    g_assert_cmpstr(reply.error.name, ==, "processes");
    puppet_exit(one, 0);
    puppet_end(one);
    desk_settle(&desk);
    reply = desk_call(&desk, &request);
    desk_check_status(&reply, REMEX_OK);
    g_assert_cmpuint(desk.puppets.living, ==, 2);
    desk_deinit(&desk);
}

/* Its id stays taken, until it would have been free in any case. */
static void what_made_room_is_not_started_again(void)
{
    struct follow_spec none = { 0 };
    struct follow_spec far = {
        .follow_id = 1, .after_seq = 2, .until_position = WINDOW
    };
    struct request again = desk_start_request("one", &none, 0);
    struct request follow = desk_start_request("one", &far, WINDOW);
    struct puppet *one;
    struct desk desk;
    struct reply reply;

    follow.start.follow = &far;
    desk_init(&desk);
    desk.settings.limits.processes = 1;
    desk.settings.retention_ms = 5000;
    desk_start(&desk);
    desk_open(&desk);
    one = desk_start_process(&desk, "one", 0, 0);
    puppet_exit(one, 0);
    puppet_end(one);
    desk_settle(&desk);
    one = desk_start_process(&desk, "two", 0, 0);
    reply = desk_call(&desk, &again);
    desk_check_status(&reply, REMEX_DATA_LOSS);
    reply = desk_call(&desk, &follow);
    desk_check_status(&reply, REMEX_DATA_LOSS);
    puppet_exit(one, 0);
    puppet_end(one);
    desk_settle(&desk);
    reply = desk_call(&desk, &again);
    desk_check_status(&reply, REMEX_DATA_LOSS);
    g_assert_cmpuint(desk.puppets.started, ==, 2);
    desk_pass(&desk, desk.settings.retention_ms);
    reply = desk_call(&desk, &again);
    desk_check_status(&reply, REMEX_OK);
    desk_deinit(&desk);
}

/* Also if he leaves, with all that he has, and comes back. */
static void what_made_room_is_not_started_again_by_who_left(void)
{
    struct follow_spec none = { 0 };
    struct request again = desk_start_request("one", &none, 0);
    struct request forget = { .method = METHOD_FORGET,
        .forget = { { "two", 3 } } };
    struct request leave = { .method = METHOD_CLOSE };
    struct desk desk;
    struct reply reply;

    desk_init(&desk);
    desk.settings.limits.processes = 1;
    desk.settings.limits.starts_per_second = 0;
    desk.settings.retention_ms = 5000;
    desk_start(&desk);
    desk_open(&desk);
    desk_close_process(&desk, desk_start_process(&desk, "one", 0, 0), 0);
    desk_close_process(&desk, desk_start_process(&desk, "two", 0, 0), 0);
    reply = desk_call(&desk, &forget);
    desk_check_status(&reply, REMEX_OK);
    reply = desk_call(&desk, &leave);
    desk_check_status(&reply, REMEX_OK);
    desk_open(&desk);
    reply = desk_call(&desk, &again);
    desk_check_status(&reply, REMEX_DATA_LOSS);
    desk_pass(&desk, desk.settings.retention_ms);
    reply = desk_call(&desk, &again);
    desk_check_status(&reply, REMEX_OK);
    desk_deinit(&desk);
}

static void one_that_is_still_to_be_told_of_makes_no_room(void)
{
    struct follow_spec none = { 0 };
    struct request request = desk_start_request("two", &none, 0);
    struct request pull = desk_pull_request(0);
    struct pull_ack ack = { .follow_id = 1, .until_position = WINDOW };
    struct request acked = desk_pull_request(0);
    struct puppet *one;
    struct desk desk;
    struct reply reply;

    acked.pull.acks = &ack;
    acked.pull.ack_count = 1;
    desk_init(&desk);
    desk.settings.limits.processes = 1;
    desk_start(&desk);
    desk_open(&desk);
    one = desk_start_process(&desk, "one", 1, WINDOW);
    puppet_exit(one, 0);
    puppet_end(one);
    desk_settle(&desk);
    reply = desk_call(&desk, &request);
    desk_check_status(&reply, REMEX_RESOURCE_EXHAUSTED);
    reply = desk_call(&desk, &pull);
    g_assert_cmpuint(reply.pull.batch.count, ==, 2);
    reply = desk_call(&desk, &request); /* that may be lost on its way */
    desk_check_status(&reply, REMEX_RESOURCE_EXHAUSTED);
    ack.consumed_seq = 1;
    desk_call(&desk, &acked);
    reply = desk_call(&desk, &request);
    desk_check_status(&reply, REMEX_RESOURCE_EXHAUSTED);
    ack.consumed_seq = 2;
    desk_call(&desk, &acked);
    reply = desk_call(&desk, &request);
    desk_check_status(&reply, REMEX_OK);
    desk_deinit(&desk);
}

static void a_closed_process_is_kept_for_the_retention_time(void)
{
    struct request read = { .method = METHOD_READ,
        .read = { .process_id = ID("one") } };
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;

    desk_begin(&desk);
    puppet = desk_start_process(&desk, "one", 0, 0);
    puppet_exit(puppet, 7);
    puppet_end(puppet);
    desk_settle(&desk);
    desk_pass(&desk, 79999);
    desk_open(&desk); /* the first session's lease is about to end */
    reply = desk_call(&desk, &read);
    desk_check_status(&reply, REMEX_OK);
    g_assert_cmpuint(reply.read.batch.count, ==, 2);
    g_assert_true(reply.read.exited && reply.read.closed);
    desk_pass(&desk, 1);
    reply = desk_call(&desk, &read);
    desk_check_status(&reply, REMEX_NOT_FOUND);
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

    desk_begin(&desk);
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

    desk_begin(&desk);
    puppet = desk_start_process(&desk, "one", 1, WINDOW);
    desk_pass(&desk, 79000);
    reply = desk_call(&desk, &renew);
    desk_check_status(&reply, REMEX_OK);
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

    desk_begin(&desk);
    puppet = desk_start_process(&desk, "one", 1, WINDOW);
    waiting = desk_ask(&desk, &pull);
    desk_check_parked(&desk, waiting);
    reply = desk_call(&desk, &request);
    desk_check_status(&reply, REMEX_OK);
    g_assert_true(puppet->killed);
    g_assert_true(desk_take(&desk, waiting, &reply));
    g_assert_cmpint(reply.error.kind, ==, REMEX_ERROR_SESSION_GONE);
    reply = desk_call(&desk, &request);
    desk_check_status(&reply, REMEX_OK);
    desk_deinit(&desk);
}

static void one_to_keep_is_killed_when_its_time_is_over(void)
{
    struct follow_spec none = { 0 };
    struct request start = desk_start_request("one", &none, 0);
    struct request request = { .method = METHOD_CLOSE };
    struct desk desk;

    desk_begin(&desk);
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

    desk_begin(&desk);
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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/requests_start", a_start_happens_at_most_once);
    SUITE_ADD("/requests_start", the_trace_of_a_start_is_told_once);
    SUITE_ADD("/requests_start", a_failed_start_frees_the_id);
    SUITE_ADD("/requests_start",
            retired_it_starts_nothing_but_what_it_has_started);
    SUITE_ADD("/requests_start", it_is_over_when_all_have_ended_and_were_told);
    SUITE_ADD("/requests_start", too_many_arguments_name_the_limit);
    SUITE_ADD("/requests_start",
            at_the_limit_closed_processes_make_room_and_others_do_not);
    SUITE_ADD("/requests_start", what_made_room_is_not_started_again);
    SUITE_ADD(
            "/requests_start", what_made_room_is_not_started_again_by_who_left);
    SUITE_ADD("/requests_start", one_that_is_still_to_be_told_of_makes_no_room);
    SUITE_ADD(
            "/requests_start", a_closed_process_is_kept_for_the_retention_time);
    SUITE_ADD("/requests_start",
            it_is_kept_longer_while_somebody_is_still_to_be_told);
    SUITE_ADD("/requests_start", the_lease_ends_and_the_processes_are_killed);
    SUITE_ADD("/requests_start", close_answers_what_waits_and_can_be_repeated);
    SUITE_ADD("/requests_start", one_to_keep_is_killed_when_its_time_is_over);
    SUITE_ADD("/requests_start", one_to_terminate_is_asked_first);
    return g_test_run();
}
