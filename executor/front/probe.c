/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/front/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* Scalability protocols: what a peer says first, and what it is. */
enum { GREETING_BYTES = 8, PROTOCOL_BYTE = 5 };
enum { PROTOCOL_REQ = 0x30, PROTOCOL_SUB = 0x21 };

/* Of a request or reply without a body: its length, and its id. */
enum { LENGTH_BYTES = 8, ID_BYTES = 4 };

/* By an open file, for we may become somebody who cannot get there. */
static bool parse_ipc(struct probe *probe, const char *path)
{
    struct sockaddr_un local = { .sun_family = AF_UNIX };

    probe->path = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (probe->path < 0)
        return false;
    snprintf(local.sun_path, sizeof(local.sun_path), "/proc/self/fd/%d",
            probe->path);
    memcpy(&probe->address, &local, sizeof(local));
    probe->address_size = sizeof(local);
    probe->framed = true;
    return true;
}

static bool resolve(struct probe *probe, const char *host, const char *port)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *found;

    if (getaddrinfo(host, port, &hints, &found))
        return false;
    memcpy(&probe->address, found->ai_addr, found->ai_addrlen);
    probe->address_size = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

static bool parse_tcp(struct probe *probe, const char *text)
{
    const char *colon = strrchr(text, ':');
    size_t size = colon ? (size_t)(colon - text) : 0;
    char host[256];

    if (size == 0 || size >= sizeof(host))
        return false;
    if (text[0] == '[' && text[size - 1] == ']') {
        text++;
        size -= 2;
    }
    memcpy(host, text, size);
    host[size] = '\0';
    return resolve(probe, host, colon + 1);
}

bool probe_init(struct probe *probe, const char *text)
{
    static const char ipc[] = "ipc://";
    static const char tcp[] = "tcp://";

    memset(probe, 0, sizeof(*probe));
    probe->path = -1;
    if (strncmp(text, ipc, sizeof(ipc) - 1) == 0)
        return parse_ipc(probe, text + sizeof(ipc) - 1);
    if (strncmp(text, tcp, sizeof(tcp) - 1) == 0)
        return parse_tcp(probe, text + sizeof(tcp) - 1);
    return false;
}

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static bool wait_for(int fd, short events, int64_t deadline)
{
    struct pollfd poll_fd = { .fd = fd, .events = events };
    int64_t left = deadline - now();

    return left > 0 && poll(&poll_fd, 1, (int)(left / 1000000 + 1)) >= 0;
}

static bool connected(const struct probe *probe, int fd, int64_t deadline)
{
    const struct sockaddr *address = (const struct sockaddr *)&probe->address;

    while (connect(fd, address, probe->address_size) < 0) {
        if (errno == EISCONN)
            return true;
        /* EAGAIN: a unix listener's queue is full, which nothing signals. */
        if (errno == EAGAIN && now() < deadline)
            poll(NULL, 0, 10);
        else if ((errno != EINPROGRESS && errno != EALREADY) ||
                !wait_for(fd, POLLOUT, deadline))
            return false;
    }
    return true;
}

static bool talk(int fd, const void *data, size_t size)
{
    return send(fd, data, size, MSG_NOSIGNAL) == (ssize_t)size;
}

static bool listen_to(int fd, void *out, size_t size, int64_t deadline)
{
    size_t got = 0;

    while (got < size) {
        ssize_t more = recv(fd, (uint8_t *)out + got, size - got, 0);

        if (more > 0)
            got += (size_t)more;
        else if (more == 0 || (errno != EAGAIN && errno != EINTR) ||
                !wait_for(fd, POLLIN, deadline))
            return false;
    }
    return true;
}

static bool greeted(int fd, uint8_t protocol, int64_t deadline)
{
    uint8_t greeting[GREETING_BYTES] = { 0, 'S', 'P' };

    greeting[PROTOCOL_BYTE] = protocol;
    return talk(fd, greeting, sizeof(greeting)) &&
            listen_to(fd, greeting, sizeof(greeting), deadline) &&
            greeting[1] == 'S';
}

static bool answered(const struct probe *probe, int fd, int64_t deadline)
{
    uint8_t message[1 + LENGTH_BYTES + ID_BYTES] = { 1 };
    size_t skip = probe->framed ? 0 : 1;

    message[LENGTH_BYTES] = ID_BYTES;
    message[1 + LENGTH_BYTES] = 0x80; /* marks the id of a request */
    return talk(fd, message + skip, sizeof(message) - skip) &&
            listen_to(fd, message, sizeof(message) - skip, deadline);
}

/* Whether others can still find it. */
static bool has_name(const struct probe *probe)
{
    struct stat status;

    return probe->path < 0 ||
            (fstat(probe->path, &status) == 0 && status.st_nlink > 0);
}

static int open_connection(const struct probe *probe, int64_t deadline)
{
    int fd = socket(probe->address.ss_family,
            SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd >= 0 && (!has_name(probe) || !connected(probe, fd, deadline))) {
        close(fd);
        return -1;
    }
    return fd;
}

bool probe_request(const struct probe *probe, int64_t deadline)
{
    int fd = open_connection(probe, deadline);
    bool good;

    if (fd < 0)
        return false;
    good = greeted(fd, PROTOCOL_REQ, deadline) && answered(probe, fd, deadline);
    close(fd);
    return good;
}

int probe_subscribe(const struct probe *probe, int64_t deadline)
{
    int fd = open_connection(probe, deadline);

    if (fd >= 0 && !greeted(fd, PROTOCOL_SUB, deadline)) {
        close(fd);
        return -1;
    }
    return fd;
}
