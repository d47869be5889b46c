/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_TLS_SECRETS_H
#define EXECUTOR_TLS_SECRETS_H

/*
 * What a TLS endpoint proves itself with, and whom it lets in.
 *
 * TLS 1.3 and nothing older; no session tickets, so that every connection shows
 * its certificate anew; no early data, so that nothing can be replayed.
 */

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>

struct secrets_files {
    const char *certificate; /* PEM: ours, then those up to the root */
    const char *key;         /* PEM */
    const char *authority;   /* PEM: who signs clients; "": nobody does */
    bool optional;           /* a client may come without a certificate */
};

/* NULL: `problem` says which file is wrong, and how. */
SSL_CTX *secrets_load(
        const struct secrets_files *files, char *problem, size_t problem_size);

/* The common name in the peer's verified certificate; "" without one. False: it
 * is longer than `size` holds, or has other than printable ASCII in it. */
bool secrets_peer_name(const SSL *ssl, char *out, size_t size);

#endif
