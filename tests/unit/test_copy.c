/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Copies of what a real process would seldom tell: gaps in each stream, and
 * ends that are none.
 */

#include <remex/copy.h>

#include <glib.h>

#include "support/suite.h"

/* Stands in for a handle: tells these events, then AGAIN for ever. */
struct remex_process {
    const struct remex_event *events;
    size_t count;
    size_t next;
};

enum remex_status remex_process_next_event(
        struct remex_process *process, int timeout_ms, struct remex_event *out)
{
    (void)timeout_ms;
    if (process->next == process->count)
        return REMEX_AGAIN;
    *out = process->events[process->next++];
    return REMEX_OK;
}

/* Nobody asks; but it is defined beside the one above. */
enum remex_status remex_process_wait(
        struct remex_process *process, int timeout_ms, struct remex_exit *out)
{
    (void)process;
    (void)timeout_ms;
    (void)out;
    return REMEX_DISCONNECTED;
}

/* Of the events `first` to 9. */
static struct remex_event gap(
        uint64_t first, uint64_t out_offset, uint64_t err_offset, uint64_t tty)
{
    return (struct remex_event){
        .kind = REMEX_EVENT_GAP,
        .seq = 9,
        .gap = { .first_seq = first,
                .bytes = out_offset + err_offset + tty,
                .offsets = { out_offset, err_offset, tty } },
    };
}

static struct remex_event closed(enum remex_stream_end_kind err_end)
{
    return (struct remex_event){
        .kind = REMEX_EVENT_CLOSED,
        .closed = { .count = 2,
                .ends = { { .stream = REMEX_STDOUT, .kind = REMEX_END_EOF },
                        { .stream = REMEX_STDERR, .kind = err_end } } },
    };
}

static enum remex_status copy(const struct remex_event *events, size_t count,
        struct remex_copy_result *out)
{
    struct remex_process process = { .events = events, .count = count };

    return remex_copy(&process, -1, -1, NULL, out, NULL);
}

static void check_lost(const struct remex_copy_result *result, uint64_t out,
        uint64_t err, uint64_t events)
{
    g_assert_cmpint(result->ending.status, ==, REMEX_OK);
    g_assert_cmpuint(result->out.lost_bytes, ==, out);
    g_assert_cmpuint(result->err.lost_bytes, ==, err);
    g_assert_cmpuint(result->ending.lost_events, ==, events);
}

static void h6_each_stream_is_told_what_it_lost(void)
{
    const struct remex_event both[] = { gap(8, 5, 2, 0),
        closed(REMEX_END_EOF) };
    const struct remex_event terminal[] = { gap(9, 0, 0, 7),
        closed(REMEX_END_EOF) };
    struct remex_copy_result result;

    g_assert_cmpint(
            copy(both, G_N_ELEMENTS(both), &result), ==, REMEX_DATA_LOSS);
    check_lost(&result, 5, 2, 2);
    g_assert_cmpint(copy(terminal, G_N_ELEMENTS(terminal), &result), ==,
            REMEX_DATA_LOSS);
    check_lost(&result, 7, 0, 1);
}

static void h8_a_read_error_is_told_with_all_the_rest(void)
{
    const struct remex_event events[] = {
        { .kind = REMEX_EVENT_OUTPUT,
                .output = { .stream = REMEX_STDERR, .data = { "ab", 2 } } },
        { .kind = REMEX_EVENT_EXITED, .exited = { .code = 3 } },
        closed(REMEX_END_READ_ERROR),
    };
    struct remex_copy_result result;

    g_assert_cmpint(
            copy(events, G_N_ELEMENTS(events), &result), ==, REMEX_DATA_LOSS);
    check_lost(&result, 0, 0, 0);
    g_assert_cmpuint(result.err.unwritten, ==, 2);
    g_assert_cmpint(result.ending.exit.code, ==, 3);
    g_assert_cmpint(result.ending.ends[1].kind, ==, REMEX_END_READ_ERROR);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/copy", h6_each_stream_is_told_what_it_lost);
    SUITE_ADD("/copy", h8_a_read_error_is_told_with_all_the_rest);
    return g_test_run();
}
