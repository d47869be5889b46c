/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A curve: so many clients of one executor that do nothing, and one that does.
 */

#include <glib.h>

#include "bench/host.h"
#include "bench/runner_remex.h"
#include "bench/workloads.h"

static const struct metric up = { "sessions", "connecting each, sessions", "us",
    NULL, NULL };
static const struct metric memory = { "sessions",
    "memory of remexd for each, sessions", "KiB", NULL, NULL };
static const struct metric life = { "sessions",
    "exit-0 of another, p50, sessions", "us", NULL, "as with 1" };

static double median_life(struct runner *runner, size_t count)
{
    const char *const argv[] = { BENCH_CHILD("exit0"), NULL };
    double *times = g_new(double, count);
    double median;

    for (size_t i = 0; i < count; i++) {
        double begin = meter_now_us();

        (void)runner_run(runner, argv);
        times[i] = meter_now_us() - begin;
    }
    median = sheet_quantile(times, count, 0.5);
    g_free(times);
    return median;
}

static void measure(struct bench *bench, size_t count)
{
    struct remex_client **clients = g_new0(struct remex_client *, count);
    struct host *host = host_start(HOST_IPC);
    struct crew crew = host_crew(host);
    struct runner *runner = runner_remex_on(host);
    double rss = crew_rss_kib(&crew);
    double begin = meter_now_us();

    for (size_t i = 0; i < count; i++)
        clients[i] = host_connect(host);
    sheet_add_at(bench->sheet, &up, count, "remex",
            (meter_now_us() - begin) / (double)count);
    sheet_add_at(bench->sheet, &memory, count, "remex",
            MAX(0, crew_rss_kib(&crew) - rss) / (double)count);
    sheet_add_at(bench->sheet, &life, count, "remex",
            median_life(runner, bench_size(bench, 200, 5)));
    for (size_t i = 0; i < count; i++)
        remex_client_free(clients[i]);
    runner->free(runner);
    host_stop(host);
    g_free(clients);
}

static void run(struct bench *bench)
{
    size_t most = bench_size(bench, 1000, 10);

    for (size_t count = 1; count <= most; count *= 10)
        measure(bench, count);
}

const struct workload sessions_workload = { "sessions",
    "curve: 1 to 1,000 sessions, and one of them busy", run };
