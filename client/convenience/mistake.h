/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_CONVENIENCE_MISTAKE_H
#define CLIENT_CONVENIENCE_MISTAKE_H

/*
 * What the conveniences themselves find wrong, told as the library tells it.
 */

#include <remex/status.h>

/* Fills `error` (may be NULL); returns `status`. */
enum remex_status mistake(
        struct remex_error *error, enum remex_status status, const char *text);

/* The same for what the caller gave: REMEX_INVALID_ARGUMENT. */
enum remex_status mistake_in(
        struct remex_error *error, const char *name, const char *text);

/* Copies options that were made for another version, `given` bytes or fewer of
 * them, over the defaults in `out`. */
enum remex_status mistake_in_options(
        const void *options, void *out, size_t size, struct remex_error *error);

#endif
