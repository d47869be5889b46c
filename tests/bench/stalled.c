/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A reader that stops while its process has much to write: what that takes, and
 * what others notice of it.
 */

#include <stdio.h>

#include <glib.h>

#include <remex/process.h>

#include "bench/host.h"
#include "bench/runner_remex.h"
#include "bench/workloads.h"
#include "support/tree.h"

#define PIECE_BYTES ((size_t)64 * 1024)
#define HELD_BYTES ((size_t)256 * 1024) /* at least, before it is held */

static const struct metric growth = { "stalled", "growth of remexd", "KiB",
    NULL, "<= the log's bound, 1024, and the pipe" };
static const struct metric own_growth = { "stalled", "growth of the client",
    "KiB", NULL, "<= the window, 1024" };
static const struct metric calm = { "stalled", "exit-0 of another, p99", "us",
    "calm", "1.0" };
static const struct metric rate = { "stalled", "all of it, once it is read",
    "MB/s", NULL, NULL };

static double p99(struct runner *runner, size_t count)
{
    const char *const argv[] = { BENCH_CHILD("exit0"), NULL };
    double *times = g_new(double, count);
    double value;

    for (size_t i = 0; i < count; i++) {
        double begin = meter_now_us();

        (void)runner_run(runner, argv);
        times[i] = meter_now_us() - begin;
    }
    value = sheet_quantile(times, count, 0.99);
    g_free(times);
    return value;
}

static struct remex_process *start(struct remex_client *client, size_t pieces)
{
    char count[32];
    char size[32];
    const char *const argv[] = { BENCH_CHILD("pieces"), count, size, NULL };
    struct remex_process *process;
    struct remex_error error = { 0 };

    snprintf(count, sizeof(count), "%zu", pieces);
    snprintf(size, sizeof(size), "%zu", PIECE_BYTES);
    host_check(
            remex_process_start(client, argv, NULL, &process, &error), &error);
    return process;
}

/* All of what it wrote has to come. */
static void read_all(struct remex_process *process, size_t bytes)
{
    struct remex_event event;
    size_t total = 0;

    while (remex_process_next_event(process, REMEX_FOREVER, &event) == REMEX_OK)
        if (event.kind == REMEX_EVENT_OUTPUT)
            total += event.output.data.size;
    if (total != bytes)
        runner_fail("stalled: output was lost");
}

static void run(struct bench *bench)
{
    size_t pieces = bench_size(bench, 16 * 1024, 64);
    size_t lives = bench_size(bench, 500, 5);
    struct host *host = host_start(HOST_IPC);
    struct crew crew = host_crew(host);
    struct remex_client *client = host_connect(host);
    struct runner *other = runner_remex_on(host);
    struct remex_process *process;
    double rss;
    double own_rss;
    double begin;

    (void)p99(other, lives / 10 + 1); /* warm up */
    sheet_add(bench->sheet, &calm, "calm", p99(other, lives));
    rss = crew_rss_kib(&crew);
    own_rss = meter_own_rss_kib();
    process = start(client, pieces);
    (void)tree_wait_held((pid_t)remex_process_pid(process), HELD_BYTES);
    sheet_add(
            bench->sheet, &growth, "remex", MAX(0, crew_rss_kib(&crew) - rss));
    sheet_add(bench->sheet, &own_growth, "remex",
            MAX(0, meter_own_rss_kib() - own_rss));
    sheet_add(bench->sheet, &calm, "remex", p99(other, lives));
    begin = meter_now_us();
    read_all(process, pieces * PIECE_BYTES);
    sheet_add(bench->sheet, &rate, "remex",
            (double)(pieces * PIECE_BYTES) / (meter_now_us() - begin));
    remex_process_free(process);
    other->free(other);
    remex_client_free(client);
    host_stop(host);
}

const struct workload stalled_workload = { "stalled",
    "1 GiB for a reader that has stopped, and what others notice", run };
