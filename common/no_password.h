/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMON_NO_PASSWORD_H
#define COMMON_NO_PASSWORD_H

/*
 * For OpenSSL, as a pem_password_cb: it would ask for the password of an
 * encrypted key at the terminal of whatever program it is in, and wait there.
 * `asked` is a bool that tells that it would have; NULL: nobody wants to know.
 */
int no_password(char *out, int size, int writes, void *asked);

#endif
