/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/process.h"

#include <signal.h>
#include <string.h>

#include <glib.h>

#include "common/clock.h"
#include "executor/allowance.h"
#include "executor/list.h"
#include "executor/process_host.h"
#include "support/fault.h"
#include "support/suite.h"

/* A host without children: it notes what is asked of it, a word each. */
struct process_child {
    GString *asked;
    bool group_is_gone;
    bool abandons_at_once;
    struct process *process;
    enum remex_status start_status;
};

struct toy {
    struct process_host host;
    struct process_child child;
    struct process *process;
    unsigned int launched;
    enum remex_status launch_status;
    unsigned int published;
    unsigned int stdin_moved;
    struct allowance input;
};

#define START_NS (INT64_C(5000) * 1000 * 1000 * 1000)
#define SINCE_1970_NS (INT64_C(1700000000) * 1000 * 1000 * 1000)

static int64_t after_ms(uint64_t ms)
{
    return START_NS + clock_from_ms(ms);
}

/* --- The toy host -------------------------------------------------------- */

static void ask(struct process_child *child, const char *what, int number)
{
    g_string_append_printf(child->asked, "%s%d ", what, number);
}

static enum remex_status toy_start(struct process_host *host,
        const struct process_spec *spec, const struct policy_section *policy,
        struct process *process, struct process_started *out,
        struct remex_error *error)
{
    struct toy *toy = CONTAINER_OF(host, struct toy, host);

    (void)spec;
    (void)policy;
    (void)error;
    if (toy->child.start_status != REMEX_OK &&
            toy->child.start_status != REMEX_AGAIN)
        return toy->child.start_status;
    toy->child.process = process;
    *out = (struct process_started){
        .child = &toy->child,
        .pid = 77,
        .now = START_NS,
        .time_ns = SINCE_1970_NS,
    };
    return toy->child.start_status;
}

static enum remex_status toy_signal(struct process_child *child,
        int signal_number, enum signal_target target)
{
    ask(child, target == SIGNAL_GROUP ? "group" : "other", signal_number);
    return child->group_is_gone ? REMEX_ENDED : REMEX_OK;
}

static void toy_kill_tree(struct process_child *child)
{
    ask(child, "kill", 0);
}

static void toy_resume(struct process_child *child, enum remex_stream stream)
{
    ask(child, "resume", (int)stream);
}

static void toy_abandon(struct process_child *child, enum remex_stream stream)
{
    ask(child, "abandon", (int)stream);
    if (child->abandons_at_once)
        process_on_stream_end(
                child->process, stream, REMEX_END_ABANDONED, 0, after_ms(9000));
}

static void toy_feed(struct process_child *child)
{
    ask(child, "feed", 0);
}

static void toy_close_stdin(struct process_child *child)
{
    ask(child, "close", 0);
}

static void toy_release(struct process_child *child)
{
    ask(child, "release", 0);
}

static const struct process_host_calls toy_calls = {
    .start = toy_start,
    .signal = toy_signal,
    .kill_tree = toy_kill_tree,
    .resume = toy_resume,
    .abandon = toy_abandon,
    .feed = toy_feed,
    .close_stdin = toy_close_stdin,
    .release = toy_release,
};

static void on_published(void *user, struct process *process)
{
    struct toy *toy = user;

    (void)process;
    toy->published++;
}

static void on_stdin_moved(void *user, struct process *process)
{
    struct toy *toy = user;

    (void)process;
    toy->stdin_moved++;
}

static void on_launched(
        void *user, struct process *process, const struct remex_error *failure)
{
    struct toy *toy = user;

    toy->launched++;
    if (!failure)
        return;
    toy->launch_status = failure->status;
    process_free(process);
    toy->process = NULL;
}

static const struct remex_bytes program = { "program", 7 };

static struct process_spec toy_spec(void)
{
    const struct stream_spec stream = {
        .capture = CAPTURE_PIPE,
        .delivery = DELIVERY_RELIABLE,
        .no_follower = NO_FOLLOWER_DRAIN,
        .retention = RETENTION_ALL,
    };

    return (struct process_spec){
        .argv = &program,
        .argv_count = 1,
        .env_base = ENV_EMPTY,
        .stdin_kind = STDIN_PIPE,
        .out = stream,
        .err = stream,
    };
}

static enum remex_status toy_open_as(struct toy *toy,
        const struct process_spec *spec, struct remex_error *error)
{
    const struct process_hooks hooks = { toy, on_launched, on_published,
        on_stdin_moved };
    const struct process_limits limits = {
        /* Four outputs of one stream. */
        .log = { .max_bytes = LOG_BLOCK_BYTES, .max_events = 5 },
        .stdin_bytes = 4,
        .input = &toy->input,
    };

    toy->input.limit = 4;
    toy->host.calls = &toy_calls;
    toy->child.asked = g_string_new(NULL);
    return process_start(
            &toy->host, spec, &limits, &hooks, &toy->process, error);
}

static void toy_close(struct toy *toy)
{
    process_free(toy->process);
    g_string_free(toy->child.asked, TRUE);
}

static struct toy *toy_open(struct toy *toy, const struct process_spec *spec)
{
    *toy = (struct toy){ 0 };
    g_assert_cmpint(toy_open_as(toy, spec, NULL), ==, REMEX_OK);
    return toy;
}

static void check_asked(struct toy *toy, const char *asked)
{
    g_assert_cmpstr(toy->child.asked->str, ==, asked);
    g_string_truncate(toy->child.asked, 0);
}

static void say(struct toy *toy, enum remex_stream stream, const char *text)
{
    void *data;
    size_t size;

    g_assert_cmpint(
            process_reserve(toy->process, stream, strlen(text), &data, &size),
            ==, REMEX_OK);
    memcpy(data, text, size);
    process_on_output(toy->process, stream, size, after_ms(1));
}

static void end_streams(struct toy *toy)
{
    process_on_stream_end(
            toy->process, REMEX_STDOUT, REMEX_END_EOF, 0, after_ms(2));
    process_on_stream_end(
            toy->process, REMEX_STDERR, REMEX_END_EOF, 0, after_ms(2));
}

static void exit_at(struct toy *toy, bool by_signal, int code, uint64_t ms)
{
    const struct remex_exit exited = { .by_signal = by_signal, .code = code };

    process_on_exit(toy->process, &exited, after_ms(ms));
}

/* --- States -------------------------------------------------------------- */

static struct remex_event event_at(const struct toy *toy, uint64_t seq)
{
    const struct cursor cursor = { .seq = seq - 1 };
    struct remex_event event;

    g_assert_true(
            event_log_next(process_log(toy->process), &cursor, &event, NULL));
    g_assert_cmpuint(event.seq, ==, seq);
    return event;
}

static void an_exit_after_the_streams_closes_at_once(void)
{
    struct process_spec spec = toy_spec();
    struct toy toy;

    toy_open(&toy, &spec);
    g_assert_cmpint(process_pid(toy.process), ==, 77);
    say(&toy, REMEX_STDOUT, "hello");
    end_streams(&toy);
    g_assert_cmpint(process_state(toy.process), ==, PROCESS_RUNNING);
    g_assert_null(process_exit(toy.process));
    g_assert_cmpuint(toy.published, ==, 1);
    exit_at(&toy, false, 3, 10);
    g_assert_cmpint(process_state(toy.process), ==, PROCESS_CLOSED);
    g_assert_cmpuint(toy.published, ==, 2);
    g_assert_cmpint(event_at(&toy, 2).kind, ==, REMEX_EVENT_EXITED);
    g_assert_cmpint(event_at(&toy, 2).exited.code, ==, 3);
    g_assert_cmpuint(event_at(&toy, 2).exited.wall_us, ==, 10000);
    g_assert_cmpint(
            event_at(&toy, 2).time_ns, ==, SINCE_1970_NS + clock_from_ms(10));
    g_assert_cmpint(event_at(&toy, 3).kind, ==, REMEX_EVENT_CLOSED);
    g_assert_cmpuint(event_at(&toy, 3).closed.ends[0].bytes, ==, 5);
    g_assert_cmpint(process_due(toy.process), ==, CLOCK_NEVER);
    toy_close(&toy);
}

static void an_exit_in_the_turn_of_the_start_took_no_time(void)
{
    const struct remex_exit exited = { .code = 0 };
    struct process_spec spec = toy_spec();
    struct toy toy;

    toy_open(&toy, &spec);
    process_on_exit(toy.process, &exited, START_NS - 1000000);
    g_assert_cmpuint(process_exit(toy.process)->wall_us, ==, 0);
    g_assert_cmpint(event_at(&toy, 1).time_ns, ==, SINCE_1970_NS);
    toy_close(&toy);
}

static void late_output_comes_between_the_exit_and_the_end(void)
{
    struct process_spec spec = toy_spec();
    struct toy toy;

    toy_open(&toy, &spec);
    exit_at(&toy, false, 0, 1);
    g_assert_cmpint(process_state(toy.process), ==, PROCESS_EXITED);
    say(&toy, REMEX_STDERR, "late");
    process_on_stream_end(
            toy.process, REMEX_STDOUT, REMEX_END_READ_ERROR, 5, after_ms(2));
    process_on_stream_end(
            toy.process, REMEX_STDERR, REMEX_END_EOF, 0, after_ms(2));
    g_assert_cmpint(event_at(&toy, 1).kind, ==, REMEX_EVENT_EXITED);
    g_assert_cmpint(event_at(&toy, 2).kind, ==, REMEX_EVENT_OUTPUT);
    g_assert_cmpint(
            event_at(&toy, 3).closed.ends[0].kind, ==, REMEX_END_READ_ERROR);
    g_assert_cmpint(event_at(&toy, 3).closed.ends[0].os_error, ==, 5);
    g_assert_cmpint(event_at(&toy, 3).closed.ends[1].kind, ==, REMEX_END_EOF);
    toy_close(&toy);
}

static void check_linger(
        const struct process_spec *spec, uint64_t exit_ms, int64_t due)
{
    struct toy toy;

    toy_open(&toy, spec);
    exit_at(&toy, false, 0, exit_ms);
    g_assert_cmpint(process_due(toy.process), ==, due);
    toy_close(&toy);
}

static void streams_linger_as_long_as_asked(void)
{
    struct process_spec spec = toy_spec();

    check_linger(&spec, 100, after_ms(3100));
    spec.has_eof_linger = true;
    check_linger(&spec, 100, CLOCK_NEVER);
    spec.eof_linger_ms = 7;
    check_linger(&spec, 100, after_ms(107));
    spec.eof_linger_ms = UINT64_MAX;
    check_linger(&spec, 100, CLOCK_NEVER);
}

/* Whoever holds the pipes of a tree that was killed is none of it. */
static void nothing_lingers_for_ever_once_the_tree_is_killed(void)
{
    struct process_spec spec = toy_spec();
    struct toy toy;

    spec.has_eof_linger = true;
    toy_open(&toy, &spec);
    process_terminate(
            toy.process, NULL, 0, REMEX_EXIT_OWNER_LOST, after_ms(10));
    exit_at(&toy, true, SIGKILL, 100);
    g_assert_cmpint(process_due(toy.process), ==, after_ms(3100));
    toy_close(&toy);

    toy_open(&toy, &spec);
    exit_at(&toy, false, 0, 100);
    g_assert_cmpint(process_due(toy.process), ==, CLOCK_NEVER);
    process_terminate(
            toy.process, NULL, 0, REMEX_EXIT_OWNER_LOST, after_ms(1000));
    g_assert_cmpint(process_due(toy.process), ==, after_ms(4000));
    check_asked(&toy, "close0 kill0 ");
    process_terminate(
            toy.process, NULL, 0, REMEX_EXIT_OWNER_LOST, after_ms(2000));
    g_assert_cmpint(process_tick(toy.process, after_ms(4000)), ==, CLOCK_NEVER);
    check_asked(&toy, "kill0 abandon1 abandon2 ");
    process_terminate(
            toy.process, NULL, 0, REMEX_EXIT_OWNER_LOST, after_ms(5000));
    g_assert_cmpint(process_due(toy.process), ==, CLOCK_NEVER);
    toy_close(&toy);
}

static void what_lingers_is_abandoned_once(void)
{
    struct process_spec spec = toy_spec();
    struct toy toy;

    toy_open(&toy, &spec);
    exit_at(&toy, false, 0, 0);
    process_on_stream_end(
            toy.process, REMEX_STDOUT, REMEX_END_EOF, 0, after_ms(1));
    check_asked(&toy, "close0 ");
    process_tick(toy.process, after_ms(2999));
    check_asked(&toy, "");
    toy.child.abandons_at_once = true;
    g_assert_cmpint(process_tick(toy.process, after_ms(3000)), ==, CLOCK_NEVER);
    check_asked(&toy, "abandon2 ");
    g_assert_cmpint(process_state(toy.process), ==, PROCESS_CLOSED);
    g_assert_cmpint(
            event_at(&toy, 2).closed.ends[1].kind, ==, REMEX_END_ABANDONED);
    process_tick(toy.process, after_ms(9999));
    check_asked(&toy, "");
    toy_close(&toy);
}

static void discarded_streams_have_ended_from_the_start(void)
{
    struct process_spec spec = toy_spec();
    struct toy toy;

    spec.out.capture = CAPTURE_DISCARD;
    spec.err.capture = CAPTURE_DISCARD;
    toy_open(&toy, &spec);
    exit_at(&toy, true, SIGSEGV, 0);
    g_assert_cmpint(process_state(toy.process), ==, PROCESS_CLOSED);
    g_assert_cmpint(
            event_at(&toy, 2).closed.ends[0].kind, ==, REMEX_END_DISCARDED);
    toy_close(&toy);
}

/* --- Reasons ------------------------------------------------------------- */

static void check_reason(struct toy *toy, bool by_signal, int code,
        enum remex_exit_reason reason)
{
    exit_at(toy, by_signal, code, 100000);
    g_assert_cmpint(process_exit(toy->process)->reason, ==, reason);
    toy_close(toy);
}

static void a_wall_time_kills_and_is_the_reason(void)
{
    struct process_spec spec = toy_spec();
    struct toy toy;

    spec.wall_time_ms = 500;
    toy_open(&toy, &spec);
    g_assert_cmpint(process_due(toy.process), ==, after_ms(500));
    process_tick(toy.process, after_ms(499));
    check_asked(&toy, "");
    g_assert_cmpint(process_tick(toy.process, after_ms(500)), ==, CLOCK_NEVER);
    check_asked(&toy, "kill0 ");
    check_reason(&toy, true, SIGKILL, REMEX_EXIT_WALL_TIME);
}

static void a_wall_time_goes_on_for_those_who_hold_the_streams(void)
{
    struct process_spec spec = toy_spec();
    struct toy toy;

    spec.wall_time_ms = 500;
    spec.has_eof_linger = true; /* for ever */
    toy_open(&toy, &spec);
    exit_at(&toy, false, 0, 100);
    check_asked(&toy, "close0 ");
    g_assert_cmpint(process_due(toy.process), ==, after_ms(500));
    process_tick(toy.process, after_ms(500));
    check_asked(&toy, "kill0 ");
    g_assert_cmpint(process_exit(toy.process)->reason, ==, REMEX_EXIT_OWN);
    g_assert_cmpint(process_due(toy.process), ==, after_ms(3500));
    toy_close(&toy);
}

static void an_own_exit_just_before_the_kill_is_its_own(void)
{
    struct process_spec spec = toy_spec();
    struct toy toy;

    spec.wall_time_ms = 500;
    toy_open(&toy, &spec);
    process_tick(toy.process, after_ms(500));
    check_reason(&toy, false, 0, REMEX_EXIT_OWN);
}

static void a_signal_is_the_reason_if_it_killed(void)
{
    struct process_spec spec = toy_spec();
    enum signal_outcome outcome;
    struct toy toy;

    toy_open(&toy, &spec);
    check_reason(&toy, true, SIGTERM, REMEX_EXIT_OWN);

    toy_open(&toy, &spec);
    g_assert_cmpint(
            process_signal(toy.process, SIGTERM, SIGNAL_LEADER, &outcome, NULL),
            ==, REMEX_OK);
    g_assert_cmpint(outcome, ==, SIGNAL_DELIVERED);
    check_asked(&toy, "other15 ");
    check_reason(&toy, true, SIGTERM, REMEX_EXIT_TERMINATED);

    toy_open(&toy, &spec);
    g_assert_cmpint(
            process_signal(toy.process, SIGTERM, SIGNAL_LEADER, &outcome, NULL),
            ==, REMEX_OK);
    check_reason(&toy, true, SIGKILL, REMEX_EXIT_OWN);
}

static void the_first_cause_is_the_reason(void)
{
    struct process_spec spec = toy_spec();
    struct toy toy;

    spec.wall_time_ms = 500;
    toy_open(&toy, &spec);
    process_terminate(toy.process, NULL, 0, REMEX_EXIT_OWNER_LOST, after_ms(1));
    process_tick(toy.process, after_ms(500));
    check_reason(&toy, true, SIGKILL, REMEX_EXIT_OWNER_LOST);
}

/* --- Plans --------------------------------------------------------------- */

static const struct stop_step plan[] = { { SIGINT, 100 }, { SIGTERM, 200 } };

static void a_plan_takes_its_time_and_ends_in_a_kill(void)
{
    struct process_spec spec = toy_spec();
    struct toy toy;

    toy_open(&toy, &spec);
    g_assert_true(process_terminate(
            toy.process, plan, 2, REMEX_EXIT_TERMINATED, after_ms(0)));
    check_asked(&toy, "group2 group18 ");
    g_assert_cmpint(process_due(toy.process), ==, after_ms(100));
    /* Once begun it is not begun again. */
    process_terminate(
            toy.process, plan, 2, REMEX_EXIT_TERMINATED, after_ms(50));
    process_tick(toy.process, after_ms(99));
    check_asked(&toy, "");
    g_assert_cmpint(
            process_tick(toy.process, after_ms(100)), ==, after_ms(300));
    check_asked(&toy, "group15 group18 ");
    g_assert_cmpint(process_tick(toy.process, after_ms(300)), ==, CLOCK_NEVER);
    check_asked(&toy, "kill0 ");
    toy_close(&toy);
}

/* Whoever is to stop is not told to go on at once. */
static void a_step_that_stops_is_not_undone(void)
{
    static const unsigned int stops[] = { SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU,
        SIGCONT };
    struct process_spec spec = toy_spec();

    for (size_t i = 0; i < G_N_ELEMENTS(stops); i++) {
        const struct stop_step step = { stops[i], 100 };
        char *asked = g_strdup_printf("group%u ", stops[i]);
        struct toy toy;

        toy_open(&toy, &spec);
        process_terminate(
                toy.process, &step, 1, REMEX_EXIT_TERMINATED, after_ms(0));
        check_asked(&toy, asked);
        toy_close(&toy);
        g_free(asked);
    }
}

static void an_empty_plan_cuts_it_short(void)
{
    struct process_spec spec = toy_spec();
    struct toy toy;

    toy_open(&toy, &spec);
    process_terminate(toy.process, plan, 2, REMEX_EXIT_TERMINATED, after_ms(0));
    check_asked(&toy, "group2 group18 ");
    g_assert_true(process_terminate(
            toy.process, NULL, 0, REMEX_EXIT_TERMINATED, after_ms(1)));
    check_asked(&toy, "kill0 ");
    g_assert_cmpint(process_tick(toy.process, after_ms(100)), ==, CLOCK_NEVER);
    check_asked(&toy, "");
    toy_close(&toy);
}

static void the_exit_ends_a_plan_with_the_kill_of_the_rest(void)
{
    struct process_spec spec = toy_spec();
    struct toy toy;

    toy_open(&toy, &spec);
    process_terminate(toy.process, plan, 2, REMEX_EXIT_TERMINATED, after_ms(0));
    check_asked(&toy, "group2 group18 ");
    exit_at(&toy, false, 0, 10);
    check_asked(&toy, "close0 kill0 ");
    g_assert_cmpint(
            process_exit(toy.process)->reason, ==, REMEX_EXIT_TERMINATED);
    g_assert_false(process_terminate(
            toy.process, plan, 2, REMEX_EXIT_TERMINATED, after_ms(11)));
    check_asked(&toy, "kill0 ");
    toy_close(&toy);
}

static void a_step_that_reaches_nobody_takes_no_time(void)
{
    struct process_spec spec = toy_spec();
    struct toy toy;

    toy_open(&toy, &spec);
    toy.child.group_is_gone = true;
    process_terminate(toy.process, plan, 2, REMEX_EXIT_TERMINATED, after_ms(0));
    check_asked(&toy, "group2 group15 kill0 ");
    toy_close(&toy);
}

static void a_signal_after_the_exit_is_too_late(void)
{
    struct process_spec spec = toy_spec();
    enum signal_outcome outcome;
    struct toy toy;

    toy_open(&toy, &spec);
    exit_at(&toy, false, 0, 0);
    check_asked(&toy, "close0 ");
    g_assert_cmpint(
            process_signal(toy.process, SIGTERM, SIGNAL_LEADER, &outcome, NULL),
            ==, REMEX_OK);
    g_assert_cmpint(outcome, ==, SIGNAL_EXITED);
    check_asked(&toy, "");
    toy.child.group_is_gone = true;
    g_assert_cmpint(
            process_signal(toy.process, SIGTERM, SIGNAL_TREE, &outcome, NULL),
            ==, REMEX_OK);
    g_assert_cmpint(outcome, ==, SIGNAL_EXITED);
    check_asked(&toy, "other15 ");
    toy_close(&toy);
}

/* --- Back-pressure ------------------------------------------------------- */

static void fill(struct toy *toy)
{
    void *data;
    size_t size;

    for (int i = 0; i < 4; i++)
        say(toy, REMEX_STDOUT, "x");
    g_assert_cmpint(
            process_reserve(toy->process, REMEX_STDOUT, 1, &data, &size), ==,
            REMEX_AGAIN);
}

static void a_full_log_pauses_until_it_is_consumed(void)
{
    struct process_spec spec = toy_spec();
    struct toy toy;

    toy_open(&toy, &spec);
    process_set_consumed(toy.process, 0);
    fill(&toy);
    check_asked(&toy, "");
    process_set_consumed(toy.process, 0);
    check_asked(&toy, "");
    process_set_consumed(toy.process, 1);
    check_asked(&toy, "resume1 ");
    process_set_consumed(toy.process, 2);
    check_asked(&toy, "");
    toy_close(&toy);
}

static void a_lost_follower_lets_the_child_run(void)
{
    struct process_spec spec = toy_spec();
    struct toy toy;

    toy_open(&toy, &spec);
    process_set_consumed(toy.process, 0);
    fill(&toy);
    process_set_consumed(toy.process, UINT64_MAX);
    check_asked(&toy, "resume1 ");
    say(&toy, REMEX_STDOUT, "y");
    g_assert_cmpuint(event_log_first_seq(process_log(toy.process)), ==, 2);
    toy_close(&toy);
}

static void holding_waits_for_a_follower_to_come(void)
{
    struct process_spec spec = toy_spec();
    struct toy toy;

    spec.out.no_follower = NO_FOLLOWER_HOLD;
    spec.err.no_follower = NO_FOLLOWER_HOLD;
    toy_open(&toy, &spec);
    fill(&toy); /* nobody ever followed */
    process_set_consumed(toy.process, 3);
    check_asked(&toy, "resume1 ");
    process_set_consumed(toy.process, UINT64_MAX); /* it went */
    process_set_consumed(toy.process, UINT64_MAX); /* and is still away */
    say(&toy, REMEX_STDOUT, "y");
    say(&toy, REMEX_STDOUT, "y");
    g_assert_cmpuint(event_log_first_seq(process_log(toy.process)), ==, 3);
    say(&toy, REMEX_STDOUT, "y");
    g_assert_cmpuint(event_log_first_seq(process_log(toy.process)), ==, 4);
    {
        void *data;
        size_t size;

        g_assert_cmpint(
                process_reserve(toy.process, REMEX_STDOUT, 1, &data, &size), ==,
                REMEX_AGAIN);
    }
    toy_close(&toy);
}

static void nothing_is_held_for_nobody(void)
{
    struct process_spec spec = toy_spec();
    struct toy toy;

    spec.out.no_follower = NO_FOLLOWER_HOLD;
    spec.err.no_follower = NO_FOLLOWER_HOLD;
    toy_open(&toy, &spec);
    process_set_consumed(toy.process, 0);
    fill(&toy);
    process_let_go(toy.process);
    check_asked(&toy, ""); /* somebody follows all the same */
    process_set_consumed(toy.process, UINT64_MAX);
    check_asked(&toy, "resume1 ");
    say(&toy, REMEX_STDOUT, "y");
    toy_close(&toy);
}

static void a_lossy_child_is_not_paused(void)
{
    struct process_spec spec = toy_spec();
    struct toy toy;

    spec.out.delivery = DELIVERY_LOSSY;
    spec.err.delivery = DELIVERY_LOSSY;
    toy_open(&toy, &spec);
    process_set_consumed(toy.process, 0);
    for (int i = 0; i < 10; i++)
        say(&toy, REMEX_STDERR, "x");
    g_assert_cmpuint(event_log_first_seq(process_log(toy.process)), ==, 7);
    toy_close(&toy);
}

/* --- Stdin --------------------------------------------------------------- */

static struct write_reply write_at(
        struct toy *toy, uint64_t offset, const char *text, bool eof)
{
    const struct write_request request = { .offset = offset, .eof = eof };
    const struct remex_bytes payload = { text, strlen(text) };
    struct write_reply reply = { .room = 0 };

    g_assert_cmpint(
            process_write(toy->process, &request, payload, &reply, NULL), ==,
            REMEX_OK);
    return reply;
}

static void stdin_is_fed_and_ends_in_order(void)
{
    struct process_spec spec = toy_spec();
    struct write_reply reply;
    struct toy toy;

    toy_open(&toy, &spec);
    reply = write_at(&toy, 0, "abcdef", false);
    g_assert_cmpint(reply.outcome, ==, WRITE_ACCEPTED);
    g_assert_cmpuint(reply.next_offset, ==, 4);
    g_assert_cmpuint(reply.room, ==, 0);
    check_asked(&toy, "feed0 ");
    process_on_stdin_fed(toy.process, 3);
    g_assert_cmpuint(toy.stdin_moved, ==, 1);
    g_assert_cmpuint(process_stdin_peek(toy.process).size, ==, 1);
    reply = write_at(&toy, 4, "ef", true);
    g_assert_true(reply.eof);
    g_assert_false(process_stdin_at_end(toy.process));
    process_on_stdin_fed(toy.process, 3);
    g_assert_true(process_stdin_at_end(toy.process));
    process_on_stdin_closed(toy.process);
    g_assert_false(process_stdin_at_end(toy.process));
    reply = write_at(&toy, 6, "g", false);
    g_assert_cmpint(reply.outcome, ==, WRITE_STDIN_CLOSED);
    reply = write_at(&toy, 4, "ef", true); /* a repeat */
    g_assert_cmpint(reply.outcome, ==, WRITE_ACCEPTED);
    g_assert_true(reply.eof);
    toy_close(&toy);
}

static void stdin_beyond_what_was_taken_is_refused(void)
{
    const struct write_request request = { .offset = 5 };
    struct process_spec spec = toy_spec();
    struct remex_error error = { 0 };
    struct write_reply reply;
    struct toy toy;

    toy_open(&toy, &spec);
    g_assert_cmpint(process_write(toy.process, &request,
                            (struct remex_bytes){ "x", 1 }, &reply, &error),
            ==, REMEX_OUT_OF_RANGE);
    g_assert_cmpint(error.status, ==, REMEX_OUT_OF_RANGE);
    fault_fail_allocation(1);
    g_assert_cmpint(process_write(toy.process, &(struct write_request){ 0 },
                            (struct remex_bytes){ "x", 1 }, &reply, &error),
            ==, REMEX_RESOURCE_EXHAUSTED);
    g_assert_true(fault_happened());
    check_asked(&toy, "");
    toy_close(&toy);
}

static void the_exit_ends_stdin(void)
{
    struct process_spec spec = toy_spec();
    struct toy toy;

    toy_open(&toy, &spec);
    write_at(&toy, 0, "abcd", false);
    exit_at(&toy, false, 0, 0);
    check_asked(&toy, "feed0 close0 ");
    g_assert_cmpuint(toy.stdin_moved, ==, 1);
    g_assert_cmpint(write_at(&toy, 4, "e", false).outcome, ==, WRITE_EXITED);
    toy_close(&toy);
}

/* --- Refusals ------------------------------------------------------------ */

static void check_refused(const struct process_spec *spec,
        enum remex_status status, const char *field)
{
    struct remex_error error = { 0 };
    struct toy toy = { 0 };

    g_assert_cmpint(toy_open_as(&toy, spec, &error), ==, status);
    g_assert_cmpint(error.status, ==, status);
    g_assert_cmpint(error.kind, ==, REMEX_ERROR_BAD_FIELD);
    g_assert_cmpstr(error.name, ==, field);
    g_assert_cmpuint(strlen(error.text), >, 0);
    check_asked(&toy, "");
    g_string_free(toy.child.asked, TRUE);
}

static void what_makes_no_sense_is_refused_by_name(void)
{
    const struct remex_bytes empty[] = { { "", 0 } };
    const struct remex_bytes nul[] = { { "a", 1 }, { "a\0b", 3 } };
    const struct remex_bytes bare[] = { { "NAME", 4 } };
    const struct remex_bytes nameless[] = { { "=x", 2 } };
    const struct rlimit_spec crossed[] = { { 7, 2, 1 } };
    const struct rlimit_spec unknown[] = { { 99, 1, 1 } };
    const struct rlimit_spec marks[] = { { 10, 1, 1 } };
    const struct pty_spec flat = { 0, 80, { NULL, 0 } };
    const struct pty_spec wide = { 24, 65536, { NULL, 0 } };
    const struct pty_spec cut = { 24, 80, nul[1] };
    const struct pty_spec fine = { 24, 80, { NULL, 0 } };
    struct process_spec spec = toy_spec();

#define REFUSED(status, name, ...) \
    spec = toy_spec(); \
    __VA_ARGS__; \
    check_refused(&spec, status, name)
    REFUSED(REMEX_INVALID_ARGUMENT, "start.argv", spec.argv_count = 0);
    REFUSED(REMEX_INVALID_ARGUMENT, "start.argv", spec.argv = empty);
    REFUSED(REMEX_INVALID_ARGUMENT, "start.argv", spec.argv = nul;
            spec.argv_count = 2);
    REFUSED(REMEX_INVALID_ARGUMENT, "start.arg0", spec.arg0 = nul[1]);
    REFUSED(REMEX_INVALID_ARGUMENT, "start.cwd", spec.cwd = nul[0]);
    REFUSED(REMEX_INVALID_ARGUMENT, "start.cwd", spec.cwd = nul[1]);
    REFUSED(REMEX_INVALID_ARGUMENT, "start.env", spec.env = bare;
            spec.env_count = 1);
    REFUSED(REMEX_INVALID_ARGUMENT, "start.env", spec.env = nameless;
            spec.env_count = 1; spec.env_base = ENV_EXECUTOR);
    REFUSED(REMEX_INVALID_ARGUMENT, "start.rlimits", spec.rlimits = crossed;
            spec.rlimit_count = 1);
    REFUSED(REMEX_INVALID_ARGUMENT, "start.rlimits", spec.rlimits = unknown;
            spec.rlimit_count = 1);
    REFUSED(REMEX_INVALID_ARGUMENT, "start.rlimits", spec.rlimits = marks;
            spec.rlimit_count = 1);
    REFUSED(REMEX_INVALID_ARGUMENT, "start.pty.rows", spec.pty = &flat);
    REFUSED(REMEX_INVALID_ARGUMENT, "start.pty.columns", spec.pty = &wide);
    REFUSED(REMEX_INVALID_ARGUMENT, "start.pty.term", spec.pty = &cut);
    REFUSED(REMEX_INVALID_ARGUMENT, "start.stdout_spec.capture",
            spec.pty = &fine;
            spec.out.capture = CAPTURE_DISCARD);
#undef REFUSED
}

static void more_than_can_be_kept_is_refused_by_name(void)
{
    struct process_spec spec = toy_spec();
    struct toy toy;

    spec.out.retention = RETENTION_BYTES;
    spec.out.retention_amount = LOG_BLOCK_BYTES / 4 * 3 + 1;
    check_refused(&spec, REMEX_INVALID_ARGUMENT,
            "start.stdout_spec.retention_amount");
    spec = toy_spec();
    spec.err.retention = RETENTION_CHUNKS;
    spec.err.retention_amount = 5;
    check_refused(&spec, REMEX_INVALID_ARGUMENT,
            "start.stderr_spec.retention_amount");
    spec.out.capture = CAPTURE_DISCARD; /* it can have all of the log */
    toy_open(&toy, &spec);
    toy_close(&toy);
}

/* --- Streams of their own kinds ------------------------------------------- */

static void streams_may_differ_in_everything(void)
{
    struct process_spec spec = toy_spec();
    struct stream_status status[REMEX_STREAMS];
    struct toy toy;
    void *data;
    size_t size;

    spec.err.delivery = DELIVERY_LOSSY;
    spec.err.retention = RETENTION_CHUNKS;
    spec.err.retention_amount = 1;
    spec.err.chunk_bytes = 3;
    spec.out.no_follower = NO_FOLLOWER_HOLD;
    toy_open(&toy, &spec);
    fill(&toy); /* held: nobody has come */
    for (int i = 0; i < 10; i++)
        say(&toy, REMEX_STDERR, "err");
    g_assert_cmpint(
            process_reserve(toy.process, REMEX_STDERR, 100, &data, &size), ==,
            REMEX_OK);
    g_assert_cmpuint(size, ==, 3);
    g_assert_cmpuint(process_tell_streams(toy.process, status), ==, 2);
    g_assert_cmpint(status[0].stream, ==, REMEX_STDOUT);
    g_assert_cmpuint(status[0].retained_events, ==, 4);
    g_assert_cmpuint(status[0].bytes_read, ==, 4);
    g_assert_cmpint(status[1].spec.delivery, ==, DELIVERY_LOSSY);
    g_assert_cmpuint(status[1].bytes_read, ==, 30);
    g_assert_cmpuint(status[1].retained_events, ==, 1);
    g_assert_cmpuint(status[1].retained_bytes, ==, 3);
    g_assert_cmpuint(status[1].dropped_bytes, ==, 0); /* for nobody */
    g_assert_false(status[1].has_ended);
    toy_close(&toy);
}

static void what_a_lossy_follower_had_not_consumed_counts_as_dropped(void)
{
    struct process_spec spec = toy_spec();
    struct stream_status status[REMEX_STREAMS];
    struct toy toy;

    spec.out.delivery = DELIVERY_LOSSY;
    spec.out.retention = RETENTION_NONE;
    toy_open(&toy, &spec);
    say(&toy, REMEX_STDOUT, "to nobody");
    process_set_consumed(toy.process, 1);
    for (int i = 0; i < 7; i++)
        say(&toy, REMEX_STDOUT, "12345");
    process_tell_streams(toy.process, status);
    g_assert_cmpuint(status[0].dropped_bytes, ==, 15); /* four fit */
    g_assert_cmpuint(status[0].dropped_events, ==, 3);
    g_assert_cmpuint(status[0].retained_events, ==, 4);
    process_set_consumed(toy.process, 8);
    process_tell_streams(toy.process, status);
    g_assert_cmpuint(status[0].dropped_bytes, ==, 15);
    g_assert_cmpuint(status[0].retained_events, ==, 0);
    toy_close(&toy);
}

static void a_seal_is_of_one_stream_and_for_good(void)
{
    struct process_spec spec = toy_spec();
    struct stream_status status[REMEX_STREAMS];
    struct toy toy;

    toy_open(&toy, &spec);
    say(&toy, REMEX_STDOUT, "out");
    say(&toy, REMEX_STDERR, "err");
    process_seal(toy.process, REMEX_STDOUT);
    process_seal(toy.process, REMEX_STDOUT);
    say(&toy, REMEX_STDOUT, "out");
    process_tell_streams(toy.process, status);
    g_assert_true(status[0].sealed);
    g_assert_cmpuint(status[0].retained_events, ==, 0);
    g_assert_false(status[1].sealed);
    g_assert_cmpuint(status[1].retained_events, ==, 1);
    exit_at(&toy, false, 0, 1);
    end_streams(&toy);
    g_assert_cmpint(event_at(&toy, 4).kind, ==, REMEX_EVENT_EXITED);
    g_assert_cmpint(event_at(&toy, 5).kind, ==, REMEX_EVENT_CLOSED);
    toy_close(&toy);
}

/* The fuller one waits; whoever consumes of it lets the other go on too. */
static void a_stream_waits_for_what_the_other_pins(void)
{
    struct process_spec spec = toy_spec();
    struct stream_status status[REMEX_STREAMS];
    struct toy toy;
    void *data;
    size_t size;

    toy_open(&toy, &spec);
    process_set_consumed(toy.process, 0);
    fill(&toy);
    say(&toy, REMEX_STDERR, "its own share");
    g_assert_cmpint(process_reserve(toy.process, REMEX_STDERR, 1, &data, &size),
            ==, REMEX_AGAIN);
    g_assert_cmpuint(process_tell_streams(toy.process, status), ==, 2);
    g_assert_true(status[1].held);
    process_set_consumed(toy.process, 1);
    check_asked(&toy, "resume1 resume2 ");
    process_tell_streams(toy.process, status);
    g_assert_false(status[1].held);
    toy_close(&toy);
}

static void a_start_without_memory_leaves_nothing(void)
{
    struct process_spec spec = toy_spec();
    struct toy toy = { 0 };
    unsigned int nth = 0;
    enum remex_status status;

    do {
        struct remex_error error = { 0 };

        fault_fail_allocation(++nth);
        status = toy_open_as(&toy, &spec, &error);
        g_assert_true(fault_happened() == (status != REMEX_OK));
        if (status != REMEX_OK) {
            g_assert_cmpint(status, ==, REMEX_RESOURCE_EXHAUSTED);
            g_string_free(toy.child.asked, TRUE);
        }
    } while (status != REMEX_OK);
    g_assert_cmpuint(nth, >, 2);
    toy_close(&toy);
}

static void a_start_that_fails_is_passed_on(void)
{
    struct process_spec spec = toy_spec();
    struct toy toy = { .child.start_status = REMEX_NOT_FOUND };

    g_assert_cmpint(toy_open_as(&toy, &spec, NULL), ==, REMEX_NOT_FOUND);
    check_asked(&toy, "");
    g_string_free(toy.child.asked, TRUE);
}

static void one_on_its_way_is_there_before_that_is_decided(void)
{
    struct toy toy = { .child.start_status = REMEX_AGAIN };
    struct process_spec spec = toy_spec();

    g_assert_cmpint(toy_open_as(&toy, &spec, NULL), ==, REMEX_AGAIN);
    g_assert_cmpint(process_pid(toy.process), ==, 77);
    g_assert_cmpuint(toy.launched, ==, 0);
    process_on_launched(toy.process, 78, NULL);
    g_assert_cmpuint(toy.launched, ==, 1);
    g_assert_cmpint(process_pid(toy.process), ==, 78);
    exit_at(&toy, false, 0, 5);
    g_assert_cmpint(process_state(toy.process), ==, PROCESS_EXITED);
    toy_close(&toy);
}

static void one_that_comes_to_nothing_is_freed_as_that_is_told(void)
{
    const struct remex_error failure = { .status = REMEX_NOT_FOUND };
    struct toy toy = { .child.start_status = REMEX_AGAIN };
    struct process_spec spec = toy_spec();

    g_assert_cmpint(toy_open_as(&toy, &spec, NULL), ==, REMEX_AGAIN);
    process_on_launched(toy.process, 78, &failure);
    g_assert_cmpuint(toy.launched, ==, 1);
    g_assert_cmpint(toy.launch_status, ==, REMEX_NOT_FOUND);
    check_asked(&toy, "release0 ");
    g_string_free(toy.child.asked, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/process", an_exit_after_the_streams_closes_at_once);
    SUITE_ADD("/process", an_exit_in_the_turn_of_the_start_took_no_time);
    SUITE_ADD("/process", late_output_comes_between_the_exit_and_the_end);
    SUITE_ADD("/process", streams_linger_as_long_as_asked);
    SUITE_ADD("/process", nothing_lingers_for_ever_once_the_tree_is_killed);
    SUITE_ADD("/process", what_lingers_is_abandoned_once);
    SUITE_ADD("/process", discarded_streams_have_ended_from_the_start);
    SUITE_ADD("/process", a_wall_time_kills_and_is_the_reason);
    SUITE_ADD("/process", a_wall_time_goes_on_for_those_who_hold_the_streams);
    SUITE_ADD("/process", an_own_exit_just_before_the_kill_is_its_own);
    SUITE_ADD("/process", a_signal_is_the_reason_if_it_killed);
    SUITE_ADD("/process", the_first_cause_is_the_reason);
    SUITE_ADD("/process", a_plan_takes_its_time_and_ends_in_a_kill);
    SUITE_ADD("/process", a_step_that_stops_is_not_undone);
    SUITE_ADD("/process", an_empty_plan_cuts_it_short);
    SUITE_ADD("/process", the_exit_ends_a_plan_with_the_kill_of_the_rest);
    SUITE_ADD("/process", a_step_that_reaches_nobody_takes_no_time);
    SUITE_ADD("/process", a_signal_after_the_exit_is_too_late);
    SUITE_ADD("/process", a_full_log_pauses_until_it_is_consumed);
    SUITE_ADD("/process", a_lost_follower_lets_the_child_run);
    SUITE_ADD("/process", holding_waits_for_a_follower_to_come);
    SUITE_ADD("/process", nothing_is_held_for_nobody);
    SUITE_ADD("/process", a_lossy_child_is_not_paused);
    SUITE_ADD("/process", stdin_is_fed_and_ends_in_order);
    SUITE_ADD("/process", stdin_beyond_what_was_taken_is_refused);
    SUITE_ADD("/process", the_exit_ends_stdin);
    SUITE_ADD("/process", what_makes_no_sense_is_refused_by_name);
    SUITE_ADD("/process", more_than_can_be_kept_is_refused_by_name);
    SUITE_ADD("/process", streams_may_differ_in_everything);
    SUITE_ADD("/process",
            what_a_lossy_follower_had_not_consumed_counts_as_dropped);
    SUITE_ADD("/process", a_seal_is_of_one_stream_and_for_good);
    SUITE_ADD("/process", a_stream_waits_for_what_the_other_pins);
    SUITE_ADD("/process", a_start_without_memory_leaves_nothing);
    SUITE_ADD("/process", a_start_that_fails_is_passed_on);
    SUITE_ADD("/process", one_on_its_way_is_there_before_that_is_decided);
    SUITE_ADD("/process", one_that_comes_to_nothing_is_freed_as_that_is_told);
    return g_test_run();
}
