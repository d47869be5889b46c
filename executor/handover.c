/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/handover.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
    struct cmsghdr head;
    char room[CMSG_SPACE(sizeof(int))];
};

static ssize_t put(int to, int fd)
{
    char byte = 0;
    struct iovec data = { &byte, 1 };
    union control control = { .room = { 0 } };
    struct msghdr message = {
        .msg_iov = &data,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof(control),
    };

    control.head.cmsg_level = SOL_SOCKET;
    control.head.cmsg_type = SCM_RIGHTS;
    control.head.cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
    return sendmsg(to, &message, 0);
}

int handover_put(int fd)
{
    int ends[2];
    ssize_t sent;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return -1;
    sent = put(ends[0], fd);
    close(ends[0]);
    if (sent < 0) {
        close(ends[1]);
        return -1;
    }
    close(fd);
    return ends[1];
}

int handover_take(int handover)
{
    char byte;
    struct iovec data = { &byte, 1 };
    union control control = { .room = { 0 } };
    struct msghdr message = {
        .msg_iov = &data,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof(control),
    };
    int fd = -1;

    if (recvmsg(handover, &message, MSG_CMSG_CLOEXEC) > 0 &&
            message.msg_controllen >= CMSG_LEN(sizeof(int)))
        memcpy(&fd, CMSG_DATA(&control.head), sizeof(fd));
    close(handover);
    return fd;
}
