/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/notify.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A socket with that name, or -1. '@' stands for the NUL of an abstract one. */
static int open_socket(const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    size_t size = name ? strlen(name) : 0;
    int fd;

    if ((name && name[0] != '/' && name[0] != '@') || size < 2 ||
            size >= sizeof(address.sun_path))
        return -1;
    memcpy(address.sun_path, name, size);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 &&
            connect(fd, (const struct sockaddr *)&address,
                    (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
                            size)) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Milliseconds; 0: none, or it is another process's. */
static uint32_t watchdog(void)
{
    const char *time = getenv("WATCHDOG_USEC");
    const char *pid = getenv("WATCHDOG_PID");
    uint64_t ms = time ? strtoull(time, NULL, 10) / 1000 : 0;

    if (pid && strtol(pid, NULL, 10) != getpid())
        return 0;
    return ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
}

struct notify notify_take(void)
{
    static const char *const names[] = { "NOTIFY_SOCKET", "WATCHDOG_USEC",
        "WATCHDOG_PID" };
    struct notify notify = { open_socket(getenv("NOTIFY_SOCKET")), watchdog() };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unsetenv(names[i]);
    return notify;
}

void notify_send(const struct notify *notify, const char *state)
{
    if (notify->fd >= 0 &&
            send(notify->fd, state, strlen(state),
                    MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        return; /* the next sign of life is not far */
}

void notify_close(struct notify *notify)
{
    if (notify->fd >= 0)
        close(notify->fd);
    notify->fd = -1;
}
