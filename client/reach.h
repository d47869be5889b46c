/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_REACH_H
#define CLIENT_REACH_H

/*
 * Why nobody answers at an address: NNG does not say while it keeps trying.
 */

#include <remex/status.h>

#include "common/address.h"

/* Looks without disturbing whoever may be there. REMEX_OK: nothing seems wrong
 * but that there is no answer. REMEX_UNAVAILABLE: nobody listens now, which may
 * change at any moment. Anything else will not change by itself. May take up to
 * a second for tcp. */
REMEX_CHECKED enum remex_status reach_check(
        const struct address *address, struct remex_error *error);

#endif
