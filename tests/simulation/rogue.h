/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_ROGUE_H
#define SIMULATION_ROGUE_H

/*
 * A client without a library: a principal of his own who asks for anything,
 * sound or not, with ids that are his and ids that are not. What he is answered
 * must be no more than he may have; that others are as well off as without him,
 * their judges see.
 */

#include "simulation/station.h"

enum { ROGUE_ASKED = 256 };

struct rogue {
    struct world *world;
    struct station *station;
    struct chance chance;
    struct appointment due;
    struct message_id session_id;
    uint64_t attachment;
    unsigned int boot; /* of his session; 0: he has none */
    unsigned int plans;
    uint64_t number;               /* of his newest request */
    uint64_t expects[ROGUE_ASKED]; /* what its answer may be, see rogue.c */
};

void rogue_init(struct rogue *rogue, struct station *station);
void rogue_deinit(struct rogue *rogue);

/* He asks from now on. */
void rogue_begin(struct rogue *rogue);

/* He is answered. */
void rogue_hear(struct rogue *rogue, uint64_t ticket, struct remex_bytes bytes);

#endif
