/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Two who follow a process, and a third one who does not keep up: what they and
 * the executor notice of him. The stream is lossy, so that he holds nobody.
 */

#include <signal.h>
#include <stdio.h>

#include <glib.h>

#include <remex/inspect.h>

#include "bench/host.h"
#include "bench/workloads.h"
#include "support/command.h"

#define BYTES ((size_t)4096)
#define TOO_SLOW 1000 /* rounds, before he takes an event */

static const struct metric middle = { "beside", "echo to two followers, p50",
    "us", "alone", "1.0" };
static const struct metric tail = { "beside", "echo to two followers, p99",
    "us", "alone", "1.0" };
static const struct metric growth = { "beside", "growth of remexd", "KiB", NULL,
    "<= the log's bound, 1024" };

/* A process, those who follow it, and what they have had. */
struct scene {
    struct host *host;
    struct remex_client *clients[3];
    struct remex_process *followers[3]; /* the last one may be NULL */
    uint64_t bytes;
};

static void join(struct scene *scene, size_t index)
{
    struct remex_error error = { 0 };

    scene->clients[index] = host_connect(scene->host);
    host_check(remex_process_attach(scene->clients[index],
                       remex_process_id(scene->followers[0]), NULL,
                       &scene->followers[index], &error),
            &error);
}

static void scene_init(struct scene *scene)
{
    const char *const argv[] = { "cat", NULL };
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_error error = { 0 };

    *scene = (struct scene){ .host = host_start(HOST_IPC) };
    scene->clients[0] = host_connect(scene->host);
    options.stdin_mode = REMEX_STDIN_PIPE;
    options.out.delivery = REMEX_DELIVERY_LOSSY;
    host_check(remex_process_start(scene->clients[0], argv, &options,
                       &scene->followers[0], &error),
            &error);
    join(scene, 1);
}

static void scene_deinit(struct scene *scene)
{
    for (size_t i = G_N_ELEMENTS(scene->followers); i-- > 0;) {
        remex_process_free(scene->followers[i]);
        remex_client_free(scene->clients[i]);
    }
    host_stop(scene->host);
}

/* Whoever keeps up gets everything. */
static void take(struct remex_process *follower, uint64_t until)
{
    struct remex_event event;
    uint64_t at = 0;

    while (at < until) {
        host_check(remex_process_next_event(follower, 60000, &event), NULL);
        if (event.kind != REMEX_EVENT_OUTPUT)
            runner_fail("beside: output was lost");
        at = event.output.offset + event.output.data.size;
    }
}

static void go_round(struct scene *scene)
{
    static const char bytes[BYTES];

    host_check(remex_process_write(
                       scene->followers[0], bytes, BYTES, 60000, NULL, NULL),
            NULL);
    scene->bytes += BYTES;
    take(scene->followers[0], scene->bytes);
    take(scene->followers[1], scene->bytes);
}

static void measure(struct bench *bench, struct scene *scene, const char *who)
{
    struct crew crew = host_crew(scene->host);
    size_t count = bench_size(bench, 4 * TOO_SLOW, 20);
    double *times = g_new(double, count);
    struct remex_event event;
    double rss;

    for (size_t i = 0; i < count / 2; i++) /* full logs and windows */
        go_round(scene);
    rss = crew_rss_kib(&crew);
    for (size_t i = 0; i < count; i++) {
        double begin = meter_now_us();

        go_round(scene);
        times[i] = meter_now_us() - begin;
        if (scene->followers[2] && i % TOO_SLOW == 0)
            host_check(remex_process_next_event(
                               scene->followers[2], 60000, &event),
                    NULL);
    }
    sheet_add(bench->sheet, &growth, who, MAX(0, crew_rss_kib(&crew) - rss));
    sheet_add(bench->sheet, &middle, who, sheet_quantile(times, count, 0.5));
    sheet_add(bench->sheet, &tail, who, sheet_quantile(times, count, 0.99));
    g_free(times);
}

static uint32_t count_followers(struct remex_process *process)
{
    struct remex_process_status *status;
    uint32_t count;

    host_check(remex_process_inspect(process, &status, NULL), NULL);
    count = status->followers;
    remex_process_status_free(status);
    return count;
}

/* A program of its own, which follows, and is then stopped. */
static void stop_one(const struct scene *scene, struct command *out)
{
    struct remex_process *process = scene->followers[0];
    const char *const argv[] = { REMEX_BIN_DIR "/remex", "attach", "--at",
        host_address(scene->host), "--no-stdin", remex_process_id(process),
        NULL };

    command_start(out, argv, NULL);
    while (count_followers(process) < 3)
        meter_let_pass(1);
    (void)kill(out->pid, SIGSTOP);
}

static void end_stopped(struct command *command)
{
    struct command_result result;

    (void)kill(command->pid, SIGKILL);
    command_finish(command, NULL, 0, &result);
    command_result_deinit(&result);
}

static void run(struct bench *bench)
{
    struct command command;
    struct scene scene;

    scene_init(&scene);
    measure(bench, &scene, "alone");
    stop_one(&scene, &command);
    measure(bench, &scene, "stopped");
    end_stopped(&command);
    join(&scene, 2);
    measure(bench, &scene, "slow");
    scene_deinit(&scene);
}

const struct workload beside_workload = { "beside",
    "followers beside one that is stopped, or 1,000 times too slow", run };
