/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_TURNOVER_H
#define CLI_TURNOVER_H

/*
 * Our terminal, turned over to a process: its keys, its size, its signals.
 * Whatever ends us, it is given back as it was.
 */

#include <stdbool.h>

#include <remex/process.h>

#include "client/cli/caretaker.h"
#include "client/cli/console.h"
#include "client/cli/options.h"
#include "client/cli/parting.h"
#include "client/cli/typist.h"
#include "client/cli/window.h"

struct turnover {
    struct console console;
    struct caretaker caretaker;
    struct window window;
    struct typist typist;
    unsigned int rows; /* of the process's terminal; 0: not known */
    unsigned int columns;
};

/* Call before any other thread is made. False, and a report, if our stdin is no
 * terminal or there are no threads or processes; there is nothing to deinit
 * then. */
bool turnover_init(struct turnover *turnover, const struct verb *verb);

/* For a process to be started: a terminal like ours. */
struct remex_pty_options turnover_pty(struct turnover *turnover);

/* An order to leave, by this escape character, says `parting` and reports
 * `farewell`, which are lent. */
void turnover_set_escape(struct turnover *turnover, int character,
        struct parting *parting, const char *farewell);

/* Turns it over to the process. False, and a report, if there is no thread or
 * memory for it. */
bool turnover_begin(struct turnover *turnover, struct remex_process *process);

/* Gives it back. */
void turnover_end(struct turnover *turnover);

void turnover_deinit(struct turnover *turnover);

#endif
