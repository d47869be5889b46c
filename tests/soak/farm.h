/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SOAK_FARM_H
#define SOAK_FARM_H

/*
 * The executor of a soak, a link to it that is cut again and again, and what
 * kills its parts, by a seed. All of it is for one thread, but for the last two
 * calls: an executor is made to end with the thread that started it.
 */

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "soak/score.h"
#include "support/daemon.h"
#include "support/proxy.h"

struct farm {
    struct daemon daemon;
    struct proxy *proxy;
    char *directory; /* where children leave their files */
    char *address;
    char *cut_address; /* the same by the link that is cut */
    struct score *score;
    GRand *random;
    GPtrArray *groups;     /* control groups there have been; paths */
    gint64 executor_every; /* microseconds */
    gint64 front_every;
    gint over;        /* atomic */
    gint generations; /* atomic: even while an executor lives */
};

/* The executor is killed every so many seconds. */
void farm_begin(struct farm *farm, struct score *score, uint32_t seed,
        unsigned int executor_seconds);

/* Kills one or the other for so long. Then it is over, and nothing is cut or
 * killed any more. */
void farm_harass(struct farm *farm, unsigned int seconds);

/* Stops it all, and scores what is left of it. */
void farm_end(struct farm *farm);

bool farm_is_over(struct farm *farm);

/* Rises with each executor that is about to be killed, and with each new one:
 * whatever lives within one generation has no reason to fail. */
int farm_generation(struct farm *farm);

#endif
