/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

/*
 * What workloads are given, and what they are.
 */

#include <stdbool.h>
#include <stddef.h>

#include "bench/runner.h"
#include "bench/sheet.h"

enum bench_way {
    BENCH_LOCAL,
    BENCH_REMEX,
    BENCH_REMEX_TCP,
    BENCH_REMEX_TLS,
    BENCH_SSH,
};

enum { BENCH_WAYS = BENCH_SSH + 1 };

struct bench {
    struct sheet *sheet;
    bool quick; /* only to see that all of it works */
    struct runner *runners[BENCH_WAYS];
    bool no_ssh; /* it was looked for */
};

struct workload {
    const char *name;
    const char *summary;
    void (*run)(struct bench *bench); /* one round: all in turn */
};

#define BENCH_CHILD(name) REMEX_BIN_DIR "/children/" name

/* Starts what it takes, once for all rounds of a workload. NULL: it is not to
 * be had here. */
struct runner *bench_runner(struct bench *bench, enum bench_way way);

/* Between workloads, so that none finds what another left. */
void bench_end_runners(struct bench *bench);

/* How much is done in a round. */
size_t bench_size(const struct bench *bench, size_t full, size_t quick);

#endif
