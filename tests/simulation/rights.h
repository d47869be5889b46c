/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_RIGHTS_H
#define SIMULATION_RIGHTS_H

/*
 * Who may ask for what, by his role: each request as the executor takes it, and
 * its answer, held against the role that is in force just then. Who only looks
 * is refused at once whatever would change something.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/message.h"

struct station;

/* The request that is being taken. */
struct rights {
    uint64_t ticket; /* 0: there is none */
    unsigned int principal;
    enum method method;
    bool everybody; /* a List of everybody's processes */
    bool resumes;   /* an Open of a session that there is */
    bool answered;
};

/* Those who may ask for that: a set of REGIME_ROLE. */
unsigned int rights_roles(const struct request *request);

/* A request is about to be taken, is answered, has been taken. */
void rights_ask(struct station *station, unsigned int principal,
        uint64_t ticket, struct remex_bytes bytes);
void rights_hear(
        struct station *station, uint64_t ticket, struct remex_bytes bytes);
void rights_end(struct station *station);

#endif
