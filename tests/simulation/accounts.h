/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_ACCOUNTS_H
#define SIMULATION_ACCOUNTS_H

/*
 * What the executor has charged to somebody, counted again: it is there, and
 * within his limits. Who had more than that when they were lowered keeps it; it
 * becomes less, and not more.
 */

#include "simulation/station.h"

void accounts_judge(struct station *station);

/* Other limits are in force, and this is what they find. */
void accounts_allow(struct station *station);

#endif
