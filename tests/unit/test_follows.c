/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/follows.h"

#include <string.h>

#include <glib.h>

#include "support/desk.h"
#include "support/suite.h"

enum { WINDOW = 1024 * 1024 };

#define ID(text) ((struct remex_bytes){ text, sizeof(text) - 1 })

static void begin(struct desk *desk)
{
    desk_init(desk);
    desk_start(desk);
    desk_open(desk);
}

static void fill(struct puppet *puppet, size_t size)
{
    static const char bytes[100000];

    g_assert_cmpuint(
            puppet_output(puppet, REMEX_STDOUT, bytes, size), ==, size);
}

static struct reply pull_with(
        struct desk *desk, const struct pull_ack *acks, size_t count)
{
    struct request pull = desk_pull_request(0);

    pull.pull.acks = acks;
    pull.pull.ack_count = count;
    return desk_call(desk, &pull);
}

/* --- How much at once ----------------------------------------------------- */

static size_t pull_bytes(uint32_t max_bytes)
{
    struct request pull = desk_pull_request(0);
    struct puppet *puppet;
    struct desk desk;
    size_t size;

    desk_init(&desk);
    desk.settings.limits.retained_bytes = (uint64_t)4 * WINDOW;
    desk_start(&desk);
    desk_open(&desk);
    puppet = desk_start_process(&desk, "one", 1, WINDOW);
    for (int i = 0; i < 15; i++)
        fill(puppet, 65536);
    desk_settle(&desk);
    pull.pull.max_bytes = max_bytes;
    size = desk_call(&desk, &pull).payload.size;
    desk_deinit(&desk);
    return size;
}

/* As the protocol has it: 192 KiB unless asked, and 768 at most. */
static void an_answer_is_as_large_as_it_was_asked_to_be(void)
{
    g_assert_cmpuint(pull_bytes(0), ==, (size_t)192 * 1024);
    g_assert_cmpuint(pull_bytes(65536), ==, 65536);
    g_assert_cmpuint(pull_bytes(512 * 1024), ==, (size_t)512 * 1024);
    g_assert_cmpuint(pull_bytes(768 * 1024), ==, (size_t)768 * 1024);
    g_assert_cmpuint(pull_bytes(UINT32_MAX), ==, (size_t)768 * 1024);
}

/* --- Windows ------------------------------------------------------------- */

static void output_is_sent_up_to_the_window_and_no_further(void)
{
    struct pull_ack ack = { .follow_id = 1, .until_position = 200 };
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;

    begin(&desk);
    puppet = desk_start_process(&desk, "one", 1, 100);
    for (int i = 0; i < 4; i++)
        fill(puppet, 60); /* at 0, 60, 120, 180 */
    desk_settle(&desk);
    reply = pull_with(&desk, NULL, 0);
    g_assert_cmpuint(reply.pull.batch.count, ==, 2);
    reply = pull_with(&desk, NULL, 0);
    g_assert_cmpuint(reply.pull.batch.count, ==, 0);
    reply = pull_with(&desk, &ack, 1);
    g_assert_cmpuint(reply.pull.batch.count, ==, 2);
    desk_deinit(&desk);
}

static void an_exit_behind_the_window_is_told_ahead_once(void)
{
    struct pull_ack ack = { .follow_id = 1, .until_position = 1000 };
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;

    begin(&desk);
    puppet = desk_start_process(&desk, "one", 1, 10);
    fill(puppet, 10);
    fill(puppet, 10);
    puppet_exit(puppet, 9);
    puppet_end(puppet);
    desk_settle(&desk);
    reply = pull_with(&desk, NULL, 0);
    g_assert_cmpuint(reply.pull.batch.count, ==, 1);
    g_assert_cmpuint(reply.pull.state_count, ==, 1);
    g_assert_true(reply.pull.states[0].known);
    g_assert_true(reply.pull.states[0].has_exited);
    g_assert_cmpint(reply.pull.states[0].exited.code, ==, 9);
    g_assert_cmpuint(reply.pull.states[0].last_seq, ==, 4);
    reply = pull_with(&desk, NULL, 0);
    g_assert_cmpuint(reply.pull.state_count, ==, 0);
    reply = pull_with(&desk, &ack, 1);
    g_assert_cmpuint(reply.pull.batch.count, ==, 3);
    g_assert_cmpuint(reply.pull.state_count, ==, 0);
    desk_deinit(&desk);
}

/* Acknowledgements may overtake each other. */
static void an_old_ack_takes_no_window_back(void)
{
    struct pull_ack old = { .follow_id = 1, .until_position = 10 };
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;

    begin(&desk);
    puppet = desk_start_process(&desk, "one", 1, 1000);
    fill(puppet, 20);
    reply = pull_with(&desk, &old, 1);
    g_assert_cmpuint(reply.pull.batch.count, ==, 1);
    fill(puppet, 20);
    reply = pull_with(&desk, &old, 1);
    g_assert_cmpuint(reply.pull.batch.count, ==, 1);
    desk_deinit(&desk);
}

static void a_window_too_large_is_refused(void)
{
    struct follow_spec follow = { .follow_id = 1 };
    struct request request =
            desk_start_request("one", &follow, UINT64_C(1) << 40);
    struct pull_ack ack = { .follow_id = 1, .until_position = UINT64_MAX };
    struct desk desk;
    struct reply reply;

    begin(&desk);
    reply = desk_call(&desk, &request);
    g_assert_cmpint(reply.error.status, ==, REMEX_INVALID_ARGUMENT);
    g_assert_cmpstr(reply.error.name, ==, "window_bytes");
    g_assert_cmpuint(desk.puppets.started, ==, 0);
    desk_start_process(&desk, "one", 1, WINDOW);
    reply = pull_with(&desk, &ack, 1);
    g_assert_cmpint(reply.error.status, ==, REMEX_INVALID_ARGUMENT);
    desk_deinit(&desk);
}

/* --- Consuming ----------------------------------------------------------- */

static void what_is_not_consumed_holds_the_child_and_the_slowest_counts(void)
{
    struct request follow = { .method = METHOD_FOLLOW,
        .follow = { .follow = { .process_id = ID("one"),
                            .follow_id = 2,
                            .until_position = WINDOW } } };
    struct pull_ack acks[] = { { 1, 1, WINDOW, false },
        { 2, 1, WINDOW, false } };
    size_t log_bytes = (size_t)256 * 1024;
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;

    desk_init(&desk);
    desk.settings.limits.retained_bytes = log_bytes;
    desk_start(&desk);
    desk_open(&desk);
    puppet = desk_start_process(&desk, "one", 1, WINDOW);
    reply = desk_call(&desk, &follow);
    g_assert_true(reply.follow.state.known);
    for (size_t filled = 0; filled < log_bytes / 4 * 3; filled += 32768)
        fill(puppet, 32768);
    g_assert_cmpuint(puppet_output(puppet, REMEX_STDOUT, "x", 1), ==, 0);
    desk_settle(&desk);
    while (pull_with(&desk, NULL, 0).pull.batch.count > 0)
        g_assert_cmpuint(puppet_output(puppet, REMEX_STDOUT, "x", 1), ==, 0);
    pull_with(&desk, acks, 1);
    g_assert_cmpuint(puppet_output(puppet, REMEX_STDOUT, "x", 1), ==, 0);
    pull_with(&desk, acks + 1, 1);
    g_assert_cmpuint(puppet_output(puppet, REMEX_STDOUT, "x", 1), ==, 1);
    desk_deinit(&desk);
}

static void without_a_follower_the_child_runs_freely(void)
{
    struct request unfollow = { .method = METHOD_UNFOLLOW,
        .unfollow = { .follow_id = 1 } };
    struct puppet *puppet;
    struct desk desk;

    begin(&desk);
    puppet = desk_start_process(&desk, "one", 1, WINDOW);
    for (int i = 0; i < 12; i++) /* three quarters */
        fill(puppet, 65536);
    g_assert_cmpuint(puppet_output(puppet, REMEX_STDOUT, "x", 1), ==, 0);
    desk_call(&desk, &unfollow);
    desk_call(&desk, &unfollow); /* safe to repeat */
    for (int i = 0; i < 32; i++)
        fill(puppet, 65536);
    desk_deinit(&desk);
}

static void an_ack_that_lets_go_ends_the_follow(void)
{
    const struct pull_ack acks[] = {
        { .follow_id = 1, .consumed_seq = 2, .until_position = WINDOW },
        { .follow_id = 1, .consumed_seq = 2, .let_go = true },
        { .follow_id = 1, .consumed_seq = 2 },
    };
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;

    begin(&desk);
    puppet = desk_start_process(&desk, "one", 1, WINDOW);
    puppet_exit(puppet, 0);
    puppet_end(puppet);
    desk_settle(&desk);
    reply = pull_with(&desk, acks, 1);
    g_assert_cmpuint(reply.pull.batch.count, ==, 2);
    reply = pull_with(&desk, acks + 1, 2); /* the second comes too late */
    g_assert_cmpuint(reply.pull.batch.count, ==, 0);
    g_assert_cmpuint(reply.pull.state_count, ==, 1);
    g_assert_false(reply.pull.states[0].known);
    desk_deinit(&desk);
}

static void nobody_consumes_what_he_was_not_sent(void)
{
    struct pull_ack lie = {
        .follow_id = 1, .consumed_seq = 1000000, .until_position = WINDOW
    };
    struct puppet *puppet;
    struct desk desk;

    begin(&desk);
    puppet = desk_start_process(&desk, "one", 1, 0);
    for (int i = 0; i < 12; i++) /* three quarters */
        fill(puppet, 65536);
    lie.until_position = 0;
    pull_with(&desk, &lie, 1);
    g_assert_cmpuint(puppet_output(puppet, REMEX_STDOUT, "x", 1), ==, 0);
    desk_deinit(&desk);
}

static void a_cursor_stated_anew_says_what_was_consumed(void)
{
    struct puppet *puppet;
    struct desk desk;

    begin(&desk);
    puppet = desk_start_process(&desk, "one", 1, WINDOW);
    for (int i = 0; i < 12; i++) /* three quarters */
        fill(puppet, 65536);
    g_assert_cmpuint(puppet_output(puppet, REMEX_STDOUT, "x", 1), ==, 0);
    desk_resume(&desk,
            (struct follow_spec){ .follow_id = 1,
                    .after_seq = 10,
                    .after_position = 655360,
                    .until_position = 655360 + WINDOW });
    g_assert_cmpuint(puppet_output(puppet, REMEX_STDOUT, "x", 1), ==, 1);
    desk_deinit(&desk);
}

static void a_repeated_start_brings_nothing_again(void)
{
    struct follow_spec follow = { .follow_id = 1 };
    struct request request = desk_start_request("one", &follow, WINDOW);
    struct desk desk;
    struct reply reply;

    begin(&desk);
    desk_call(&desk, &request);
    fill(desk.puppets.newest, 10);
    desk_settle(&desk);
    g_assert_cmpuint(pull_with(&desk, NULL, 0).pull.batch.count, ==, 1);
    reply = desk_call(&desk, &request);
    g_assert_cmpint(reply.error.status, ==, REMEX_OK);
    g_assert_cmpuint(pull_with(&desk, NULL, 0).pull.batch.count, ==, 0);
    desk_deinit(&desk);
}

/* --- Sharing ------------------------------------------------------------- */

static void processes_take_turns_in_a_batch(void)
{
    struct puppet *busy;
    struct puppet *quiet;
    struct desk desk;
    struct reply reply;
    bool found = false;

    begin(&desk);
    busy = desk_start_process(&desk, "busy", 1, WINDOW);
    quiet = desk_start_process(&desk, "quiet", 2, WINDOW);
    for (int i = 0; i < 10; i++)
        fill(busy, 65536);
    fill(quiet, 1);
    desk_settle(&desk);
    reply = pull_with(&desk, NULL, 0);
    g_assert_cmpuint(reply.payload.size, <=, UINT64_C(192) * 1024);
    for (size_t i = 0; i < reply.pull.batch.count; i++)
        found = found || reply.pull.batch.events[i].follow_id == 2;
    g_assert_true(found);
    desk_deinit(&desk);
}

/* However small its events are, and however little is asked for at once. */
static void a_chatty_process_cannot_starve_a_quiet_one(void)
{
    struct request pull = desk_pull_request(0);
    struct puppet *busy;
    struct puppet *quiet;
    struct desk desk;
    struct reply reply;

    begin(&desk);
    busy = desk_start_process(&desk, "busy", 1, WINDOW);
    quiet = desk_start_process(&desk, "quiet", 2, WINDOW);
    for (int i = 0; i < 6000; i++)
        fill(busy, 1);
    desk_settle(&desk);
    fill(quiet, 1);
    desk_settle(&desk);
    reply = pull_with(&desk, NULL, 0);
    g_assert_cmpuint(reply.pull.batch.count, ==, 1024);
    g_assert_cmpuint(reply.pull.batch.events[256].follow_id, ==, 2);

    pull.pull.max_bytes = 1;
    fill(quiet, 1);
    desk_settle(&desk);
    reply = desk_call(&desk, &pull);
    g_assert_cmpuint(reply.pull.batch.events[0].follow_id, ==, 1);
    reply = desk_call(&desk, &pull);
    g_assert_cmpuint(reply.pull.batch.events[0].follow_id, ==, 2);
    desk_deinit(&desk);
}

static void a_batch_has_at_least_one_event_however_little_is_asked_for(void)
{
    struct request pull = desk_pull_request(0);
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;

    begin(&desk);
    puppet = desk_start_process(&desk, "one", 1, WINDOW);
    fill(puppet, 1000);
    fill(puppet, 1000);
    desk_settle(&desk);
    pull.pull.max_bytes = 1;
    reply = desk_call(&desk, &pull);
    g_assert_cmpuint(reply.pull.batch.count, ==, 1);
    reply = desk_call(&desk, &pull);
    g_assert_cmpuint(reply.pull.batch.count, ==, 1);
    desk_deinit(&desk);
}

static void each_event_goes_to_one_of_several_pulls(void)
{
    struct request pull = desk_pull_request(1000);
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;
    uint64_t first, second;

    begin(&desk);
    puppet = desk_start_process(&desk, "one", 1, WINDOW);
    first = desk_ask(&desk, &pull);
    second = desk_ask(&desk, &pull);
    fill(puppet, 10);
    desk_settle(&desk);
    g_assert_true(desk_take(&desk, first, &reply));
    g_assert_cmpuint(reply.pull.batch.count, ==, 1);
    g_assert_false(desk_take(&desk, second, &reply));
    fill(puppet, 10);
    desk_settle(&desk);
    g_assert_true(desk_take(&desk, second, &reply));
    g_assert_cmpuint(reply.pull.batch.events[0].event.seq, ==, 2);
    desk_deinit(&desk);
}

/* --- Naming -------------------------------------------------------------- */

static void a_follow_id_names_one_process(void)
{
    struct request follow = { .method = METHOD_FOLLOW,
        .follow = { .follow = { .process_id = ID("two"), .follow_id = 1 } } };
    struct desk desk;
    struct reply reply;

    begin(&desk);
    desk_start_process(&desk, "one", 1, WINDOW);
    desk_start_process(&desk, "two", 0, 0);
    reply = desk_call(&desk, &follow);
    g_assert_cmpint(reply.error.status, ==, REMEX_ALREADY_EXISTS);
    follow.follow.follow.process_id = ID("three");
    reply = desk_call(&desk, &follow);
    g_assert_cmpint(reply.error.status, ==, REMEX_NOT_FOUND);
    desk_deinit(&desk);
}

static void an_ack_for_nothing_is_told_so(void)
{
    struct pull_ack ack = { .follow_id = 77 };
    struct request pull = desk_pull_request(10000);
    struct desk desk;
    struct reply reply;

    begin(&desk);
    pull.pull.acks = &ack;
    pull.pull.ack_count = 1;
    reply = desk_call(&desk, &pull);
    g_assert_cmpuint(reply.pull.state_count, ==, 1);
    g_assert_cmpuint(reply.pull.states[0].follow_id, ==, 77);
    g_assert_false(reply.pull.states[0].known);
    desk_deinit(&desk);
}

static void a_cursor_ahead_of_its_process_is_refused(void)
{
    struct request follow = { .method = METHOD_FOLLOW,
        .follow = { .follow = { .process_id = ID("one"),
                            .follow_id = 1,
                            .after_seq = 1 } } };
    struct desk desk;
    struct reply reply;

    begin(&desk);
    desk_start_process(&desk, "one", 0, 0);
    reply = desk_call(&desk, &follow);
    g_assert_cmpint(reply.error.status, ==, REMEX_INVALID_ARGUMENT);
    desk_deinit(&desk);
}

static void follows_are_bounded(void)
{
    struct request follow = { .method = METHOD_FOLLOW,
        .follow = { .follow = { .process_id = ID("one"), .follow_id = 3 } } };
    struct desk desk;
    struct reply reply;

    desk_init(&desk);
    desk.settings.limits.follows = 2;
    desk_start(&desk);
    desk_open(&desk);
    desk_start_process(&desk, "one", 1, WINDOW);
    desk_start_process(&desk, "two", 2, WINDOW);
    reply = desk_call(&desk, &follow);
    g_assert_cmpint(reply.error.status, ==, REMEX_RESOURCE_EXHAUSTED);
    g_assert_cmpstr(reply.error.name, ==, "follows");
    follow.follow.follow.follow_id = 1; /* known: it goes on */
    reply = desk_call(&desk, &follow);
    g_assert_cmpint(reply.error.status, ==, REMEX_OK);
    desk_deinit(&desk);
}

/* --- Resume -------------------------------------------------------------- */

static struct request resume_request(struct desk *desk, struct resume *resume)
{
    struct request request = { .version = MESSAGE_VERSION,
        .method = METHOD_OPEN,
        .open = { .min_version = 1, .max_version = 1, .resume = resume } };

    resume->session_id = desk->session_id;
    resume->boot_id = *requests_boot_id(desk->requests);
    return request;
}

/* Of two that a session may have: both are there, one of them is stated last,
 * the other one no more. A new one gets the room of that, a second new one
 * none.
 */
static void a_resume_keeps_what_there_is_and_fills_what_is_left(void)
{
    struct follow_spec follows[] = {
        { .process_id = ID("three"), .follow_id = 3, .until_position = WINDOW },
        { .process_id = ID("three"), .follow_id = 4 },
        { .process_id = ID("one"), .follow_id = 1, .until_position = WINDOW },
    };
    struct resume resume = {
        .attachment = 1, .follows = follows, .follow_count = 3
    };
    struct request request;
    struct caller caller;
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;

    desk_init(&desk);
    desk.settings.limits.follows = 2;
    desk_start(&desk);
    desk_open(&desk);
    desk_start_process(&desk, "one", 1, WINDOW);
    desk_start_process(&desk, "two", 2, WINDOW);
    puppet = desk_start_process(&desk, "three", 0, 0);
    caller = desk_caller(&desk);
    request = resume_request(&desk, &resume);
    g_assert_true(
            desk_take(&desk, desk_send(&desk, &caller, &request), &reply));
    g_assert_cmpint(reply.error.status, ==, REMEX_OK);
    g_assert_cmpuint(reply.open.follow_count, ==, 3);
    for (size_t i = 0; i < 3; i++) {
        g_assert_cmpuint(
                reply.open.follows[i].follow_id, ==, follows[i].follow_id);
        g_assert_true(reply.open.follows[i].known);
        g_assert_cmpint(reply.open.follows[i].no_room, ==, i == 1);
    }
    desk.attachment = reply.open.attachment;
    fill(puppet, 10);
    desk_settle(&desk);
    reply = pull_with(&desk, NULL, 0);
    g_assert_cmpuint(reply.pull.batch.count, ==, 1);
    g_assert_cmpuint(reply.pull.batch.events[0].follow_id, ==, 3);
    desk_deinit(&desk);
}

static void a_resume_brings_again_what_a_lost_reply_held(void)
{
    struct follow_spec follows[] = {
        { .process_id = ID("one"), .follow_id = 1, .until_position = WINDOW },
        { .process_id = ID("gone"), .follow_id = 2 },
    };
    struct resume resume = {
        .attachment = 1, .follows = follows, .follow_count = 2
    };
    struct request pull = desk_pull_request(10000);
    struct request request;
    struct puppet *puppet;
    struct caller caller;
    struct desk desk;
    struct reply reply;
    uint64_t waiting;

    begin(&desk);
    puppet = desk_start_process(&desk, "one", 1, WINDOW);
    fill(puppet, 10);
    fill(puppet, 20);
    desk_settle(&desk);
    g_assert_cmpuint(pull_with(&desk, NULL, 0).pull.batch.count, ==, 2);
    waiting = desk_ask(&desk, &pull);

    follows[0].after_seq = 1; /* the second was lost */
    follows[0].after_position = 10;
    caller = desk_caller(&desk);
    request = resume_request(&desk, &resume);
    g_assert_true(
            desk_take(&desk, desk_send(&desk, &caller, &request), &reply));
    g_assert_cmpint(reply.error.status, ==, REMEX_OK);
    g_assert_cmpuint(reply.open.attachment, ==, 2);
    g_assert_cmpuint(reply.open.follow_count, ==, 2);
    g_assert_true(reply.open.follows[0].known);
    g_assert_cmpuint(reply.open.follows[0].last_seq, ==, 2);
    g_assert_false(reply.open.follows[1].known);
    g_assert_true(desk_take(&desk, waiting, &reply));
    g_assert_cmpint(reply.error.kind, ==, REMEX_ERROR_SUPERSEDED);
    g_assert_cmpuint(reply.error.allowed, ==, 2);

    desk.attachment = 2;
    reply = pull_with(&desk, NULL, 0);
    g_assert_cmpuint(reply.pull.batch.count, ==, 1);
    g_assert_cmpuint(reply.pull.batch.events[0].event.seq, ==, 2);
    desk_deinit(&desk);
}

static void what_a_resume_does_not_state_is_followed_no_more(void)
{
    struct resume resume = { .attachment = 1 };
    struct request request;
    struct puppet *puppet;
    struct caller caller;
    struct desk desk;
    struct reply reply;

    begin(&desk);
    puppet = desk_start_process(&desk, "one", 1, WINDOW);
    for (int i = 0; i < 12; i++) /* three quarters */
        fill(puppet, 65536);
    caller = desk_caller(&desk);
    request = resume_request(&desk, &resume);
    g_assert_true(
            desk_take(&desk, desk_send(&desk, &caller, &request), &reply));
    desk.attachment = 2;
    g_assert_cmpuint(pull_with(&desk, NULL, 0).pull.batch.count, ==, 0);
    fill(puppet, 65536); /* it runs freely */
    desk_deinit(&desk);
}

static void a_resume_that_makes_no_sense_changes_nothing(void)
{
    struct follow_spec follow = {
        .process_id = ID("one"), .follow_id = 1, .after_seq = 5
    };
    struct resume resume = {
        .attachment = 1, .follows = &follow, .follow_count = 1
    };
    struct request request;
    struct caller caller;
    struct desk desk;
    struct reply reply;

    begin(&desk);
    desk_start_process(&desk, "one", 1, WINDOW);
    caller = desk_caller(&desk);
    request = resume_request(&desk, &resume);
    g_assert_true(
            desk_take(&desk, desk_send(&desk, &caller, &request), &reply));
    g_assert_cmpint(reply.error.status, ==, REMEX_INVALID_ARGUMENT);
    g_assert_cmpint(pull_with(&desk, NULL, 0).error.status, ==, REMEX_OK);
    desk_deinit(&desk);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/follows", an_answer_is_as_large_as_it_was_asked_to_be);
    SUITE_ADD("/follows", output_is_sent_up_to_the_window_and_no_further);
    SUITE_ADD("/follows", an_exit_behind_the_window_is_told_ahead_once);
    SUITE_ADD("/follows", an_old_ack_takes_no_window_back);
    SUITE_ADD("/follows", a_window_too_large_is_refused);
    SUITE_ADD("/follows",
            what_is_not_consumed_holds_the_child_and_the_slowest_counts);
    SUITE_ADD("/follows", without_a_follower_the_child_runs_freely);
    SUITE_ADD("/follows", an_ack_that_lets_go_ends_the_follow);
    SUITE_ADD("/follows", nobody_consumes_what_he_was_not_sent);
    SUITE_ADD("/follows", a_cursor_stated_anew_says_what_was_consumed);
    SUITE_ADD("/follows", a_repeated_start_brings_nothing_again);
    SUITE_ADD("/follows", processes_take_turns_in_a_batch);
    SUITE_ADD("/follows", a_chatty_process_cannot_starve_a_quiet_one);
    SUITE_ADD("/follows",
            a_batch_has_at_least_one_event_however_little_is_asked_for);
    SUITE_ADD("/follows", each_event_goes_to_one_of_several_pulls);
    SUITE_ADD("/follows", a_follow_id_names_one_process);
    SUITE_ADD("/follows", an_ack_for_nothing_is_told_so);
    SUITE_ADD("/follows", a_cursor_ahead_of_its_process_is_refused);
    SUITE_ADD("/follows", follows_are_bounded);
    SUITE_ADD("/follows", a_resume_keeps_what_there_is_and_fills_what_is_left);
    SUITE_ADD("/follows", a_resume_brings_again_what_a_lost_reply_held);
    SUITE_ADD("/follows", what_a_resume_does_not_state_is_followed_no_more);
    SUITE_ADD("/follows", a_resume_that_makes_no_sense_changes_nothing);
    return g_test_run();
}
