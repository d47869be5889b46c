/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

/*
 * Bytes to stdout and stderr, which may be anything: a file, a terminal, a
 * pipe that somebody else made non-blocking, or nothing at all.
 */

#include <stdbool.h>

#include <remex/event.h>

/* Makes sure that descriptors 0 to 2 are taken, so that nothing opened later
 * gets their numbers and another's bytes. What was closed stays unusable: to
 * read or to write it fails. */
void output_guard(void);

/* Writes all of it, waiting as long as it takes. On failure false, with errno
 * set. */
bool output_write(int fd, struct remex_bytes bytes);

/* Writes output of a process to where it belongs: its stderr to ours, anything
 * else to our stdout. 0, or the exit status that the failure to do so makes:
 * that of a program that writes to nobody, or a report has said what went
 * wrong. */
int output_pass(enum remex_stream stream, struct remex_bytes data);

/* Ends what was printed to stdout by stdio. Returns the exit status that this
 * makes, as output_pass does. */
int output_finish(void);

#endif
