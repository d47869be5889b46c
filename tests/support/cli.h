/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_CLI_H
#define SUPPORT_CLI_H

/*
 * The remex command, as its tests call it.
 */

#include "support/command.h"
#include "support/remote.h"

#define CLI(...) REMOTE_ARGV(REMEX_BIN_DIR "/remex", __VA_ARGS__)

/* Ends like that, having said exactly that. */
void cli_check(
        const char *const *argv, int status, const char *out, const char *err);

/* Ends with that status, and says one line which holds `words`. */
void cli_check_told(const char *const *argv, int status, const char *words);

/* Ends with 0 and says nothing on stderr; stdout is yours to g_free. */
char *cli_read(const char *const *argv);

/* The same for a command that prints one line, without its newline. */
char *cli_read_line(const char *const *argv);

/* Runs it, as cli_read, again and again until it says that; fails the test if
 * that takes a minute. */
void cli_wait_says(const char *const *argv, const char *words);

/* Finishes it, without input; as cli_check. */
void cli_check_end(
        struct command *command, int status, const char *out, const char *err);

#endif
