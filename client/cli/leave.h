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

#include "client/cli/console.h"
#include "client/cli/parting.h"

struct leave {
    sigset_t set;
    pthread_t thread;
    struct console *console; /* lent; left before a signal ends us; or NULL */
    struct parting parting;  /* said when one came */
    atomic_int number;       /* of that one; 0: none yet */
};

/* Call before any other thread is made; `console` may be NULL. False, and a
 * report, if there is no thread or pipe for it; there is nothing to deinit
 * then. */
bool leave_init(struct leave *leave, struct console *console);

/* Call when the session is closed: ends us, if a signal came. */
void leave_deinit(struct leave *leave);

#endif
