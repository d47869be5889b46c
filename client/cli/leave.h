/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_LEAVE_H
#define CLI_LEAVE_H

/*
 * SIGINT, SIGTERM and SIGHUP to a verb that follows somebody else's process: we
 * end by them, but close our session first. A follower that is just gone holds
 * the process until its lease is over.
 *
 * A thread waits for them. Who is stuck, in a write that nobody takes, is ended
 * by the next one, or after some seconds. Signals that we were told to ignore
 * stay ignored.
 */

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <remex/client.h>

struct leave {
    sigset_t set;
    pthread_t thread;
    int due[2];        /* a pipe, at its end once one came */
    atomic_int number; /* of that one; 0: none yet */
};

/* Call before any other thread is made. False, and a report, if there is no
 * thread or pipe for it; there is nothing to deinit then. */
bool leave_init(struct leave *leave);

bool leave_is_due(const struct leave *leave);

/* Waits until the client has events to be taken, a signal came, or time is over
 * (REMEX_FOREVER: never). */
void leave_wait(const struct leave *leave, const struct remex_client *client,
        int timeout_ms);

/* Call when the session is closed: ends us, if a signal came. */
void leave_deinit(struct leave *leave);

#endif
