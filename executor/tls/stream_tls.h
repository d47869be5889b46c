/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_TLS_STREAM_TLS_H
#define EXECUTOR_TLS_STREAM_TLS_H

/*
 * Bytes within TLS, by OpenSSL. A connection costs nothing but its descriptor
 * until its first byte comes.
 */

#include <openssl/ssl.h>

#include "executor/front/stream.h"

/* Of all connections by that context, which is lent. */
struct stream_kind stream_tls(SSL_CTX *context);

#endif
