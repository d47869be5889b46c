/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/requests.h"

#include <string.h>

#include <glib.h>

#include "common/text.h"
#include "executor/gather.h"
#include "executor/process_host.h"
#include "support/desk.h"
#include "support/fault.h"
#include "support/samples.h"
#include "support/suite.h"

/* Run, and Seal. */

#define ID(text) ((struct remex_bytes){ text, sizeof(text) - 1 })

enum { WINDOW = 1024 * 1024 };

static struct request run_of(const char *id, struct remex_bytes input)
{
    struct follow_spec none = { 0 };
    struct request start = desk_start_request(id, &none, 0);
    struct request run = { .method = METHOD_RUN, .payload = input };

    run.run.process = start.start.process;
    return run;
}

/* The events in short: "out 1 0+5" is output as event 1 at offset 0 with 5
 * bytes, "gap 2-4 30" one of 30 bytes. */
static char *told(const struct reply *reply)
{
    const struct batch *batch = &reply->run.batch;
    GString *out = g_string_new("");

    for (size_t i = 0; i < batch->count; i++) {
        const struct remex_event *event = &batch->events[i].event;

        g_assert_cmpuint(batch->events[i].follow_id, ==, 0);
        if (event->kind == REMEX_EVENT_OUTPUT)
            g_string_append_printf(out, "%s %d %d+%d",
                    event->output.stream == REMEX_STDOUT ? "out" : "err",
                    (int)event->seq, (int)event->output.offset,
                    (int)event->output.data.size);
        if (event->kind == REMEX_EVENT_GAP)
            g_string_append_printf(out, "gap %d-%d %d to %d/%d",
                    (int)event->gap.first_seq, (int)event->seq,
                    (int)event->gap.bytes, (int)event->gap.offsets[0],
                    (int)event->gap.offsets[1]);
        if (event->kind == REMEX_EVENT_EXITED)
            g_string_append_printf(
                    out, "exited %d %d", (int)event->seq, event->exited.code);
        if (event->kind == REMEX_EVENT_CLOSED)
            g_string_append_printf(out, "closed %d", (int)event->seq);
        g_string_append(out, "\n");
    }
    return g_string_free(out, FALSE);
}

static void check_told(const struct reply *reply, const char *expected)
{
    char *text = told(reply);

    desk_check_status(reply, REMEX_OK);
    g_assert_cmpstr(text, ==, expected);
    g_free(text);
}

/* --- A Run ---------------------------------------------------------------- */

static void a_run_is_answered_with_all_there_was(void)
{
    struct request run = run_of("one", ID("input"));
    uint8_t input[100];
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;
    uint64_t ticket;

    desk_begin(&desk);
    ticket = desk_ask(&desk, &run);
    puppet = desk.puppets.newest;
    g_assert_cmpuint(puppet_take_stdin(puppet, input, sizeof(input)), ==, 5);
    g_assert_cmpint(memcmp(input, "input", 5), ==, 0);
    g_assert_true(process_stdin_at_end(puppet->process));
    puppet_output(puppet, REMEX_STDOUT, "hello", 5);
    puppet_output(puppet, REMEX_STDERR, "oh", 2);
    desk_settle(&desk);
    puppet_exit(puppet, 3);
    desk_settle(&desk);
    desk_check_parked(&desk, ticket); /* not before it is closed */
    puppet_output(puppet, REMEX_STDOUT, "late", 4);
    puppet_end(puppet);
    desk_settle(&desk);
    g_assert_true(desk_take(&desk, ticket, &reply));
    check_told(
            &reply, "out 1 0+5\nerr 2 0+2\nexited 3 3\nout 4 5+4\nclosed 5\n");
    g_assert_cmpuint(reply.payload.size, ==, 11);
    g_assert_cmpint(memcmp(reply.payload.data, "helloohlate", 11), ==, 0);
    desk_deinit(&desk);
}

static void the_trace_of_a_run_is_told_once(void)
{
    struct request run = run_of("one", (struct remex_bytes){ 0 });
    struct desk desk;

    run.run.process.traceparent =
            ID("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    desk_begin(&desk);
    desk_ask(&desk, &run);
    g_assert_true(g_str_has_prefix(desk.traces->str, "one of uid:"));
    desk_ask(&desk, &run);
    g_assert_null(strstr(desk.traces->str + 1, "one of"));
    desk_deinit(&desk);
}

static void a_run_without_input_reads_the_end_at_once(void)
{
    struct request run = run_of("one", (struct remex_bytes){ 0 });
    struct desk desk;

    desk_begin(&desk);
    desk_ask(&desk, &run);
    g_assert_true(process_stdin_at_end(desk.puppets.newest->process));
    desk_deinit(&desk);
}

static void a_run_that_takes_long_is_asked_for_again(void)
{
    struct request run = run_of("one", ID("input"));
    struct desk desk;
    struct reply reply;
    uint64_t first, second;

    desk_begin(&desk);
    first = desk_ask(&desk, &run);
    desk_pass(&desk, 14999);
    desk_check_parked(&desk, first);
    desk_pass(&desk, 1);
    g_assert_true(desk_take(&desk, first, &reply));
    check_told(&reply, "");
    second = desk_ask(&desk, &run);
    g_assert_cmpuint(desk.puppets.started, ==, 1);
    desk_check_parked(&desk, second);
    desk_close_process(&desk, desk.puppets.newest, 0);
    g_assert_true(desk_take(&desk, second, &reply));
    check_told(&reply, "exited 1 0\nclosed 2\n");
    desk_deinit(&desk);
}

static void a_run_waits_no_longer_than_its_deadline(void)
{
    struct request run = run_of("one", ID("input"));
    struct desk desk;
    struct reply reply;
    uint64_t ticket;

    desk_begin(&desk);
    run.deadline_ms = 4000;
    ticket = desk_ask(&desk, &run);
    desk_pass(&desk, 3899);
    desk_check_parked(&desk, ticket);
    desk_pass(&desk, 1);
    g_assert_true(desk_take(&desk, ticket, &reply));
    check_told(&reply, "");
    desk_deinit(&desk);
}

static void a_repeat_is_answered_as_the_first_time(void)
{
    struct request run = run_of("one", ID("input"));
    struct request other = run_of("two", ID("input"));
    struct desk desk;
    struct reply reply;

    desk_begin(&desk);
    desk_ask(&desk, &run);
    puppet_output(desk.puppets.newest, REMEX_STDOUT, "x", 1);
    desk_close_process(&desk, desk.puppets.newest, 7);
    desk_ask(&desk, &other); /* another Run at the same time is no hindrance */
    for (int i = 0; i < 3; i++) {
        reply = desk_call(&desk, &run);
        check_told(&reply, "out 1 0+1\nexited 2 7\nclosed 3\n");
    }
    g_assert_cmpuint(desk.puppets.started, ==, 2);
    desk_deinit(&desk);
}

static void another_request_of_the_same_id_is_no_repeat(void)
{
    struct request run = run_of("one", ID("input"));
    struct request start = { .method = METHOD_START };
    struct desk desk;
    struct reply reply;

    desk_begin(&desk);
    desk_ask(&desk, &run);
    run.payload = ID("inpux");
    reply = desk_call(&desk, &run);
    desk_check_status(&reply, REMEX_ALREADY_EXISTS);
    run.payload = (struct remex_bytes){ 0 };
    reply = desk_call(&desk, &run);
    desk_check_status(&reply, REMEX_ALREADY_EXISTS);
    start.start.process = run.run.process;
    reply = desk_call(&desk, &start);
    desk_check_status(&reply, REMEX_ALREADY_EXISTS);
    g_assert_cmpuint(desk.puppets.started, ==, 1);
    desk_deinit(&desk);
}

static void a_run_is_forgotten_after_the_retention_time(void)
{
    struct request run = run_of("one", ID("input"));
    struct request renew = { .method = METHOD_RENEW };
    struct desk desk;

    desk_begin(&desk);
    desk_ask(&desk, &run);
    desk_close_process(&desk, desk.puppets.newest, 0);
    desk_pass(&desk, 40000);
    desk_call(&desk, &renew);
    desk_pass(&desk, 39999);
    g_assert_cmpuint(desk.puppets.living, ==, 1);
    desk_pass(&desk, 1);
    g_assert_cmpuint(desk.puppets.living, ==, 0);
    desk_deinit(&desk);
}

static void one_that_made_room_is_not_run_again(void)
{
    struct request one = run_of("one", ID("input"));
    struct request two = run_of("two", ID("input"));
    struct desk desk;
    struct reply reply;

    desk_init(&desk);
    desk.settings.limits.processes = 1;
    desk_start(&desk);
    desk_open(&desk);
    desk_ask(&desk, &one);
    desk_close_process(&desk, desk.puppets.newest, 0); /* an answer, lost */
    desk_ask(&desk, &two);
    reply = desk_call(&desk, &one);
    desk_check_status(&reply, REMEX_DATA_LOSS);
    g_assert_cmpuint(desk.puppets.started, ==, 2);
    desk_deinit(&desk);
}

static void at_the_limit_one_that_is_waited_for_stays(void)
{
    struct request one = run_of("one", ID("input"));
    struct request two = run_of("two", ID("input"));
    struct desk desk;
    struct reply reply;
    uint64_t ticket;

    desk_init(&desk);
    desk.settings.limits.processes = 1;
    desk_start(&desk);
    desk_open(&desk);
    ticket = desk_ask(&desk, &one);
    desk.full = true;
    desk_close_process(&desk, desk.puppets.newest, 0); /* but cannot be told */
    reply = desk_call(&desk, &two);
    desk_check_status(&reply, REMEX_RESOURCE_EXHAUSTED);
    g_assert_cmpstr(reply.error.name, ==, "processes");
    desk.full = false;
    requests_drained(desk.requests, &desk);
    desk_settle(&desk);
    g_assert_true(desk_take(&desk, ticket, &reply));
    check_told(&reply, "exited 1 0\nclosed 2\n");
    desk_ask(&desk, &two);
    g_assert_cmpuint(desk.puppets.started, ==, 2);
    desk_deinit(&desk);
}

/* --- Bounds --------------------------------------------------------------- */

static void output_beyond_the_bound_is_one_gap(void)
{
    struct request run = run_of("one", ID("input"));
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;
    uint64_t ticket;

    desk_begin(&desk);
    run.run.max_output_bytes = 10;
    ticket = desk_ask(&desk, &run);
    puppet = desk.puppets.newest;
    puppet_output(puppet, REMEX_STDOUT, "12345678", 8);
    puppet_output(puppet, REMEX_STDERR, "123", 3);
    puppet_output(puppet, REMEX_STDOUT, "1", 1); /* would fit, but is later */
    puppet_exit(puppet, 0);
    puppet_output(puppet, REMEX_STDERR, "1234", 4);
    puppet_end(puppet);
    desk_settle(&desk);
    g_assert_true(desk_take(&desk, ticket, &reply));
    check_told(&reply,
            "out 1 0+8\ngap 2-3 4 to 9/3\nexited 4 0\n"
            "gap 5-5 4 to 9/7\nclosed 6\n");
    run.run.max_output_bytes = 11; /* the bound is no part of its identity */
    reply = desk_call(&desk, &run);
    check_told(&reply,
            "out 1 0+8\nerr 2 0+3\ngap 3-3 1 to 9/3\nexited 4 0\n"
            "gap 5-5 4 to 9/7\nclosed 6\n");
    desk_deinit(&desk);
}

static void more_events_than_a_reply_has_are_one_gap(void)
{
    struct request run = run_of("one", ID("input"));
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;
    uint64_t ticket;
    size_t count;

    desk_begin(&desk);
    ticket = desk_ask(&desk, &run);
    puppet = desk.puppets.newest;
    for (int i = 0; i < 3000; i++)
        puppet_output(puppet, REMEX_STDOUT, "x", 1);
    desk_close_process(&desk, puppet, 0);
    g_assert_true(desk_take(&desk, ticket, &reply));
    desk_check_status(&reply, REMEX_OK);
    count = reply.run.batch.count;
    g_assert_cmpuint(count, >, 1000);
    g_assert_cmpuint(count, <=, GATHER_EVENTS);
    g_assert_cmpint(
            reply.run.batch.events[count - 3].event.kind, ==, REMEX_EVENT_GAP);
    g_assert_cmpuint(reply.run.batch.events[count - 3].event.gap.bytes +
                    reply.payload.size,
            ==, 3000);
    g_assert_cmpuint(
            reply.run.batch.events[count - 3].event.gap.offsets[0], ==, 3000);
    desk_deinit(&desk);
}

/* What has left the log, and what is beyond the bound. */
/* What the log has lost already is part of what is left out. */
static void a_gap_behind_the_bound_counts_as_well(void)
{
    static uint8_t bytes[64 * 1024];
    struct request run = run_of("one", ID("input"));
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;
    uint64_t ticket, total = 12;

    desk_begin(&desk);
    run.run.max_output_bytes = 10;
    ticket = desk_ask(&desk, &run);
    puppet = desk.puppets.newest;
    puppet_output(puppet, REMEX_STDERR, "123456789012", 12);
    while (total < 4 * 1024 * 1024)
        total += puppet_output(puppet, REMEX_STDOUT, bytes, sizeof(bytes));
    desk_close_process(&desk, puppet, 0);
    g_assert_true(desk_take(&desk, ticket, &reply));
    g_assert_cmpuint(reply.run.batch.count, ==, 3);
    g_assert_cmpint(reply.run.batch.events[0].event.kind, ==, REMEX_EVENT_GAP);
    g_assert_cmpuint(reply.run.batch.events[0].event.gap.bytes, ==, total);
    desk_deinit(&desk);
}

static void a_flood_is_told_as_gaps(void)
{
    static uint8_t bytes[64 * 1024];
    struct request run = run_of("one", ID("input"));
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;
    uint64_t ticket, total = 0, lost = 0;

    desk_begin(&desk);
    ticket = desk_ask(&desk, &run);
    puppet = desk.puppets.newest;
    while (total < 4 * 1024 * 1024)
        total += puppet_output(puppet, REMEX_STDOUT, bytes, sizeof(bytes));
    desk_close_process(&desk, puppet, 0);
    g_assert_true(desk_take(&desk, ticket, &reply));
    desk_check_status(&reply, REMEX_OK);
    for (size_t i = 0; i < reply.run.batch.count; i++) {
        const struct remex_event *event = &reply.run.batch.events[i].event;

        if (event->kind == REMEX_EVENT_GAP)
            lost += event->gap.bytes;
    }
    g_assert_cmpuint(reply.payload.size, >, 64 * 1024);
    g_assert_cmpuint(reply.payload.size, <=, GATHER_BYTES);
    g_assert_cmpuint(lost + reply.payload.size, ==, total);
    desk_deinit(&desk);
}

static void what_is_too_much_starts_nothing(void)
{
    static uint8_t bytes[65];
    struct request run = run_of("one", (struct remex_bytes){ bytes, 65 });
    struct request pull = desk_pull_request(10000);
    struct desk desk;
    struct reply reply;

    desk_init(&desk);
    desk.settings.limits.stdin_bytes = 64;
    desk.settings.limits.parked = 1;
    desk.settings.limits.argument_count = 1;
    desk_start(&desk);
    desk_open(&desk);
    reply = desk_call(&desk, &run);
    desk_check_status(&reply, REMEX_INVALID_ARGUMENT);
    g_assert_cmpstr(reply.error.name, ==, "stdin_bytes");
    run.payload.size = 64;
    desk_ask(&desk, &pull);
    reply = desk_call(&desk, &run);
    desk_check_status(&reply, REMEX_RESOURCE_EXHAUSTED);
    g_assert_cmpstr(reply.error.name, ==, "parked");
    desk_pass(&desk, 10000);
    run.run.process.env = (struct remex_bytes[]){ ID("A=1") };
    run.run.process.env_count = 1;
    reply = desk_call(&desk, &run);
    g_assert_cmpstr(reply.error.name, ==, "argument_count");
    g_assert_cmpuint(desk.puppets.started, ==, 0);
    desk_deinit(&desk);
}

static void a_failed_run_frees_the_id_and_names_its_own_fields(void)
{
    struct request run = run_of("one", ID("input"));
    struct rlimit_spec locks = { .resource = 10, .soft = 1, .hard = 1 };
    struct desk desk;
    struct reply reply;

    desk_begin(&desk);
    desk.puppets.next_start = REMEX_NOT_FOUND;
    reply = desk_call(&desk, &run);
    desk_check_status(&reply, REMEX_NOT_FOUND);
    g_assert_cmpint(reply.error.kind, ==, REMEX_ERROR_LAUNCH_FAILED);
    desk.puppets.next_start = REMEX_OK;
    run.run.process.rlimits = &locks;
    run.run.process.rlimit_count = 1;
    reply = desk_call(&desk, &run);
    desk_check_status(&reply, REMEX_INVALID_ARGUMENT);
    g_assert_cmpstr(reply.error.name, ==, "run.rlimits");
    run.run.process.rlimit_count = 0;
    desk_ask(&desk, &run);
    g_assert_cmpuint(desk.puppets.started, ==, 1);
    desk_deinit(&desk);
}

/* --- Its end -------------------------------------------------------------- */

static void a_run_ends_with_its_session(void)
{
    struct request run = run_of("one", ID("input"));
    struct request close = { .method = METHOD_CLOSE };
    struct desk desk;
    struct reply reply;
    uint64_t ticket;

    desk_begin(&desk);
    ticket = desk_ask(&desk, &run);
    desk_call(&desk, &close);
    g_assert_true(desk_take(&desk, ticket, &reply));
    g_assert_cmpint(reply.error.kind, ==, REMEX_ERROR_SESSION_GONE);
    g_assert_true(desk.puppets.newest->killed);
    desk_deinit(&desk);
}

/* Whatever is answered, a run is not started twice, and one that was answered
 * with an error does not go on. */
static void without_memory_a_run_breaks_nothing(void)
{
    bool happened = true;

    for (unsigned int nth = 1; happened; nth++) {
        struct request run = run_of("one", ID("input"));
        struct request other = run_of("two", ID("input"));
        struct remex_bytes bytes;
        struct caller caller;
        struct desk desk;
        struct reply reply;

        desk_begin(&desk);
        desk_address(&desk, &run);
        bytes = sample_encode_request(&run);
        caller = desk_caller(&desk);
        fault_fail_allocation(nth);
        requests_take(desk.requests, &caller, bytes, desk.puppets.now);
        happened = fault_happened();
        fault_fail_allocation(0);
        if (desk_take(&desk, caller.ticket, &reply) &&
                reply.error.status != REMEX_OK && desk.puppets.newest)
            g_assert_true(desk.puppets.newest->killed);
        g_assert_cmpuint(desk.puppets.started, <=, 1);
        desk_ask(&desk, &other);
        desk_close_process(&desk, desk.puppets.newest, 0);
        sample_free(bytes);
        desk_deinit(&desk);
    }
}

/* --- Seal ----------------------------------------------------------------- */

static struct request seal_of(enum remex_stream stream)
{
    return (struct request){ .method = METHOD_SEAL,
        .seal = { ID("one"), { stream }, (unsigned int)stream > 0 } };
}

static void a_sealed_stream_keeps_nothing(void)
{
    struct request inspect = { .method = METHOD_INSPECT,
        .inspect = { ID("one") } };
    struct request seal = seal_of(REMEX_STDOUT);
    struct request seal_all = seal_of((enum remex_stream)0);
    const struct stream_status *streams;
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;

    desk_begin(&desk);
    puppet = desk_start_process(&desk, "one", 0, 0);
    puppet_output(puppet, REMEX_STDOUT, "abc", 3);
    puppet_output(puppet, REMEX_STDERR, "de", 2);
    for (int i = 0; i < 2; i++) {
        reply = desk_call(&desk, &seal);
        desk_check_status(&reply, REMEX_OK);
        reply = desk_call(&desk, &inspect);
        streams = reply.inspect.process.streams;
        g_assert_true(streams[0].sealed);
        g_assert_cmpuint(streams[0].retained_bytes, ==, 0);
        g_assert_cmpuint(streams[0].bytes_read, ==, 3);
        g_assert_false(streams[1].sealed);
        g_assert_cmpuint(streams[1].retained_bytes, ==, 2);
    }
    reply = desk_call(&desk, &seal_all);
    desk_check_status(&reply, REMEX_OK);
    reply = desk_call(&desk, &inspect);
    g_assert_true(reply.inspect.process.streams[1].sealed);
    g_assert_cmpuint(reply.inspect.process.streams[1].retained_bytes, ==, 0);
    desk_deinit(&desk);
}

static void a_stream_that_is_not_there_is_not_sealed(void)
{
    struct request seal = seal_of(REMEX_STDOUT);
    struct request inspect = { .method = METHOD_INSPECT,
        .inspect = { ID("one") } };
    struct desk desk;
    struct reply reply;

    desk_begin(&desk);
    reply = desk_call(&desk, &seal);
    desk_check_status(&reply, REMEX_NOT_FOUND);
    desk_start_process(&desk, "one", 0, 0);
    seal.seal.streams[1] = REMEX_TERMINAL;
    seal.seal.stream_count = 2;
    reply = desk_call(&desk, &seal);
    desk_check_status(&reply, REMEX_INVALID_ARGUMENT);
    g_assert_cmpstr(reply.error.name, ==, "seal.streams");
    reply = desk_call(&desk, &inspect); /* and nothing was changed */
    g_assert_false(reply.inspect.process.streams[0].sealed);
    desk_deinit(&desk);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/run", a_run_is_answered_with_all_there_was);
    SUITE_ADD("/run", the_trace_of_a_run_is_told_once);
    SUITE_ADD("/run", a_run_without_input_reads_the_end_at_once);
    SUITE_ADD("/run", a_run_that_takes_long_is_asked_for_again);
    SUITE_ADD("/run", a_run_waits_no_longer_than_its_deadline);
    SUITE_ADD("/run", a_repeat_is_answered_as_the_first_time);
    SUITE_ADD("/run", another_request_of_the_same_id_is_no_repeat);
    SUITE_ADD("/run", a_run_is_forgotten_after_the_retention_time);
    SUITE_ADD("/run", at_the_limit_one_that_is_waited_for_stays);
    SUITE_ADD("/run", one_that_made_room_is_not_run_again);
    SUITE_ADD("/requests_run", one_that_made_room_is_not_run_again);
    SUITE_ADD("/run", output_beyond_the_bound_is_one_gap);
    SUITE_ADD("/run", more_events_than_a_reply_has_are_one_gap);
    SUITE_ADD("/run", a_gap_behind_the_bound_counts_as_well);
    SUITE_ADD("/run", a_flood_is_told_as_gaps);
    SUITE_ADD("/run", what_is_too_much_starts_nothing);
    SUITE_ADD("/run", a_failed_run_frees_the_id_and_names_its_own_fields);
    SUITE_ADD("/run", a_run_ends_with_its_session);
    SUITE_ADD("/run", without_memory_a_run_breaks_nothing);
    SUITE_ADD("/run", a_sealed_stream_keeps_nothing);
    SUITE_ADD("/run", a_stream_that_is_not_there_is_not_sealed);
    return g_test_run();
}
