/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_STREAM_H
#define CLIENT_STREAM_H

/*
 * Bytes to and from an executor's address: a socket, with TLS over it where
 * the address says so. Nothing here waits, but for the look-up of a host.
 *
 * A stream is dialled, then shakes hands until it is ready, then moves bytes.
 * After STREAM_BROKEN it is to be closed.
 */

#include <stdbool.h>
#include <stddef.h>

#include <openssl/types.h>

#include <remex/status.h>

#include "common/address.h"

enum stream_progress {
    STREAM_MOVED,  /* something was done */
    STREAM_WAITS,  /* nothing can be done until poll says so */
    STREAM_BROKEN, /* nor ever */
};

enum { STREAM_AHEAD_BYTES = 4096 };

struct stream {
    int fd;   /* -1: closed */
    SSL *ssl; /* NULL: plain */
    bool connecting;
    bool wants_room; /* poll is to look for room as well */

    /* Small messages come together with what stands before them. */
    size_t ahead_at;
    size_t ahead_size;
    unsigned char ahead[STREAM_AHEAD_BYTES];
};

void stream_init(struct stream *stream);

/* Begins to connect. `context`: for TLS, else NULL, and then the peer has to
 * prove `name`. Where it is refused at once `error` tells why:
 * REMEX_UNAVAILABLE may change at any moment, anything else will not by
 * itself. */
REMEX_CHECKED enum remex_status stream_dial(struct stream *stream,
        const struct address *address, SSL_CTX *context, char *name,
        struct remex_error *error);

/* The same with a socket that is connected already, which is taken over. */
void stream_take(struct stream *stream, int fd);

/* STREAM_MOVED: it is ready. STREAM_BROKEN: as with stream_dial; REMEX_OK in
 * `error`: no reason is known. */
enum stream_progress stream_shake(struct stream *stream,
        const struct address *address, const char *name,
        struct remex_error *error);

enum stream_progress stream_read(
        struct stream *stream, void *data, size_t room, size_t *size_out);

/* Any thread may write: no signal is raised, and what OpenSSL has noted of the
 * thread's own doings stays. */
enum stream_progress stream_write(
        struct stream *stream, const void *data, size_t size, size_t *size_out);

/* Why the peer has broken it off, if TLS knows; else leaves `error` alone. */
void stream_tell(const struct stream *stream, const char *name,
        struct remex_error *error);

/* There is something to be read of which poll does not know. */
bool stream_holds(const struct stream *stream);

/* For poll. */
short stream_wants(const struct stream *stream);

void stream_close(struct stream *stream);

#endif
