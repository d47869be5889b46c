/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_SECRET_H
#define SUPPORT_SECRET_H

/*
 * Tokens and certificates for tests.
 */

#include <stdbool.h>

/* A line for remexd's tokens file that lets in whoever shows `token`. Yours to
 * g_free. */
char *secret_token_line(const char *name, const char *role, const char *token);

/* A directory with an authority, the certificate "executor" for localhost and
 * 127.0.0.1, and the certificate "alice" for a client; the files are NAME.pem
 * and NAME.key. To be given to secret_free. */
char *secret_pki(void);

/* One more certificate in there: "client" or "executor". */
void secret_add(const char *directory, const char *what, const char *name);

/* Signs a certificate in there anew: valid from then to then, in seconds from
 * now, by the authority or by its own key. */
void secret_spoil(const char *directory, const char *name, long from_s,
        long to_s, bool self_signed);

/* Nobody can use that key from now on who does not know a password. */
void secret_lock(const char *directory, const char *name);

/* Removes a directory and the files in it. */
void secret_free(char *directory);

#endif
