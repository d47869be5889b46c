/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_RUNNER_LOCAL_H
#define BENCH_RUNNER_LOCAL_H

/*
 * The floor: children of this very process, by posix_spawn, with pipes.
 */

#include "bench/runner.h"

struct runner *runner_local_new(void);

#endif
