/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/output.h"

#include <stdio.h>

#include "bench/bench.h"
#include "bench/meter.h"

struct output_figures output_measure(
        struct runner *runner, size_t count, size_t bytes)
{
    char counts[32];
    char sizes[32];
    const char *const argv[] = { BENCH_CHILD("pieces"), counts, sizes, NULL };
    double cpu = meter_own_cpu_us() + runner->cpu_us(runner);
    double begin = meter_now_us();
    struct output_figures figures;

    snprintf(counts, sizeof(counts), "%zu", count);
    snprintf(sizes, sizeof(sizes), "%zu", bytes);
    if (runner_run(runner, argv) != (uint64_t)count * bytes)
        runner_fail("%s: output was lost", runner->name);
    figures.us = meter_now_us() - begin;
    figures.cpu_us = meter_own_cpu_us() + runner->cpu_us(runner) - cpu;
    return figures;
}
