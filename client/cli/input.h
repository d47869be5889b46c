/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

/*
 * Our stdin, which may be anything that has bytes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Four times what a pipe holds: a file is read in few pieces, and one request
 * carries each. */
#define INPUT_BYTES ((size_t)256 * 1024)

/* Whether it is open for reading at all. */
bool input_is_there(void);

/* As read(2) of at most INPUT_BYTES, but waits also where somebody made stdin
 * non-blocking. */
ssize_t input_read(void *buffer);

#endif
