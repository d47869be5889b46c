/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_HOST_H
#define SIMULATION_HOST_H

/*
 * A process_host whose children follow their plans: they write into pipes of a
 * kernel's size, read their stdin or do not, exit, leave heirs that hold their
 * streams, and hear signals. A child lives on its own while the executor
 * sleeps; what it does is reported when the executor looks.
 */

#include "executor/process_host.h"
#include "simulation/memory.h"
#include "simulation/plan.h"
#include "simulation/regime.h"
#include "simulation/world.h"

struct host {
    struct process_host host; /* first */
    struct world *world;
    const struct regime *regime; /* that allows what is started */
    struct plan *plans;          /* of the whole world; newest first */
    struct child *children;      /* not released */
    unsigned int boot;           /* of the executor now, from 1 */
    int64_t asleep_until;        /* the executor */
    int64_t far_until;           /* some program is a long way off */
    struct memory memory;        /* of the executor */
    int64_t short_at;            /* it last had not enough */
    int64_t scarce_until; /* descriptors or processes: many starts fail */
    bool hurry;           /* children come to their end */
    bool ending;          /* the executor is */
};

void host_init(
        struct host *host, struct world *world, const struct regime *regime);
void host_deinit(struct host *host); /* frees the plans */

/* A new plan, known to the host. */
struct plan *host_plan(
        struct host *host, unsigned int actor, unsigned int number);

/* From now on every child comes to its end by itself. */
void host_hurry(struct host *host);

#endif
