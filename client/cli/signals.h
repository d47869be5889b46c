/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

/*
 * SIGINT, SIGTERM and SIGHUP sent to us, passed to the process's group; those
 * that we were told to ignore stay ignored.
 *
 *     CONNECTING   nothing has been started: a signal ends us, as it would
 *     STARTING     kept, until it is known whether there is a process
 *     RUNNING      passed on; the second SIGINT kills the tree, one more ends
 *                  us even if the executor does not answer
 *
 * The signals are blocked everywhere and two threads wait for them: no code
 * runs in a handler, and one that waits for the executor leaves the other to
 * see what comes next.
 */

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

#include <remex/process.h>

#include "client/cli/console.h"

#define SIGNALS_THREADS 2

enum signals_phase {
    SIGNALS_CONNECTING = 0,
    SIGNALS_STARTING = 1,
    SIGNALS_RUNNING = 2,
};

/* Of a function in which a thread waits to be cancelled: its frame is left as
 * it is, with the marks of AddressSanitizer, who then finds that the thread's
 * own end writes there. */
#define SIGNALS_CANCELLED __attribute__((no_sanitize_address))

struct signals {
    sigset_t set;
    sigset_t outside; /* our mask before and after */
    pthread_t threads[SIGNALS_THREADS];
    int thread_count;
    struct console *console; /* lent; left before a signal ends us; or NULL */
    pthread_mutex_t lock;    /* of all below */
    pthread_cond_t moved;
    enum signals_phase phase;
    struct remex_process *process; /* lent, once RUNNING */
    int interrupts;
};

/* Adds it, unless we were told to ignore it. */
void signals_add(sigset_t *set, int number);

/* Blocks those that we were not told to ignore, which are put into `set`.
 * `outside` (may be NULL): the mask of before. */
void signals_block(sigset_t *set, sigset_t *outside);

/* As if it had not been blocked. */
void signals_die_of(int number);

/* Call before any other thread is made; `console` may be NULL. False, and a
 * report, if there are no threads for it; deinit is due all the same. */
bool signals_init(struct signals *signals, struct console *console);

void signals_set_starting(struct signals *signals);
void signals_set_running(
        struct signals *signals, struct remex_process *process);

/* From here on they end us, also those that were kept. */
void signals_deinit(struct signals *signals);

#endif
