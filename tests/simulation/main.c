/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Runs seeds, each a world of its own. One that fails is shrunk: the steps of
 * its program that have nothing to do with it are left out, as long as what is
 * left fails for the same reason.
 *
 *     simulate [--from SEED] [--count N] [--jobs N]
 *     simulate --seed SEED [--mask STEPS] [--trace]
 *     simulate --seed SEED --shrink
 *
 * --shrink prints the trace of what is left. --doom STEP makes a promise of
 * that step, which it breaks: so that the shrinking itself can be tested.
 *
 * What is simulated: host.h the children, station.h the executor, network.h
 * what is between, actor.h the clients, memory.h what they allocate; program.h
 * what happens; judge.h what must be true.
 */

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "simulation/program.h"

enum {
    MAX_JOBS = 16,
    SEED_SECONDS = 30,  /* no seed takes so long, */
    SHRINK_SECONDS = 2, /* nor a part of one */
    TWICE_EVERY = 16,   /* seeds, one is run twice */
    KIND_BYTES = 200
};

struct options {
    uint64_t from;
    uint64_t count;
    unsigned int jobs;
    bool single;
    uint64_t seed;
    uint64_t mask;
    uint64_t doom;
    bool trace;
    bool shrink;
};

/* What workers and their parent see. */
struct shared {
    _Atomic uint64_t next;
    uint64_t at[MAX_JOBS]; /* the seed each is at */
};

/* --- One seed --------------------------------------------------------------
 */

static uint64_t run(const struct options *options, uint64_t seed, uint64_t mask,
        unsigned int seconds)
{
    struct program_options program = {
        .seed = seed,
        .mask = mask,
        .doom = options->doom,
        .tracing = options->trace,
    };
    uint64_t hash;

    alarm(seconds);
    program_run(&program, &hash);
    alarm(0);
    return hash;
}

static void run_twice(const struct options *options, uint64_t seed)
{
    uint64_t first = run(options, seed, UINT64_MAX, SEED_SECONDS);

    if (run(options, seed, UINT64_MAX, SEED_SECONDS) == first)
        return;
    fprintf(stderr, "seed %llu: two runs differ\n", (unsigned long long)seed);
    _Exit(1);
}

/* --- Shrinking -------------------------------------------------------------
 */

/* What a run said on its way down, but for its numbers. */
struct fate {
    bool failed;
    char kind[KIND_BYTES];
};

static void take_kind(int fd, char kind[KIND_BYTES])
{
    size_t used = 0;
    char byte;

    while (read(fd, &byte, 1) == 1 && byte != '\n')
        if ((byte < '0' || byte > '9') && used + 1 < KIND_BYTES)
            kind[used++] = byte;
    kind[used] = '\0';
}

/* In a process of its own, which says nothing. */
static void run_apart(
        const struct options *options, uint64_t seed, uint64_t mask, int fd)
{
    if (dup2(fd, STDERR_FILENO) < 0 || !freopen("/dev/null", "w", stdout))
        _Exit(2);
    run(options, seed, mask, SHRINK_SECONDS);
    _Exit(0);
}

static struct fate fate_of(
        const struct options *options, uint64_t seed, uint64_t mask)
{
    struct fate fate = { .failed = true };
    int status = -1;
    int ends[2];
    pid_t child;

    fflush(NULL);
    if (pipe(ends) != 0)
        exit(2);
    child = fork();
    if (child == 0)
        run_apart(options, seed, mask, ends[1]);
    close(ends[1]);
    take_kind(ends[0], fate.kind);
    close(ends[0]);
    if (child > 0 && waitpid(child, &status, 0) == child)
        fate.failed = status != 0;
    if (WIFSIGNALED(status) && fate.kind[0] == '\0')
        snprintf(fate.kind, KIND_BYTES, "%s", strsignal(WTERMSIG(status)));
    return fate;
}

/* Another failure would be another matter. */
static bool fails_alike(const struct options *options, uint64_t seed,
        uint64_t mask, const struct fate *fate)
{
    struct fate now = fate_of(options, seed, mask);

    return now.failed && strcmp(now.kind, fate->kind) == 0;
}

/* True: something could be left out. */
static bool leave_out(const struct options *options, uint64_t seed,
        unsigned int size, const struct fate *fate, uint64_t *mask)
{
    unsigned int length = program_length(seed);
    bool left = false;

    for (unsigned int at = 0; at < length; at += size) {
        uint64_t some = ((UINT64_C(1) << size) - 1) << at;

        if ((*mask & some) && fails_alike(options, seed, *mask & ~some, fate)) {
            *mask &= ~some;
            left = true;
        }
    }
    return left;
}

/* Leaves out as many steps at once as it can, then fewer, then single ones for
 * as long as that helps. */
static uint64_t shrink(
        const struct options *options, uint64_t seed, const struct fate *fate)
{
    unsigned int length = program_length(seed);
    uint64_t mask = length < 64 ? (UINT64_C(1) << length) - 1 : UINT64_MAX;

    for (unsigned int size = length / 2; size > 1; size /= 2)
        leave_out(options, seed, size, fate, &mask);
    while (leave_out(options, seed, 1, fate, &mask))
        continue;
    return mask;
}

static void report(
        const struct options *options, const char *program, uint64_t seed)
{
    struct fate fate = fate_of(options, seed, UINT64_MAX);
    uint64_t mask;

    fprintf(stderr, "seed %llu fails; looking for the steps it takes\n",
            (unsigned long long)seed);
    mask = shrink(options, seed, &fate);
    fprintf(stderr, "again: %s --seed %llu --mask %llx --trace\n", program,
            (unsigned long long)seed, (unsigned long long)mask);
}

/* --- A single seed ---------------------------------------------------------
 */

/* Its trace is that of what is left of it, if it fails. */
static int run_shrunk(struct options *options, const char *program)
{
    struct fate fate = fate_of(options, options->seed, UINT64_MAX);

    if (fate.failed) {
        options->mask = shrink(options, options->seed, &fate);
        options->trace = true;
        printf("again: %s --seed %llu --mask %llx --trace\n", program,
                (unsigned long long)options->seed,
                (unsigned long long)options->mask);
    }
    run(options, options->seed, options->mask, SEED_SECONDS);
    printf("seed %llu: every promise was kept\n",
            (unsigned long long)options->seed);
    return 0;
}

static int run_single(struct options *options)
{
    uint64_t hash = run(options, options->seed, options->mask, SEED_SECONDS);

    printf("seed %llu: %016llx\n", (unsigned long long)options->seed,
            (unsigned long long)hash);
    return 0;
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
            run_twice(options, seed);
        else
            run(options, seed, UINT64_MAX, SEED_SECONDS);
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
        report(options, program, shared->at[i]);
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
    case 'k':
        options->shrink = true;
        break;
    case 'd':
        options->doom = number_of(optarg, 10);
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
        { "shrink", no_argument, NULL, 'k' },
        { "doom", required_argument, NULL, 'd' },
        { NULL, 0, NULL, 0 },
    };
    struct options options = {
        .from = 1,
        .count = 1000,
        .jobs = 2,
        .mask = UINT64_MAX,
        .doom = UINT64_MAX,
    };
    int option;

    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1)
        take_option(&options, option);
    if (!options.single)
        return run_many(&options, argv[0]);
    return options.shrink ? run_shrunk(&options, argv[0])
                          : run_single(&options);
}
