/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CERTIFICATE_H
#define CLI_CERTIFICATE_H

/*
 * Making keys and certificates for tls: addresses: P-256, in PEM. A key is
 * written with mode 0600, and nothing is ever written over.
 */

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

enum certificate_kind {
    CERTIFICATE_AUTHORITY, /* signs others; signed by itself */
    CERTIFICATE_EXECUTOR,  /* proves the names that clients connect to */
    CERTIFICATE_CLIENT,    /* proves who a client is */
};

struct certificate_request {
    enum certificate_kind kind;
    const char *directory;    /* made if it is not there; the authority's is
                               * in it */
    const char *name;         /* the common name; the files are NAME.pem and
                               * NAME.key */
    const char *const *hosts; /* of an executor: names and addresses */
    size_t host_count;
    int days; /* that it is valid */
};

/* False: a report has said why, and nothing is left behind. */
bool certificate_make(
        const struct certificate_request *request, time_t *expires_out);

/* What a certificate's name, which is a file's as well, may be: letters, digits
 * and "._-", at most 56 of them, not beginning with a dot. */
bool certificate_is_name(const char *name);

#endif
