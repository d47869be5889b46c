/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/front/door.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/clock.h"

/* Connections waiting for a turn, and taken in one turn of the loop. */
enum { BACKLOG = 4096, TURN_ACCEPTS = 64 };

/* What a local peer's socket may hold, for large replies to leave at once. Best
 * effort: the kernel may grant less. */
#define ROOM_BYTES (1024 * 1024)

/* When descriptors have run out; so long a stranger may take as well. */
#define RETRY_MS 100

/* --- Listening ----------------------------------------------------------- */

static int bind_to(const struct addrinfo *info)
{
    static const int on = 1;
    int fd = socket(info->ai_family,
            info->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 &&
            listen(fd, BACKLOG) == 0)
        return fd;
    close(fd);
    return -1;
}

static uint16_t bound_port(int fd)
{
    struct sockaddr_storage storage = { 0 };
    socklen_t size = sizeof(storage);
    struct sockaddr_in in;
    struct sockaddr_in6 in6;

    getsockname(fd, (struct sockaddr *)&storage, &size);
    if (storage.ss_family == AF_INET6) {
        memcpy(&in6, &storage, sizeof(in6));
        return ntohs(in6.sin6_port);
    }
    memcpy(&in, &storage, sizeof(in));
    return ntohs(in.sin_port);
}

/* -1: `*why_out` says why. */
static int listen_on_port(const struct address *address, const char **why_out)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
    struct addrinfo *list;
    char port[8];
    int error;
    int fd = -1;

    snprintf(port, sizeof(port), "%u", (unsigned int)address->port);
    error = getaddrinfo(address->host, port, &hints, &list);
    if (error) {
        *why_out = gai_strerror(error);
        return -1;
    }
    for (struct addrinfo *info = list; info && fd < 0; info = info->ai_next)
        fd = bind_to(info);
    *why_out = strerrordesc_np(errno);
    freeaddrinfo(list);
    return fd;
}

/* Nobody else may ever open it, not even before it is given away. */
static int bind_to_path(const char *path)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t mask = umask(0177);
    bool bound;

    memcpy(name.sun_path, path, strlen(path) + 1);
    bound = fd >= 0 &&
            bind(fd, (const struct sockaddr *)&name, sizeof(name)) == 0 &&
            listen(fd, BACKLOG) == 0;
    umask(mask);
    if (bound || fd < 0)
        return fd;
    close(fd);
    return -1;
}

static bool clear_path(const char *path, const char **why_out)
{
    struct stat status;

    if (lstat(path, &status) < 0)
        return true; /* what else is wrong with it, binding will tell */
    *why_out = "something that is not a socket is there";
    if (!S_ISSOCK(status.st_mode))
        return false;
    *why_out = strerrordesc_np(EACCES);
    return unlink(path) == 0;
}

static int listen_on_path(const struct address *address, const char **why_out)
{
    int fd;

    if (!clear_path(address->path, why_out))
        return -1;
    fd = bind_to_path(address->path);
    *why_out = strerrordesc_np(errno);
    return fd;
}

/* --- Coming in ----------------------------------------------------------- */

void door_remove(struct door *door, struct peer *peer)
{
    list_remove(&peer->all);
    door->stranger_count--;
}

/* Whoever has an IPv6 address has a /64 of them. A link-local one, or an IPv4
 * address that is written so, begins as all of its kind do. */
static uint64_t source_of(const struct sockaddr_storage *from)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    uint64_t halves[2];

    if (from->ss_family != AF_INET && from->ss_family != AF_INET6)
        return 0;
    if (from->ss_family == AF_INET) {
        memcpy(&in, from, sizeof(in));
        return in.sin_addr.s_addr;
    }
    memcpy(&in6, from, sizeof(in6));
    memcpy(halves, &in6.sin6_addr, sizeof(halves));
    return IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr) ||
                    IN6_IS_ADDR_LINKLOCAL(&in6.sin6_addr)
            ? halves[1]
            : halves[0];
}

static void push_out(struct peer *peer)
{
    peer->kind->ended(peer->kind->user, peer);
}

/* False: there is none. */
static bool push_out_oldest(struct door *door)
{
    if (list_is_empty(&door->strangers))
        return false;
    push_out(CONTAINER_OF(door->strangers.next, struct peer, all));
    return true;
}

/* Where descriptors are few, the oldest may have come just now: he has to have
 * had the time to say the right things, or has it no more. */
static bool push_out_slow(struct door *door)
{
    int64_t until = clock_after(
            loop_now(door->loop), clock_from_ms(PEER_PATIENCE_MS - RETRY_MS));

    return !list_is_empty(&door->strangers) &&
            CONTAINER_OF(door->strangers.next, struct peer, all)->patience.at <=
            until &&
            push_out_oldest(door);
}

/* Of that source, and of all. */
static void make_room(struct door *door, uint64_t source)
{
    struct peer *oldest = NULL;
    size_t count = 0;

    for (struct list *node = door->strangers.prev; node != &door->strangers;
            node = node->prev) {
        struct peer *peer = CONTAINER_OF(node, struct peer, all);

        if (peer->source != source)
            continue;
        oldest = peer;
        count++;
    }
    if (!door->path[0] && count >= DOOR_MAX_OF_SOURCE)
        push_out(oldest);
    else if (door->stranger_count >= DOOR_MAX_STRANGERS)
        push_out_oldest(door);
}

static uint32_t uid_of(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0
            ? peer.uid
            : LINK_PEER_UID_UNKNOWN;
}

static void let_in(struct door *door, int fd, uint64_t source)
{
    static const int on = 1;
    static const int room = ROOM_BYTES;
    struct peer *peer;

    if (door->path[0]) {
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    } else {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    }
    make_room(door, source);
    peer = peer_new(door->kind, fd);
    if (!peer)
        return;
    peer->source = source;
    peer->uid = door->path[0] ? uid_of(fd) : LINK_PEER_UID_UNKNOWN;
    list_append(&door->strangers, &peer->all);
    door->stranger_count++;
}

static void pause_door(struct door *door)
{
    int64_t at = clock_after(loop_now(door->loop), clock_from_ms(RETRY_MS));

    if (loop_timer_set(door->loop, &door->retry, at) == REMEX_OK)
        loop_change(door->loop, &door->watch, 0);
}

static void on_retry(struct loop_timer *timer)
{
    struct door *door = CONTAINER_OF(timer, struct door, retry);

    loop_change(door->loop, &door->watch, EPOLLIN);
}

static bool is_exhausted(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS ||
            error == ENOMEM;
}

static void on_ready(struct loop_watch *watch, uint32_t events)
{
    struct door *door = CONTAINER_OF(watch, struct door, watch);

    (void)events;
    for (unsigned int i = 0; i < TURN_ACCEPTS; i++) {
        struct sockaddr_storage from = { 0 };
        socklen_t size = sizeof(from);
        int fd = accept4(watch->fd, (struct sockaddr *)&from, &size,
                SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd >= 0) {
            let_in(door, fd, source_of(&from));
        } else if (is_exhausted(errno)) {
            if (!push_out_slow(door))
                pause_door(door);
            return;
        } else if (errno == EAGAIN) {
            return;
        }
    }
}

/* Others may have it as well: then only one of them gets who comes. */
static int take_passed(int fd, const char **why_out)
{
    int flags = fcntl(fd, F_GETFL);

    *why_out = strerrordesc_np(errno);
    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 ? fd : -1;
}

static int listen_at(
        const struct address *address, int passed, const char **why_out)
{
    if (passed >= 0)
        return take_passed(passed, why_out);
    return address->kind == ADDRESS_IPC ? listen_on_path(address, why_out)
                                        : listen_on_port(address, why_out);
}

bool door_open(struct door *door, struct loop *loop, const char *text,
        int passed, char *problem, size_t problem_size)
{
    struct address address;
    const char *why = "it is no address";
    int fd = -1;

    door->loop = loop;
    door->watch = (struct loop_watch){ .ready = on_ready, .fd = -1 };
    door->retry.due = on_retry;
    list_init(&door->strangers);
    if (address_parse(text, &address, NULL) == REMEX_OK)
        fd = listen_at(&address, passed, &why);
    door->passed = passed >= 0;
    if (fd < 0) {
        snprintf(problem, problem_size, "cannot listen on %s: %s", text, why);
        return false;
    }
    if (address.kind == ADDRESS_IPC)
        memcpy(door->path, address.path, sizeof(door->path));
    else
        address.port = bound_port(fd);
    address_format(&address, door->address);
    if (loop_add(loop, &door->watch, fd, EPOLLIN) == REMEX_OK)
        return true;
    snprintf(problem, problem_size, "cannot listen on %s: no memory", text);
    close(fd);
    return false;
}

bool door_give(const struct door *door, uid_t uid)
{
    return door->passed || !door->path[0] ||
            lchown(door->path, uid, (gid_t)-1) == 0;
}

void door_remove_path(const struct door *door)
{
    if (door->path[0] && !door->passed)
        unlink(door->path);
}
