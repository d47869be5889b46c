/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/tls/stream_tls.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "executor/tls/secrets.h"

/* A record's worth: smaller messages leave with their length in one piece. */
enum { RECORD_BYTES = 16 * 1024 };

struct connection {
    SSL *ssl;
    struct outlet outlet;
    /* Encrypted and not told as sent: the network has yet to take it. It comes
     * again at the beginning of what is to be written. */
    size_t owed;
};

static enum stream_progress blocked(const SSL *ssl, int result)
{
    int error = SSL_get_error(ssl, result);

    ERR_clear_error();
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE
            ? STREAM_WAITS
            : STREAM_BROKEN;
}

/* Reading, or shaking hands, cannot go on. */
static enum stream_progress read_blocked(struct stream *stream, int result)
{
    const struct connection *connection = stream->state;

    stream->reads_by_write = SSL_want_write(connection->ssl);
    return blocked(connection->ssl, result);
}

static bool connect_ends(struct connection *connection, int fd)
{
    BIO *in = BIO_new_socket(fd, BIO_NOCLOSE);
    BIO *out = outlet_bio(&connection->outlet);

    if (!in || !out) {
        BIO_free(in);
        BIO_free(out);
        return false;
    }
    SSL_set0_rbio(connection->ssl, in);
    SSL_set0_wbio(connection->ssl, out);
    return true;
}

static bool begin(struct stream *stream)
{
    const struct stream_tls *tls = stream->kind->context;
    struct connection *connection = calloc(1, sizeof(*connection));

    if (!connection)
        return false;
    stream->state = connection;
    connection->outlet.fd = stream->fd;
    connection->ssl = SSL_new(tls->context);
    if (!connection->ssl || !connect_ends(connection, stream->fd))
        return false;
    SSL_set_accept_state(connection->ssl);
    return true;
}

static enum stream_progress tls_shake(
        struct stream *stream, char *name, size_t size)
{
    struct connection *connection;
    int result;

    if (!stream->state && !begin(stream))
        return STREAM_BROKEN;
    connection = stream->state;
    result = SSL_do_handshake(connection->ssl);
    stream->reads_by_write = false;
    if (result != 1)
        return read_blocked(stream, result);
    return secrets_peer_name(connection->ssl, name, size) ? STREAM_MOVED
                                                          : STREAM_BROKEN;
}

/* What OpenSSL has decrypted already would not be told by epoll, so that it is
 * never dry before it has to wait. */
static enum stream_progress tls_read(
        struct stream *stream, void *data, size_t size, size_t *got_out)
{
    const struct connection *connection = stream->state;
    int result = SSL_read_ex(connection->ssl, data, size, got_out);

    stream->reads_by_write = false;
    return result == 1 ? STREAM_MOVED : read_blocked(stream, result);
}

/* --- Writing ------------------------------------------------------------- */

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

/* What is left of the part that byte `begun` lies in; there is one. */
static const uint8_t *at(
        const struct iovec parts[2], size_t begun, size_t *left_out)
{
    size_t first = parts[0].iov_len;

    if (begun < first) {
        *left_out = first - begun;
        return (const uint8_t *)parts[0].iov_base + begun;
    }
    *left_out = first + parts[1].iov_len - begun;
    return (const uint8_t *)parts[1].iov_base + (begun - first);
}

/* One record into the basket; tells how much of the parts is in it. */
static enum stream_progress write_record(
        struct stream *stream, const void *data, size_t size, size_t *put_out)
{
    const struct connection *connection = stream->state;
    int result = SSL_write_ex(connection->ssl, data, size, put_out);

    stream->writes_by_read = false;
    if (result == 1)
        return STREAM_MOVED;
    *put_out = 0;
    stream->writes_by_read = SSL_want_read(connection->ssl);
    return blocked(connection->ssl, result);
}

/* The next record of what is not encrypted yet. */
static enum stream_progress write_next(struct stream *stream,
        const struct iovec parts[2], size_t begun, size_t *put_out)
{
    uint8_t record[RECORD_BYTES];
    size_t left;
    const uint8_t *next;

    if (begun == 0 && parts[1].iov_len > 0)
        return write_record(stream, record, put_record(record, parts), put_out);
    next = at(parts, begun, &left);
    return write_record(
            stream, next, left < RECORD_BYTES ? left : RECORD_BYTES, put_out);
}

/* As many records as there is room for, from `begun` on, which is moved; tells
 * the size of the last. */
static enum stream_progress write_records(struct stream *stream,
        const struct iovec parts[2], size_t *begun, size_t *last_out)
{
    const struct connection *connection = stream->state;
    size_t size = parts[0].iov_len + parts[1].iov_len;
    enum stream_progress progress = STREAM_MOVED;

    *last_out = 0;
    while (progress == STREAM_MOVED && *begun < size &&
            outlet_has_room(&connection->outlet)) {
        size_t put;

        progress = write_next(stream, parts, *begun, &put);
        *begun += put;
        if (put > 0)
            *last_out = put;
    }
    return progress;
}

/* If the network does not take it all, the last record is not told, so that
 * whoever writes comes again. */
static enum stream_progress write_basket(
        struct stream *stream, const struct iovec parts[2], size_t *sent_out)
{
    struct stream_tls *tls = stream->kind->context;
    struct connection *connection = stream->state;
    enum stream_progress progress;
    enum stream_progress went;
    size_t last;

    outlet_open(&connection->outlet, &tls->basket);
    progress = write_records(stream, parts, sent_out, &last);
    went = outlet_close(&connection->outlet);
    if (went == STREAM_WAITS) {
        connection->owed = last;
        *sent_out -= last;
    }
    return went == STREAM_BROKEN ? went : progress;
}

static enum stream_progress tls_write(
        struct stream *stream, const struct iovec parts[2], size_t *sent_out)
{
    struct connection *connection = stream->state;
    enum stream_progress progress = outlet_flush(&connection->outlet);

    *sent_out = 0;
    if (progress != STREAM_MOVED)
        return progress;
    *sent_out = connection->owed;
    connection->owed = 0;
    progress = write_basket(stream, parts, sent_out);
    if (progress == STREAM_BROKEN)
        return progress;
    return *sent_out > 0 ? STREAM_MOVED : STREAM_WAITS;
}

static void tls_end(struct stream *stream)
{
    struct connection *connection = stream->state;

    if (!connection)
        return;
    SSL_free(connection->ssl);
    outlet_deinit(&connection->outlet);
    free(connection);
}

struct stream_kind stream_tls(struct stream_tls *tls)
{
    return (struct stream_kind){
        .shake = tls_shake,
        .read = tls_read,
        .write = tls_write,
        .end = tls_end,
        .context = tls,
    };
}
