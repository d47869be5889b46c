/* SPDX-License-Identifier: Apache-2.0 */
#include "support/proxy_socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <glib.h>

#define BACKLOG 128

static struct sockaddr_un local_of(const struct address *address)
{
    struct sockaddr_un local = { .sun_family = AF_UNIX };

    g_strlcpy(local.sun_path, address->path, sizeof(local.sun_path));
    return local;
}

static struct sockaddr_in peer_of(const struct address *address)
{
    return (struct sockaddr_in){ .sin_family = AF_INET,
        .sin_port = htons(address->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static int open_socket(const struct address *address)
{
    int family = address->kind == ADDRESS_IPC ? AF_UNIX : AF_INET;
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int one = 1;

    g_assert_cmpint(fd, >=, 0);
    if (family == AF_INET) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    }
    return fd;
}

static void bind_port(int fd, struct address *address)
{
    struct sockaddr_in peer = peer_of(address);
    socklen_t size = sizeof(peer);

    g_assert_cmpint(bind(fd, (struct sockaddr *)&peer, sizeof(peer)), ==, 0);
    g_assert_cmpint(getsockname(fd, (struct sockaddr *)&peer, &size), ==, 0);
    address->port = ntohs(peer.sin_port);
}

int proxy_socket_listen(struct address *address)
{
    int fd = open_socket(address);

    if (address->kind == ADDRESS_IPC) {
        struct sockaddr_un local = local_of(address);

        unlink(address->path);
        g_assert_cmpint(
                bind(fd, (struct sockaddr *)&local, sizeof(local)), ==, 0);
        g_assert_cmpint(chmod(address->path, 0600), ==, 0);
    } else {
        bind_port(fd, address);
    }
    g_assert_cmpint(listen(fd, BACKLOG), ==, 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

void proxy_socket_close_listener(const struct address *address, int *fd)
{
    if (address->kind == ADDRESS_IPC)
        unlink(address->path);
    close(*fd);
    *fd = -1;
}

int proxy_socket_accept(int listener)
{
    return accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

int proxy_socket_connect(const struct address *address)
{
    struct sockaddr_un local = local_of(address);
    struct sockaddr_in peer = peer_of(address);
    int fd = open_socket(address);
    int failed;

    if (address->kind == ADDRESS_IPC) {
        fcntl(fd, F_SETFL, O_NONBLOCK); /* a full backlog is a refusal */
        failed = connect(fd, (struct sockaddr *)&local, sizeof(local));
    } else {
        failed = connect(fd, (struct sockaddr *)&peer, sizeof(peer));
    }
    if (failed) {
        close(fd);
        return -1;
    }
    return fd;
}

void proxy_socket_make_abrupt(int fd)
{
    struct linger none = { .l_onoff = 1, .l_linger = 0 };

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
}
