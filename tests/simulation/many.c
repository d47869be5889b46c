/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/many.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "simulation/model_run.h"
#include "simulation/shrink.h"

enum {
    SEED_SECONDS = 30,  /* no seed takes so long */
    TWICE_EVERY = 16,   /* seeds, one is run twice */
    TELL_EVERY = 50000, /* seeds, how far it is is told */
    MOST_FAILURES = 8   /* and then there is enough to look at */
};

/* What workers and their parent see. */
struct shared {
    _Atomic uint64_t next;
    _Atomic uint64_t runs;         /* those for the second time too */
    _Atomic uint64_t milliseconds; /* that passed in all of them */
    _Atomic uint64_t hash;         /* of what happened, in whatever order */
    uint64_t at[MANY_JOBS];        /* the seed each is at */
};

struct crew {
    const struct many *many;
    struct shared *shared;
    struct timespec begun;
    pid_t workers[MANY_JOBS];
    unsigned int failures;
};

static double seconds_since(const struct timespec *then)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - then->tv_sec) +
            (double)(now.tv_nsec - then->tv_nsec) / 1e9;
}

/* --- A worker --------------------------------------------------------------
 */

static uint64_t run(const struct crew *crew, uint64_t seed)
{
    struct program_options options = {
        .seed = seed,
        .mask = UINT64_MAX,
        .doom = crew->many->doom,
        .seconds = SEED_SECONDS,
    };
    struct program_end end;

    if (crew->many->model)
        model_run(&options, &end);
    else
        program_run(&options, &end);
    crew->shared->runs++;
    crew->shared->milliseconds += (uint64_t)(end.lasted / MS);
    return end.hash;
}

static void run_seed(const struct crew *crew, uint64_t seed)
{
    uint64_t hash = run(crew, seed);

    crew->shared->hash += hash * (2 * seed + 1);
    if (seed % TWICE_EVERY != 0 || run(crew, seed) == hash)
        return;
    fprintf(stderr, "seed %llu: two runs differ\n", (unsigned long long)seed);
    _Exit(1);
}

/* Whoever comes by tells how far it is, and where to go on if that has to end
 * here. */
static void tell_progress(const struct crew *crew, uint64_t seed)
{
    const struct many *many = crew->many;
    uint64_t done = seed - many->from;

    if (done == 0 || done % TELL_EVERY != 0)
        return;
    for (unsigned int i = 0; i < many->jobs; i++)
        if (crew->shared->at[i] != 0 && crew->shared->at[i] < seed)
            seed = crew->shared->at[i];
    printf("%llu of %llu seeds, %.0f a second; to go on from here: "
           "--from %llu --count %llu\n",
            (unsigned long long)done, (unsigned long long)many->count,
            (double)done / seconds_since(&crew->begun),
            (unsigned long long)seed,
            (unsigned long long)(many->from + many->count - seed));
    fflush(stdout);
}

static void work(const struct crew *crew, unsigned int worker)
{
    const struct many *many = crew->many;
    uint64_t seed;

    while ((seed = crew->shared->next++) < many->from + many->count) {
        crew->shared->at[worker] = seed;
        tell_progress(crew, seed);
        run_seed(crew, seed);
    }
    exit(0);
}

/* --- Their parent ----------------------------------------------------------
 */

static void begin(struct crew *crew, unsigned int worker)
{
    fflush(NULL);
    crew->workers[worker] = fork();
    if (crew->workers[worker] == 0)
        work(crew, worker);
}

static void report(const struct crew *crew, uint64_t seed)
{
    struct program_options options = { .seed = seed, .doom = crew->many->doom };
    uint64_t mask;

    if (crew->many->model) {
        fprintf(stderr, "again: %s --model --seed %llu --trace\n",
                crew->many->program, (unsigned long long)seed);
        return;
    }
    fprintf(stderr, "seed %llu fails; looking for the steps it takes\n",
            (unsigned long long)seed);
    if (shrink(&options, &mask))
        shrink_tell(stderr, crew->many->program, seed, mask);
    else
        fprintf(stderr, "seed %llu does not fail alone\n",
                (unsigned long long)seed);
}

/* A worker has come to its end; whoever fell is replaced. */
static void take_end(struct crew *crew, unsigned int worker, int status)
{
    crew->workers[worker] = 0;
    if (status == 0)
        return;
    crew->failures++;
    report(crew, crew->shared->at[worker]);
    if (crew->failures < MOST_FAILURES)
        begin(crew, worker);
}

static void wait_all(struct crew *crew)
{
    int status;
    pid_t ended;

    while ((ended = waitpid(-1, &status, 0)) > 0)
        for (unsigned int i = 0; i < crew->many->jobs; i++)
            if (crew->workers[i] == ended)
                take_end(crew, i, status);
}

static void tell_end(const struct crew *crew)
{
    const struct many *many = crew->many;
    double seconds = seconds_since(&crew->begun);
    double lasted = (double)crew->shared->milliseconds / 1e3;

    printf("%.0f seeds a second; %.0f s passed in %.1f s, which is %.0f times "
           "as fast as it would be\n",
            (double)crew->shared->runs / seconds, lasted, seconds,
            lasted / seconds);
    printf("seeds %llu to %llu: ", (unsigned long long)many->from,
            (unsigned long long)(many->from + many->count - 1));
    if (many->model)
        printf("%.0f operations, %.0f a second; ",
                (double)many->count * MODEL_RUN_OPERATIONS,
                (double)many->count * MODEL_RUN_OPERATIONS / seconds);
    if (crew->failures == 0)
        printf("every promise was kept; %016llx\n",
                (unsigned long long)crew->shared->hash);
    else
        printf("%u broke a promise\n", crew->failures);
}

int many_run(const struct many *many)
{
    struct crew crew = { .many = many };

    crew.shared = mmap(NULL, sizeof(*crew.shared), PROT_READ | PROT_WRITE,
            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (crew.shared == MAP_FAILED)
        return 2;
    crew.shared->next = many->from;
    clock_gettime(CLOCK_MONOTONIC, &crew.begun);
    for (unsigned int i = 0; i < many->jobs; i++)
        begin(&crew, i);
    wait_all(&crew);
    tell_end(&crew);
    munmap(crew.shared, sizeof(*crew.shared));
    return crew.failures > 0;
}
