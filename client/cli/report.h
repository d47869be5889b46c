/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

/*
 * What the remex command says for itself, and the exit statuses that are its
 * own; every other one is the program's.
 */

enum {
    REPORT_EXIT_TOO_LATE = 1, /* the process has exited, or something of it */
    REPORT_EXIT_UNWELL = 1,   /* of doctor: the executor cannot be used so */
    REPORT_EXIT_TIMED_OUT = 124,
    REPORT_EXIT_FAILED = 125, /* remex itself; a report says why */
    REPORT_EXIT_CANNOT_EXECUTE = 126,
    REPORT_EXIT_NOT_FOUND = 127,
    REPORT_EXIT_SIGNAL = 128, /* plus the signal's number */
};

/* Writes "remex: ...\n" to stderr, in one piece and at most 1 KiB of it. What
 * could play tricks on a terminal is written as "\xNN". */
__attribute__((format(printf, 1, 2))) void report(const char *format, ...);

#endif
