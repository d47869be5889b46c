/* SPDX-License-Identifier: Apache-2.0 */
#include "support/sp_peer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "common/address.h"
#include "support/proxy_socket.h"

enum { GREETING_BYTES = 8, LENGTH_BYTES = 8, PATIENCE_S = 10 };

#define MOST_BYTES ((guint64)8 * 1024 * 1024)

/* --- Sockets -------------------------------------------------------------- */

static int connect_path(const char *path)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_assert_cmpint(fd, >=, 0);
    g_strlcpy(to.sun_path, path, sizeof(to.sun_path));
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
        return fd;
    close(fd);
    return -1;
}

static int connect_port(uint16_t port)
{
    static const int on = 1;
    struct sockaddr_in to = { .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_assert_cmpint(fd, >=, 0);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
        return fd;
    close(fd);
    return -1;
}

/* Whoever says nothing for so long in the middle of something has ended. */
static void set_patience(int fd)
{
    struct timeval wait = { .tv_sec = PATIENCE_S };

    g_assert_cmpint(
            setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)), ==,
            0);
}

/* --- TLS ------------------------------------------------------------------ */

static void show(SSL_CTX *context, const struct sp_peer_proof *proof)
{
    char *certificate = g_strdup_printf("%s/%s.pem", proof->pki, proof->name);
    char *key = g_strdup_printf("%s/%s.key", proof->pki, proof->name);

    g_assert_cmpint(
            SSL_CTX_use_certificate_chain_file(context, certificate), ==, 1);
    g_assert_cmpint(
            SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM), ==, 1);
    g_free(key);
    g_free(certificate);
}

static SSL_CTX *new_context(const struct sp_peer_proof *proof)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    char *authority = g_build_filename(proof->pki, "authority.pem", NULL);

    g_assert_nonnull(context);
    g_assert_cmpint(
            SSL_CTX_load_verify_locations(context, authority, NULL), ==, 1);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_max_proto_version(context, proof->max_version);
    if (proof->ciphers)
        g_assert_cmpint(
                SSL_CTX_set_ciphersuites(context, proof->ciphers), ==, 1);
    if (proof->name)
        show(context, proof);
    g_free(authority);
    return context;
}

/* As OpenSSL's own for sockets, but that a program is not ended by SIGPIPE
 * which writes to somebody who has hung up. */
static int send_quietly(BIO *bio, const char *data, int size)
{
    int fd = -1;
    ssize_t sent;

    BIO_get_fd(bio, &fd);
    sent = send(fd, data, (size_t)size, MSG_NOSIGNAL);
    BIO_clear_retry_flags(bio);
    if (sent < 0 && BIO_sock_should_retry((int)sent))
        BIO_set_retry_write(bio);
    return (int)sent;
}

static BIO_METHOD *new_quiet_socket(void)
{
    const BIO_METHOD *loud = BIO_s_socket();
    BIO_METHOD *quiet = BIO_meth_new(BIO_TYPE_SOCKET, "quiet socket");

    g_assert_nonnull(quiet);
    BIO_meth_set_write(quiet, send_quietly);
    BIO_meth_set_read(quiet, BIO_meth_get_read(loud));
    BIO_meth_set_ctrl(quiet, BIO_meth_get_ctrl(loud));
    BIO_meth_set_create(quiet, BIO_meth_get_create(loud));
    BIO_meth_set_destroy(quiet, BIO_meth_get_destroy(loud));
    return quiet;
}

static bool shake_hands(struct sp_peer *peer)
{
    BIO *bio;
    bool done;

    peer->ssl = SSL_new(peer->context);
    peer->socket = new_quiet_socket();
    bio = BIO_new(peer->socket);
    g_assert_true(peer->ssl && bio);
    BIO_set_fd(bio, peer->fd, BIO_NOCLOSE);
    SSL_set_bio(peer->ssl, bio, bio);
    done = SSL_connect(peer->ssl) == 1;
    ERR_clear_error();
    return done;
}

/* --- Bytes ---------------------------------------------------------------- */

bool sp_peer_write(struct sp_peer *peer, const void *data, size_t size)
{
    size_t done = 0;

    while (done < size) {
        const char *at = (const char *)data + done;
        size_t rest = size - done;
        ssize_t put = peer->ssl ? SSL_write(peer->ssl, at, (int)rest)
                                : send(peer->fd, at, rest, MSG_NOSIGNAL);

        ERR_clear_error();
        if (put <= 0)
            return false;
        done += (size_t)put;
    }
    return true;
}

const char *sp_peer_cipher(const struct sp_peer *peer)
{
    return SSL_get_cipher_name(peer->ssl);
}

bool sp_peer_change_key(struct sp_peer *peer)
{
    bool done = SSL_key_update(peer->ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1 &&
            SSL_do_handshake(peer->ssl) == 1;

    ERR_clear_error();
    return done;
}

static bool read_all(struct sp_peer *peer, void *out, size_t size)
{
    size_t done = 0;

    while (done < size) {
        char *at = (char *)out + done;
        size_t rest = size - done;
        ssize_t got = peer->ssl ? SSL_read(peer->ssl, at, (int)rest)
                                : recv(peer->fd, at, rest, 0);

        ERR_clear_error();
        if (got <= 0)
            return false;
        done += (size_t)got;
    }
    return true;
}

GBytes *sp_peer_frame(const struct sp_peer *peer, const void *data, size_t size)
{
    GByteArray *bytes = g_byte_array_new();
    guint64 length = GUINT64_TO_BE((guint64)size);
    static const guint8 ipc_message = 1;

    if (peer->ipc)
        g_byte_array_append(bytes, &ipc_message, 1);
    g_byte_array_append(bytes, (const guint8 *)&length, sizeof(length));
    g_byte_array_append(bytes, data, (guint)size);
    return g_byte_array_free_to_bytes(bytes);
}

static bool has_more(const struct sp_peer *peer, int timeout_ms)
{
    struct pollfd asked = { .fd = peer->fd, .events = POLLIN };

    return (peer->ssl && SSL_has_pending(peer->ssl)) ||
            poll(&asked, 1, timeout_ms) == 1;
}

GBytes *sp_peer_read(struct sp_peer *peer, int timeout_ms)
{
    guint8 head[1 + LENGTH_BYTES];
    size_t lead = peer->ipc ? 1 : 0;
    guint64 length;
    void *data;

    if (!has_more(peer, timeout_ms) ||
            !read_all(peer, head, lead + LENGTH_BYTES))
        return NULL;
    memcpy(&length, head + lead, sizeof(length));
    length = GUINT64_FROM_BE(length);
    g_assert_cmpuint(length, <=, MOST_BYTES);
    data = g_malloc(length + 1); /* never NULL */
    if (read_all(peer, data, length))
        return g_bytes_new_take(data, length);
    g_free(data);
    return NULL;
}

/* --- Life ----------------------------------------------------------------- */

static bool connect_socket(struct sp_peer *peer, const char *text)
{
    struct address address;
    struct remex_error error;

    if (address_parse(text, &address, &error) != REMEX_OK)
        g_error("%s: %s", text, error.text);
    *peer = (struct sp_peer){ .ipc = address.kind == ADDRESS_IPC,
        .tls = address.kind == ADDRESS_TLS };
    peer->fd =
            peer->ipc ? connect_path(address.path) : connect_port(address.port);
    if (peer->fd < 0)
        return false;
    set_patience(peer->fd);
    return true;
}

bool sp_peer_connect_silently(struct sp_peer *peer, const char *address,
        const struct sp_peer_proof *proof)
{
    /* It takes its time, which a front does not give to who is there. */
    bool tls = g_str_has_prefix(address, "tls://");
    SSL_CTX *context = tls ? new_context(proof) : NULL;

    if (!connect_socket(peer, address)) {
        SSL_CTX_free(context);
        return false;
    }
    peer->context = context;
    if (!peer->tls || shake_hands(peer))
        return true;
    sp_peer_close(peer);
    return false;
}

bool sp_peer_connect(struct sp_peer *peer, const char *address,
        enum sp_peer_kind kind, const struct sp_peer_proof *proof)
{
    const guint8 hello[GREETING_BYTES] = { 0, 'S', 'P', 0, 0, (guint8)kind, 0,
        0 };
    guint8 answer[GREETING_BYTES];

    if (!sp_peer_connect_silently(peer, address, proof))
        return false;
    if (sp_peer_write(peer, hello, sizeof(hello)) &&
            read_all(peer, answer, sizeof(answer)))
        return true;
    sp_peer_close(peer);
    return false;
}

/* --- Breaking ------------------------------------------------------------- */

/* What a client says first; then it waits for an answer. */
static GBytes *first_words(const struct sp_peer_proof *proof)
{
    SSL_CTX *context = new_context(proof);
    SSL *ssl = SSL_new(context);
    BIO *out = BIO_new(BIO_s_mem());
    char *data;
    long size;
    GBytes *words;

    g_assert_true(ssl && out);
    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), out);
    g_assert_cmpint(SSL_connect(ssl), <, 0);
    ERR_clear_error();
    size = BIO_get_mem_data(out, &data);
    words = g_bytes_new(data, (gsize)size);
    SSL_free(ssl);
    SSL_CTX_free(context);
    return words;
}

void sp_peer_break_handshake(const char *address,
        const struct sp_peer_proof *proof, unsigned int share)
{
    GBytes *words = first_words(proof);
    gsize size;
    const void *data = g_bytes_get_data(words, &size);
    struct sp_peer peer;
    char byte;

    if (connect_socket(&peer, address)) {
        sp_peer_write(&peer, data, size * share / 100);
        if (share == 100)
            (void)!recv(peer.fd, &byte, 1, 0);
        sp_peer_break(&peer);
    }
    g_bytes_unref(words);
}

void sp_peer_break(struct sp_peer *peer)
{
    proxy_socket_make_abrupt(peer->fd);
    sp_peer_close(peer);
}

void sp_peer_close(struct sp_peer *peer)
{
    SSL_free(peer->ssl);
    BIO_meth_free(peer->socket);
    SSL_CTX_free(peer->context);
    close(peer->fd);
}
