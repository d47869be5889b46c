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

/* Where in a list of parts; those before are gone. */
struct place {
    const struct iovec *parts;
    size_t count;
    size_t done; /* bytes of the first */
};

static void pass(struct place *place, size_t size)
{
    while (place->count > 0 && size >= place->parts[0].iov_len - place->done) {
        size -= place->parts[0].iov_len - place->done;
        place->done = 0;
        place->parts++;
        place->count--;
    }
    place->done += size;
}

/* As much of several parts as makes a record. */
static enum stream_progress write_joined(
        struct stream *stream, struct place place, size_t *sent_out)
{
    uint8_t record[RECORD_BYTES];
    size_t size = 0;

    while (place.count > 0 && size < RECORD_BYTES) {
        size_t left = place.parts[0].iov_len - place.done;

        if (left > RECORD_BYTES - size)
            left = RECORD_BYTES - size;
        memcpy(record + size, (uint8_t *)place.parts[0].iov_base + place.done,
                left);
        size += left;
        pass(&place, left);
    }
    return write_some(stream, record, size, sent_out);
}

static enum stream_progress write_next(
        struct stream *stream, const struct place *place, size_t *sent_out)
{
    size_t left = place->parts[0].iov_len - place->done;

    if (left < RECORD_BYTES && place->count > 1)
        return write_joined(stream, *place, sent_out);
    return write_some(stream, (uint8_t *)place->parts[0].iov_base + place->done,
            left, sent_out);
}

static enum stream_progress write_all(
        struct stream *stream, struct place place, size_t *sent_out)
{
    enum stream_progress progress = STREAM_MOVED;

    pass(&place, 0);
    while (place.count > 0 && progress == STREAM_MOVED) {
        size_t sent = 0;

        progress = write_next(stream, &place, &sent);
        *sent_out += sent;
        pass(&place, sent);
    }
    return progress;
}

static bool is_long(const struct iovec *parts, size_t count)
{
    size_t size = 0;

    for (size_t i = 0; i < count; i++)
        size += parts[i].iov_len;
    return size > RECORD_BYTES;
}

static enum stream_progress tls_write(struct stream *stream,
        const struct iovec *parts, size_t count, size_t *sent_out)
{
    bool more = is_long(parts, count);
    enum stream_progress progress;

    *sent_out = 0;
    if (more)
        hold_back(stream, 1);
    progress = write_all(stream, (struct place){ parts, count, 0 }, sent_out);
    if (more)
        hold_back(stream, 0);
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
