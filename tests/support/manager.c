/* SPDX-License-Identifier: Apache-2.0 */
#include "support/manager.h"

#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

enum { PATIENCE_MS = 30000 };

void manager_init(struct manager *manager)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const int on = 1;

    manager->directory = g_dir_make_tmp("remex-test-XXXXXX", NULL);
    manager->path = g_build_filename(manager->directory, "notify", NULL);
    manager->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(manager->fd, >=, 0);
    g_strlcpy(address.sun_path, manager->path, sizeof(address.sun_path));
    g_assert_cmpint(bind(manager->fd, (const struct sockaddr *)&address,
                            sizeof(address)),
            ==, 0);
    g_assert_cmpint(
            setsockopt(manager->fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)),
            ==, 0);
    g_setenv("NOTIFY_SOCKET", manager->path, TRUE);
}

void manager_starts_no_more(void)
{
    g_unsetenv("NOTIFY_SOCKET");
}

void manager_deinit(struct manager *manager)
{
    close(manager->fd);
    g_unlink(manager->path);
    g_rmdir(manager->directory);
    g_free(manager->path);
    g_free(manager->directory);
}

char *manager_hear(const struct manager *manager, pid_t from, int ms)
{
    struct pollfd poll_fd = { .fd = manager->fd, .events = POLLIN };
    char text[256];
    char control[CMSG_SPACE(sizeof(struct ucred))];
    struct iovec iovec = { text, sizeof(text) - 1 };
    struct msghdr message = { .msg_iov = &iovec,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = sizeof(control) };
    struct ucred sender;
    ssize_t size;

    if (poll(&poll_fd, 1, ms) != 1)
        return NULL;
    size = recvmsg(manager->fd, &message, 0);
    g_assert_cmpint(size, >, 0);
    memcpy(&sender, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(sender));
    g_assert_cmpint(sender.pid, ==, from);
    return g_strndup(text, (gsize)size);
}

char *manager_expect(
        const struct manager *manager, pid_t from, const char *beginning)
{
    for (;;) {
        char *heard = manager_hear(manager, from, PATIENCE_MS);

        if (!heard)
            g_error("'%s' was not told", beginning);
        if (g_str_has_prefix(heard, beginning))
            return heard;
        g_free(heard);
    }
}
