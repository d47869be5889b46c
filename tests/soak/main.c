/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex_soak [SECONDS [SEED]]: clients start children and see each to its end
 * for so long (60 s unless told), while links are cut, and fronts, executors,
 * supervisors and clients are killed or stand still for a while. Prints what
 * there was; exit status 1: something was that must not be.
 *
 * Each child leaves a file that can be made only once, so that what is told of
 * it can be compared with what it did.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "soak/farm.h"
#include "soak/harm.h"
#include "soak/herd.h"
#include "soak/score.h"
#include "soak/worker.h"

enum {
    WORKERS = 16,
    SLOW = 1,
    DEFAULT_SECONDS = 60,
    LONGEST_SECONDS = 7 * 24 * 3600,
    EXECUTOR_SECONDS = 30, /* of long ones; short ones see two */
};

static void begin_workers(struct worker workers[WORKERS], struct farm *farm)
{
    for (unsigned int i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){ .farm = farm,
            .number = i,
            .is_slow = i < SLOW,
            .by_cut_link = i % 2 != 0 };
        worker_begin(&workers[i]);
    }
}

/* What a client holds is compared while none is there. */
static void warm_up(struct score *score)
{
    struct farm farm;

    farm_begin(&farm, score, 1);
    harm_do(&farm, NULL, 1, EXECUTOR_SECONDS);
    farm_end(&farm);
    score_note_client(score);
}

static bool soak(const char *program, unsigned int seconds, uint32_t seed)
{
    unsigned int every = MIN(EXECUTOR_SECONDS, MAX(seconds / 2, 1));
    struct score score = { .violations = 0 };
    struct worker workers[WORKERS];
    struct farm farm;
    struct herd herd;
    gint64 begun;
    double took;

    printf("soak %u %u\n", seconds, seed);
    warm_up(&score);
    farm_begin(&farm, &score, seed);
    herd_begin(&herd, &farm, program);
    begun = g_get_monotonic_time();
    begin_workers(workers, &farm);
    harm_do(&farm, &herd, seconds, every);
    for (unsigned int i = 0; i < WORKERS; i++)
        worker_end(&workers[i]);
    took = (double)(g_get_monotonic_time() - begun) / G_USEC_PER_SEC;
    herd_end(&herd);
    farm_end(&farm);
    score_note_client(&score);
    return score_tell(&score, took);
}

int main(int argc, char **argv)
{
    unsigned long seconds;
    uint32_t seed;

    if (argc == 3 && strcmp(argv[1], HERD_WORD) == 0)
        return herd_live(argv[2]);
    seconds = argc > 1 ? strtoul(argv[1], NULL, 10) : DEFAULT_SECONDS;
    seed = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : g_random_int();

    if (argc > 3 || seconds < 1 || seconds > LONGEST_SECONDS) {
        fprintf(stderr, "usage: remex_soak [SECONDS [SEED]]\n");
        return 2;
    }
    return soak(argv[0], (unsigned int)seconds, seed) ? 0 : 1;
}
