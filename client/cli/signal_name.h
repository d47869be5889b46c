/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_SIGNAL_NAME_H
#define CLI_SIGNAL_NAME_H

/*
 * Signals by name.
 */

#include <stdbool.h>
#include <stddef.h>

#define SIGNAL_NAME_BYTES 16

/* "TERM", "SIGTERM", "term", "15". */
bool signal_name_parse(const char *text, int *out);

/* "TERM", or the number for those that have no name. */
void signal_name_print(int number, char out[SIGNAL_NAME_BYTES]);

#endif
