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
static const struct metric of_tls = { "bulk",
    "CPU of TLS, beside plain tcp's and OpenSSL's own", "ms/GB", "sum", NULL };
static const struct metric tls = { "bulk", "TLS beside plain tcp", "MB/s",
    "tcp", ">= 0.6" };

struct bulk {
    double rate; /* MB/s; 0: he is not there */
    double cpu;  /* ms/GB */
};

static struct bulk measure(
        struct bench *bench, enum bench_way way, size_t count)
{
    struct runner *runner = bench_runner(bench, way);
    double bytes = (double)(count * PIECE_BYTES);
    struct output_figures figures;
    struct bulk bulk;

    if (!runner)
        return (struct bulk){ 0, 0 };
    figures = output_measure(runner, count, PIECE_BYTES);
    bulk = (struct bulk){ bytes / figures.us,
        figures.cpu_us / 1e3 / (bytes / 1e9) };
    sheet_add(bench->sheet, &rate, runner->name, bulk.rate);
    sheet_add(bench->sheet, &cpu, runner->name, bulk.cpu);
    return bulk;
}

static void measure_tls(struct bench *bench, size_t count)
{
    struct bulk plain = measure(bench, BENCH_REMEX_TCP, count);
    struct bulk within = measure(bench, BENCH_REMEX_TLS, count);
    double records = floor_measure("tls-records", count * PIECE_BYTES, 0);

    sheet_add(bench->sheet, &tls, "tcp", plain.rate);
    sheet_add(bench->sheet, &tls, "remex", within.rate);
    sheet_add(bench->sheet, &of_tls, "tcp", plain.cpu);
    sheet_add(bench->sheet, &of_tls, "records", records);
    sheet_add(bench->sheet, &of_tls, "sum", plain.cpu + records);
    sheet_add(bench->sheet, &of_tls, "remex", within.cpu);
}

static void run(struct bench *bench)
{
    size_t count = bench_size(bench, FULL_PIECES, 16);

    (void)measure(bench, BENCH_LOCAL, count);
    (void)measure(bench, BENCH_REMEX, count);
    measure_tls(bench, count);
    sheet_add(bench->sheet, &rate, "nng",
            floor_measure("nng-bulk", PIECE_BYTES, count));
    (void)measure(bench, BENCH_SSH, count);
}

const struct workload bulk_workload = { "bulk",
    "1 GiB in 64 KiB writes; over TLS beside plain tcp", run };
