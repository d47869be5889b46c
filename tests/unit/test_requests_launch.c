/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/requests.h"

#include <string.h>

#include <glib.h>

#include "executor/figures.h"
#include "support/desk.h"
#include "support/suite.h"

/* Starts whose child is on its way to its program, and who asks for it
 * meanwhile. */

#define ID(text) ((struct remex_bytes){ text, sizeof(text) - 1 })

#define TRACEPARENT "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

enum { WINDOW = 1024 * 1024 };

/* Of "one", followed as 1; its ticket. The same whenever it is asked. */
static uint64_t start_one(struct desk *desk)
{
    struct follow_spec follow = { .follow_id = 1 };
    struct request request = desk_start_request("one", &follow, WINDOW);

    request.start.process.traceparent = ID(TRACEPARENT);
    return desk_ask(desk, &request);
}

/* A desk at which it is on its way; who waits for that. */
static uint64_t begin(struct desk *desk)
{
    desk_begin(desk);
    desk->puppets.next_start = REMEX_AGAIN;
    return start_one(desk);
}

/* The same, where one request may be parked. */
static uint64_t begin_narrow(struct desk *desk)
{
    desk_init(desk);
    desk->settings.limits.parked = 1;
    desk_start(desk);
    desk_open(desk);
    desk->puppets.next_start = REMEX_AGAIN;
    return start_one(desk);
}

static uint64_t ask(struct desk *desk, enum method method)
{
    struct remex_bytes id = ID("one");
    struct request request = { .method = method };

    if (method == METHOD_INSPECT)
        request.inspect.process_id = id;
    else
        request.terminate = (struct terminate_request){ .process_id = id,
            .default_plan = true };
    return desk_ask(desk, &request);
}

static struct figures figures_of(const struct desk *desk)
{
    struct figures figures = { 0 };

    requests_tell_figures(desk->requests, &figures);
    return figures;
}

static void launch(struct desk *desk, enum remex_status status)
{
    puppet_launch(desk->puppets.newest, status);
    desk_settle(desk);
}

/* --- What becomes of it -------------------------------------------------- */

static void a_start_is_answered_once_it_has_its_program(void)
{
    struct desk desk;
    uint64_t ticket = begin(&desk);
    struct reply reply;

    desk_check_parked(&desk, ticket);
    g_assert_cmpstr(desk.traces->str, ==, "");
    g_assert_cmpuint(figures_of(&desk).processes, ==, 0);
    launch(&desk, REMEX_OK);
    g_assert_true(desk_take(&desk, ticket, &reply));
    desk_check_status(&reply, REMEX_OK);
    g_assert_cmpint(reply.method, ==, METHOD_START);
    g_assert_cmpint(reply.start.pid, ==, 1000);
    g_assert_nonnull(strstr(desk.traces->str, TRACEPARENT));
    g_assert_cmpuint(figures_of(&desk).processes, ==, 1);
    desk_deinit(&desk);
}

/* Its name, its follow and its place are free again. */
static void one_that_comes_to_nothing_leaves_nothing(void)
{
    struct follow_spec follow = { .follow_id = 1 };
    struct request again = desk_start_request("one", &follow, WINDOW);
    struct desk desk;
    uint64_t ticket = begin(&desk);
    struct reply reply;

    launch(&desk, REMEX_NOT_FOUND);
    g_assert_true(desk_take(&desk, ticket, &reply));
    desk_check_status(&reply, REMEX_NOT_FOUND);
    g_assert_cmpint(reply.error.kind, ==, REMEX_ERROR_LAUNCH_FAILED);
    g_assert_cmpuint(desk.puppets.living, ==, 0);
    g_assert_cmpstr(desk.traces->str, ==, "");
    g_assert_true(requests_are_over(desk.requests));
    g_assert_cmpuint(figures_of(&desk).processes, ==, 0);
    desk.puppets.next_start = REMEX_OK;
    reply = desk_call(&desk, &again);
    desk_check_status(&reply, REMEX_OK);
    desk_deinit(&desk);
}

static void what_it_says_comes_after_its_start(void)
{
    struct request pull = desk_pull_request(1000);
    struct desk desk;
    uint64_t ticket = begin(&desk);
    uint64_t events = desk_ask(&desk, &pull);
    struct reply reply;

    desk_check_parked(&desk, events);
    launch(&desk, REMEX_OK);
    desk_check_answered(&desk, ticket, REMEX_OK);
    desk_check_parked(&desk, events);
    desk_close_process(&desk, desk.puppets.newest, 3);
    g_assert_true(desk_take(&desk, events, &reply));
    desk_check_status(&reply, REMEX_OK);
    g_assert_cmpuint(reply.pull.batch.count, ==, 2);
    desk_deinit(&desk);
}

/* --- Who asks for it ----------------------------------------------------- */

/* It is not executed before, and the executor does something else meanwhile. */
static void whoever_asks_for_it_waits_until_it_is_there(void)
{
    struct request list = { .method = METHOD_LIST };
    struct desk desk;
    uint64_t ticket = begin(&desk);
    uint64_t asked = ask(&desk, METHOD_TERMINATE);
    struct reply reply = desk_call(&desk, &list);

    desk_check_status(&reply, REMEX_OK);
    desk_check_parked(&desk, asked);
    g_assert_false(desk.puppets.newest->killed);
    launch(&desk, REMEX_OK);
    desk_check_answered(&desk, ticket, REMEX_OK);
    g_assert_true(desk_take(&desk, asked, &reply));
    desk_check_status(&reply, REMEX_OK);
    g_assert_true(reply.terminate.running);
    g_assert_true(desk.puppets.newest->killed);
    desk_deinit(&desk);
}

static void whoever_asks_for_what_came_to_nothing_finds_nothing(void)
{
    struct desk desk;
    uint64_t ticket = begin(&desk);
    uint64_t asked = ask(&desk, METHOD_INSPECT);

    launch(&desk, REMEX_PERMISSION_DENIED);
    desk_check_answered(&desk, ticket, REMEX_PERMISSION_DENIED);
    desk_check_answered(&desk, asked, REMEX_NOT_FOUND);
    desk_deinit(&desk);
}

/* Before that of his own patience. */
static void whoever_asks_hears_in_time_that_nothing_was_done(void)
{
    struct remex_bytes id = ID("one");
    struct request request = { .method = METHOD_TERMINATE,
        .deadline_ms = 1000,
        .terminate = { .process_id = id, .default_plan = true } };
    struct desk desk;
    uint64_t ticket = begin(&desk);
    uint64_t asked = desk_ask(&desk, &request);

    desk_check_parked(&desk, asked);
    desk_pass(&desk, 1000);
    desk_check_answered(&desk, asked, REMEX_DEADLINE_EXCEEDED);
    launch(&desk, REMEX_OK);
    desk_check_answered(&desk, ticket, REMEX_OK);
    g_assert_false(desk.puppets.newest->killed);
    desk_deinit(&desk);
}

/* As those are who repeat a Start. */
static void those_who_ask_are_bounded(void)
{
    struct desk desk;
    uint64_t first = begin_narrow(&desk);
    uint64_t second = ask(&desk, METHOD_INSPECT);
    uint64_t third = ask(&desk, METHOD_INSPECT);

    desk_check_answered(&desk, third, REMEX_RESOURCE_EXHAUSTED);
    launch(&desk, REMEX_OK);
    desk_check_answered(&desk, first, REMEX_OK);
    desk_check_answered(&desk, second, REMEX_OK);
    third = ask(&desk, METHOD_INSPECT);
    desk_check_answered(&desk, third, REMEX_OK);
    desk_deinit(&desk);
}

/* Nobody stands still for that. */
static void a_repeated_start_is_told_the_same(void)
{
    struct desk desk;
    uint64_t first = begin(&desk);
    uint64_t second = start_one(&desk);
    struct reply reply;

    desk_check_parked(&desk, first);
    desk_check_parked(&desk, second);
    launch(&desk, REMEX_OK);
    desk_check_answered(&desk, first, REMEX_OK);
    g_assert_true(desk_take(&desk, second, &reply));
    desk_check_status(&reply, REMEX_OK);
    g_assert_cmpint(reply.start.pid, ==, 1000);
    g_assert_cmpuint(desk.puppets.started, ==, 1);
    desk_deinit(&desk);
}

static void a_repeated_start_is_told_the_same_failure(void)
{
    struct desk desk;
    uint64_t first = begin(&desk);
    uint64_t second = start_one(&desk);

    launch(&desk, REMEX_NOT_FOUND);
    desk_check_answered(&desk, first, REMEX_NOT_FOUND);
    desk_check_answered(&desk, second, REMEX_NOT_FOUND);
    g_assert_cmpuint(desk.puppets.living, ==, 0);
    desk_deinit(&desk);
}

/* Else he could have any number of them wait. */
static void those_who_repeat_a_start_are_bounded(void)
{
    struct desk desk;
    uint64_t first = begin_narrow(&desk);
    uint64_t second = start_one(&desk);
    struct reply reply;

    g_assert_true(desk_take(&desk, start_one(&desk), &reply));
    desk_check_status(&reply, REMEX_RESOURCE_EXHAUSTED);
    g_assert_cmpstr(reply.error.name, ==, "parked");
    launch(&desk, REMEX_OK);
    desk_check_answered(&desk, first, REMEX_OK);
    desk_check_answered(&desk, second, REMEX_OK);
    desk_deinit(&desk);
}

static void it_is_not_listed_before(void)
{
    struct request list = { .method = METHOD_LIST };
    struct desk desk;
    uint64_t ticket = begin(&desk);
    struct reply reply = desk_call(&desk, &list);

    g_assert_cmpuint(reply.list.count, ==, 0);
    launch(&desk, REMEX_OK);
    desk_check_answered(&desk, ticket, REMEX_OK);
    reply = desk_call(&desk, &list);
    g_assert_cmpuint(reply.list.count, ==, 1);
    desk_deinit(&desk);
}

/* Nothing else may be parked there, and a Start is no such thing. */
static void starts_take_no_room_from_what_waits(void)
{
    struct request pull = desk_pull_request(1000);
    struct desk desk;
    uint64_t started = begin_narrow(&desk);
    uint64_t parked = desk_ask(&desk, &pull);

    desk_check_parked(&desk, started);
    desk_check_parked(&desk, parked);
    launch(&desk, REMEX_OK);
    desk_check_answered(&desk, started, REMEX_OK);
    desk_check_parked(&desk, parked);
    desk_deinit(&desk);
}

/* --- Where there is no room for more -------------------------------------- */

static uint64_t start(struct desk *desk, const char *id)
{
    struct follow_spec none = { 0 };
    struct request request = desk_start_request(id, &none, 0);

    return desk_ask(desk, &request);
}

static void a_start_waits_for_room(void)
{
    struct desk desk;
    uint64_t first = begin(&desk);
    uint64_t second;
    uint64_t again;

    desk.puppets.full = true;
    second = start(&desk, "two");
    again = start(&desk, "two");
    g_assert_cmpuint(desk.puppets.started, ==, 1);
    desk.puppets.full = false;
    desk.puppets.next_start = REMEX_OK;
    launch(&desk, REMEX_NOT_FOUND);
    desk_check_answered(&desk, first, REMEX_NOT_FOUND);
    desk_check_answered(&desk, second, REMEX_OK);
    desk_check_answered(&desk, again, REMEX_OK);
    g_assert_cmpuint(desk.puppets.started, ==, 2);
    desk_deinit(&desk);
}

static void a_run_waits_for_room(void)
{
    struct request run = { .method = METHOD_RUN };
    struct follow_spec none = { 0 };
    struct desk desk;
    uint64_t first = begin(&desk);
    uint64_t second;

    run.run.process = desk_start_request("two", &none, 0).start.process;
    desk.puppets.full = true;
    second = desk_ask(&desk, &run);
    desk.puppets.full = false;
    g_assert_cmpuint(desk.puppets.started, ==, 1);
    desk.puppets.next_start = REMEX_OK;
    launch(&desk, REMEX_OK);
    desk_check_answered(&desk, first, REMEX_OK);
    g_assert_cmpuint(desk.puppets.started, ==, 2);
    desk_close_process(&desk, desk.puppets.newest, 0);
    desk_check_answered(&desk, second, REMEX_OK);
    desk_deinit(&desk);
}

/* It is put off as often as it takes, and nothing comes of it later. */
static void a_start_that_has_waited_too_long_starts_nothing(void)
{
    struct follow_spec none = { 0 };
    struct request request = desk_start_request("two", &none, 0);
    struct desk desk;
    uint64_t first = begin(&desk);
    uint64_t second;

    desk.puppets.full = true;
    request.deadline_ms = 1000;
    second = desk_ask(&desk, &request);
    desk_check_parked(&desk, second);
    launch(&desk, REMEX_OK);
    desk_check_answered(&desk, first, REMEX_OK);
    desk_check_parked(&desk, second);
    desk_pass(&desk, 1000);
    desk_check_answered(&desk, second, REMEX_DEADLINE_EXCEEDED);
    desk.puppets.full = false;
    g_assert_cmpuint(desk.puppets.started, ==, 1);
    desk_deinit(&desk);
}

/* --- Who leaves ---------------------------------------------------------- */

/* That the session is another's by now would not be true of it. */
static void a_resume_leaves_its_start_to_be_answered(void)
{
    struct desk desk;
    uint64_t ticket = begin(&desk);

    desk_check_answered(&desk, desk_ask_resume(&desk, NULL), REMEX_OK);
    desk_check_parked(&desk, ticket);
    launch(&desk, REMEX_OK);
    desk_check_answered(&desk, ticket, REMEX_OK);
    desk_deinit(&desk);
}

/* What comes of it, he could not be told otherwise. */
static void a_resume_that_follows_it_anew_waits(void)
{
    const struct follow_spec follow = { .follow_id = 2,
        .process_id = ID("one") };
    struct desk desk;
    uint64_t ticket = begin(&desk);
    uint64_t resumed = desk_ask_resume(&desk, &follow);
    struct reply reply;

    desk_check_parked(&desk, resumed);
    launch(&desk, REMEX_NOT_FOUND);
    desk_check_answered(&desk, ticket, REMEX_NOT_FOUND);
    g_assert_true(desk_take(&desk, resumed, &reply));
    desk_check_status(&reply, REMEX_OK);
    g_assert_cmpuint(reply.open.follow_count, ==, 1);
    g_assert_false(reply.open.follows[0].known);
    desk_deinit(&desk);
}

/* The Start's own follow goes on; his Start tells him if nothing comes of it.
 */
static void a_resume_that_goes_on_following_it_does_not_wait(void)
{
    const struct follow_spec follow = { .follow_id = 1,
        .process_id = ID("one") };
    struct request pull = desk_pull_request(1000);
    struct desk desk;
    uint64_t ticket = begin(&desk);
    struct reply reply;
    uint64_t events;

    g_assert_true(desk_take(&desk, desk_ask_resume(&desk, &follow), &reply));
    desk_check_status(&reply, REMEX_OK);
    g_assert_true(reply.open.follows[0].known);
    desk.attachment = reply.open.attachment;
    desk_check_parked(&desk, ticket);
    events = desk_ask(&desk, &pull);
    launch(&desk, REMEX_OK);
    desk_check_answered(&desk, ticket, REMEX_OK);
    desk_close_process(&desk, desk.puppets.newest, 3);
    g_assert_true(desk_take(&desk, events, &reply));
    g_assert_cmpuint(reply.pull.batch.count, ==, 2);
    desk_deinit(&desk);
}

/* It makes room for itself when it is carried out; but only one does. */
static void a_resume_waits_beyond_what_may_be_parked(void)
{
    const struct follow_spec follow = { .follow_id = 2,
        .process_id = ID("one") };
    struct request pull = desk_pull_request(1000);
    struct desk desk;
    uint64_t parked;
    uint64_t resumed;

    begin_narrow(&desk);
    parked = desk_ask(&desk, &pull);
    desk_check_parked(&desk, parked);
    resumed = desk_ask_resume(&desk, &follow);
    desk_check_parked(&desk, resumed);
    desk_check_answered(
            &desk, desk_ask_resume(&desk, &follow), REMEX_RESOURCE_EXHAUSTED);
    launch(&desk, REMEX_OK);
    desk_check_answered(&desk, resumed, REMEX_OK);
    desk_deinit(&desk);
}

/* Its start is answered all the same, and then it ends, as was chosen. */
static void the_end_of_its_session_does_not_wait_for_it(void)
{
    struct request close = { .method = METHOD_CLOSE };
    struct desk desk;
    uint64_t ticket = begin(&desk);
    struct reply reply = desk_call(&desk, &close);

    desk_check_status(&reply, REMEX_OK);
    desk_check_parked(&desk, ticket);
    g_assert_false(desk.puppets.newest->killed);
    launch(&desk, REMEX_OK);
    desk_check_answered(&desk, ticket, REMEX_OK);
    desk_pass(&desk, 0);
    g_assert_true(desk.puppets.newest->killed);
    desk_deinit(&desk);
}

/* As it would be if it had not been on its way. */
static void one_without_an_owner_is_forgotten(void)
{
    struct request close = { .method = METHOD_CLOSE };
    struct desk desk;
    uint64_t ticket = begin(&desk);
    struct reply reply = desk_call(&desk, &close);

    desk_check_status(&reply, REMEX_OK);
    puppet_launch(desk.puppets.newest, REMEX_OK);
    desk_close_process(&desk, desk.puppets.newest, 0);
    desk_check_answered(&desk, ticket, REMEX_OK);
    desk_pass(&desk, 0);
    g_assert_cmpuint(desk.puppets.living, ==, 1);
    desk_pass(&desk, desk.settings.retention_ms + 1);
    g_assert_cmpuint(desk.puppets.living, ==, 0);
    desk_deinit(&desk);
}

/* Somebody else of its principal has found it meanwhile. */
static void one_that_has_another_owner_by_then_lives(void)
{
    struct request close = { .method = METHOD_CLOSE };
    struct desk desk;
    uint64_t first = begin(&desk);
    struct reply reply = desk_call(&desk, &close);
    uint64_t second;

    desk_check_status(&reply, REMEX_OK);
    desk_open(&desk);
    second = start_one(&desk);
    desk_check_parked(&desk, second);
    launch(&desk, REMEX_OK);
    desk_check_answered(&desk, first, REMEX_OK);
    desk_check_answered(&desk, second, REMEX_OK);
    desk_pass(&desk, 0);
    g_assert_false(desk.puppets.newest->killed);
    desk_deinit(&desk);
}

static void other_rules_do_not_wait_for_it(void)
{
    struct desk desk;
    uint64_t ticket = begin(&desk);

    requests_reload(desk.requests, &desk.settings, desk.puppets.now);
    desk_check_parked(&desk, ticket);
    launch(&desk, REMEX_OK);
    desk_check_answered(&desk, ticket, REMEX_OK);
    desk_deinit(&desk);
}

/* Nobody hears that it began, but it did; he may ask again. */
static void it_gets_on_without_who_asked(void)
{
    struct follow_spec follow = { .follow_id = 1 };
    struct request again = desk_start_request("one", &follow, WINDOW);
    struct desk desk;
    struct caller caller;
    struct reply reply;

    begin(&desk);
    caller = desk_caller(&desk);
    requests_drop_pipe(desk.requests, caller.front, caller.pipe);
    launch(&desk, REMEX_OK);
    again.start.process.traceparent = ID(TRACEPARENT);
    reply = desk_call(&desk, &again);
    desk_check_status(&reply, REMEX_OK);
    g_assert_cmpint(reply.start.pid, ==, 1000);
    desk_deinit(&desk);
}

static void its_wall_time_waits_for_it(void)
{
    struct follow_spec none = { 0 };
    struct request request = desk_start_request("one", &none, 0);
    struct desk desk;
    uint64_t ticket;

    desk_begin(&desk);
    desk.puppets.next_start = REMEX_AGAIN;
    request.start.process.wall_time_ms = 5;
    ticket = desk_ask(&desk, &request);
    desk_pass(&desk, 6);
    desk_check_parked(&desk, ticket);
    launch(&desk, REMEX_OK);
    desk_check_answered(&desk, ticket, REMEX_OK);
    desk_pass(&desk, 0);
    g_assert_true(desk.puppets.newest->killed);
    desk_deinit(&desk);
}

static void an_executor_that_ends_lets_go_of_it(void)
{
    struct desk desk;

    begin(&desk);
    g_assert_cmpuint(desk.puppets.living, ==, 1);
    desk_deinit(&desk); /* sees that nobody is left */
}

/* --- Run ------------------------------------------------------------------ */

static uint64_t begin_run(struct desk *desk)
{
    struct follow_spec none = { 0 };
    struct request start = desk_start_request("one", &none, 0);
    struct request run = { .method = METHOD_RUN,
        .run = { .max_output_bytes = WINDOW },
        .payload = ID("input") };

    run.run.process = start.start.process;
    desk_begin(desk);
    desk->puppets.next_start = REMEX_AGAIN;
    return desk_ask(desk, &run);
}

static void a_run_that_comes_to_nothing_says_why(void)
{
    struct desk desk;
    uint64_t ticket = begin_run(&desk);

    desk_check_parked(&desk, ticket);
    launch(&desk, REMEX_NOT_FOUND);
    desk_check_answered(&desk, ticket, REMEX_NOT_FOUND);
    g_assert_cmpuint(desk.puppets.living, ==, 0);
    desk_deinit(&desk);
}

static void a_run_goes_on_from_there(void)
{
    struct desk desk;
    uint64_t ticket = begin_run(&desk);
    char input[8];

    launch(&desk, REMEX_OK);
    desk_check_parked(&desk, ticket);
    g_assert_cmpuint(puppet_take_stdin(desk.puppets.newest, input, 8), ==, 5);
    desk_close_process(&desk, desk.puppets.newest, 0);
    desk_check_answered(&desk, ticket, REMEX_OK);
    desk_deinit(&desk);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/launch", a_start_is_answered_once_it_has_its_program);
    SUITE_ADD("/launch", one_that_comes_to_nothing_leaves_nothing);
    SUITE_ADD("/launch", what_it_says_comes_after_its_start);
    SUITE_ADD("/launch", whoever_asks_for_it_waits_until_it_is_there);
    SUITE_ADD("/launch", whoever_asks_for_what_came_to_nothing_finds_nothing);
    SUITE_ADD("/launch", whoever_asks_hears_in_time_that_nothing_was_done);
    SUITE_ADD("/launch", those_who_ask_are_bounded);
    SUITE_ADD("/launch", a_repeated_start_is_told_the_same);
    SUITE_ADD("/launch", a_repeated_start_is_told_the_same_failure);
    SUITE_ADD("/launch", those_who_repeat_a_start_are_bounded);
    SUITE_ADD("/launch", it_is_not_listed_before);
    SUITE_ADD("/launch", starts_take_no_room_from_what_waits);
    SUITE_ADD("/launch", a_start_waits_for_room);
    SUITE_ADD("/launch", a_run_waits_for_room);
    SUITE_ADD("/launch", a_start_that_has_waited_too_long_starts_nothing);
    SUITE_ADD("/launch", a_resume_leaves_its_start_to_be_answered);
    SUITE_ADD("/launch", a_resume_that_follows_it_anew_waits);
    SUITE_ADD("/launch", a_resume_that_goes_on_following_it_does_not_wait);
    SUITE_ADD("/launch", a_resume_waits_beyond_what_may_be_parked);
    SUITE_ADD("/launch", the_end_of_its_session_does_not_wait_for_it);
    SUITE_ADD("/launch", one_without_an_owner_is_forgotten);
    SUITE_ADD("/launch", one_that_has_another_owner_by_then_lives);
    SUITE_ADD("/launch", other_rules_do_not_wait_for_it);
    SUITE_ADD("/launch", it_gets_on_without_who_asked);
    SUITE_ADD("/launch", its_wall_time_waits_for_it);
    SUITE_ADD("/launch", an_executor_that_ends_lets_go_of_it);
    SUITE_ADD("/launch", a_run_that_comes_to_nothing_says_why);
    SUITE_ADD("/launch", a_run_goes_on_from_there);
    return g_test_run();
}
