/* SPDX-License-Identifier: Apache-2.0 */
#include "client/reach.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/error.h"

#define TCP_PATIENCE_MS 1000

/* The errno of connecting a datagram socket to the path: it passes the same
 * checks as a stream would, but never reaches the listener, whom NNG 1.5.2
 * would not let survive a connection that says nothing. EPROTOTYPE: a living
 * stream socket is there. */
static int ask_path(const char *path)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int answer = 0;

    if (fd < 0)
        return errno;
    memcpy(to.sun_path, path, strnlen(path, sizeof(to.sun_path) - 1));
    if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
        answer = errno;
    close(fd);
    return answer;
}

static enum remex_status check_ipc(
        const struct address *address, struct remex_error *error)
{
    const char *path = address->path;
    int answer = ask_path(path);

    switch (answer) {
    case EPROTOTYPE:
        return REMEX_OK;
    case ENOENT:
    case ENOTDIR:
        return error_set(error, REMEX_NOT_FOUND,
                "there is no socket %s; is remexd running?", path);
    case ECONNREFUSED:
        return error_set(error, REMEX_UNAVAILABLE,
                "nobody listens at %s; is remexd running?", path);
    case EACCES:
    case EPERM:
        return error_set(error, REMEX_PERMISSION_DENIED,
                "you may not connect to %s; it belongs to another user", path);
    case 0:
    case ENOTSOCK:
        return error_set(error, REMEX_INVALID_ARGUMENT,
                "%s is not the socket of a remex executor", path);
    default:
        return error_set(error, REMEX_UNAVAILABLE, "cannot connect to %s: %s",
                path, strerror(answer));
    }
}

/* The errno of connecting; ETIMEDOUT: no answer so far. */
static int ask_host(const struct addrinfo *at)
{
    int fd = socket(
            at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };
    socklen_t size = sizeof(int);
    int answer = 0;

    if (fd < 0)
        return errno;
    if (connect(fd, at->ai_addr, at->ai_addrlen) < 0)
        answer = errno;
    if (answer == EINPROGRESS) {
        answer = ETIMEDOUT;
        if (poll(&poll_fd, 1, TCP_PATIENCE_MS) > 0)
            getsockopt(fd, SOL_SOCKET, SO_ERROR, &answer, &size);
    }
    close(fd);
    return answer;
}

/* A connection that says nothing does no harm to a tcp listener. */
static enum remex_status check_tcp(
        const struct address *address, struct remex_error *error)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *found;
    char port[8];
    int answer;

    snprintf(port, sizeof(port), "%u", address->port);
    answer = getaddrinfo(address->host, port, &hints, &found);
    if (answer != 0)
        return error_set(error, REMEX_NOT_FOUND, "cannot look up host %s: %s",
                address->host, gai_strerror(answer));
    answer = ask_host(found);
    freeaddrinfo(found);
    if (answer == 0 || answer == ETIMEDOUT)
        return REMEX_OK;
    if (answer == ECONNREFUSED)
        return error_set(error, REMEX_UNAVAILABLE,
                "nobody listens at %s port %u; is remexd running there?",
                address->host, address->port);
    return error_set(error, REMEX_UNAVAILABLE,
            "cannot connect to %s port %u: %s", address->host, address->port,
            strerror(answer));
}

enum remex_status reach_check(
        const struct address *address, struct remex_error *error)
{
    if (address->kind == ADDRESS_IPC)
        return check_ipc(address, error);
    return check_tcp(address, error);
}
