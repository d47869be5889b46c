/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_TYPIST_H
#define CLI_TYPIST_H

/*
 * A thread that types what our user types, on the terminal of a process.
 *
 * Unlike client/cli/feeder.h it never stops to look at the keys, be the process
 * deaf or the executor lost, for one of them may be an order to leave. What has
 * no room any more is then lost with a beep, as a terminal has it.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <remex/process.h>

#include "client/cli/console.h"
#include "client/cli/escape.h"
#include "client/cli/parting.h"

#define TYPIST_BYTES ((size_t)64 * 1024)

struct typist {
    pthread_t thread;
    struct remex_process *process; /* lent, as is all below */
    struct console *console;
    struct parting *parting; /* said by an order to leave */
    const char *farewell;    /* what is told then */
    struct escape escape;
    bool deaf;      /* the process takes nothing any more */
    bool stuck;     /* it has taken nothing lately */
    bool hung_up;   /* our terminal is gone */
    size_t pending; /* bytes still to be typed */
    uint8_t *keys;  /* they; has room for TYPIST_BYTES and one more */
};

/* False, and a report, if there is no thread or memory for it. The fields above
 * that are lent are set, and `escape`. */
bool typist_start(struct typist *typist);

void typist_stop(struct typist *typist);

#endif
