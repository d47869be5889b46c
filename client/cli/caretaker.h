/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CARETAKER_H
#define CLI_CARETAKER_H

/*
 * A process that outlives us, if only by a moment: should we end without having
 * given our terminal back, by SIGKILL or a fault of our own, it does so. A
 * terminal that is not as we made it by then is somebody else's, and is left
 * alone.
 */

#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

struct caretaker {
    pid_t pid;
    int line; /* to it; it closes when we end */
};

/* Of our stdin: what we make of it, and what it was before. Call before any
 * thread is made. False, with errno: there is none, and nothing to stop. */
bool caretaker_start(struct caretaker *caretaker, const struct termios *inside,
        const struct termios *outside);

/* When the terminal has been given back. */
void caretaker_stop(struct caretaker *caretaker);

#endif
