/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMON_ERROR_H
#define COMMON_ERROR_H

/*
 * Filling in why something failed. Each function takes NULL for `error` when
 * nobody wants to know, and returns the status to pass on.
 */

#include <stdint.h>

#include <remex/status.h>

/* A plain one. The text is cut to what fits and made printable. */
__attribute__((format(printf, 3, 4))) enum remex_status error_set(
        struct remex_error *error, enum remex_status status, const char *format,
        ...);

/* REMEX_INVALID_ARGUMENT: `field` breaks a rule; the text says what to change.
 */
__attribute__((format(printf, 3, 4))) enum remex_status error_bad_field(
        struct remex_error *error, const char *field, const char *format, ...);

/* REMEX_RESOURCE_EXHAUSTED: the limit of that name, as the .proto has it. */
enum remex_status error_limit_hit(struct remex_error *error, const char *limit,
        uint64_t allowed, uint64_t asked);

#endif
