/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex beside the floor: the same program run by posix_spawn with pipes and by
 * an executor over ipc, in turn, in one process.
 *
 *     bench_floor [--rounds N] [--lives N] [--mib N] [--json]
 */

#include <getopt.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <remex/client.h>
#include <remex/process.h>

#include "bench/figures.h"
#include "bench/local.h"

/* As the remex command does: see its main. */
#define KEPT_BYTES (4 * 1024 * 1024)

#define CHILD(name) REMEX_BIN_DIR "/children/" name

struct settings {
    size_t rounds;
    size_t lives; /* per round */
    uint64_t mib; /* per round */
    bool json;
};

static double now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void check(enum remex_status status, const struct remex_error *error)
{
    if (status == REMEX_OK)
        return;
    fprintf(stderr, "bench_floor: %s: %s\n", remex_status_name(status),
            error ? error->text : "");
    exit(1);
}

/* Follows one process to its end; the bytes it wrote to stdout. */
static uint64_t remex_run(struct remex_client *client, const char *const *argv)
{
    struct remex_process *process;
    struct remex_error error = { 0 };
    struct remex_event event;
    uint64_t total = 0;
    enum remex_status status;

    check(remex_process_start(client, argv, NULL, &process, &error), &error);
    while ((status = remex_process_next_event(
                    process, REMEX_FOREVER, &event)) == REMEX_OK) {
        if (event.kind == REMEX_EVENT_OUTPUT &&
                event.output.stream == REMEX_STDOUT)
            total += event.output.data.size;
        if (event.kind == REMEX_EVENT_GAP || event.kind == REMEX_EVENT_FAILED)
            check(REMEX_DATA_LOSS, NULL);
    }
    if (status != REMEX_ENDED)
        check(status, NULL);
    remex_process_free(process);
    return total;
}

/* Microseconds of each of `count` lives, start to Closed, into `out`. */
static void time_lives(struct remex_client *client, const char *const *argv,
        double *out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        double begin = now_us();

        if (client)
            (void)remex_run(client, argv);
        else
            (void)local_run(argv);
        out[i] = now_us() - begin;
    }
}

static void measure_lives(struct remex_client *client, const char *program,
        const struct settings *settings, struct figure *p50, struct figure *p99)
{
    const char *const argv[] = { program, NULL };
    double *floor = calloc(settings->lives, sizeof(*floor));
    double *ours = calloc(settings->lives, sizeof(*ours));

    if (!floor || !ours)
        exit(1);
    time_lives(client, argv, ours, settings->lives / 10 + 1); /* warm up */
    for (size_t i = 0; i < settings->rounds; i++) {
        time_lives(NULL, argv, floor, settings->lives);
        time_lives(client, argv, ours, settings->lives);
        figure_add(p50, figures_quantile(floor, settings->lives, 0.5),
                figures_quantile(ours, settings->lives, 0.5));
        figure_add(p99, figures_quantile(floor, settings->lives, 0.99),
                figures_quantile(ours, settings->lives, 0.99));
    }
    free(floor);
    free(ours);
}

static void measure_bulk(struct remex_client *client,
        const struct settings *settings, struct figure *figure)
{
    char size[32];
    const char *const argv[] = { CHILD("spew"), size, NULL };
    uint64_t bytes = settings->mib << 20;

    snprintf(size, sizeof(size), "%llu", (unsigned long long)bytes);
    for (size_t i = 0; i < settings->rounds; i++) {
        double begin = now_us();
        double middle;
        double end;

        if (local_run(argv) != bytes)
            check(REMEX_DATA_LOSS, NULL);
        middle = now_us();
        if (remex_run(client, argv) != bytes)
            check(REMEX_DATA_LOSS, NULL);
        end = now_us();
        figure_add(figure, (double)bytes / (middle - begin),
                (double)bytes / (end - middle));
    }
}

static struct settings parse(int argc, char **argv)
{
    static const struct option options[] = {
        { "rounds", required_argument, NULL, 'r' },
        { "lives", required_argument, NULL, 'l' },
        { "mib", required_argument, NULL, 'm' },
        { "json", no_argument, NULL, 'j' },
        { NULL, 0, NULL, 0 },
    };
    struct settings settings = { .rounds = 7, .lives = 500, .mib = 1024 };
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
        if (option == 'r')
            settings.rounds = strtoul(optarg, NULL, 10);
        else if (option == 'l')
            settings.lives = strtoul(optarg, NULL, 10);
        else if (option == 'm')
            settings.mib = strtoul(optarg, NULL, 10);
        else if (option == 'j')
            settings.json = true;
        else
            exit(2);
    }
    if (settings.rounds == 0 || settings.rounds > FIGURES_MAX_ROUNDS ||
            settings.lives == 0 || settings.mib == 0)
        exit(2);
    return settings;
}

static void print(
        const struct figure *figures, size_t count, const struct settings *how)
{
    if (how->json)
        printf("[\n");
    else
        figure_print_header();
    for (size_t i = 0; i < count; i++) {
        if (how->json)
            figure_print_json(&figures[i], i + 1 == count);
        else
            figure_print(&figures[i]);
    }
    if (how->json)
        printf("]\n");
}

int main(int argc, char **argv)
{
    static struct figure figures[] = {
        { .name = "exit-0 life, p50", .unit = "us" },
        { .name = "exit-0 life, p99", .unit = "us" },
        { .name = "/bin/true life, p50", .unit = "us" },
        { .name = "/bin/true life, p99", .unit = "us" },
        { .name = "stdout in 64 KiB writes", .unit = "MB/s" },
    };
    struct settings settings = parse(argc, argv);
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);
    struct remex_error error = { 0 };
    struct remex_client *client;

    mallopt(M_MMAP_THRESHOLD, KEPT_BYTES);
    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
    options.executor_program = REMEX_BIN_DIR "/remexd";
    check(remex_client_connect("local:", &options, &client, &error), &error);
    measure_lives(client, CHILD("exit0"), &settings, &figures[0], &figures[1]);
    measure_lives(client, "/bin/true", &settings, &figures[2], &figures[3]);
    measure_bulk(client, &settings, &figures[4]);
    remex_client_free(client);
    print(figures, sizeof(figures) / sizeof(figures[0]), &settings);
    return 0;
}
