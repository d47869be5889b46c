/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/front/outbox.h"

#include <string.h>

#include <glib.h>

#include "support/fault.h"
#include "support/suite.h"

enum { LOADS = 8, LOAD_BYTES = 5000, STEPS = 20000 };

/* What is added comes out, in order; a plain string is the model. */
struct bench {
    struct outbox outbox;
    size_t memory;
    struct load *loads[LOADS];
    GString *waiting;
};

static void bench_init(struct bench *bench)
{
    *bench = (struct bench){ .memory = 0 };
    bench->outbox.memory = &bench->memory;
    bench->waiting = g_string_new(NULL);
    for (size_t i = 0; i < LOADS; i++) {
        bench->loads[i] = load_new(LOAD_BYTES);
        for (size_t j = 0; j < LOAD_BYTES; j++)
            bench->loads[i]->data[j] = (uint8_t)g_random_int();
    }
}

static void bench_deinit(struct bench *bench)
{
    outbox_clear(&bench->outbox);
    g_assert_true(outbox_is_empty(&bench->outbox));
    g_assert_cmpuint(bench->outbox.bytes, ==, 0);
    g_assert_cmpuint(bench->memory, ==, 0);
    for (size_t i = 0; i < LOADS; i++) {
        g_assert_cmpuint(bench->loads[i]->references, ==, 1);
        g_assert_cmpuint(bench->loads[i]->waits, ==, 0);
        load_release(bench->loads[i]);
    }
    g_string_free(bench->waiting, TRUE);
}

static size_t size_of(const struct part *parts, size_t count)
{
    size_t size = 0;

    for (size_t i = 0; i < count; i++)
        size += parts[i].size;
    return size;
}

static void add(struct bench *bench, const struct part *parts, size_t count,
        size_t done)
{
    gsize before = bench->waiting->len;

    g_assert_true(outbox_add(&bench->outbox, parts, count, done));
    for (size_t i = 0; i < count; i++)
        g_string_append_len(
                bench->waiting, parts[i].data, (gssize)parts[i].size);
    g_string_erase(bench->waiting, (gssize)before, (gssize)done);
}

static void check(const struct bench *bench)
{
    struct iovec parts[10];
    size_t count = outbox_next(&bench->outbox, parts, G_N_ELEMENTS(parts));
    size_t at = 0;

    g_assert_cmpuint(bench->outbox.bytes, ==, bench->waiting->len);
    g_assert_cmpint(count == 0, ==, bench->waiting->len == 0);
    for (size_t i = 0; i < count; i++) {
        g_assert_cmpuint(parts[i].iov_len, >, 0);
        g_assert_cmpuint(at + parts[i].iov_len, <=, bench->waiting->len);
        g_assert_true(memcmp(parts[i].iov_base, bench->waiting->str + at,
                              parts[i].iov_len) == 0);
        at += parts[i].iov_len;
    }
    if (count < G_N_ELEMENTS(parts))
        g_assert_cmpuint(at, ==, bench->waiting->len);
}

static void send_some(struct bench *bench, size_t size)
{
    outbox_sent(&bench->outbox, size);
    g_string_erase(bench->waiting, 0, (gssize)size);
}

static struct part random_part(const struct bench *bench)
{
    static const char lent[] = "these bytes are lent for a call, and copied";
    size_t size = (size_t)g_random_int_range(0, LOAD_BYTES);
    struct load *load = bench->loads[g_random_int_range(0, LOADS)];

    if (g_random_int_range(0, 2))
        return (struct part){ lent, size % sizeof(lent), NULL };
    return (struct part){ load->data + LOAD_BYTES - size, size, load };
}

static void what_was_added_goes_out_in_order(void)
{
    struct bench bench;

    bench_init(&bench);
    for (int i = 0; i < STEPS; i++) {
        if (g_random_int_range(0, 3) == 0 || bench.waiting->len == 0) {
            struct part parts[5];
            size_t size;

            for (size_t j = 0; j < 5; j++)
                parts[j] = random_part(&bench);
            size = size_of(parts, 5);
            if (size > 0)
                add(&bench, parts, 5,
                        (size_t)g_random_int_range(0, (gint32)size));
        } else {
            send_some(&bench,
                    (size_t)g_random_int_range(
                            0, (gint32)MIN(bench.waiting->len, 20000) + 1));
        }
        check(&bench);
    }
    bench_deinit(&bench);
}

/* Two peers who do not read the same do not take twice its memory. */
static void a_load_counts_once_however_many_wait_for_it(void)
{
    struct outbox second;
    struct bench bench;
    struct part part;

    bench_init(&bench);
    second = (struct outbox){ .memory = &bench.memory };
    part = (struct part){ bench.loads[0]->data, 10, bench.loads[0] };
    add(&bench, &part, 1, 0);
    g_assert_cmpuint(bench.memory, ==, LOAD_BYTES);
    add(&bench, &part, 1, 0);
    g_assert_true(outbox_add(&second, &part, 1, 0));
    g_assert_cmpuint(bench.memory, ==, LOAD_BYTES);
    send_some(&bench, 20);
    g_assert_cmpuint(bench.memory, ==, LOAD_BYTES);
    outbox_clear(&second);
    g_assert_cmpuint(bench.memory, ==, 0);
    part = (struct part){ "copied", 6, NULL };
    add(&bench, &part, 1, 2);
    g_assert_cmpuint(bench.memory, ==, 4);
    bench_deinit(&bench);
}

static void without_memory_nothing_is_added(void)
{
    struct bench bench;
    struct part part;

    bench_init(&bench);
    part = (struct part){ bench.loads[0]->data, 10, bench.loads[0] };
    add(&bench, &part, 1, 0);
    fault_fail_allocation(1);
    g_assert_false(outbox_add(&bench.outbox, &part, 1, 0));
    g_assert_true(fault_happened());
    check(&bench);
    bench_deinit(&bench);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/outbox", what_was_added_goes_out_in_order);
    SUITE_ADD("/outbox", a_load_counts_once_however_many_wait_for_it);
    SUITE_ADD("/outbox", without_memory_nothing_is_added);
    return g_test_run();
}
