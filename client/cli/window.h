/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_WINDOW_H
#define CLI_WINDOW_H

/*
 * What happens to our terminal while it is turned over to a process: its new
 * sizes become those of the process's terminal, and when we are stopped,
 * continued or ended by SIGQUIT it is given back, or taken again.
 *
 * As in client/cli/signals.h, the signals are blocked everywhere and two
 * threads wait for them, so that one which waits for the executor leaves the
 * other to see what comes next.
 */

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

#include <remex/process.h>

#include "client/cli/console.h"

#define WINDOW_THREADS 2

struct window {
    sigset_t set;
    sigset_t outside; /* our mask before and after */
    pthread_t threads[WINDOW_THREADS];
    int thread_count;
    struct console *console; /* lent */
    pthread_mutex_t lock;    /* of all below */
    pthread_cond_t told;
    struct remex_process *process; /* lent; NULL: it is not turned over */
    unsigned int rows;             /* as the process was told last */
    unsigned int columns;
    bool telling;
    bool stale; /* the size may be another by now */
};

/* Call before any other thread is made. False, and a report, if there are no
 * threads for it; deinit is due all the same. */
bool window_init(struct window *window, struct console *console);

/* Turns the terminal over to the process, whose own is of this size (0 x 0: not
 * known). */
void window_begin(struct window *window, struct remex_process *process,
        unsigned int rows, unsigned int columns);

/* Gives it back. Waits until nobody uses the process. */
void window_end(struct window *window);

void window_deinit(struct window *window);

#endif
