/* SPDX-License-Identifier: Apache-2.0 */
#include "common/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include <glib.h>

#include "support/fault.h"
#include "support/suite.h"

static void check_all(const uint8_t *data, size_t size, uint8_t expected)
{
    for (size_t i = 0; i < size; i++)
        g_assert_cmpuint(data[i], ==, expected);
}

static void check_piece(struct arena *arena, size_t size)
{
    uint8_t *data = arena_alloc(arena, size);

    g_assert_nonnull(data);
    g_assert_cmpuint((uintptr_t)data % alignof(max_align_t), ==, 0);
    check_all(data, size, 0);
    memset(data, 0xff, size); /* for the next round to notice */
}

static void memory_is_zeroed_and_aligned_for_anything(void)
{
    struct arena arena;

    arena_init(&arena, 100000);
    for (int round = 0; round < 2; round++) {
        for (size_t size = 0; size < 200; size++)
            check_piece(&arena, size);
        arena_reset(&arena);
    }
    arena_deinit(&arena);
}

static void pieces_do_not_overlap(void)
{
    uint8_t *pieces[100];
    struct arena arena;

    arena_init(&arena, 1000000);
    for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++) {
        pieces[i] = arena_alloc(&arena, i * 50);
        memset(pieces[i], (int)i, i * 50);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++)
        check_all(pieces[i], i * 50, (uint8_t)i);
    arena_deinit(&arena);
}

static void no_more_is_handed_out_than_the_limit(void)
{
    struct arena arena;

    arena_init(&arena, 160);
    g_assert_nonnull(arena_alloc(&arena, 96));
    g_assert_null(arena_alloc(&arena, 80));
    g_assert_nonnull(arena_alloc(&arena, 64)); /* the rest is still there */
    g_assert_null(arena_alloc(&arena, 1));
    g_assert_null(arena_alloc(&arena, 0));
    arena_reset(&arena);
    g_assert_nonnull(arena_alloc(&arena, 160));
    arena_deinit(&arena);
}

static void a_size_that_cannot_be_is_refused(void)
{
    struct arena arena;

    arena_init(&arena, SIZE_MAX);
    g_assert_null(arena_alloc(&arena, SIZE_MAX));
    g_assert_null(arena_alloc(&arena, SIZE_MAX - 15));
    g_assert_null(arena_alloc(&arena, SIZE_MAX / 2 + 1));
    g_assert_nonnull(arena_alloc(&arena, 1));
    arena_deinit(&arena);
}

static void a_limit_of_0_gives_nothing(void)
{
    struct arena arena;

    arena_init(&arena, 0);
    g_assert_null(arena_alloc(&arena, 1));
    arena_deinit(&arena);
}

static void after_a_reset_no_memory_has_to_be_asked_for(void)
{
    struct arena arena;

    arena_init(&arena, 10000);
    g_assert_nonnull(arena_alloc(&arena, 9000));
    arena_reset(&arena);
    g_assert_cmpuint(arena.used, ==, 0);
    fault_fail_allocation(1);
    g_assert_nonnull(arena_alloc(&arena, 9000));
    g_assert_false(fault_happened());
    arena_deinit(&arena);
}

static void a_reset_keeps_no_large_block(void)
{
    struct arena arena;

    arena_init(&arena, 10000000);
    g_assert_nonnull(arena_alloc(&arena, 5000000));
    arena_reset(&arena);
    g_assert_null(arena.blocks);
    arena_deinit(&arena);
}

static void a_failed_allocation_changes_nothing(void)
{
    struct arena arena;

    arena_init(&arena, 10000);
    fault_fail_allocation(1);
    g_assert_null(arena_alloc(&arena, 100));
    g_assert_true(fault_happened());
    g_assert_cmpuint(arena.used, ==, 0);
    g_assert_nonnull(arena_alloc(&arena, 100));
    arena_deinit(&arena);
}

static void what_was_given_back_can_be_given_back_again(void)
{
    struct arena arena = { 0 };

    arena_reset(&arena);
    arena_deinit(&arena);
    arena_init(&arena, 1000);
    g_assert_nonnull(arena_alloc(&arena, 900));
    arena_deinit(&arena);
    arena_reset(&arena);
    arena_deinit(&arena);
    g_assert_nonnull(arena_alloc(&arena, 900));
    arena_deinit(&arena);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/arena", memory_is_zeroed_and_aligned_for_anything);
    SUITE_ADD("/arena", pieces_do_not_overlap);
    SUITE_ADD("/arena", no_more_is_handed_out_than_the_limit);
    SUITE_ADD("/arena", a_size_that_cannot_be_is_refused);
    SUITE_ADD("/arena", a_limit_of_0_gives_nothing);
    SUITE_ADD("/arena", after_a_reset_no_memory_has_to_be_asked_for);
    SUITE_ADD("/arena", a_reset_keeps_no_large_block);
    SUITE_ADD("/arena", a_failed_allocation_changes_nothing);
    SUITE_ADD("/arena", what_was_given_back_can_be_given_back_again);
    return g_test_run();
}
