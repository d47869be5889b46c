/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_OUTPUT_H
#define BENCH_OUTPUT_H

/*
 * A process that writes, and what it takes to have that here.
 */

#include "bench/runner.h"

struct output_figures {
    double us;     /* start to Closed */
    double cpu_us; /* of this process, and of those the runner takes; not of
                    * the one that writes */
};

/* `count` writes of so many bytes. All of them have to come. */
struct output_figures output_measure(
        struct runner *runner, size_t count, size_t bytes);

#endif
