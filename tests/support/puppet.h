/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_PUPPET_H
#define SUPPORT_PUPPET_H

/*
 * A process_host whose children do what the test says, at the time it says; for
 * tests of the executor's logic, which make no process.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "executor/process_host.h"

struct puppets;

/* One child, until its process lets go of it. */
struct puppet {
    struct puppets *puppets;
    struct process *process;
    int last_signal; /* but SIGCONT; 0: none yet */
    bool killed;     /* the tree */
    bool on_way;     /* to its program */
    int64_t pid;
    bool exited;
    bool ended; /* its streams */
    struct puppet *next;
};

struct puppets {
    struct process_host host;
    int64_t now;
    enum remex_status next_start; /* REMEX_AGAIN: those that start are on their
                                     way. Else, if not REMEX_OK, starts fail
                                     with it */
    bool full;                    /* no more may be on their way */
    unsigned int started;
    unsigned int living;   /* not released */
    struct puppet *newest; /* of those; each points to the one before */
};

void puppets_init(struct puppets *puppets);

/* One that is on its way has its program, or (not REMEX_OK) will not have it:
 * it is gone then. */
void puppet_launch(struct puppet *puppet, enum remex_status status);

/* How much of it the log had room for. */
size_t puppet_output(struct puppet *puppet, enum remex_stream stream,
        const void *data, size_t size);

void puppet_exit(struct puppet *puppet, int code);
void puppet_die(struct puppet *puppet, int signal_number);

/* That stream says EOF, or both. */
void puppet_end_stream(struct puppet *puppet, enum remex_stream stream);
void puppet_end(struct puppet *puppet);

/* Takes what is in its stdin, at most `size` bytes; how many. */
size_t puppet_take_stdin(struct puppet *puppet, void *out, size_t size);

#endif
