/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Many lines, each by a write of its own.
 */

#include <glib.h>

#include "bench/output.h"
#include "bench/workloads.h"

enum { LINE_BYTES = 64 };

static const struct metric rate = { "lines", "64-byte lines, one write each",
    "1/s", "local", ">= 1.2" };
static const struct metric cpu = { "lines", "CPU of both ends", "ms", "ssh",
    "<= 1" };

static void run(struct bench *bench)
{
    static const enum bench_way ways[] = { BENCH_LOCAL, BENCH_REMEX,
        BENCH_REMEX_TCP, BENCH_SSH };
    size_t count = bench_size(bench, 200000, 500);

    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        struct runner *runner = bench_runner(bench, ways[i]);
        struct output_figures figures;

        if (!runner)
            continue;
        figures = output_measure(runner, count, LINE_BYTES);
        sheet_add(bench->sheet, &rate, runner->name,
                (double)count * 1e6 / figures.us);
        sheet_add(bench->sheet, &cpu, runner->name, figures.cpu_us / 1e3);
    }
}

const struct workload lines_workload = { "lines",
    "200,000 lines, one write each", run };
