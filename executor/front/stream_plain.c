/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "executor/front/stream.h"

static enum stream_progress blocked(void)
{
    return errno == EAGAIN || errno == EINTR ? STREAM_WAITS : STREAM_BROKEN;
}

static enum stream_progress plain_read(
        struct stream *stream, void *data, size_t size, size_t *got_out)
{
    ssize_t got = recv(stream->fd, data, size, MSG_DONTWAIT);

    if (got == 0)
        return STREAM_BROKEN;
    if (got < 0)
        return blocked();
    *got_out = (size_t)got;
    stream->dry = *got_out < size;
    return STREAM_MOVED;
}

static enum stream_progress plain_write(struct stream *stream,
        const struct iovec *parts, size_t count, size_t *sent_out)
{
    struct iovec copies[STREAM_PARTS];
    struct msghdr message = { .msg_iov = copies, .msg_iovlen = count };
    ssize_t sent;

    memcpy(copies, parts, count * sizeof(*parts));
    sent = sendmsg(stream->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (sent < 0)
        return blocked();
    *sent_out = (size_t)sent;
    return STREAM_MOVED;
}

const struct stream_kind stream_plain = {
    .read = plain_read,
    .write = plain_write,
};
