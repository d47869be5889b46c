/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_LIAR_H
#define SIMULATION_LIAR_H

/*
 * What an executor that lies tells one client: true answers go in, and now and
 * then something else comes out. It keeps what it has said, for a client may
 * believe that, and must not make up anything beyond; and what may come of it.
 *
 * The lease and the retention are told truly: who is wrong about those ends or
 * starts things that the executor then answers for.
 */

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "common/message.h"
#include "simulation/world.h"

struct liar {
    struct world *world;
    unsigned int number; /* of the client */
    struct chance chance;
    unsigned int percent; /* of the answers */
    unsigned int lies;    /* so far */
    unsigned int excuses; /* bits: the failures that they may have led to */
    GHashTable *said;     /* fingerprints of events and exits */
    GByteArray *former;   /* an answer of before; NULL: none */
};

struct liar *liar_new(
        struct world *world, unsigned int number, unsigned int percent);
void liar_free(struct liar *liar); /* NULL is allowed */

/* What is said in the place of an answer. Takes the bytes, and gives some. */
GByteArray *liar_pass(struct liar *liar, GByteArray *truth);

/* It has said so, of that follow; of anybody. */
bool liar_has_said(const struct liar *liar, uint64_t follow_id,
        const struct remex_event *event);
bool liar_has_said_exit(const struct liar *liar, const struct remex_exit *exit);

/* What it said may have led to that failure. */
bool liar_excuses(const struct liar *liar, enum remex_failure reason);

#endif
