/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Much output of one process, in large writes.
 */

#include <glib.h>

#include "bench/floor.h"
#include "bench/output.h"
#include "bench/workloads.h"

#define PIECE_BYTES ((size_t)64 * 1024)
#define FULL_PIECES ((size_t)16 * 1024) /* 1 GiB */

static const struct metric rate = { "bulk", "64 KiB writes", "MB/s", "local",
    ">= 1.0" };
static const struct metric cpu = { "bulk", "64 KiB writes, CPU of both ends",
    "ms/GB", "local", NULL };
static const struct metric tls = { "bulk", "TLS beside plain tcp", "MB/s",
    "tcp", ">= 0.6" };

static double measure(struct bench *bench, enum bench_way way, size_t count)
{
    struct runner *runner = bench_runner(bench, way);
    double bytes = (double)(count * PIECE_BYTES);
    struct output_figures figures;

    if (!runner)
        return 0;
    figures = output_measure(runner, count, PIECE_BYTES);
    sheet_add(bench->sheet, &rate, runner->name, bytes / figures.us);
    sheet_add(bench->sheet, &cpu, runner->name,
            figures.cpu_us / 1e3 / (bytes / 1e9));
    return bytes / figures.us;
}

static void run(struct bench *bench)
{
    size_t count = bench_size(bench, FULL_PIECES, 16);

    (void)measure(bench, BENCH_LOCAL, count);
    (void)measure(bench, BENCH_REMEX, count);
    sheet_add(
            bench->sheet, &tls, "tcp", measure(bench, BENCH_REMEX_TCP, count));
    sheet_add(bench->sheet, &tls, "remex",
            measure(bench, BENCH_REMEX_TLS, count));
    sheet_add(bench->sheet, &rate, "nng",
            floor_measure("nng-bulk", PIECE_BYTES, count));
    (void)measure(bench, BENCH_SSH, count);
}

const struct workload bulk_workload = { "bulk",
    "1 GiB in 64 KiB writes; over TLS beside plain tcp", run };
