/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/requests.h"

#include <string.h>

#include <glib.h>

#include "common/text.h"
#include "support/desk.h"
#include "support/suite.h"

/* Resume, the old holder, room for new sessions, and what is visible of a
 * process whose owner is gone. */

#define ID(text) ((struct remex_bytes){ text, sizeof(text) - 1 })

enum { WINDOW = 1024 * 1024 };

static struct reply call(
        struct desk *desk, const struct caller *caller, struct request *request)
{
    struct reply reply;

    g_assert_true(desk_take(desk, desk_send(desk, caller, request), &reply));
    return reply;
}

/* --- Resume --------------------------------------------------------------- */

static struct reply resume_as(
        struct desk *desk, uint64_t attachment, bool take_over)
{
    struct resume resume = { .session_id = desk->session_id,
        .boot_id = *requests_boot_id(desk->requests),
        .attachment = attachment,
        .take_over = take_over };
    struct request request = { .version = 1,
        .method = METHOD_OPEN,
        .open = { .min_version = 1, .max_version = 1, .resume = &resume } };
    struct caller caller = desk_caller(desk);

    return call(desk, &caller, &request);
}

static void a_session_in_use_is_resumed_only_by_its_holder(void)
{
    struct request renew = { .method = METHOD_RENEW };
    struct desk desk;
    struct reply reply;

    desk_begin(&desk);
    desk_call(&desk, &renew);
    reply = resume_as(&desk, 0, false);
    desk_check_status(&reply, REMEX_ABORTED);
    g_assert_cmpint(reply.error.kind, ==, REMEX_ERROR_SUPERSEDED);
    reply = desk_call(&desk, &renew); /* which changes nothing for the holder */
    desk_check_status(&reply, REMEX_OK);
    reply = resume_as(&desk, 1, false);
    desk_check_status(&reply, REMEX_OK);
    g_assert_cmpuint(reply.open.attachment, ==, 2);
    desk_deinit(&desk);
}

static void the_old_holder_is_told_that_he_was_replaced(void)
{
    struct request renew = { .method = METHOD_RENEW };
    struct request pull = desk_pull_request(10000);
    struct request wait = { .method = METHOD_WAIT,
        .wait = { ID("one"), PROCESS_CLOSED, 10000 } };
    struct request terminate = { .method = METHOD_TERMINATE,
        .terminate = { .process_id = ID("one") } };
    uint64_t waiting[2];
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;

    desk_begin(&desk);
    puppet = desk_start_process(&desk, "one", 1, WINDOW);
    waiting[0] = desk_ask(&desk, &pull);
    waiting[1] = desk_ask(&desk, &wait);
    reply = resume_as(&desk, 0, true);
    desk_check_status(&reply, REMEX_OK);
    for (size_t i = 0; i < G_N_ELEMENTS(waiting); i++) {
        g_assert_true(desk_take(&desk, waiting[i], &reply));
        desk_check_status(&reply, REMEX_ABORTED);
        g_assert_cmpint(reply.error.kind, ==, REMEX_ERROR_SUPERSEDED);
        g_assert_cmpuint(reply.error.allowed, ==, 2);
    }
    reply = desk_call(&desk, &terminate); /* by the old attachment still */
    g_assert_cmpint(reply.error.kind, ==, REMEX_ERROR_SUPERSEDED);
    g_assert_false(puppet->killed);
    desk.attachment = 2;
    reply = desk_call(&desk, &renew);
    desk_check_status(&reply, REMEX_OK);
    desk_deinit(&desk);
}

/* The numbers are the session's, whoever holds it and however often it was
 * resumed. */
static void a_signal_is_not_sent_again_after_a_resume(void)
{
    struct request signal = { .method = METHOD_SIGNAL,
        .signal = { ID("one"), 10, SIGNAL_LEADER, 7 } };
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;

    desk_begin(&desk);
    puppet = desk_start_process(&desk, "one", 0, 0);
    reply = desk_call(&desk, &signal);
    g_assert_cmpint(reply.signal.outcome, ==, SIGNAL_DELIVERED);
    puppet->last_signal = 0;
    reply = resume_as(&desk, 1, false);
    desk.attachment = reply.open.attachment;
    reply = desk_call(&desk, &signal);
    g_assert_cmpint(reply.signal.outcome, ==, SIGNAL_DELIVERED);
    g_assert_cmpint(puppet->last_signal, ==, 0);
    signal.signal.number = 0; /* none: sent each time */
    desk_call(&desk, &signal);
    g_assert_cmpint(puppet->last_signal, ==, 10);
    desk_deinit(&desk);
}

static void a_resume_of_an_unknown_or_foreign_session_is_the_same(void)
{
    struct resume resume = { .attachment = 1, .take_over = true };
    struct request request = { .version = 1,
        .method = METHOD_OPEN,
        .open = { .min_version = 1, .max_version = 1, .resume = &resume } };
    struct caller root;
    struct desk desk;
    struct reply reply;

    desk_begin(&desk);
    root = desk_caller(&desk);
    root.uid = 0;
    resume.session_id = desk.session_id;
    resume.boot_id = *requests_boot_id(desk.requests);
    reply = call(&desk, &root, &request);
    g_assert_cmpint(reply.error.kind, ==, REMEX_ERROR_SESSION_GONE);
    resume.session_id.bytes[0] ^= 1;
    reply = call(&desk, &root, &request);
    g_assert_cmpint(reply.error.kind, ==, REMEX_ERROR_SESSION_GONE);
    desk_deinit(&desk);
}

/* --- Room for sessions -----------------------------------------------------
 */

/* Opens a session by a connection of its own; false: there are too many. */
static bool open_by(struct desk *desk, uint32_t pipe)
{
    struct request request = { .version = 1,
        .method = METHOD_OPEN,
        .open = { .min_version = 1, .max_version = 1 } };
    struct caller caller = desk_caller(desk);
    struct reply reply;

    caller.pipe = pipe;
    reply = call(desk, &caller, &request);
    if (reply.error.status == REMEX_OK) {
        desk->session_id = reply.open.session_id;
        desk->attachment = reply.open.attachment;
        return true;
    }
    g_assert_cmpint(reply.error.kind, ==, REMEX_ERROR_LIMIT_HIT);
    g_assert_cmpstr(reply.error.name, ==, "sessions");
    return false;
}

/* A request in the session opened last, by that connection. */
static struct reply call_by(
        struct desk *desk, uint32_t pipe, struct request *request)
{
    struct caller caller = desk_caller(desk);

    caller.pipe = pipe;
    desk_address(desk, request);
    return call(desk, &caller, request);
}

static void begin_with_room_for(struct desk *desk, size_t sessions)
{
    desk_init(desk);
    desk->settings.limits.sessions = sessions;
    desk_start(desk);
}

/* As clients do that are killed one after the other. */
static void clients_that_die_do_not_use_up_the_sessions(void)
{
    struct desk desk;

    begin_with_room_for(&desk, 4);
    for (uint32_t pipe = 1; pipe <= 100; pipe++) {
        g_assert_true(open_by(&desk, pipe));
        requests_drop_pipe(desk.requests, &desk, pipe);
    }
    desk_deinit(&desk);
}

static void a_session_with_a_living_process_is_kept(void)
{
    struct request inspect = { .method = METHOD_INSPECT,
        .inspect = { ID("one") } };
    struct follow_spec none = { 0 };
    struct request start = desk_start_request("one", &none, 0);
    struct desk desk;
    struct reply reply;

    begin_with_room_for(&desk, 1);
    g_assert_true(open_by(&desk, 1));
    reply = call_by(&desk, 1, &start);
    desk_check_status(&reply, REMEX_OK);
    requests_drop_pipe(desk.requests, &desk, 1);
    g_assert_false(open_by(&desk, 2));
    g_assert_false(desk.puppets.newest->killed);
    desk_close_process(&desk, desk.puppets.newest, 0);
    g_assert_true(open_by(&desk, 2));
    reply = call_by(&desk, 2, &inspect); /* it is there all the same */
    desk_check_status(&reply, REMEX_OK);
    g_assert_false(reply.inspect.process.owned);
    desk_deinit(&desk);
}

static void a_session_that_is_still_to_be_told_is_kept(void)
{
    struct follow_spec follow = { .follow_id = 1 };
    struct request start = desk_start_request("one", &follow, WINDOW);
    struct pull_ack ack = { 1, 2, WINDOW, false };
    struct request pull = desk_pull_request(0);
    struct desk desk;
    struct reply reply;

    begin_with_room_for(&desk, 1);
    g_assert_true(open_by(&desk, 1));
    call_by(&desk, 1, &start);
    desk_close_process(&desk, desk.puppets.newest, 0);
    requests_drop_pipe(desk.requests, &desk, 1);
    g_assert_false(open_by(&desk, 2));
    reply = call_by(&desk, 3, &pull);
    g_assert_cmpuint(reply.pull.batch.count, ==, 2);
    g_assert_false(open_by(&desk, 2)); /* the connection of the Pull is there */
    requests_drop_pipe(desk.requests, &desk, 3);
    g_assert_false(open_by(&desk, 2)); /* the answer may be lost with it */
    pull.pull.acks = &ack;
    pull.pull.ack_count = 1;
    call_by(&desk, 4, &pull);
    requests_drop_pipe(desk.requests, &desk, 4);
    g_assert_true(open_by(&desk, 2));
    desk_deinit(&desk);
}

/* --- Owners that are gone ---------------------------------------------------
 */

static void start_with(struct desk *desk, const char *id, enum owner_loss loss)
{
    static const struct stop_step plan[] = { { 15, 1000 }, { 2, 1000 } };
    struct follow_spec none = { 0 };
    struct request start = desk_start_request(id, &none, 0);
    struct reply reply;

    start.start.process.owner_loss = loss;
    start.start.process.keep_ms = 200000;
    start.start.process.stop_plan = plan;
    start.start.process.stop_plan_count = 2;
    reply = desk_call(desk, &start);
    desk_check_status(&reply, REMEX_OK);
}

static const struct process_status *listed(
        const struct reply *reply, size_t index, const char *id)
{
    const struct process_status *status = &reply->list.processes[index];

    g_assert_cmpuint(reply->list.count, >, index);
    g_assert_cmpuint(status->process_id.size, ==, strlen(id));
    g_assert_cmpint(memcmp(status->process_id.data, id, strlen(id)), ==, 0);
    return status;
}

static void what_becomes_of_the_processes_is_seen_in_the_list(void)
{
    struct request list = { .method = METHOD_LIST };
    const struct process_status *status;
    struct puppet *keep, *kill, *terminate;
    struct desk desk;
    struct reply reply;

    desk_begin(&desk);
    start_with(&desk, "keep", OWNER_LOSS_KEEP);
    keep = desk.puppets.newest;
    start_with(&desk, "kill", OWNER_LOSS_KILL);
    kill = desk.puppets.newest;
    start_with(&desk, "terminate", OWNER_LOSS_TERMINATE);
    terminate = desk.puppets.newest;
    desk_pass(&desk, 79999);
    g_assert_false(kill->killed);
    desk_pass(&desk, 1); /* the lease is over */
    g_assert_true(kill->killed);
    g_assert_cmpint(terminate->last_signal, ==, 15);
    desk_pass(&desk, 1000);
    g_assert_cmpint(terminate->last_signal, ==, 2);
    g_assert_false(terminate->killed);
    desk_pass(&desk, 1000);
    g_assert_true(terminate->killed);
    g_assert_false(keep->killed);
    desk_close_process(&desk, kill, 0);

    desk_open(&desk);
    reply = desk_call(&desk, &list);
    status = listed(&reply, 0, "keep");
    g_assert_false(status->owned);
    g_assert_cmpint(status->owner_loss, ==, OWNER_LOSS_KEEP);
    g_assert_cmpint(status->expires_ns - status->started_ns, ==,
            INT64_C(280000) * 1000000);
    status = listed(&reply, 1, "kill");
    g_assert_false(status->owned);
    g_assert_cmpint(status->ending.exited.reason, ==, REMEX_EXIT_OWNER_LOST);
    status = listed(&reply, 2, "terminate");
    g_assert_cmpint(status->owner_loss, ==, OWNER_LOSS_TERMINATE);
    g_assert_cmpint(status->ending.state, ==, PROCESS_RUNNING);
    desk_deinit(&desk);
}

static void one_without_an_owner_gets_who_starts_it_again(void)
{
    struct request inspect = { .method = METHOD_INSPECT,
        .inspect = { ID("one") } };
    struct request close = { .method = METHOD_CLOSE };
    struct desk desk;
    struct reply reply;

    desk_begin(&desk);
    start_with(&desk, "one", OWNER_LOSS_KEEP);
    desk_call(&desk, &close);
    desk_open(&desk);
    start_with(&desk, "one", OWNER_LOSS_KEEP);
    reply = desk_call(&desk, &inspect);
    g_assert_true(reply.inspect.process.owned);
    g_assert_cmpint(reply.inspect.process.expires_ns, ==, 0);
    for (int i = 0; i < 3; i++) {
        desk_pass(&desk, 70000);
        desk_call(&desk, &inspect);
    }
    g_assert_false(desk.puppets.newest->killed); /* it was kept for 200 s */
    g_assert_cmpuint(desk.puppets.started, ==, 1);
    desk_deinit(&desk);
}

static void one_with_an_owner_stays_with_him(void)
{
    struct request inspect = { .method = METHOD_INSPECT,
        .inspect = { ID("one") } };
    struct request close = { .method = METHOD_CLOSE };
    struct desk desk;
    struct reply reply;

    desk_begin(&desk);
    start_with(&desk, "one", OWNER_LOSS_KEEP);
    desk_open(&desk);
    start_with(&desk, "one", OWNER_LOSS_KEEP);
    desk_call(&desk, &close); /* the second session */
    desk_open(&desk);
    reply = desk_call(&desk, &inspect);
    g_assert_true(reply.inspect.process.owned);
    desk_deinit(&desk);
}

/* The leader has exited and somebody holds the pipe, for ever: a lingering
 * process goes with its owner, and is not kept beyond that. */
static void one_whose_pipe_is_held_does_not_leak(void)
{
    struct follow_spec none = { 0 };
    struct request start = desk_start_request("one", &none, 0);
    struct request close = { .method = METHOD_CLOSE };
    struct puppet *puppet;
    struct desk desk;

    desk_begin(&desk);
    start.start.process.has_eof_linger = true; /* 0: no end to it */
    desk_call(&desk, &start);
    puppet = desk.puppets.newest;
    puppet_exit(puppet, 0);
    desk_settle(&desk);
    desk_call(&desk, &close);
    g_assert_true(puppet->killed);
    puppet_end(puppet); /* as killed ones do */
    desk_settle(&desk);
    desk_pass(&desk, 80000);
    g_assert_cmpuint(desk.puppets.living, ==, 0);
    desk_deinit(&desk);
}

static void a_session_of_another_boot_is_not_resumed(void)
{
    struct resume resume = { .attachment = 1 };
    struct request request = { .version = 1,
        .method = METHOD_OPEN,
        .open = { .min_version = 1, .max_version = 1, .resume = &resume } };
    struct caller caller;
    struct desk desk;
    struct reply reply;

    desk_begin(&desk);
    caller = desk_caller(&desk);
    resume.session_id = desk.session_id;
    resume.boot_id = *requests_boot_id(desk.requests);
    resume.boot_id.bytes[15] ^= 1;
    reply = call(&desk, &caller, &request);
    g_assert_cmpint(reply.error.kind, ==, REMEX_ERROR_STALE_BOOT);
    desk_deinit(&desk);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/requests_sessions",
            a_session_in_use_is_resumed_only_by_its_holder);
    SUITE_ADD(
            "/requests_sessions", the_old_holder_is_told_that_he_was_replaced);
    SUITE_ADD("/requests_sessions", a_signal_is_not_sent_again_after_a_resume);
    SUITE_ADD("/requests_sessions",
            a_resume_of_an_unknown_or_foreign_session_is_the_same);
    SUITE_ADD(
            "/requests_sessions", clients_that_die_do_not_use_up_the_sessions);
    SUITE_ADD("/requests_sessions", a_session_with_a_living_process_is_kept);
    SUITE_ADD("/requests_sessions", a_session_that_is_still_to_be_told_is_kept);
    SUITE_ADD("/requests_sessions",
            what_becomes_of_the_processes_is_seen_in_the_list);
    SUITE_ADD("/requests_sessions",
            one_without_an_owner_gets_who_starts_it_again);
    SUITE_ADD("/requests_sessions", one_with_an_owner_stays_with_him);
    SUITE_ADD("/requests_sessions", one_whose_pipe_is_held_does_not_leak);
    SUITE_ADD("/requests_sessions", a_session_of_another_boot_is_not_resumed);
    return g_test_run();
}
