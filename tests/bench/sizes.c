/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A curve: output in writes of 1 byte to 1 MiB.
 */

#include <glib.h>

#include "bench/output.h"
#include "bench/workloads.h"

#define MOST_BYTES ((size_t)256 * 1024 * 1024)
#define MOST_WRITES ((size_t)200 * 1000)

static const struct metric writes = { "sizes", "writes of bytes", "1/s",
    "local", NULL };

static void run(struct bench *bench)
{
    static const enum bench_way ways[] = { BENCH_LOCAL, BENCH_REMEX };
    size_t last = bench_size(bench, 1024 * 1024, 64);

    for (size_t bytes = 1; bytes <= last; bytes *= 4) {
        size_t count = MIN(MOST_WRITES, MOST_BYTES / bytes);

        count = bench_size(bench, count, 100);
        for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
            struct runner *runner = bench_runner(bench, ways[i]);
            double us = output_measure(runner, count, bytes).us;

            sheet_add_at(bench->sheet, &writes, bytes, runner->name,
                    (double)count * 1e6 / us);
        }
    }
}

const struct workload sizes_workload = { "sizes",
    "curve: writes of 1 byte to 1 MiB", run };
