/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/tls/stream_tls.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/err.h>

#include "executor/tls/secrets.h"

/* A record's worth: smaller messages leave with their length in one piece. */
enum { RECORD_BYTES = 16 * 1024 };

static enum stream_progress blocked(struct stream *stream, int result)
{
    int error = SSL_get_error(stream->state, result);

    ERR_clear_error();
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE
            ? STREAM_WAITS
            : STREAM_BROKEN;
}

/* Reading, or shaking hands, cannot go on. */
static enum stream_progress read_blocked(struct stream *stream, int result)
{
    stream->reads_by_write = SSL_want_write(stream->state);
    return blocked(stream, result);
}

static bool begin(struct stream *stream)
{
    stream->state = SSL_new(stream->kind->context);
    if (!stream->state || SSL_set_fd(stream->state, stream->fd) != 1)
        return false;
    SSL_set_accept_state(stream->state);
    return true;
}

static enum stream_progress tls_shake(
        struct stream *stream, char *name, size_t size)
{
    int result;

    if (!stream->state && !begin(stream))
        return STREAM_BROKEN;
    result = SSL_do_handshake(stream->state);
    stream->reads_by_write = false;
    if (result != 1)
        return read_blocked(stream, result);
    return secrets_peer_name(stream->state, name, size) ? STREAM_MOVED
                                                        : STREAM_BROKEN;
}

/* What OpenSSL has decrypted already would not be told by epoll, so that it is
 * never dry before it has to wait. */
static enum stream_progress tls_read(
        struct stream *stream, void *data, size_t size, size_t *got_out)
{
    int result = SSL_read_ex(stream->state, data, size, got_out);

    stream->reads_by_write = false;
    return result == 1 ? STREAM_MOVED : read_blocked(stream, result);
}

static enum stream_progress write_some(
        struct stream *stream, const void *data, size_t size, size_t *sent_out)
{
    size_t sent = 0;
    int result = SSL_write_ex(stream->state, data, size, &sent);

    stream->writes_by_read = false;
    *sent_out += sent;
    if (result == 1)
        return STREAM_MOVED;
    stream->writes_by_read = SSL_want_read(stream->state);
    return blocked(stream, result);
}

/* What is more than a record goes out as it fits the network, not record by
 * record. */
static void hold_back(const struct stream *stream, int on)
{
    setsockopt(stream->fd, IPPROTO_TCP, TCP_CORK, &on, sizeof(on));
}

/* The first part, and as much of the second as makes a record. */
static size_t put_record(
        uint8_t record[RECORD_BYTES], const struct iovec parts[2])
{
    size_t first = parts[0].iov_len;
    size_t second = parts[1].iov_len;

    if (first > RECORD_BYTES)
        first = RECORD_BYTES;
    if (second > RECORD_BYTES - first)
        second = RECORD_BYTES - first;
    if (first > 0)
        memcpy(record, parts[0].iov_base, first);
    if (second > 0)
        memcpy(record + first, parts[1].iov_base, second);
    return first + second;
}

static const uint8_t *at(
        const struct iovec parts[2], size_t sent, size_t *left_out)
{
    size_t first = parts[0].iov_len;

    if (sent < first) {
        *left_out = first - sent;
        return (const uint8_t *)parts[0].iov_base + sent;
    }
    *left_out = first + parts[1].iov_len - sent;
    if (*left_out == 0) /* the second may be NULL */
        return NULL;
    return (const uint8_t *)parts[1].iov_base + (sent - first);
}

static enum stream_progress write_all(
        struct stream *stream, const struct iovec parts[2], size_t *sent_out)
{
    enum stream_progress progress = STREAM_MOVED;
    size_t left;
    const uint8_t *next = at(parts, *sent_out, &left);

    while (left > 0 && progress == STREAM_MOVED) {
        progress = write_some(stream, next, left, sent_out);
        next = at(parts, *sent_out, &left);
    }
    return progress;
}

static enum stream_progress write_joined(
        struct stream *stream, const struct iovec parts[2], size_t *sent_out)
{
    uint8_t record[RECORD_BYTES];
    size_t size = put_record(record, parts);
    bool more = size < parts[0].iov_len + parts[1].iov_len;
    enum stream_progress progress;

    if (more)
        hold_back(stream, 1);
    progress = write_some(stream, record, size, sent_out);
    if (progress == STREAM_MOVED && more)
        progress = write_all(stream, parts, sent_out);
    if (more)
        hold_back(stream, 0);
    return progress;
}

static enum stream_progress tls_write(
        struct stream *stream, const struct iovec parts[2], size_t *sent_out)
{
    enum stream_progress progress;

    *sent_out = 0;
    progress = parts[1].iov_len > 0 ? write_joined(stream, parts, sent_out)
                                    : write_all(stream, parts, sent_out);
    return *sent_out > 0 && progress == STREAM_WAITS ? STREAM_MOVED : progress;
}

static void tls_end(struct stream *stream)
{
    SSL_free(stream->state);
}

struct stream_kind stream_tls(SSL_CTX *context)
{
    return (struct stream_kind){
        .shake = tls_shake,
        .read = tls_read,
        .write = tls_write,
        .end = tls_end,
        .context = context,
    };
}
