/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_LETTER_H
#define SIMULATION_LETTER_H

/*
 * Inside the network: what is on its way, and its arrival.
 */

#include "simulation/network.h"

/* A ticket has the lane, the network, and a number. */
enum { LETTER_TICKET_BITS = 8 };

enum letter_kind { LETTER_REQUEST = 1, LETTER_REPLY, LETTER_HINT, LETTER_GONE };

/* A message on its way. */
struct letter {
    struct letter *next;
    struct letter *previous;
    struct network *network;
    enum letter_kind kind;
    unsigned int lane;
    uint32_t pipe;
    uint64_t ticket;
    unsigned int boot; /* of the executor that a request is for */
    bool repeat;       /* the request has been sent before */
    GByteArray *bytes;
    struct appointment arrival;
};

/* Takes the bytes. It goes by the connection that its lane has now. */
struct letter *letter_new(struct network *network, enum letter_kind kind,
        unsigned int lane, GByteArray *bytes);
void letter_free(struct letter *letter);

/* It arrives after some time. */
void letter_post(struct letter *letter);
void letter_note(const struct letter *letter, const char *what);

/* What a message takes, now. */
int64_t letter_delay(struct network *network);

GByteArray *letter_copy(const void *data, size_t size);

/* Costs the connection of that lane, by chance. */
void network_maybe_cut(struct network *network, unsigned int lane);

#endif
