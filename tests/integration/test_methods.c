/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Run, Wait, Inspect, List, Seal and Forget by a client without the library, on
 * real programs.
 */

#include <string.h>
#include <unistd.h>

#include <glib.h>

#include "support/daemon.h"
#include "support/raw.h"
#include "support/suite.h"

#define BYTES(text) ((struct remex_bytes){ text, sizeof(text) - 1 })
#define CALL_MS 10000

/* A remexd and a session on it. */
struct target {
    struct daemon daemon;
    struct raw raw;
};

static void target_init(struct target *target)
{
    daemon_start(&target->daemon);
    raw_init(&target->raw, target->daemon.address);
    raw_open(&target->raw);
}

static void target_deinit(struct target *target)
{
    raw_deinit(&target->raw);
    daemon_stop(&target->daemon);
}

static void check_status(const struct reply *reply, enum remex_status status)
{
    if (reply->error.status != status)
        g_error("%s: %s", remex_status_name(reply->error.status),
                reply->error.text);
}

static struct request start_of(const char *id, const char *script)
{
    static struct remex_bytes argv[3];

    argv[0] = BYTES("/bin/sh");
    argv[1] = BYTES("-c");
    argv[2] = (struct remex_bytes){ script, strlen(script) };
    return raw_start_request(id, argv, G_N_ELEMENTS(argv));
}

static void start(struct target *target, const char *id, const char *script)
{
    struct request request = start_of(id, script);
    struct reply reply = raw_call(&target->raw, &request);

    check_status(&reply, REMEX_OK);
}

static struct request run_of(const char *id, const char *script)
{
    struct request start = start_of(id, script);
    struct request run = { .method = METHOD_RUN, .deadline_ms = CALL_MS };

    run.run.process = start.start.process;
    return run;
}

static struct process_ending wait_for(
        struct target *target, struct remex_bytes id, enum process_state until)
{
    struct request request = { .method = METHOD_WAIT,
        .wait = { id, until, CALL_MS } };
    struct reply reply = raw_call(&target->raw, &request);

    check_status(&reply, REMEX_OK);
    g_assert_cmpint(reply.wait.ending.state, >=, until);
    return reply.wait.ending;
}

static struct reply inspect(struct target *target, struct remex_bytes id)
{
    struct request request = { .method = METHOD_INSPECT, .inspect = { id } };

    return raw_call(&target->raw, &request);
}

static struct reply forget(struct target *target, struct remex_bytes id)
{
    struct request request = { .method = METHOD_FORGET, .forget = { id } };

    return raw_call(&target->raw, &request);
}

/* --- Run ------------------------------------------------------------------ */

static void a_command_runs_in_one_round_trip(void)
{
    struct request run = run_of("one", "tr a-z A-Z; echo oops >&2; exit 3");
    const struct batch *batch;
    struct target target;
    struct reply reply;

    target_init(&target);
    run.run.process.stdin_kind = STDIN_PIPE;
    run.payload = BYTES("some input");
    reply = raw_call(&target.raw, &run);
    check_status(&reply, REMEX_OK);
    batch = &reply.run.batch;
    g_assert_cmpuint(batch->count, ==, 4);
    g_assert_cmpuint(reply.payload.size, ==, 15);
    g_assert_cmpint(memcmp(reply.payload.data, "SOME INPUToops\n", 15), ==, 0);
    g_assert_cmpint(batch->events[2].event.exited.code, ==, 3);
    g_assert_cmpint(batch->events[3].event.kind, ==, REMEX_EVENT_CLOSED);
    reply = raw_call(&target.raw, &run); /* not a second time */
    g_assert_cmpuint(reply.run.batch.count, ==, 4);
    g_assert_cmpuint(reply.payload.size, ==, 15);
    target_deinit(&target);
}

static void a_run_that_is_not_done_goes_on_and_is_asked_for_again(void)
{
    struct request run = run_of("one", "exec sleep 1000");
    struct request kill = { .method = METHOD_SIGNAL,
        .signal = { BYTES("one"), 9, SIGNAL_LEADER, 0 } };
    struct target target;
    struct reply reply;

    target_init(&target);
    run.deadline_ms = 200;
    reply = raw_call(&target.raw, &run);
    check_status(&reply, REMEX_OK);
    g_assert_cmpuint(reply.run.batch.count, ==, 0);
    reply = raw_call(&target.raw, &kill);
    g_assert_cmpint(reply.signal.outcome, ==, SIGNAL_DELIVERED);
    run.deadline_ms = CALL_MS;
    reply = raw_call(&target.raw, &run);
    g_assert_cmpuint(reply.run.batch.count, ==, 2);
    g_assert_true(reply.run.batch.events[0].event.exited.by_signal);
    target_deinit(&target);
}

static void a_grandchild_with_the_pipe_delays_a_run_and_leaks_nothing(void)
{
    char *marker = g_strdup_printf("1000.%d", (int)getpid());
    char *script = g_strdup_printf("sleep %s & echo hi", marker);
    struct request run = run_of("one", script);
    const struct remex_event *closed;
    struct target target;
    struct reply reply;

    target_init(&target);
    run.run.process.has_eof_linger = true;
    run.run.process.eof_linger_ms = 50;
    reply = raw_call(&target.raw, &run);
    check_status(&reply, REMEX_OK);
    closed = &reply.run.batch.events[reply.run.batch.count - 1].event;
    g_assert_cmpint(closed->kind, ==, REMEX_EVENT_CLOSED);
    g_assert_cmpint(closed->closed.ends[0].kind, ==, REMEX_END_ABANDONED);
    g_assert_cmpuint(daemon_count_marked(marker), ==, 1);
    reply = forget(&target, BYTES("one"));
    check_status(&reply, REMEX_OK);
    g_assert_true(daemon_wait_none_marked(marker, CALL_MS));
    target_deinit(&target);
    g_free(script);
    g_free(marker);
}

/* --- The others ------------------------------------------------------------
 */

static void a_wait_hears_of_the_exit_and_of_the_end(void)
{
    struct process_ending ending;
    struct target target;

    target_init(&target);
    start(&target, "one", "sleep 1000 & exit 7");
    ending = wait_for(&target, BYTES("one"), PROCESS_EXITED);
    g_assert_cmpint(ending.exited.code, ==, 7);
    start(&target, "two", "exit 0");
    ending = wait_for(&target, BYTES("two"), PROCESS_CLOSED);
    g_assert_cmpuint(ending.end_count, ==, 2);
    target_deinit(&target);
}

static void what_runs_is_listed_until_it_is_forgotten(void)
{
    struct request list = { .method = METHOD_LIST };
    struct request terminate = { .method = METHOD_TERMINATE,
        .terminate = { .process_id = BYTES("b") } };
    struct target target;
    struct reply reply;

    target_init(&target);
    start(&target, "b", "exec sleep 1000");
    start(&target, "a", "exit 0");
    wait_for(&target, BYTES("a"), PROCESS_CLOSED);
    reply = raw_call(&target.raw, &list);
    g_assert_cmpuint(reply.list.count, ==, 2);
    g_assert_cmpint(reply.list.processes[0].ending.state, ==, PROCESS_CLOSED);
    g_assert_cmpint(reply.list.processes[1].ending.state, ==, PROCESS_RUNNING);
    g_assert_cmpuint(reply.list.processes[1].argv_count, ==, 3);
    g_assert_cmpint(reply.list.processes[1].pid, >, 1);
    reply = forget(&target, BYTES("b"));
    check_status(&reply, REMEX_FAILED_PRECONDITION);
    raw_call(&target.raw, &terminate);
    wait_for(&target, BYTES("b"), PROCESS_CLOSED);
    reply = forget(&target, BYTES("b"));
    check_status(&reply, REMEX_OK);
    reply = inspect(&target, BYTES("b"));
    check_status(&reply, REMEX_NOT_FOUND);
    target_deinit(&target);
}

/* By the time it is closed, all its output was recorded. */
static void sealed_output_is_gone_and_the_counts_stay(void)
{
    struct request seal = { .method = METHOD_SEAL,
        .seal = { .process_id = BYTES("one") } };
    struct request read = { .method = METHOD_READ,
        .read = { .process_id = BYTES("one") } };
    struct target target;
    struct reply reply;

    target_init(&target);
    start(&target, "one", "echo hello");
    wait_for(&target, BYTES("one"), PROCESS_CLOSED);
    reply = raw_call(&target.raw, &seal);
    check_status(&reply, REMEX_OK);
    reply = inspect(&target, BYTES("one"));
    g_assert_cmpuint(reply.inspect.process.streams[0].bytes_read, ==, 6);
    g_assert_cmpuint(reply.inspect.process.streams[0].retained_bytes, ==, 0);
    reply = raw_call(&target.raw, &read);
    g_assert_cmpuint(reply.payload.size, ==, 0);
    g_assert_true(reply.read.exited && reply.read.closed);
    target_deinit(&target);
}

/* The session's end is the client's own doing here; a lease that is over does
 * the same. */
static void what_is_kept_outlives_its_session_and_the_rest_is_killed(void)
{
    struct request keep = start_of("keep", "exec sleep 1000");
    struct request close = { .method = METHOD_CLOSE };
    struct target target;
    struct reply reply;

    target_init(&target);
    keep.start.process.owner_loss = OWNER_LOSS_KEEP;
    keep.start.process.keep_ms = 3600000;
    reply = raw_call(&target.raw, &keep);
    check_status(&reply, REMEX_OK);
    start(&target, "kill", "exec sleep 1000");
    raw_call(&target.raw, &close);
    raw_open(&target.raw);
    g_assert_cmpint(
            wait_for(&target, BYTES("kill"), PROCESS_CLOSED).exited.reason, ==,
            REMEX_EXIT_OWNER_LOST);
    reply = inspect(&target, BYTES("keep"));
    g_assert_cmpint(reply.inspect.process.ending.state, ==, PROCESS_RUNNING);
    g_assert_false(reply.inspect.process.owned);
    g_assert_cmpint(reply.inspect.process.expires_ns, >,
            reply.inspect.process.started_ns);
    target_deinit(&target);
}

/* More than may be open at once: each is a client that died. */
static void sessions_of_dead_clients_do_not_add_up(void)
{
    struct target target;

    target_init(&target);
    for (int i = 0; i < 200; i++) {
        struct raw raw;

        raw_init(&raw, target.daemon.address);
        raw_open(&raw);
        raw_deinit(&raw);
    }
    target_deinit(&target);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    suite_start_nng();
    SUITE_ADD("/methods", a_command_runs_in_one_round_trip);
    SUITE_ADD(
            "/methods", a_run_that_is_not_done_goes_on_and_is_asked_for_again);
    SUITE_ADD("/methods",
            a_grandchild_with_the_pipe_delays_a_run_and_leaks_nothing);
    SUITE_ADD("/methods", a_wait_hears_of_the_exit_and_of_the_end);
    SUITE_ADD("/methods", what_runs_is_listed_until_it_is_forgotten);
    SUITE_ADD("/methods", sealed_output_is_gone_and_the_counts_stay);
    SUITE_ADD("/methods",
            what_is_kept_outlives_its_session_and_the_rest_is_killed);
    SUITE_ADD("/methods", sessions_of_dead_clients_do_not_add_up);
    return g_test_run();
}
