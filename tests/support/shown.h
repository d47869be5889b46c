/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_SHOWN_H
#define SUPPORT_SHOWN_H

/*
 * The files of a name that a client shows, as options.
 */

#include <remex/client.h>

struct shown {
    char *authority;
    char *certificate;
    char *key;
    struct remex_client_options options;
};

/* Of secret_pki's directory; the certificate of one name and the key of
 * another, if that is to go wrong. `pki` may be NULL: nothing is shown. */
void shown_init(struct shown *shown, const char *pki, const char *certificate,
        const char *key);

void shown_deinit(struct shown *shown);

#endif
