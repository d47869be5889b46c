/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_CONNECTION_H
#define CLIENT_CONNECTION_H

/*
 * The transport over NNG: a REQ socket for each lane, a SUB socket for hints,
 * and a timer, all served by NNG's own threads.
 *
 * NNG 1.5.2 may hang in closing, for good and for the whole process, when a
 * connection breaks while bytes move on it. So requests are let finish before a
 * close; only silent connections are cut; and whoever frees a connection waits
 * no longer than a second.
 */

#include <remex/status.h>

#include "client/transport.h"
#include "common/address.h"

/* Connects nothing yet. Events come from threads of NNG, several at a time. */
REMEX_CHECKED enum remex_status connection_new(const struct address *address,
        const struct transport_events *events, struct transport **out);

#endif
