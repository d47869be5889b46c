/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_SHRINK_H
#define SIMULATION_SHRINK_H

/*
 * What a seed that fails takes to fail: the steps of its program that have
 * nothing to do with it are left out, as long as what is left fails for the
 * same reason. Each try is a process of its own.
 */

#include <stdio.h>

#include "simulation/program.h"

/* The steps that are left; false: it does not fail. The mask and the tracing
 * of `options` are not looked at. */
bool shrink(const struct program_options *options, uint64_t *mask_out);

/* How to see again what is left. */
void shrink_tell(FILE *out, const char *program, uint64_t seed, uint64_t mask);

#endif
