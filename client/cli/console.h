/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CONSOLE_H
#define CLI_CONSOLE_H

/*
 * The terminal that is our stdin, while it is turned over to a program: raw, so
 * that every key is the program's, ^C and ^Z too.
 *
 * Any thread may enter and leave; whoever ends or stops us leaves first. A
 * terminal that belongs to another job just now is left alone.
 */

#include <pthread.h>
#include <stdbool.h>
#include <termios.h>

struct console {
    pthread_mutex_t lock;   /* of all below */
    struct termios outside; /* as it was */
    struct termios inside;  /* raw */
    bool is_raw;
};

/* False: our stdin is no terminal. */
bool console_init(struct console *console);

/* Leaves it as it was found. */
void console_deinit(struct console *console);

void console_enter(struct console *console);

/* NULL is allowed. */
void console_leave(struct console *console);

/* Of the usual size, if the terminal does not know its own. */
void console_size(unsigned int *rows_out, unsigned int *columns_out);

#endif
