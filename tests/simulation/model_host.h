/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_MODEL_HOST_H
#define SIMULATION_MODEL_HOST_H

/*
 * An executor's logic with nothing around it: requests go in, what it answers
 * is kept, and children do what they are told.
 */

#include <glib.h>

#include "common/arena.h"
#include "executor/requests.h"
#include "simulation/world.h"
#include "support/puppet.h"

struct model_host {
    struct puppets puppets;
    struct world *world;
    struct requests *requests;
    struct puppet *started; /* by the last request; NULL: none */
    GByteArray *answer;     /* the last one */
    bool answered;
    bool unsettled;
    struct arena arena;
};

void model_host_init(struct model_host *host, struct world *world);
void model_host_deinit(struct model_host *host);

/* Answers at once; what is told is lent until the next request. */
struct reply model_host_ask(struct model_host *host, unsigned int who,
        const struct request *request);

/* Whatever is due. */
void model_host_tick(struct model_host *host);

/* What a child does. */
void model_child_write(
        struct puppet *child, enum remex_stream stream, size_t size);
void model_child_exit(struct puppet *child, bool by_signal, int code);
void model_child_end(struct puppet *child, size_t stream);
void model_child_read(struct puppet *child, size_t size);

/* The bytes of a stream are those of its offsets. */
uint8_t model_byte(enum remex_stream stream, uint64_t offset);

#endif
