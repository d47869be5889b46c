/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_MODEL_RUN_H
#define SIMULATION_MODEL_RUN_H

/*
 * The executor beside its model: the same requests to both, and what children
 * do; they have to answer the same, and send the same events. A seed is one
 * executor and MODEL_RUN_OPERATIONS operations.
 */

#include "simulation/program.h"

enum { MODEL_RUN_OPERATIONS = 2000 };

/* As program_run; the mask is of no account. */
void model_run(const struct program_options *options, struct program_end *out);

#endif
