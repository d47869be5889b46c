/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/tally.h"

#include <glib.h>

#include "support/suite.h"

static void pass_output(struct tally *tally, enum remex_stream stream,
        uint64_t offset, size_t size)
{
    struct remex_event event = { .kind = REMEX_EVENT_OUTPUT,
        .output = { stream, offset, { NULL, size } } };

    tally_pass(tally, &event);
}

static void pass_gap(struct tally *tally, uint64_t first, uint64_t last,
        uint64_t out, uint64_t err)
{
    struct remex_event event = { .kind = REMEX_EVENT_GAP,
        .seq = last,
        .gap = { .first_seq = first, .offsets = { out, err } } };

    tally_pass(tally, &event);
}

static void what_was_sent_is_not_lost(void)
{
    struct tally tally = { .lost_events = 0 };

    pass_output(&tally, REMEX_STDOUT, 0, 10);
    pass_output(&tally, REMEX_STDERR, 0, 5);
    pass_output(&tally, REMEX_STDOUT, 10, 1);
    g_assert_cmpuint(tally.offsets[0], ==, 11);
    g_assert_cmpuint(tally.offsets[1], ==, 5);
    g_assert_cmpuint(tally.lost_events, ==, 0);
    g_assert_cmpuint(tally.lost_bytes[0] + tally.lost_bytes[1], ==, 0);
}

static void a_gap_is_split_by_where_the_streams_go_on(void)
{
    struct tally tally = { .lost_events = 0 };

    pass_output(&tally, REMEX_STDOUT, 0, 10);
    pass_gap(&tally, 2, 5, 30, 7);
    pass_output(&tally, REMEX_STDERR, 7, 3);
    pass_gap(&tally, 7, 7, 30, 11);
    g_assert_cmpuint(tally.lost_bytes[0], ==, 20);
    g_assert_cmpuint(tally.lost_bytes[1], ==, 7 + 1);
    g_assert_cmpuint(tally.lost_bytes[2], ==, 0);
    g_assert_cmpuint(tally.lost_events, ==, 4 + 1);
    g_assert_cmpuint(tally.offsets[0], ==, 30);
    g_assert_cmpuint(tally.offsets[1], ==, 11);
}

static void endings_have_no_bytes(void)
{
    struct remex_event event = { .kind = REMEX_EVENT_EXITED, .seq = 1 };
    struct tally tally = { .lost_events = 0 };

    tally_pass(&tally, &event);
    event.kind = REMEX_EVENT_CLOSED;
    tally_pass(&tally, &event);
    g_assert_cmpuint(tally.lost_events, ==, 0);
    g_assert_cmpuint(tally.offsets[0], ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/tally", what_was_sent_is_not_lost);
    SUITE_ADD("/tally", a_gap_is_split_by_where_the_streams_go_on);
    SUITE_ADD("/tally", endings_have_no_bytes);
    return g_test_run();
}
