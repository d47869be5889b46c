/* SPDX-License-Identifier: Apache-2.0 */
#include "client/stream.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "client/shortage.h"
#include "client/tls.h"
#include "common/error.h"

void stream_init(struct stream *stream)
{
    stream->fd = -1;
    stream->ssl = NULL;
    stream->connecting = false;
    stream->wants_room = false;
    stream->ahead_at = 0;
    stream->ahead_size = 0;
}

void stream_close(struct stream *stream)
{
    SSL_free(stream->ssl);
    if (stream->fd >= 0)
        close(stream->fd);
    stream_init(stream);
}

/* --- Why not ------------------------------------------------------------- */

static enum remex_status tell_path(
        const char *path, int reason, struct remex_error *error)
{
    switch (reason) {
    case ENOENT:
    case ENOTDIR:
        return error_set(error, REMEX_NOT_FOUND,
                "there is no socket %s; is remexd running?", path);
    case ECONNREFUSED:
        return error_set(error, REMEX_UNAVAILABLE,
                "nobody listens at %s; is remexd running?", path);
    case EACCES:
    case EPERM:
        return error_set(error, REMEX_PERMISSION_DENIED,
                "you may not connect to %s; it belongs to another user", path);
    case EPROTOTYPE:
        return error_set(error, REMEX_INVALID_ARGUMENT,
                "%s is not the socket of a remex executor", path);
    default:
        return error_set(error, REMEX_UNAVAILABLE, "cannot connect to %s: %s",
                path, strerror(reason));
    }
}

static enum remex_status tell(
        const struct address *address, int reason, struct remex_error *error)
{
    if (shortage_is(reason))
        return shortage_tell(error, reason, "a connection");
    if (address->kind == ADDRESS_IPC)
        return tell_path(address->path, reason, error);
    if (reason == ECONNREFUSED)
        return error_set(error, REMEX_UNAVAILABLE,
                "nobody listens at %s port %u; is remexd running there?",
                address->host, address->port);
    return error_set(error, REMEX_UNAVAILABLE,
            "cannot connect to %s port %u: %s", address->host, address->port,
            strerror(reason));
}

/* --- Connecting ---------------------------------------------------------- */

/* Returns an errno; 0: connected, EINPROGRESS: soon, maybe. */
static int connect_to(struct stream *stream, int family,
        const struct sockaddr *to, socklen_t size)
{
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int reason;

    if (fd < 0)
        return errno;
    reason = connect(fd, to, size) == 0 ? 0 : errno;
    if (reason != 0 && reason != EINPROGRESS) {
        close(fd);
        return reason;
    }
    stream->fd = fd;
    stream->connecting = reason == EINPROGRESS;
    return reason;
}

static int dial_path(struct stream *stream, const char *path)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };

    memcpy(to.sun_path, path, strnlen(path, sizeof(to.sun_path) - 1));
    return connect_to(
            stream, AF_UNIX, (const struct sockaddr *)&to, sizeof(to));
}

static void set_up_tcp(int fd)
{
    static const int on = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

/* The first of a host's addresses that does not refuse at once. */
static enum remex_status dial_host(struct stream *stream,
        const struct address *address, struct remex_error *error)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *found;
    char port[8];
    int reason;

    snprintf(port, sizeof(port), "%u", (unsigned int)address->port);
    errno = 0;
    reason = getaddrinfo(address->host, port, &hints, &found);
    if (reason != 0 && shortage_is(errno))
        return shortage_tell(error, errno, "looking up a host");
    if (reason != 0)
        return error_set(error, REMEX_NOT_FOUND, "cannot look up host %s: %s",
                address->host, gai_strerror(reason));
    for (const struct addrinfo *at = found; at && stream->fd < 0;
            at = at->ai_next)
        reason = connect_to(stream, at->ai_family, at->ai_addr, at->ai_addrlen);
    freeaddrinfo(found);
    if (stream->fd < 0)
        return tell(address, reason, error);
    set_up_tcp(stream->fd);
    return REMEX_OK;
}

/* A path is connected at once, or there are too many who want to be. */
enum remex_status stream_dial(struct stream *stream,
        const struct address *address, SSL_CTX *context, char *name,
        struct remex_error *error)
{
    enum remex_status status = REMEX_OK;
    int reason;

    if (address->kind == ADDRESS_IPC) {
        reason = dial_path(stream, address->path);
        if (reason != 0)
            status = tell(address, reason, error);
    } else {
        status = dial_host(stream, address, error);
    }
    if (status != REMEX_OK || !context)
        return status;
    stream->ssl = tls_new(context, stream->fd, name);
    if (!stream->ssl)
        return error_set(error, REMEX_UNAVAILABLE, "no memory for TLS");
    return REMEX_OK;
}

void stream_take(struct stream *stream, int fd)
{
    stream->fd = fd;
}

static int connect_result(int fd)
{
    socklen_t size = sizeof(int);
    int reason = 0;

    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &reason, &size) < 0)
        return errno;
    return reason;
}

/* --- Moving -------------------------------------------------------------- */

/* Of a call of OpenSSL. */
static enum stream_progress tls_progress(struct stream *stream, int result)
{
    int error;

    if (result == 1)
        return STREAM_MOVED;
    error = SSL_get_error(stream->ssl, result);
    stream->wants_room = error == SSL_ERROR_WANT_WRITE;
    return error == SSL_ERROR_WANT_WRITE || error == SSL_ERROR_WANT_READ
            ? STREAM_WAITS
            : STREAM_BROKEN;
}

enum stream_progress stream_shake(struct stream *stream,
        const struct address *address, const char *name,
        struct remex_error *error)
{
    enum stream_progress progress;
    int reason;

    if (stream->connecting) {
        reason = connect_result(stream->fd);
        if (reason != 0) {
            tell(address, reason, error);
            return STREAM_BROKEN;
        }
        stream->connecting = false;
    }
    if (!stream->ssl)
        return STREAM_MOVED;
    ERR_clear_error();
    progress = tls_progress(stream, SSL_do_handshake(stream->ssl));
    if (progress == STREAM_BROKEN)
        stream_tell(stream, name, error);
    return progress;
}

/* Of a read or write; 0 of a read is the end. */
static enum stream_progress progress_of(
        ssize_t result, size_t *size_out, bool *wants_room)
{
    if (result > 0) {
        *size_out = (size_t)result;
        return STREAM_MOVED;
    }
    if (result < 0 && (errno == EAGAIN || errno == EINTR)) {
        *wants_room = true;
        return STREAM_WAITS;
    }
    return STREAM_BROKEN;
}

static enum stream_progress receive(
        struct stream *stream, void *data, size_t room, size_t *size_out)
{
    bool ignored;

    return progress_of(recv(stream->fd, data, room, 0), size_out, &ignored);
}

static size_t take_ahead(struct stream *stream, void *data, size_t room)
{
    size_t size = stream->ahead_size - stream->ahead_at;

    if (size > room)
        size = room;
    memcpy(data, stream->ahead + stream->ahead_at, size);
    stream->ahead_at += size;
    return size;
}

static enum stream_progress read_plain(
        struct stream *stream, void *data, size_t room, size_t *size_out)
{
    enum stream_progress progress;

    if (stream->ahead_at == stream->ahead_size) {
        if (room >= sizeof(stream->ahead))
            return receive(stream, data, room, size_out);
        stream->ahead_at = 0;
        stream->ahead_size = 0;
        progress = receive(stream, stream->ahead, sizeof(stream->ahead),
                &stream->ahead_size);
        if (progress != STREAM_MOVED)
            return progress;
    }
    *size_out = take_ahead(stream, data, room);
    return STREAM_MOVED;
}

enum stream_progress stream_read(
        struct stream *stream, void *data, size_t room, size_t *size_out)
{
    if (!stream->ssl)
        return read_plain(stream, data, room, size_out);
    ERR_clear_error();
    return tls_progress(stream, SSL_read_ex(stream->ssl, data, room, size_out));
}

/* Of what became of it OpenSSL tells by its list of errors too, where others of
 * the thread's may be: it is left as it was, and not asked. */
static enum stream_progress write_tls(
        struct stream *stream, const void *data, size_t size, size_t *size_out)
{
    int result;

    ERR_set_mark();
    result = SSL_write_ex(stream->ssl, data, size, size_out);
    ERR_pop_to_mark();
    if (result == 1)
        return STREAM_MOVED;
    stream->wants_room = SSL_want_write(stream->ssl);
    return SSL_want(stream->ssl) != SSL_NOTHING &&
                    BIO_should_retry(SSL_get_wbio(stream->ssl))
            ? STREAM_WAITS
            : STREAM_BROKEN;
}

enum stream_progress stream_write(
        struct stream *stream, const void *data, size_t size, size_t *size_out)
{
    stream->wants_room = false;
    if (!stream->ssl)
        return progress_of(send(stream->fd, data, size, MSG_NOSIGNAL), size_out,
                &stream->wants_room);
    return write_tls(stream, data, size, size_out);
}

void stream_tell(const struct stream *stream, const char *name,
        struct remex_error *error)
{
    if (stream->ssl)
        tls_tell(stream->ssl, name, error);
}

/* --- Questions ----------------------------------------------------------- */

bool stream_holds(const struct stream *stream)
{
    return stream->ahead_at < stream->ahead_size ||
            (stream->ssl && SSL_has_pending(stream->ssl));
}

short stream_wants(const struct stream *stream)
{
    if (stream->fd < 0)
        return 0;
    if (stream->connecting)
        return POLLOUT;
    return (short)(POLLIN | (stream->wants_room ? POLLOUT : 0));
}
