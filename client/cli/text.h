/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

/*
 * Other people's text and times, made fit for a terminal.
 */

#include <stdint.h>
#include <stdio.h>

#define TEXT_TIME_BYTES 40
#define TEXT_AGE_BYTES 24

/* Prints it with every control character as "\xNN". */
void text_print(FILE *out, const char *text);

/* "2026-11-21T13:38:36.250Z", of nanoseconds since 1970. */
void text_time(int64_t time_ns, char out[TEXT_TIME_BYTES]);

/* "5s", "12m", "3h", "9d"; "0s" for what is yet to come. */
void text_age(int64_t age_ns, char out[TEXT_AGE_BYTES]);

#endif
