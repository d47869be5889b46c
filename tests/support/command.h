/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_COMMAND_H
#define SUPPORT_COMMAND_H

/*
 * Runs a program as a shell would, to see what its user sees: exit status,
 * stdout and stderr, byte for byte. Whatever takes longer than a minute is
 * killed and fails the test.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <glib.h>

struct command {
    pid_t pid;
    int in; /* our ends of its pipes; -1 once closed */
    int out;
    int err;
};

struct command_result {
    int status; /* the exit status, or 128 + the signal's number */
    GByteArray *out;
    GByteArray *err;
    const char *out_text; /* the same with a NUL behind it; lent */
    const char *err_text;
};

/* Starts argv[0], found in PATH, with three pipes; its signals are at their
 * defaults. `prepare` (may be NULL) runs in the child before the exec. */
void command_start(struct command *command, const char *const *argv,
        void (*prepare)(void));

/* Writes `input` to it while reading what it writes, then closes its stdin, and
 * waits for the end of both outputs and of the program. */
void command_finish(struct command *command, const void *input, size_t size,
        struct command_result *result);

/* As command_finish, but leaves its stdin open until it has ended. */
void command_finish_with_open_stdin(
        struct command *command, struct command_result *result);

/* Starts and finishes it, without input. */
void command_run(const char *const *argv, struct command_result *result);

void command_result_deinit(struct command_result *result);

/* Reads from `fd` until a newline; the line without it is yours to g_free. */
char *command_read_line(int fd);

#endif
