/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Captures and stops where real processes would have to be very unlucky: gaps
 * in the right place, no memory, an executor that says yes and does nothing.
 */

#include <remex/capture.h>

#include <signal.h>
#include <string.h>

#include <glib.h>

#include "support/fault.h"
#include "support/suite.h"

/* The one process that there is: it tells these events, then nothing. */
static struct world {
    const struct remex_event *events;
    size_t count;
    size_t next;
    bool has_exit;           /* a wait knows it, told or not */
    enum remex_status sends; /* what signals and kills are answered */
    unsigned int signals;
    unsigned int kills;
    unsigned int freed;
} world;

static struct remex_process *const the_process =
        (struct remex_process *)(void *)&world;

enum remex_status remex_process_start(struct remex_client *client,
        const char *const *argv, const struct remex_process_options *options,
        struct remex_process **out, struct remex_error *error)
{
    (void)client;
    (void)argv;
    (void)options;
    (void)error;
    *out = the_process;
    return REMEX_OK;
}

void remex_process_free(struct remex_process *process)
{
    g_assert_true(process == the_process);
    world.freed++;
}

enum remex_status remex_process_next_event(
        struct remex_process *process, int timeout_ms, struct remex_event *out)
{
    g_assert_true(process == the_process);
    if (world.next < world.count) {
        *out = world.events[world.next++];
        return REMEX_OK;
    }
    g_assert_cmpint(timeout_ms, !=, REMEX_FOREVER); /* it would hang */
    return REMEX_AGAIN;
}

enum remex_status remex_process_wait(
        struct remex_process *process, int timeout_ms, struct remex_exit *out)
{
    (void)timeout_ms;
    g_assert_true(process == the_process);
    if (!world.has_exit)
        return REMEX_DEADLINE_EXCEEDED;
    *out = (struct remex_exit){ .code = 3 };
    return REMEX_OK;
}

enum remex_status remex_process_write(struct remex_process *process,
        const void *data, size_t size, int timeout_ms, size_t *written_out,
        struct remex_error *error)
{
    (void)process;
    (void)data;
    (void)timeout_ms;
    (void)error;
    *written_out = size;
    return REMEX_OK;
}

enum remex_status remex_process_close_stdin(
        struct remex_process *process, struct remex_error *error)
{
    (void)process;
    (void)error;
    return REMEX_OK;
}

enum remex_status remex_process_signal(struct remex_process *process,
        int signal_number, enum remex_signal_target target, bool *delivered_out,
        struct remex_error *error)
{
    (void)process;
    (void)error;
    g_assert_cmpint(signal_number, ==, SIGTERM);
    g_assert_cmpint(target, ==, REMEX_SIGNAL_GROUP);
    *delivered_out = world.sends == REMEX_OK;
    world.signals++;
    return world.sends;
}

enum remex_status remex_process_terminate(struct remex_process *process,
        bool *running_out, struct remex_error *error)
{
    (void)process;
    (void)error;
    *running_out = world.sends == REMEX_OK && !world.has_exit;
    world.kills++;
    return world.sends;
}

#define OUTPUT(which, from, text) \
    { \
        .kind = REMEX_EVENT_OUTPUT, .output = { \
            .stream = (which), \
            .offset = (from), \
            .data = { (text), sizeof(text) - 1 } \
        } \
    }

#define GAP(lost, out_offset) \
    { \
        .kind = REMEX_EVENT_GAP, .seq = 9, .gap = { \
            .first_seq = 8, \
            .bytes = (lost), \
            .offsets = { (out_offset), 0, 0 } \
        } \
    }

#define EXITED \
    { \
        .kind = REMEX_EVENT_EXITED, .exited = {.code = 3 } \
    }

#define CLOSED(out_end, err_end) \
    { \
        .kind = REMEX_EVENT_CLOSED, .closed = { \
            .count = 2, \
            .ends = { { .stream = REMEX_STDOUT, .kind = (out_end) }, \
                    { .stream = REMEX_STDERR, .kind = (err_end) } } \
        } \
    }

static void set_world(const struct remex_event *events, size_t count)
{
    world = (struct world){ .events = events, .count = count };
}

static struct remex_capture_result *capture(
        const struct remex_capture_options *options)
{
    static const char *const argv[] = { "a", NULL };
    struct remex_capture_result *result = NULL;

    g_assert_cmpint(remex_capture(NULL, argv, NULL, options, &result, NULL), ==,
            REMEX_OK);
    g_assert_cmpuint(world.freed, ==, 1);
    return result;
}

static void h6_a_gap_makes_it_lossy_not_truncated(void)
{
    static const struct remex_event events[] = {
        OUTPUT(REMEX_STDOUT, 0, "ab"),
        GAP(5, 7),
        OUTPUT(REMEX_STDOUT, 7, "c"),
        OUTPUT(REMEX_STDERR, 0, "d"),
        EXITED,
        CLOSED(REMEX_END_EOF, REMEX_END_EOF),
    };
    struct remex_capture_result *result;

    set_world(events, G_N_ELEMENTS(events));
    result = capture(NULL);
    g_assert_cmpstr(result->out.data.data, ==, "abc");
    g_assert_true(result->out.lossy);
    g_assert_false(result->out.truncated);
    g_assert_cmpuint(result->out.lost_bytes, ==, 5);
    g_assert_cmpuint(result->out.bytes, ==, 3);
    g_assert_cmpstr(result->err.data.data, ==, "d");
    g_assert_false(result->err.lossy);
    g_assert_cmpint(result->ending.status, ==, REMEX_OK);
    g_assert_cmpint(result->ending.exit.code, ==, 3);
    remex_capture_result_free(result);
}

static void h8_a_read_error_leaves_the_rest(void)
{
    static const struct remex_event events[] = {
        OUTPUT(REMEX_STDERR, 0, "ab"),
        EXITED,
        CLOSED(REMEX_END_EOF, REMEX_END_READ_ERROR),
    };
    struct remex_capture_result *result;

    set_world(events, G_N_ELEMENTS(events));
    result = capture(NULL);
    g_assert_cmpstr(result->err.data.data, ==, "ab");
    g_assert_true(result->err.lossy);
    g_assert_false(result->out.lossy);
    g_assert_cmpint(result->ending.exit.code, ==, 3);
    g_assert_cmpint(result->ending.ends[1].kind, ==, REMEX_END_READ_ERROR);
    remex_capture_result_free(result);
}

static void without_memory_the_ending_is_still_told(void)
{
    static const struct remex_event events[] = {
        OUTPUT(REMEX_STDOUT, 0, "ab"),
        EXITED,
        CLOSED(REMEX_END_EOF, REMEX_END_EOF),
    };
    static const struct remex_event of_stderr[] = {
        OUTPUT(REMEX_STDERR, 0, "cd"),
        EXITED,
        CLOSED(REMEX_END_EOF, REMEX_END_EOF),
    };
    struct remex_capture_result *result;

    set_world(events, G_N_ELEMENTS(events));
    fault_fail_allocation(2); /* the first one is the result's */
    result = capture(NULL);
    g_assert_true(fault_happened());
    g_assert_cmpint(result->ending.status, ==, REMEX_NO_MEMORY);
    g_assert_cmpstr(result->out.data.data, ==, "");
    g_assert_true(result->out.truncated);
    g_assert_cmpuint(result->out.bytes, ==, 2);
    g_assert_cmpint(result->ending.exit.code, ==, 3);
    g_assert_cmpuint(result->ending.end_count, ==, 2);
    remex_capture_result_free(result);

    set_world(of_stderr, G_N_ELEMENTS(of_stderr));
    fault_fail_allocation(2);
    result = capture(NULL);
    g_assert_true(fault_happened());
    g_assert_cmpint(result->ending.status, ==, REMEX_NO_MEMORY);
    g_assert_true(result->err.truncated);
    g_assert_false(result->out.truncated);
    remex_capture_result_free(result);
}

static void an_executor_that_does_nothing_is_given_up(void)
{
    const struct remex_stop_step plan = { SIGTERM, 20 };
    static const struct remex_event events[] = {
        OUTPUT(REMEX_STDOUT, 0, "ab"),
    };
    struct remex_capture_options options =
            REMEX_DEFAULTS(remex_capture_options);
    struct remex_capture_result *result;

    set_world(events, G_N_ELEMENTS(events));
    options.timeout_ms = 10;
    options.stop_plan = &plan;
    options.stop_step_count = 1;
    options.stop_timeout_ms = 30;
    result = capture(&options);
    g_assert_cmpint(result->ending.status, ==, REMEX_DEADLINE_EXCEEDED);
    g_assert_false(result->ending.has_exit);
    g_assert_cmpuint(result->ending.end_count, ==, 0);
    g_assert_cmpstr(result->out.data.data, ==, "ab");
    g_assert_cmpuint(world.signals, ==, 1);
    g_assert_cmpuint(world.kills, ==, 1);
    g_assert_cmpint(result->stop.status, ==, REMEX_DEADLINE_EXCEEDED);
    g_assert_cmpuint(result->stop.count, ==, 2);
    g_assert_cmpint(result->stop.attempts[0].result, ==, REMEX_STOP_RUNNING);
    g_assert_cmpint(result->stop.attempts[1].result, ==, REMEX_STOP_RUNNING);
    g_assert_cmpint(result->stop.attempts[0].waited_ms, >=, 20);
    remex_capture_result_free(result);
}

/* The exit is known, but lies behind what nobody sends any more. */
static void h8_an_exit_that_was_not_told_is_known(void)
{
    struct remex_capture_options options =
            REMEX_DEFAULTS(remex_capture_options);
    struct remex_capture_result *result;

    set_world(NULL, 0);
    world.has_exit = true;
    options.timeout_ms = 10;
    options.stop_timeout_ms = 10;
    result = capture(&options);
    g_assert_cmpint(result->ending.status, ==, REMEX_DEADLINE_EXCEEDED);
    g_assert_true(result->ending.has_exit);
    g_assert_cmpint(result->ending.exit.code, ==, 3);
    g_assert_cmpuint(world.signals, ==, 0);
    g_assert_cmpuint(world.kills, ==, 1);
    g_assert_cmpint(result->stop.attempts[0].result, ==, REMEX_STOP_GONE);
    remex_capture_result_free(result);
}

/* It goes on to the kill, at once, and says what became of each. */
static void a_signal_that_cannot_be_sent_does_not_end_a_stop(void)
{
    struct remex_stop_report report;
    gint64 before = g_get_monotonic_time();

    set_world(NULL, 0);
    world.sends = REMEX_UNAVAILABLE;
    g_assert_cmpint(remex_graceful_stop(the_process, NULL, 0, 60000, &report),
            ==, REMEX_UNAVAILABLE);
    g_assert_cmpint(g_get_monotonic_time() - before, <, G_USEC_PER_SEC);
    g_assert_cmpuint(report.count, ==, 2);
    for (size_t i = 0; i < report.count; i++) {
        g_assert_cmpint(report.attempts[i].result, ==, REMEX_STOP_UNSENT);
        g_assert_cmpint(report.attempts[i].status, ==, REMEX_UNAVAILABLE);
        g_assert_false(report.attempts[i].delivered);
    }
    g_assert_false(report.has_exit);
}

/* It may have been sent: its time is waited for. */
static void an_outcome_that_is_not_known_is_waited_for(void)
{
    const struct remex_stop_step plan = { SIGTERM, 20 };
    struct remex_stop_report report;

    set_world(NULL, 0);
    world.sends = REMEX_OUTCOME_UNKNOWN;
    g_assert_cmpint(remex_graceful_stop(the_process, &plan, 1, 10, &report), ==,
            REMEX_OUTCOME_UNKNOWN);
    g_assert_cmpuint(report.count, ==, 2);
    g_assert_cmpint(report.attempts[0].waited_ms, >=, 20);
    g_assert_cmpint(report.attempts[0].result, ==, REMEX_STOP_RUNNING);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/capture", h6_a_gap_makes_it_lossy_not_truncated);
    SUITE_ADD("/capture", h8_a_read_error_leaves_the_rest);
    SUITE_ADD("/capture", without_memory_the_ending_is_still_told);
    SUITE_ADD("/capture", an_executor_that_does_nothing_is_given_up);
    SUITE_ADD("/capture", h8_an_exit_that_was_not_told_is_known);
    SUITE_ADD("/capture", a_signal_that_cannot_be_sent_does_not_end_a_stop);
    SUITE_ADD("/capture", an_outcome_that_is_not_known_is_waited_for);
    return g_test_run();
}
