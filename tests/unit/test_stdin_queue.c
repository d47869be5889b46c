/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/stdin_queue.h"

#include <string.h>

#include <glib.h>

#include "support/fault.h"
#include "support/suite.h"

/* What all of a principal's may have; more than any of these asks for. */
static struct allowance plenty = { .limit = 1000000 };

static void init(struct stdin_queue *queue, size_t max_bytes)
{
    stdin_queue_init(queue, max_bytes, &plenty);
}

static struct remex_bytes bytes_of(const char *text)
{
    return (struct remex_bytes){ text, strlen(text) };
}

static void check_take(struct stdin_queue *queue, uint64_t offset,
        const char *text, bool eof, enum remex_status status)
{
    g_assert_cmpint(
            stdin_queue_take(queue, offset, bytes_of(text), eof), ==, status);
}

static void check_peek(const struct stdin_queue *queue, const char *text)
{
    struct remex_bytes bytes = stdin_queue_peek(queue);

    g_assert_cmpuint(bytes.size, ==, strlen(text));
    if (bytes.size > 0)
        g_assert_true(memcmp(bytes.data, text, bytes.size) == 0);
}

static void bytes_wait_in_order(void)
{
    struct stdin_queue queue;

    init(&queue, 100);
    check_peek(&queue, "");
    check_take(&queue, 0, "hello ", false, REMEX_OK);
    check_take(&queue, 6, "world", false, REMEX_OK);
    check_peek(&queue, "hello world");
    stdin_queue_pass(&queue, 6);
    check_peek(&queue, "world");
    g_assert_cmpuint(stdin_queue_room(&queue), ==, 95);
    stdin_queue_deinit(&queue);
}

static void a_repeat_is_acknowledged_and_an_overlap_gives_its_tail(void)
{
    struct stdin_queue queue;

    init(&queue, 100);
    check_take(&queue, 0, "abc", false, REMEX_OK);
    check_take(&queue, 0, "abc", false, REMEX_OK);
    check_take(&queue, 1, "b", false, REMEX_OK);
    check_peek(&queue, "abc");
    check_take(&queue, 1, "bcde", false, REMEX_OK);
    check_peek(&queue, "abcde");
    g_assert_cmpuint(queue.next, ==, 5);
    stdin_queue_deinit(&queue);
}

static void bytes_beyond_the_next_are_refused(void)
{
    struct stdin_queue queue;

    init(&queue, 100);
    check_take(&queue, 1, "x", false, REMEX_OUT_OF_RANGE);
    check_take(&queue, UINT64_MAX, "x", true, REMEX_OUT_OF_RANGE);
    g_assert_cmpuint(queue.next, ==, 0);
    g_assert_false(queue.eof);
    stdin_queue_deinit(&queue);
}

static void a_prefix_is_taken_where_not_all_fits(void)
{
    struct stdin_queue queue;

    init(&queue, 4);
    check_take(&queue, 0, "abcdef", true, REMEX_OK);
    g_assert_cmpuint(queue.next, ==, 4);
    g_assert_false(queue.eof); /* for its last bytes were not taken */
    check_take(&queue, 4, "ef", true, REMEX_OK);
    g_assert_cmpuint(queue.next, ==, 4);
    stdin_queue_pass(&queue, 3);
    check_take(&queue, 4, "ef", true, REMEX_OK);
    check_peek(&queue, "def");
    g_assert_true(queue.eof);
    stdin_queue_deinit(&queue);
}

static void nothing_comes_behind_the_end(void)
{
    struct stdin_queue queue;

    init(&queue, 100);
    check_take(&queue, 0, "abc", true, REMEX_OK);
    check_take(&queue, 0, "abc", true, REMEX_OK);
    check_take(&queue, 3, "", true, REMEX_OK);
    check_take(&queue, 3, "x", false, REMEX_ENDED);
    g_assert_cmpuint(stdin_queue_room(&queue), ==, 0);
    check_peek(&queue, "abc");
    stdin_queue_deinit(&queue);
}

static void an_end_before_the_end_is_none(void)
{
    struct stdin_queue queue;

    init(&queue, 100);
    check_take(&queue, 0, "abc", false, REMEX_OK);
    check_take(&queue, 0, "a", true, REMEX_OK);
    g_assert_false(queue.eof);
    stdin_queue_deinit(&queue);
}

static void a_queue_that_has_ended_takes_nothing(void)
{
    struct stdin_queue queue;

    init(&queue, 100);
    check_take(&queue, 0, "abc", false, REMEX_OK);
    stdin_queue_end(&queue);
    check_peek(&queue, "");
    check_take(&queue, 0, "abc", false, REMEX_OK); /* was taken */
    check_take(&queue, 3, "d", false, REMEX_ENDED);
    check_take(&queue, 3, "", true, REMEX_ENDED);
    g_assert_cmpuint(queue.next, ==, 3);
    g_assert_null(queue.ring);
    stdin_queue_deinit(&queue);
}

static void an_empty_queue_keeps_little(void)
{
    struct stdin_queue queue;
    char *large = g_strnfill(100000, 'x');

    init(&queue, 100000);
    check_take(&queue, 0, large, false, REMEX_OK);
    stdin_queue_pass(&queue, 100000);
    g_assert_cmpuint(queue.capacity, ==, 0);
    stdin_queue_deinit(&queue);
    g_free(large);
}

static void a_failed_allocation_changes_nothing(void)
{
    struct stdin_queue queue;
    char *large = g_strnfill(5000, 'x');

    init(&queue, 10000);
    fault_fail_allocation(1);
    check_take(&queue, 0, "abc", true, REMEX_NO_MEMORY);
    g_assert_true(fault_happened());
    g_assert_cmpuint(plenty.used, ==, 0);
    g_assert_cmpuint(queue.next, ==, 0);
    g_assert_false(queue.eof);
    check_take(&queue, 0, "abc", false, REMEX_OK);
    fault_fail_allocation(1);
    check_take(&queue, 3, large, false, REMEX_NO_MEMORY);
    g_assert_true(fault_happened());
    check_peek(&queue, "abc");
    g_assert_cmpuint(queue.next, ==, 3);
    check_take(&queue, 3, "d", false, REMEX_OK);
    check_peek(&queue, "abcd");
    stdin_queue_deinit(&queue);
    g_free(large);
}

static void queues_share_an_allowance(void)
{
    struct allowance allowance = { .limit = 10 };
    struct stdin_queue one;
    struct stdin_queue other;

    stdin_queue_init(&one, 8, &allowance);
    stdin_queue_init(&other, 8, &allowance);
    check_take(&one, 0, "abcdefgh", false, REMEX_OK);
    g_assert_cmpuint(stdin_queue_room(&other), ==, 2);
    check_take(&other, 0, "abcd", true, REMEX_OK);
    g_assert_cmpuint(other.next, ==, 2);
    g_assert_false(other.eof);
    g_assert_cmpuint(allowance_left(&allowance), ==, 0);
    check_take(&other, 2, "cd", true, REMEX_RESOURCE_EXHAUSTED);
    check_take(&other, 1, "b", false, REMEX_OK); /* a repeat needs none */
    check_take(&one, 8, "i", false, REMEX_OK);   /* full by itself */
    g_assert_cmpuint(one.next, ==, 8);
    stdin_queue_pass(&one, 3);
    check_take(&other, 2, "cd", true, REMEX_OK);
    g_assert_true(other.eof);
    stdin_queue_end(&one);
    stdin_queue_deinit(&other);
    g_assert_cmpuint(allowance.used, ==, 0);
    stdin_queue_deinit(&one);
}

/* Takes and passes pieces of a known stream, of all sizes, with repeats. */
static void every_byte_passes_exactly_once(void)
{
    struct stdin_queue queue;
    uint8_t stream[65536];
    uint64_t passed = 0;

    for (size_t i = 0; i < sizeof(stream); i++)
        stream[i] = (uint8_t)(i * 7 + i / 251);
    init(&queue, 10000);
    while (passed < sizeof(stream)) {
        uint64_t from = queue.next -
                (uint64_t)g_test_rand_int_range(
                        0, (gint)MIN(queue.next, 50) + 1);
        size_t size = (size_t)g_test_rand_int_range(0, 6000);
        struct remex_bytes waiting;

        size = MIN(size, sizeof(stream) - from);
        g_assert_cmpint(
                stdin_queue_take(&queue, from,
                        (struct remex_bytes){ stream + from, size }, false),
                ==, REMEX_OK);
        g_assert_cmpuint(queue.size, <=, 10000);
        waiting = stdin_queue_peek(&queue);
        if (waiting.size == 0)
            continue;
        size = (size_t)g_test_rand_int_range(1, (gint)waiting.size + 1);
        g_assert_true(memcmp(waiting.data, stream + passed, size) == 0);
        stdin_queue_pass(&queue, size);
        passed += size;
    }
    stdin_queue_deinit(&queue);
    g_assert_cmpuint(plenty.used, ==, 0);
}

static void an_end_behind_what_just_fits_is_taken(void)
{
    struct stdin_queue queue;

    init(&queue, 4);
    check_take(&queue, 0, "abcd", true, REMEX_OK);
    g_assert_true(queue.eof);
    stdin_queue_deinit(&queue);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/stdin_queue", bytes_wait_in_order);
    SUITE_ADD("/stdin_queue",
            a_repeat_is_acknowledged_and_an_overlap_gives_its_tail);
    SUITE_ADD("/stdin_queue", bytes_beyond_the_next_are_refused);
    SUITE_ADD("/stdin_queue", a_prefix_is_taken_where_not_all_fits);
    SUITE_ADD("/stdin_queue", nothing_comes_behind_the_end);
    SUITE_ADD("/stdin_queue", an_end_before_the_end_is_none);
    SUITE_ADD("/stdin_queue", a_queue_that_has_ended_takes_nothing);
    SUITE_ADD("/stdin_queue", an_empty_queue_keeps_little);
    SUITE_ADD("/stdin_queue", a_failed_allocation_changes_nothing);
    SUITE_ADD("/stdin_queue", queues_share_an_allowance);
    SUITE_ADD("/stdin_queue", every_byte_passes_exactly_once);
    SUITE_ADD("/stdin_queue", an_end_behind_what_just_fits_is_taken);
    return g_test_run();
}
