/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_ECHO_H
#define SUPPORT_ECHO_H

/*
 * Somebody who is served all along: a cat that gives back what it is told.
 */

#include <stdint.h>

#include <remex/process.h>

struct echo {
    struct remex_client *client; /* lent */
    struct remex_process *cat;
    uint64_t told; /* bytes */
};

/* It has answered once. */
void echo_init(struct echo *echo, struct remex_client *client);

/* Tells it some more, and waits for the answer. */
void echo_check(struct echo *echo);

void echo_deinit(struct echo *echo);

/* The same, and frees the client as well. */
void echo_leave(struct echo *echo);

/* Any cat that was told nothing yet: says something, and ends with its stdin.
 */
void echo_once(struct remex_process *cat);

#endif
