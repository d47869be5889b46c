/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMON_HEAR_H
#define COMMON_HEAR_H

/*
 * What an executor that is being started, or ended, has to say, until a
 * deadline of the monotonic clock.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A line without its end, byte by byte: what follows is not for us. False: it
 * did not come in time or as a whole, or has no room in `size` bytes; `line`
 * has what came of it. */
bool hear_line(int fd, int64_t deadline, char *line, size_t size);

/* Tells the other end that we are done, and waits until it is. */
void hear_end(int fd, int64_t deadline);

#endif
