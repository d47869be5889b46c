/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/front/channel.h"

#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/iovec.h"

void channel_init(struct channel *channel, int fd)
{
    channel->fd = fd;
    atomic_init(&channel->full_until, 0);
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

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void send_all(struct channel *channel, struct iovec parts[2])
{
    struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
    int flags = MSG_NOSIGNAL | MSG_DONTWAIT;

    while (parts[0].iov_len + parts[1].iov_len > 0) {
        ssize_t sent = sendmsg(channel->fd, &message, flags);

        if (sent > 0) {
            advance(parts, (size_t)sent);
        } else if (errno == EAGAIN && flags & MSG_DONTWAIT) {
            atomic_store(&channel->full_until, INT64_MAX);
            flags = MSG_NOSIGNAL;
        } else if (errno != EINTR) {
            _exit(0);
        }
    }
    if (!(flags & MSG_DONTWAIT))
        atomic_store(&channel->full_until, now());
}

bool channel_was_full(const struct channel *channel, int64_t since)
{
    return atomic_load(&channel->full_until) >= since;
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
    send_all(channel, parts);
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
