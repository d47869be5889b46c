/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/front/channel.h"

#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/iovec.h"

void channel_init(struct channel *channel, int fd)
{
    channel->fd = fd;
    pthread_mutex_init(&channel->sending, NULL);
}

/* Leaves in `parts` what is still to be sent after `done` bytes. */
static void advance(struct iovec parts[2], size_t done)
{
    for (size_t i = 0; i < 2; i++) {
        size_t taken = done < parts[i].iov_len ? done : parts[i].iov_len;

        if (taken > 0) /* an empty body may be NULL */
            parts[i].iov_base = (uint8_t *)parts[i].iov_base + taken;
        parts[i].iov_len -= taken;
        done -= taken;
    }
}

static void send_all(int fd, struct iovec parts[2])
{
    struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };

    while (parts[0].iov_len + parts[1].iov_len > 0) {
        ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);

        if (sent < 0 && errno != EINTR)
            _exit(0);
        if (sent > 0)
            advance(parts, (size_t)sent);
    }
}

void channel_send(struct channel *channel, const struct link_header *header,
        const void *body)
{
    struct link_header copy = *header;
    struct iovec parts[2] = {
        iovec_of(&copy, sizeof(copy)),
        iovec_of(body, header->size),
    };

    pthread_mutex_lock(&channel->sending);
    send_all(channel->fd, parts);
    pthread_mutex_unlock(&channel->sending);
}

void channel_receive(struct channel *channel, void *out, size_t size)
{
    uint8_t *at = out;

    while (size > 0) {
        ssize_t got = recv(channel->fd, at, size, MSG_WAITALL);

        if (got == 0 || (got < 0 && errno != EINTR))
            _exit(0);
        if (got > 0) {
            at += got;
            size -= (size_t)got;
        }
    }
}
