/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_SEAT_H
#define SUPPORT_SEAT_H

/*
 * A user at a terminal: a pty pair, on which a shell runs a script, with job
 * control. The shell is the session's leader and outlives the script, so that
 * the terminal is there to be looked at; it must be one that leaves a
 * terminal's attributes alone, as dash does.
 *
 * What is waited for and does not come within a minute fails the test.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <termios.h>

#include <glib.h>

struct seat {
    int master;
    pid_t shell;
    GByteArray *seen; /* all that was on the screen */
    guint looked_at;  /* so far, by seat_expect */
    struct termios before;
};

/* `arguments` (NULL, or with a NULL at its end) are the script's. */
void seat_init(struct seat *seat, unsigned int rows, unsigned int columns,
        const char *script, const char *const *arguments);

void seat_type(struct seat *seat, const void *keys, size_t size);
void seat_type_text(struct seat *seat, const char *text);

/* Waits until that is on the screen, behind what was waited for before. */
void seat_expect(struct seat *seat, const char *text);
void seat_expect_bytes(struct seat *seat, const void *bytes, size_t size);

/* Waits for "<PID>" and tells it. */
pid_t seat_expect_pid(struct seat *seat);

/* Waits until every key goes to the program as it is, or no longer. */
void seat_expect_raw(struct seat *seat);
void seat_expect_as_before(struct seat *seat);

void seat_resize(struct seat *seat, unsigned int rows, unsigned int columns);

/* Hangs up. */
void seat_deinit(struct seat *seat);

#endif
