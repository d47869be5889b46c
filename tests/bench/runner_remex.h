/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_RUNNER_REMEX_H
#define BENCH_RUNNER_REMEX_H

/*
 * By remex, on a remexd of its own.
 */

#include "bench/host.h"
#include "bench/runner.h"

struct runner *runner_remex_new(enum host_link link);

/* The same on one that runs already, which must outlive it. */
struct runner *runner_remex_on(const struct host *host);

#endif
