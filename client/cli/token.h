/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_TOKEN_H
#define CLI_TOKEN_H

/*
 * Making tokens: 256 random bits, in hexadecimal. The client's file holds the
 * token; the executor's holds a line for each: name, role and the token's
 * SHA-256, from which the token cannot be had.
 */

#include <stdbool.h>

/* DIRECTORY/NAME.token and a line at the end of DIRECTORY/tokens, both of mode
 * 0600. False: a report has said why. */
bool token_make(const char *directory, const char *name, const char *role);

bool token_is_role(const char *text);

#endif
