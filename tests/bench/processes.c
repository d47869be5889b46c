/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A curve: so many live processes that do nothing, and one that is woken now
 * and then.
 */

#include <stdio.h>
#include <sys/resource.h>

#include <glib.h>

#include <remex/process.h>

#include "bench/host.h"
#include "bench/runner_remex.h"
#include "bench/talk.h"
#include "bench/workloads.h"

/* Two pipes and the process; and some for everything else. */
#define DESCRIPTORS_EACH 3
#define DESCRIPTORS_BESIDE 100

static const struct metric up = { "processes", "all started, live", "s", NULL,
    "<= 15 at 10,000" };
static const struct metric memory = { "processes",
    "memory of remexd for each, live", "KiB", NULL, "<= 16" };
static const struct metric here = { "processes",
    "memory of the client for each, live", "KiB", NULL, NULL };
static const struct metric wake = { "processes", "echo of one, live", "us",
    NULL, "as with 1" };
static const struct metric down = { "processes", "all killed, live", "s", NULL,
    NULL };

/* The executor has as many descriptors as we have. */
static bool has_descriptors(size_t count)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
            count * DESCRIPTORS_EACH + DESCRIPTORS_BESIDE < limit.rlim_max;
}

static struct remex_process **start_all(
        struct remex_client *client, size_t count)
{
    const char *const argv[] = { BENCH_CHILD("quiet"), NULL };
    struct remex_process **processes = g_new0(struct remex_process *, count);
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_error error = { 0 };

    if (!has_descriptors(count)) {
        fprintf(stderr,
                "bench: %zu processes have no pipes here: there are not "
                "descriptors enough\n",
                count);
        options.out.capture = REMEX_CAPTURE_DISCARD;
        options.err.capture = REMEX_CAPTURE_DISCARD;
    }
    for (size_t i = 0; i < count; i++)
        host_check(remex_process_start(
                           client, argv, &options, &processes[i], &error),
                &error);
    return processes;
}

static void kill_all(struct remex_process **processes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        remex_process_free(processes[i]);
    g_free(processes);
}

static void measure(struct bench *bench, size_t count)
{
    struct host *host = host_start(HOST_IPC);
    struct crew crew = host_crew(host);
    struct runner *runner = runner_remex_on(host);
    struct job *job = talk_start(runner);
    struct remex_client *client = host_connect(host);
    double echoes = talk_measure(runner, job, 1, 10); /* warm up */
    double rss = crew_rss_kib(&crew);
    double own_rss = meter_own_rss_kib();
    double begin = meter_now_us();
    struct remex_process **processes = start_all(client, count);

    sheet_add_at(
            bench->sheet, &up, count, "remex", (meter_now_us() - begin) / 1e6);
    sheet_add_at(bench->sheet, &memory, count, "remex",
            MAX(0, crew_rss_kib(&crew) - rss) / (double)count);
    sheet_add_at(bench->sheet, &here, count, "remex",
            MAX(0, meter_own_rss_kib() - own_rss) / (double)count);
    echoes = talk_measure(runner, job, 1, bench_size(bench, 300, 10));
    sheet_add_at(bench->sheet, &wake, count, "remex", echoes);
    begin = meter_now_us();
    kill_all(processes, count);
    sheet_add_at(bench->sheet, &down, count, "remex",
            (meter_now_us() - begin) / 1e6);
    runner_finish(runner, job);
    remex_client_free(client);
    runner->free(runner);
    host_stop(host);
}

static void run(struct bench *bench)
{
    size_t most = bench_size(bench, 10000, 10);

    for (size_t count = 1; count <= most; count *= 10)
        measure(bench, count);
}

const struct workload processes_workload = { "processes",
    "curve: 1 to 10,000 live processes, and one of them woken", run };
