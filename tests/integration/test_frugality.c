/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What it costs: bytes on the wire for bytes of output, processor time and
 * memory for processes that do nothing. The bounds are generous; an exec server
 * that this one learnt from was measured beyond all of them.
 */

#include <remex/inspect.h>
#include <remex/process.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

#include "support/daemon.h"
#include "support/proxy.h"
#include "support/remote.h"
#include "support/sanitizers.h"
#include "support/suite.h"
#include "support/transcript.h"
#include "support/tree.h"

#define MIB ((uint64_t)1024 * 1024)
#define OUTPUT (16 * MIB)

enum { SLEEPERS = 200, TALKERS = 20, IDLE_MS = 2000, OLD_CHUNK = 8192 };

/* --- The wire ------------------------------------------------------------- */

/* What the replies had in bytes for each byte of the output; and the largest
 * piece that came. */
static double measure(const char *const *argv, size_t *largest_out)
{
    struct daemon daemon;
    struct proxy *proxy;
    struct remex_client *client;
    struct remex_process *process;
    struct remex_event event;
    uint64_t before;
    uint64_t told = 0;
    double ratio;

    daemon_start(&daemon);
    proxy = proxy_new(daemon.address, (uint32_t)g_test_rand_int());
    client = remote_connect_to(proxy_address(proxy));
    before = proxy_statistics(proxy).bytes[PROXY_REPLIES];
    process = remote_start(client, argv, NULL);
    *largest_out = 0;
    while (remex_process_next_event(process, 60000, &event) == REMEX_OK) {
        if (event.kind != REMEX_EVENT_OUTPUT)
            continue;
        told += event.output.data.size;
        *largest_out = MAX(*largest_out, event.output.data.size);
    }
    g_assert_cmpuint(told, >, 0);
    ratio = (double)(proxy_statistics(proxy).bytes[PROXY_REPLIES] - before) /
            (double)told;
    g_test_message("%" G_GUINT64_FORMAT " bytes of output, %.3f bytes on the "
                   "wire for each",
            told, ratio);
    remex_process_free(process);
    remex_client_free(client);
    proxy_free(proxy);
    daemon_stop(&daemon);
    return ratio;
}

/* Nothing is told twice, and nothing made longer. There: 1.345. */
static void bulk_costs_its_own_size(void)
{
    char *bytes = g_strdup_printf("%" G_GUINT64_FORMAT, OUTPUT);
    size_t largest;

    g_assert_cmpfloat(
            measure(REMOTE_ARGV(REMOTE_CHILD("spew"), bytes), &largest), <,
            1.02);
    g_assert_cmpuint(largest, >, OLD_CHUNK);
    g_free(bytes);
}

/* A write for each line, of some thirty bytes. There: 2.2. */
static void short_lines_cost_little_more(void)
{
    size_t largest;

    g_assert_cmpfloat(measure(REMOTE_ARGV("/bin/sh", "-c",
                                      "i=0; while [ $i -lt 5000 ]; do "
                                      "echo \"one line of some words, $i\"; "
                                      "i=$((i+1)); done"),
                              &largest),
            <, 2.2);
}

/* --- Rest ----------------------------------------------------------------- */

/* Of all its threads, in ticks of the kernel's. */
static uint64_t processor_ticks(pid_t pid)
{
    char *path = g_strdup_printf("/proc/%d/stat", (int)pid);
    unsigned long user;
    unsigned long system;
    char *text;
    char *at;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    at = strrchr(text, ')');
    g_assert_nonnull(at);
    g_assert_cmpint(sscanf(at,
                            ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu "
                            "%lu",
                            &user, &system),
            ==, 2);
    g_free(text);
    g_free(path);
    return user + system;
}

static void start_many(struct remex_client *client, struct remex_process **out,
        int count, const char *const *argv)
{
    for (int i = 0; i < count; i++)
        out[i] = remote_start(client, argv, NULL);
}

static void free_many(struct remex_process **processes, int count)
{
    for (int i = 0; i < count; i++)
        remex_process_free(processes[i]);
}

/* There: 2.8 % of a core for nobody at all, 100 KiB for each sleeper. */
static void processes_that_sleep_cost_next_to_nothing(void)
{
    struct remex_process *processes[SLEEPERS];
    struct remex_client *client;
    struct remex_event event;
    struct daemon daemon;
    pid_t executor;
    pid_t front;
    uint64_t memory;
    uint64_t ticks;
    uint64_t bound =
            (uint64_t)sysconf(_SC_CLK_TCK) * IDLE_MS / 1000 * 25 / 1000;

    daemon_start(&daemon);
    client = remote_connect_to(daemon.address);
    executor = daemon_executor(&daemon);
    front = daemon_front(&daemon);
    memory = tree_memory_kib(executor, "VmRSS");
    start_many(client, processes, SLEEPERS, REMOTE_ARGV("sleep", "1000"));
    memory = tree_memory_kib(executor, "VmRSS") - memory;
    ticks = processor_ticks(executor) + processor_ticks(front);
    g_assert_cmpint(remex_process_next_event(processes[0], IDLE_MS, &event), ==,
            REMEX_AGAIN);
    ticks = processor_ticks(executor) + processor_ticks(front) - ticks;
    g_test_message("%d sleepers: %" G_GUINT64_FORMAT
                   " KiB, and %" G_GUINT64_FORMAT " ticks in %d ms",
            SLEEPERS, memory, ticks, IDLE_MS);
    if (!sanitizers_on()) {
        g_assert_cmpuint(memory / SLEEPERS, <=, 64);
        g_assert_cmpuint(ticks, <=, bound);
    }
    free_many(processes, SLEEPERS);
    remex_client_free(client);
    daemon_stop(&daemon);
}

/* Each has said more than is kept of it. There: 1.17 MiB each. */
static void a_full_log_costs_its_bound_and_little_more(void)
{
    struct remex_process *processes[TALKERS];
    struct remex_client *client;
    struct remex_exit ended;
    struct daemon daemon;
    pid_t executor;
    uint64_t memory;

    daemon_start(&daemon);
    client = remote_connect_to(daemon.address);
    executor = daemon_executor(&daemon);
    memory = tree_memory_kib(executor, "VmRSS");
    for (int i = 0; i < TALKERS; i++) {
        struct remex_process_options options =
                REMEX_DEFAULTS(remex_process_options);

        options.out.delivery = REMEX_DELIVERY_LOSSY;
        processes[i] = remote_start(
                client, REMOTE_ARGV(REMOTE_CHILD("spew"), "4000000"), &options);
        g_assert_cmpint(
                remex_process_wait(processes[i], 60000, &ended), ==, REMEX_OK);
    }
    memory = tree_memory_kib(executor, "VmRSS") - memory;
    g_test_message("%d full logs: %" G_GUINT64_FORMAT " KiB", TALKERS, memory);
    if (!sanitizers_on())
        g_assert_cmpuint(memory / TALKERS, <=, 1198);
    free_many(processes, TALKERS);
    remex_client_free(client);
    daemon_stop(&daemon);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/frugality", bulk_costs_its_own_size);
    SUITE_ADD("/frugality", short_lines_cost_little_more);
    SUITE_ADD("/frugality", processes_that_sleep_cost_next_to_nothing);
    SUITE_ADD("/frugality", a_full_log_costs_its_bound_and_little_more);
    return g_test_run();
}
