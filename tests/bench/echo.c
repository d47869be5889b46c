/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Round trips through a cat, beside what they are made of: one of a bare NNG
 * REQ/REP, and one through a local cat.
 */

#include <glib.h>

#include "bench/floor.h"
#include "bench/talk.h"
#include "bench/workloads.h"

#define SUM "nng+local"

static const struct metric small = { "echo", "64 bytes through cat, p50", "us",
    SUM, "<= 1.1" };
static const struct metric large = { "echo", "4 KiB through cat, p50", "us",
    SUM, NULL };

/* 0 if it cannot be had here. */
static double measure(struct bench *bench, enum bench_way way,
        const struct metric *metric, size_t bytes)
{
    struct runner *runner = bench_runner(bench, way);
    struct job *job;
    double us;

    if (!runner)
        return 0;
    job = talk_start(runner);
    us = talk_measure(runner, job, bytes, bench_size(bench, 1000, 10));
    runner_finish(runner, job);
    sheet_add(bench->sheet, metric, runner->name, us);
    return us;
}

static void measure_all(
        struct bench *bench, const struct metric *metric, size_t bytes)
{
    double local = measure(bench, BENCH_LOCAL, metric, bytes);
    double nng = floor_measure("nng-echo", bytes, bench_size(bench, 1000, 10));

    sheet_add(bench->sheet, metric, "nng", nng);
    sheet_add(bench->sheet, metric, SUM, nng + local);
    (void)measure(bench, BENCH_REMEX, metric, bytes);
    (void)measure(bench, BENCH_REMEX_TCP, metric, bytes);
    (void)measure(bench, BENCH_SSH, metric, bytes);
}

static void run(struct bench *bench)
{
    measure_all(bench, &small, 64);
    measure_all(bench, &large, 4096);
}

const struct workload echo_workload = { "echo",
    "write to echo through cat, beside NNG and a local cat", run };
