/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex beside what it is made of and its peers, in turn, in one run.
 *
 *     bench [--rounds N] [--json FILE] [--quick] [WORKLOAD...]
 */

#include <getopt.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "bench/floor.h"
#include "bench/workloads.h"

/* As the remex command does: see its main. */
#define KEPT_BYTES (4 * 1024 * 1024)

#define MAX_ROUNDS 1000
#define DEFAULT_ROUNDS 5
#define FLOOR_WORDS 5 /* bench --floor NAME A B */

static const struct workload *const workloads[] = {
    &lives_workload,
    &burst_workload,
    &bulk_workload,
    &lines_workload,
    &echo_workload,
    &followers_workload,
    &idle_workload,
    &processes_workload,
    &stalled_workload,
    &beside_workload,
    &sessions_workload,
    &silent_workload,
    &sizes_workload,
};

#define WORKLOADS (sizeof(workloads) / sizeof(workloads[0]))

struct settings {
    size_t rounds;
    const char *json; /* NULL: nowhere */
    bool quick;
    bool wanted[WORKLOADS];
};

/* --- What is asked for ---------------------------------------------------- */

static _Noreturn void usage(int status)
{
    FILE *file = status == 0 ? stdout : stderr;

    fputs("usage: bench [--rounds N] [--json FILE] [--quick] [WORKLOAD...]\n\n"
          "Measures remex and others in turn, N times (5 unless told), and\n"
          "prints medians of the figures, and of their ratios to the floor:\n"
          "local children, bare NNG, or a plain relay. --quick does very\n"
          "little of each, to see that it works. All unless told:\n\n",
            file);
    for (size_t i = 0; i < WORKLOADS; i++)
        fprintf(file, "  %-12s %s\n", workloads[i]->name,
                workloads[i]->summary);
    exit(status);
}

static void want(struct settings *settings, const char *name)
{
    for (size_t i = 0; i < WORKLOADS; i++) {
        if (strcmp(workloads[i]->name, name) == 0) {
            settings->wanted[i] = true;
            return;
        }
    }
    fprintf(stderr, "bench: there is no workload '%s'\n", name);
    usage(2);
}

static void parse_option(struct settings *settings, int option)
{
    switch (option) {
    case 'r':
        settings->rounds = strtoul(optarg, NULL, 10);
        break;
    case 'j':
        settings->json = optarg;
        break;
    case 'q':
        settings->quick = true;
        break;
    case 'h':
        usage(0);
    default:
        usage(2);
    }
}

static struct settings parse(int argc, char **argv)
{
    static const struct option options[] = {
        { "help", no_argument, NULL, 'h' },
        { "json", required_argument, NULL, 'j' },
        { "quick", no_argument, NULL, 'q' },
        { "rounds", required_argument, NULL, 'r' },
        { NULL, 0, NULL, 0 },
    };
    struct settings settings = { .rounds = 0 };
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0)
        parse_option(&settings, option);
    for (size_t i = 0; optind == argc && i < WORKLOADS; i++)
        settings.wanted[i] = true;
    for (; optind < argc; optind++)
        want(&settings, argv[optind]);
    if (settings.rounds == 0)
        settings.rounds = settings.quick ? 1 : DEFAULT_ROUNDS;
    if (settings.rounds > MAX_ROUNDS)
        usage(2);
    return settings;
}

/* --- Doing it ------------------------------------------------------------- */

static void run(
        struct bench *bench, const struct workload *workload, size_t rounds)
{
    for (size_t i = 0; i < rounds; i++) {
        fprintf(stderr, "bench: %s, round %zu of %zu\n", workload->name, i + 1,
                rounds);
        workload->run(bench);
    }
    bench_end_runners(bench);
    if (!sheet_is_sane(bench->sheet, workload->name))
        runner_fail("%s: figures that cannot be", workload->name);
}

static void write_json(const struct sheet *sheet, const char *path)
{
    FILE *file = fopen(path, "we");

    if (!file)
        runner_fail("%s cannot be written", path);
    sheet_print_json(sheet, file);
    if (fclose(file) != 0)
        runner_fail("%s cannot be written", path);
}

/* As many descriptors as may be had: local children and clients take some. */
static void prepare(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    mallopt(M_MMAP_THRESHOLD, KEPT_BYTES);
    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
}

int main(int argc, char **argv)
{
    struct settings settings;
    struct bench bench = { .quick = false };

    if (argc == FLOOR_WORDS && strcmp(argv[1], "--floor") == 0)
        return floor_main(argv + 2);
    settings = parse(argc, argv);
    prepare();
    bench.quick = settings.quick;
    bench.sheet = sheet_new();
    for (size_t i = 0; i < WORKLOADS; i++)
        if (settings.wanted[i])
            run(&bench, workloads[i], settings.rounds);
    sheet_print(bench.sheet, stdout);
    if (settings.json)
        write_json(bench.sheet, settings.json);
    sheet_free(bench.sheet);
    return 0;
}
