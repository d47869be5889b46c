/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_CONNECTION_H
#define CLIENT_CONNECTION_H

/*
 * The transport over ipc, tcp, TLS and ssh: what NNG speaks on the wire (a REQ
 * for each lane, a SUB for hints), by one thread of our own. A program that
 * links the library gets no thread pool with it, and nothing of NNG 1.5.2 that
 * could hang in it: a dialer of that gives up for good, without a word, when a
 * connection breaks amid the handshake, and its clean-up may stop for the whole
 * process.
 */

#include <remex/status.h>

#include "client/tls.h"
#include "client/transport.h"
#include "common/address.h"

struct tunnel;

/* How to get there. All are lent for the call, but the tunnel for longer than
 * the connection lives. */
struct connection_way {
    const struct address *address;
    const struct tls_files *files; /* for TLS */
    struct tunnel *tunnel;         /* for ssh; else NULL */
};

/* Connects nothing yet. A file that cannot be used is told by `error`. */
REMEX_CHECKED enum remex_status connection_new(const struct connection_way *way,
        const struct transport_events *events, struct transport **out,
        struct remex_error *error);

#endif
