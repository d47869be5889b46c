/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Runs seeds, each a world of its own. One that fails is shrunk: the steps of
 * its program that have nothing to do with it are left out.
 *
 *     simulate [--from SEED] [--count N] [--jobs N]
 *     simulate --seed SEED [--mask STEPS] [--trace]
 */

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "simulation/program.h"

enum {
    MAX_JOBS = 16,
    SEED_SECONDS = 30,  /* no seed takes so long, */
    SHRINK_SECONDS = 2, /* nor a part of one */
    TWICE_EVERY = 16    /* seeds, one is run twice */
};

struct options {
    uint64_t from;
    uint64_t count;
    unsigned int jobs;
    bool single;
    uint64_t seed;
    uint64_t mask;
    bool trace;
};

/* What workers and their parent see. */
struct shared {
    _Atomic uint64_t next;
    uint64_t at[MAX_JOBS]; /* the seed each is at */
};

/* --- One seed --------------------------------------------------------------
 */

static uint64_t run(
        uint64_t seed, uint64_t mask, bool trace, unsigned int seconds)
{
    uint64_t hash;

    alarm(seconds);
    program_run(seed, mask, trace, &hash);
    alarm(0);
    return hash;
}

static void run_twice(uint64_t seed)
{
    uint64_t first = run(seed, UINT64_MAX, false, SEED_SECONDS);

    if (run(seed, UINT64_MAX, false, SEED_SECONDS) == first)
        return;
    fprintf(stderr, "seed %llu: two runs differ\n", (unsigned long long)seed);
    _Exit(1);
}

/* --- Shrinking -------------------------------------------------------------
 */

static bool fails(uint64_t seed, uint64_t mask)
{
    pid_t child;
    int status;

    fflush(NULL);
    child = fork();
    if (child == 0) {
        if (!freopen("/dev/null", "w", stderr))
            _Exit(2);
        run(seed, mask, false, SHRINK_SECONDS);
        _Exit(0);
    }
    return child > 0 && waitpid(child, &status, 0) == child && status != 0;
}

/* Leaves out as many steps at once as it can, then fewer, then single ones. */
static uint64_t shrink(uint64_t seed)
{
    unsigned int length = program_length(seed);
    uint64_t mask = length < 64 ? (UINT64_C(1) << length) - 1 : UINT64_MAX;

    for (unsigned int size = length / 2 ? length / 2 : 1; size > 0; size /= 2)
        for (unsigned int at = 0; at < length; at += size) {
            uint64_t some = ((UINT64_C(1) << size) - 1) << at;

            if ((mask & some) && fails(seed, mask & ~some))
                mask &= ~some;
        }
    return mask;
}

static void report(const char *program, uint64_t seed)
{
    uint64_t mask;

    fprintf(stderr, "seed %llu fails; looking for the steps it takes\n",
            (unsigned long long)seed);
    mask = shrink(seed);
    fprintf(stderr, "again: %s --seed %llu --mask %llx --trace\n", program,
            (unsigned long long)seed, (unsigned long long)mask);
}

/* --- Many seeds ------------------------------------------------------------
 */

static void work(const struct options *options, struct shared *shared,
        unsigned int worker)
{
    uint64_t seed;

    while ((seed = shared->next++) < options->from + options->count) {
        shared->at[worker] = seed;
        if (seed % TWICE_EVERY == 0)
            run_twice(seed);
        else
            run(seed, UINT64_MAX, false, SEED_SECONDS);
    }
    exit(0);
}

static unsigned int wait_all(const struct options *options, const char *program,
        struct shared *shared, const pid_t *workers)
{
    unsigned int failures = 0;

    for (unsigned int i = 0; i < options->jobs; i++) {
        int status = -1;

        waitpid(workers[i], &status, 0);
        if (status == 0)
            continue;
        failures++;
        report(program, shared->at[i]);
    }
    return failures;
}

static int run_many(const struct options *options, const char *program)
{
    struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t workers[MAX_JOBS];
    unsigned int failures;

    if (shared == MAP_FAILED)
        return 2;
    shared->next = options->from;
    fflush(NULL);
    for (unsigned int i = 0; i < options->jobs; i++) {
        workers[i] = fork();
        if (workers[i] == 0)
            work(options, shared, i);
    }
    failures = wait_all(options, program, shared, workers);
    if (failures == 0)
        printf("seeds %llu to %llu: every promise was kept\n",
                (unsigned long long)options->from,
                (unsigned long long)(options->from + options->count - 1));
    munmap(shared, sizeof(*shared));
    return failures > 0;
}

/* --- The command line ------------------------------------------------------
 */

static uint64_t number_of(const char *text, int base)
{
    char *end;
    uint64_t number;

    errno = 0;
    number = strtoull(text, &end, base);
    if (errno || *end || end == text) {
        fprintf(stderr, "%s is no number\n", text);
        exit(2);
    }
    return number;
}

static void take_option(struct options *options, int option)
{
    switch (option) {
    case 'f':
        options->from = number_of(optarg, 10);
        break;
    case 'c':
        options->count = number_of(optarg, 10);
        break;
    case 'j':
        options->jobs = (unsigned int)number_of(optarg, 10);
        if (options->jobs < 1 || options->jobs > MAX_JOBS)
            exit(2);
        break;
    case 's':
        options->single = true;
        options->seed = number_of(optarg, 10);
        break;
    case 'm':
        options->mask = number_of(optarg, 16);
        break;
    case 't':
        options->trace = true;
        break;
    default:
        exit(2);
    }
}

int main(int argc, char **argv)
{
    static const struct option names[] = {
        { "from", required_argument, NULL, 'f' },
        { "count", required_argument, NULL, 'c' },
        { "jobs", required_argument, NULL, 'j' },
        { "seed", required_argument, NULL, 's' },
        { "mask", required_argument, NULL, 'm' },
        { "trace", no_argument, NULL, 't' },
        { NULL, 0, NULL, 0 },
    };
    struct options options = {
        .from = 1, .count = 1000, .jobs = 2, .mask = UINT64_MAX
    };
    int option;

    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1)
        take_option(&options, option);
    if (!options.single)
        return run_many(&options, argv[0]);
    printf("seed %llu: %016llx\n", (unsigned long long)options.seed,
            (unsigned long long)run(
                    options.seed, options.mask, options.trace, SEED_SECONDS));
    return 0;
}
