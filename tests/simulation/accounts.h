/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_ACCOUNTS_H
#define SIMULATION_ACCOUNTS_H

/*
 * What the executor has charged to somebody, counted again: it is there, and
 * within his limits.
 */

#include "simulation/station.h"

void accounts_judge(const struct station *station);

#endif
