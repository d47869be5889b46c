/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Many short processes at a time.
 */

#include <string.h>

#include <glib.h>

#include "bench/meter.h"
#include "bench/workloads.h"

enum { IN_FLIGHT = 64 };

#define SSH_SHARE 5 /* it is slower by far, and need not be waited for */

static const struct metric of_exit0 = { "burst", "exit-0, 64 in flight", "1/s",
    "local", ">= 0.6" };
static const struct metric of_true = { "burst", "/bin/true, 64 in flight",
    "1/s", "local", ">= 0.9" };

/* Starts another in the place of each that has ended. */
static void keep_in_flight(
        struct runner *runner, const char *const *argv, size_t count)
{
    struct job *jobs[IN_FLIGHT];
    size_t started = 0;
    size_t ended = 0;

    memset(jobs, 0, sizeof(jobs));
    while (ended < count) {
        for (size_t i = 0; i < IN_FLIGHT; i++) {
            if (jobs[i] && jobs[i]->closed) {
                runner->free_job(runner, jobs[i]);
                jobs[i] = NULL;
                ended++;
            }
            if (!jobs[i] && started < count) {
                jobs[i] = runner->start(runner, argv, false);
                started++;
            }
        }
        if (ended < count)
            runner->step(runner);
    }
}

static void measure(struct bench *bench, struct runner *runner,
        const char *program, size_t count, const struct metric *metric)
{
    const char *const argv[] = { program, NULL };
    double begin = meter_now_us();

    if (runner->run_many)
        runner->run_many(runner, argv, count, IN_FLIGHT);
    else
        keep_in_flight(runner, argv, count);
    sheet_add(bench->sheet, metric, runner->name,
            (double)count * 1e6 / (meter_now_us() - begin));
}

static void run(struct bench *bench)
{
    static const enum bench_way ways[] = { BENCH_LOCAL, BENCH_REMEX,
        BENCH_REMEX_TCP, BENCH_SSH };
    size_t count = bench_size(bench, 2000, IN_FLIGHT + 4);

    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        struct runner *runner = bench_runner(bench, ways[i]);
        size_t share = ways[i] == BENCH_SSH ? SSH_SHARE : 1;

        if (!runner)
            continue;
        measure(bench, runner, BENCH_CHILD("exit0"), count / share, &of_exit0);
        measure(bench, runner, "/bin/true", count / share, &of_true);
    }
}

const struct workload burst_workload = { "burst",
    "processes per second, 64 in flight", run };
