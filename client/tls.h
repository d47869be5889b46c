/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_TLS_H
#define CLIENT_TLS_H

/*
 * TLS 1.3 by OpenSSL: what we show and whom we trust. The executor has to
 * prove the name that was asked for, by a certificate of an authority that we
 * were told to trust; otherwise nothing is sent to it.
 */

#include <openssl/types.h>

#include <remex/status.h>

/* PEM files. NULL: not given. */
struct tls_files {
    const char *authority;   /* who signs executors; NULL: the system's */
    const char *certificate; /* ours, with those up to the root */
    const char *key;
    const char *name; /* to be proved; NULL: the address's host */
};

/* A file that cannot be used is told by `error`. */
REMEX_CHECKED enum remex_status tls_context_new(const struct tls_files *files,
        SSL_CTX **out, struct remex_error *error);

/* That socket for OpenSSL, whose own raises SIGPIPE: threads of the program may
 * write there. The descriptor is lent. NULL without memory. */
BIO *tls_socket(int fd);

/* Over a socket that is being connected, to whom proves this name, which
 * OpenSSL takes without const and leaves as it is. NULL without memory. */
SSL *tls_new(SSL_CTX *context, int fd, char *name);

/* Why a handshake was not completed, for people; leaves `error` alone if that
 * is not known. */
void tls_tell(const SSL *ssl, const char *name, struct remex_error *error);

#endif
