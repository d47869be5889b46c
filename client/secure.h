/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_SECURE_H
#define CLIENT_SECURE_H

/*
 * The transport over TLS 1.3: the mirror image of the executor's tls front. SP
 * within TLS, as NNG's tls+tcp speaks it, by OpenSSL and one thread of its own.
 *
 * The executor has to prove the name that was asked for, by a certificate of an
 * authority that we were told to trust; otherwise nothing is sent to it.
 */

#include <remex/status.h>

#include "client/transport.h"
#include "common/address.h"

/* PEM files. NULL: not given. */
struct secure_files {
    const char *authority;   /* who signs executors; NULL: the system's */
    const char *certificate; /* ours, with those up to the root */
    const char *key;
    const char *name; /* to be proved; NULL: the address's host */
};

/* Connects nothing yet. A file that cannot be used is told by `error`. */
REMEX_CHECKED enum remex_status secure_new(const struct address *address,
        const struct secure_files *files, const struct transport_events *events,
        struct transport **out, struct remex_error *error);

#endif
