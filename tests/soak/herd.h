/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SOAK_HERD_H
#define SOAK_HERD_H

/*
 * Clients in processes of their own, so that they can be stopped and killed.
 * Each lives as a worker does, and has two children more that never end: one to
 * be killed with its session, and one to be kept for a while after. When a
 * client has been killed, its children are watched: both are there while its
 * lease may last, then one of them, then none.
 */

#include <stdint.h>

#include <glib.h>

#include "soak/farm.h"

enum { HERD_CLIENTS = 3 };

/* The first argument of a client. */
#define HERD_WORD "--client"

/* By which its children that do not end can be told. */
struct marks {
    char *killed;
    char *kept;
};

struct herd_client {
    GPid pid; /* 0: there is none */
    struct marks marks;
};

struct herd {
    struct farm *farm;
    const char *program; /* this one */
    unsigned int births;
    unsigned int turn; /* whose it is */
    struct herd_client clients[HERD_CLIENTS];
    GPtrArray *estates; /* of those that were killed; not settled yet */
};

void herd_begin(struct herd *herd, struct farm *farm, const char *program);

/* The next one stands still for so long. */
void herd_stop_one(struct herd *herd, unsigned int ms);

/* The next one dies, and another is born. */
void herd_kill_one(struct herd *herd);

/* Looks after what was left; to be called often. */
void herd_look(struct herd *herd);

/* To be called when the farm is over: waits for each, and for all that was
 * left. */
void herd_end(struct herd *herd);

/* A client, with what follows HERD_WORD. Its exit status. */
int herd_live(const char *text);

#endif
