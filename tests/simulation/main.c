/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Runs seeds, each a world of its own; --help has the options.
 *
 * What is simulated: host.h the children, station.h the executor, network.h
 * what is between, actor.h the clients, memory.h what they allocate, liar.h and
 * rogue.h those who do not play by the rules; program.h what happens; judge.h
 * what must be true.
 */

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "simulation/many.h"
#include "simulation/model_run.h"
#include "simulation/shrink.h"

enum { SEED_SECONDS = 30, MANY = 1000000, MANY_OF_MODEL = 50000 };

static const char *const usage =
        "usage: simulate [--from SEED] [--count N | --long] [--jobs N]\n"
        "       simulate --seed SEED [--mask STEPS] [--trace]\n"
        "       simulate --seed SEED --shrink\n"
        "       simulate --model [--from SEED] [--count N | --long] [--jobs "
        "N]\n"
        "       simulate --model --seed SEED [--trace]\n"
        "\n"
        "    --from SEED   the first one: 1 unless told\n"
        "    --count N     so many of them: 1000 unless told\n"
        "    --long        a million, which takes a quarter of an hour\n"
        "    --model       the executor beside its model instead; a seed is "
        "two\n"
        "                  thousand operations, and there are 50,000 with "
        "--long\n"
        "    --jobs N      so many at a time: 2 unless told\n"
        "    --seed SEED   this one alone\n"
        "    --trace       print what happens in it\n"
        "    --mask STEPS  take only these of its steps, bits in hexadecimal\n"
        "    --shrink      if it fails, find the steps that it takes, and "
        "print\n"
        "                  the trace of what is left\n"
        "    --doom STEP   promise that this step is never taken, to see how "
        "a\n"
        "                  promise is broken\n"
        "\n"
        "A seed that fails says why, and is shrunk.\n";

struct options {
    struct many many;
    struct program_options single;
    bool is_single;
    bool shrink;
    bool is_long;
};

/* Its trace is that of what is left of it, if it fails. */
static void shrink_single(struct options *options)
{
    struct program_options *single = &options->single;

    if (!shrink(single, &single->mask))
        return;
    single->tracing = true;
    shrink_tell(stdout, options->many.program, single->seed, single->mask);
}

static int run_single(struct options *options)
{
    struct program_end end;

    if (options->shrink && !options->many.model)
        shrink_single(options);
    if (options->many.model)
        model_run(&options->single, &end);
    else
        program_run(&options->single, &end);
    printf("seed %llu: every promise was kept; %016llx\n",
            (unsigned long long)options->single.seed,
            (unsigned long long)end.hash);
    return 0;
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

static void take_jobs(struct options *options)
{
    uint64_t jobs = number_of(optarg, 10);

    if (jobs < 1 || jobs > MANY_JOBS) {
        fprintf(stderr, "--jobs is from 1 to %d\n", MANY_JOBS);
        exit(2);
    }
    options->many.jobs = (unsigned int)jobs;
}

static void take_option(struct options *options, int option)
{
    switch (option) {
    case 'f':
        options->many.from = number_of(optarg, 10);
        break;
    case 'c':
        options->many.count = number_of(optarg, 10);
        break;
    case 'l':
        options->is_long = true;
        break;
    case 'M':
        options->many.model = true;
        break;
    case 'j':
        take_jobs(options);
        break;
    case 's':
        options->is_single = true;
        options->single.seed = number_of(optarg, 10);
        break;
    case 'm':
        options->single.mask = number_of(optarg, 16);
        break;
    case 't':
        options->single.tracing = true;
        break;
    case 'k':
        options->shrink = true;
        break;
    case 'd':
        options->single.doom = number_of(optarg, 10);
        options->many.doom = options->single.doom;
        break;
    case 'h':
        fputs(usage, stdout);
        exit(0);
    default:
        fputs(usage, stderr);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    static const struct option names[] = {
        { "from", required_argument, NULL, 'f' },
        { "count", required_argument, NULL, 'c' },
        { "long", no_argument, NULL, 'l' },
        { "model", no_argument, NULL, 'M' },
        { "jobs", required_argument, NULL, 'j' },
        { "seed", required_argument, NULL, 's' },
        { "mask", required_argument, NULL, 'm' },
        { "trace", no_argument, NULL, 't' },
        { "shrink", no_argument, NULL, 'k' },
        { "doom", required_argument, NULL, 'd' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    struct options options = {
        .many = { argv[0], 1, 1000, UINT64_MAX, 2, false },
        .single = { .mask = UINT64_MAX,
                .doom = UINT64_MAX,
                .seconds = SEED_SECONDS },
    };
    int option;

    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1)
        take_option(&options, option);
    if (options.is_long)
        options.many.count = options.many.model ? MANY_OF_MODEL : MANY;
    return options.is_single ? run_single(&options) : many_run(&options.many);
}
