/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_SHORTAGE_H
#define CLIENT_SHORTAGE_H

/*
 * Descriptors have run out: of this program, or of the host.
 */

#include <stdbool.h>

#include <remex/status.h>

/* Whether an errno says so. */
bool shortage_is(int reason);

/* REMEX_RESOURCE_EXHAUSTED: none is left for `what`. */
enum remex_status shortage_tell(
        struct remex_error *error, int reason, const char *what);

#endif
