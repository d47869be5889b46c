/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Lives: a process from before its start to after its Closed, one at a time.
 */

#include <glib.h>

#include "bench/meter.h"
#include "bench/workloads.h"

#define SSH_SHARE 5 /* it is slower by far, and need not be waited for */

static const struct metric exit0_p50 = { "lives", "exit-0, p50", "us", "local",
    "<= 2.0" };
static const struct metric exit0_p99 = { "lives", "exit-0, p99", "us", "local",
    "<= 3" };
static const struct metric true_p50 = { "lives", "/bin/true, p50", "us",
    "local", "<= 1.3" };
static const struct metric true_p99 = { "lives", "/bin/true, p99", "us",
    "local", NULL };

static void measure(struct bench *bench, struct runner *runner,
        const char *program, size_t count, const struct metric *const *metrics)
{
    const char *const argv[] = { program, NULL };
    double *times = g_new(double, count);

    for (size_t i = 0; i < count / 10 + 1; i++)
        (void)runner_run(runner, argv); /* warm up */
    for (size_t i = 0; i < count; i++) {
        double begin = meter_now_us();

        (void)runner_run(runner, argv);
        times[i] = meter_now_us() - begin;
    }
    sheet_add(bench->sheet, metrics[0], runner->name,
            sheet_quantile(times, count, 0.5));
    sheet_add(bench->sheet, metrics[1], runner->name,
            sheet_quantile(times, count, 0.99));
    g_free(times);
}

static void run(struct bench *bench)
{
    static const enum bench_way ways[] = { BENCH_LOCAL, BENCH_REMEX,
        BENCH_REMEX_TCP, BENCH_REMEX_TLS, BENCH_SSH };
    static const struct metric *const exit0[] = { &exit0_p50, &exit0_p99 };
    static const struct metric *const of_true[] = { &true_p50, &true_p99 };
    size_t count = bench_size(bench, 500, 5);

    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        struct runner *runner = bench_runner(bench, ways[i]);
        size_t share = ways[i] == BENCH_SSH ? SSH_SHARE : 1;

        if (!runner)
            continue;
        measure(bench, runner, BENCH_CHILD("exit0"), count / share, exit0);
        measure(bench, runner, "/bin/true", count / share, of_true);
    }
}

const struct workload lives_workload = { "lives",
    "start to Closed, one at a time", run };
