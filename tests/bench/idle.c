/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Nothing at all: what an executor takes while it has nothing to do.
 */

#include <unistd.h>

#include "bench/host.h"
#include "bench/workloads.h"

static const struct metric rss = { "idle",
    "memory of all processes, VmRSS added", "KiB", NULL, "<= 8192" };
static const struct metric pss = { "idle", "memory of all processes, Pss added",
    "KiB", NULL, NULL };
static const struct metric wakes = { "idle", "wake-ups, no client", "1/s", NULL,
    "0" };
static const struct metric served = { "idle", "wake-ups, one client", "1/s",
    NULL, "the heartbeat" };

static double sleeps_per_second(const struct crew *crew, unsigned int ms)
{
    double before = crew_sleeps(crew);

    meter_let_pass(ms);
    return (crew_sleeps(crew) - before) * 1e3 / ms;
}

static void run(struct bench *bench)
{
    unsigned int ms = (unsigned int)bench_size(bench, 10 * 1000, 200);
    struct host *host = host_start(HOST_IPC);
    struct crew crew = host_crew(host);
    struct crew own = { .pids = { getpid() }, .count = 1 };
    struct remex_client *client;

    meter_let_pass(ms / 10); /* it has just begun */
    sheet_add(bench->sheet, &rss, "remex", crew_rss_kib(&crew));
    sheet_add(bench->sheet, &pss, "remex", crew_pss_kib(&crew));
    sheet_add(bench->sheet, &wakes, "remex", sleeps_per_second(&crew, ms));
    client = host_connect(host);
    meter_let_pass(ms / 10);
    sheet_add(bench->sheet, &served, "remex", sleeps_per_second(&crew, ms));
    /* This thread's own sleep is one of them. */
    sheet_add(bench->sheet, &served, "client", sleeps_per_second(&own, ms));
    remex_client_free(client);
    host_stop(host);
}

const struct workload idle_workload = { "idle",
    "memory and wake-ups of an executor with nothing to do", run };
