/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SOAK_HARM_H
#define SOAK_HARM_H

/*
 * What happens to a farm and its herd, and when: fronts, executors, supervisors
 * and clients are killed, and stand still for a while, by the farm's seed.
 */

#include "soak/farm.h"
#include "soak/herd.h"

/* For so many seconds; an executor is killed every `executor_seconds`. `herd`
 * may be NULL. */
void harm_do(struct farm *farm, struct herd *herd, unsigned int seconds,
        unsigned int executor_seconds);

#endif
