/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_TALK_H
#define BENCH_TALK_H

/*
 * Round trips through a process that writes what it reads, cat.
 */

#include "bench/runner.h"

struct job *talk_start(struct runner *runner);

/* Median microseconds, from before the write to after the bytes came back. */
double talk_measure(
        struct runner *runner, struct job *job, size_t bytes, size_t count);

#endif
