/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_LOCAL_H
#define BENCH_LOCAL_H

/*
 * The floor: a child of this very process, by posix_spawn, with pipes for
 * stdout and stderr read by poll, as a program without remex would do it.
 */

#include <stdint.h>

/* From before the spawn until both pipes are at their end and the child is
 * reaped. Returns the bytes it wrote to stdout; exits on any failure. */
uint64_t local_run(const char *const *argv);

#endif
