/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_SP_PEER_H
#define SUPPORT_SP_PEER_H

/*
 * A connection to an executor without its library and without NNG: whole
 * messages, or any bytes, over ipc, tcp or TLS.
 *
 * After 8 bytes of greeting either way, a message is its length in 8 bytes and
 * itself; over ipc there is a byte 1 before. A request begins with 4 bytes of
 * its number, which come back in the reply.
 */

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

enum sp_peer_kind { SP_PEER_SUBSCRIBER = 0x21, SP_PEER_REQUESTER = 0x30 };

/* What one shows over TLS. */
struct sp_peer_proof {
    const char *pki;  /* see secret_pki: its authority is trusted */
    const char *name; /* of the certificate; NULL: none */
    int max_version;  /* of TLS, as OpenSSL numbers them; 0: any */
    /* As OpenSSL lists them, the one it likes best first; NULL: as it does. */
    const char *ciphers;
};

struct sp_peer {
    int fd;
    bool ipc;
    bool tls;
    struct ssl_ctx_st *context;
    struct ssl_st *ssl;           /* NULL: bytes are as they are */
    struct bio_method_st *socket; /* of `ssl` */
};

/* `proof` is for tls: only. False, with nothing to close: there is nobody, or
 * one is shown out before the greeting is over. */
bool sp_peer_connect(struct sp_peer *peer, const char *address,
        enum sp_peer_kind kind, const struct sp_peer_proof *proof);

/* The same without the greeting, and over TLS without waiting for what the
 * other side thinks of the proof. */
bool sp_peer_connect_silently(struct sp_peer *peer, const char *address,
        const struct sp_peer_proof *proof);

void sp_peer_close(struct sp_peer *peer);

/* The same, so that the other side gets an error and nothing that was on its
 * way. */
void sp_peer_break(struct sp_peer *peer);

/* Goes to a tls: address and breaks off: having said `share` hundredths of what
 * one says first, and then, if that was all, when the answer comes. */
void sp_peer_break_handshake(const char *address,
        const struct sp_peer_proof *proof, unsigned int share);

/* Bytes as they are; false: they are not taken any more. */
bool sp_peer_write(struct sp_peer *peer, const void *data, size_t size);

/* Changes its key of TLS, which nobody answers; false: that is not taken any
 * more. */
bool sp_peer_change_key(struct sp_peer *peer);

/* What was agreed on, by OpenSSL's name. Lent. */
const char *sp_peer_cipher(const struct sp_peer *peer);

/* What a message is on its way. */
GBytes *sp_peer_frame(
        const struct sp_peer *peer, const void *data, size_t size);

/* The next whole message; NULL: the connection has ended, or nothing came for
 * `timeout_ms`. */
GBytes *sp_peer_read(struct sp_peer *peer, int timeout_ms);

#endif
