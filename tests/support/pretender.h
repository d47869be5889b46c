/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_PRETENDER_H
#define SUPPORT_PRETENDER_H

/*
 * Something that listens on a tls:// address, shakes hands with whoever comes,
 * as far as he will, and closes. In a thread of its own.
 */

struct pretender;

/* Shows NAME.pem of that directory; speaks TLS up to this version, as OpenSSL
 * numbers them. */
struct pretender *pretender_new(
        const char *pki, const char *name, int max_version);

/* How many have shaken hands to the end. */
unsigned int pretender_free(struct pretender *pretender);

/* Lent as it is. */
const char *pretender_address(const struct pretender *pretender);

#endif
