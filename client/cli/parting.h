/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_PARTING_H
#define CLI_PARTING_H

/*
 * How one thread tells the one that follows a process to leave it.
 */

#include <stdatomic.h>
#include <stdbool.h>

#include <remex/client.h>

struct parting {
    int due[2]; /* a pipe, at its end once it was said */
    atomic_bool said;
};

/* False, with errno set, if there is no descriptor left. */
bool parting_init(struct parting *parting);

/* Any number of times. */
void parting_say(struct parting *parting);

bool parting_is_due(const struct parting *parting);

/* Waits until the client has events to be taken, it was said, or time is over
 * (REMEX_FOREVER: never). */
void parting_wait(const struct parting *parting,
        const struct remex_client *client, int timeout_ms);

void parting_deinit(struct parting *parting);

#endif
