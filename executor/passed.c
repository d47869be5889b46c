/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/passed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/error.h"
#include "common/log.h"

/* Out of the way of those that fronts have at fixed numbers. */
enum { LEAST_FD = 10, TEXT_BYTES = ADDRESS_TEXT_BYTES + 64 };

/* --- What we were told ---------------------------------------------------- */

static bool parse(const char *text, long most, long *out)
{
    char *end;

    if (!text || *text < '0' || *text > '9')
        return false;
    errno = 0;
    *out = strtol(text, &end, 10);
    return errno == 0 && *end == '\0' && *out <= most;
}

static bool is_for_us(const char *pid)
{
    long number;

    return parse(pid, INT32_MAX, &number) && number == getpid();
}

/* "ONE:TWO", as far as it goes; for people. */
static void name_all(struct passed *passed, const char *names)
{
    for (size_t i = 0; names && i < passed->count; i++) {
        size_t size = strcspn(names, ":");

        log_escape(passed->sockets[i].name, PASSED_NAME_BYTES, names, size);
        names = names[size] ? names + size + 1 : NULL;
    }
}

static void take_one(struct passed *passed, int fd)
{
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, LEAST_FD);

    if (moved < 0) {
        passed->problem = "LISTEN_FDS tells of descriptors that are not open";
        return;
    }
    passed->sockets[passed->count++].fd = moved;
    close(fd);
}

void passed_take(struct passed *out)
{
    static const char *const variables[] = { "LISTEN_PID", "LISTEN_FDS",
        "LISTEN_FDNAMES" };
    long count = 0;

    *out = (struct passed){ .count = 0 };
    if (is_for_us(getenv("LISTEN_PID")) &&
            !parse(getenv("LISTEN_FDS"), PASSED_MAX, &count))
        out->problem = "LISTEN_FDS is not a number of sockets, 32 at most";
    for (long i = 0; i < count && !out->problem; i++)
        take_one(out, PASSED_FIRST_FD + (int)i);
    name_all(out, getenv("LISTEN_FDNAMES"));
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
        unsetenv(variables[i]);
}

void passed_deinit(struct passed *passed)
{
    for (size_t i = 0; i < passed->count; i++)
        close(passed->sockets[i].fd);
    passed->count = 0;
}

/* --- What they are -------------------------------------------------------- */

union name {
    struct sockaddr any;
    struct sockaddr_un un;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_storage storage;
};

static bool name_of(int fd, union name *out)
{
    socklen_t size = sizeof(*out);

    memset(out, 0, sizeof(*out));
    return getsockname(fd, &out->any, &size) == 0;
}

static bool has_option(int fd, int option, int wanted)
{
    int value = -1;
    socklen_t size = sizeof(value);

    return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 &&
            value == wanted;
}

/* As --listen has them, if it could. */
static void describe(const union name *name, char out[TEXT_BYTES])
{
    char host[INET6_ADDRSTRLEN] = "";
    char path[ADDRESS_PATH_BYTES];

    if (name->any.sa_family == AF_INET)
        snprintf(out, TEXT_BYTES, "%s:%u",
                inet_ntop(AF_INET, &name->in.sin_addr, host, sizeof(host)),
                ntohs(name->in.sin_port));
    else if (name->any.sa_family == AF_INET6)
        snprintf(out, TEXT_BYTES, "[%s]:%u",
                inet_ntop(AF_INET6, &name->in6.sin6_addr, host, sizeof(host)),
                ntohs(name->in6.sin6_port));
    else if (name->any.sa_family == AF_UNIX && name->un.sun_path[0])
        snprintf(out, TEXT_BYTES, "ipc://%s",
                log_escape(path, sizeof(path), name->un.sun_path,
                        strnlen(name->un.sun_path, sizeof(name->un.sun_path))));
    else
        snprintf(out, TEXT_BYTES, "no address that there is a name for");
}

static enum remex_status refuse(struct remex_error *error,
        const struct passed *passed, const struct passed_socket *socket,
        const char *what)
{
    size_t index = (size_t)(socket - passed->sockets);
    union name name;
    char text[TEXT_BYTES] = "?";

    if (name_of(socket->fd, &name))
        describe(&name, text);
    return error_set(error, REMEX_INVALID_ARGUMENT,
            "the socket that was passed as descriptor %zu%s%s (%s) %s",
            PASSED_FIRST_FD + index, socket->name[0] ? ", " : "", socket->name,
            text, what);
}

/* --- Whose they are ------------------------------------------------------- */

static bool same_inet(const union name *name, const struct addrinfo *info)
{
    union name other;

    memset(&other, 0, sizeof(other));
    memcpy(&other, info->ai_addr, info->ai_addrlen);
    if (name->any.sa_family != other.any.sa_family)
        return false;
    if (name->any.sa_family == AF_INET)
        return name->in.sin_port == other.in.sin_port &&
                name->in.sin_addr.s_addr == other.in.sin_addr.s_addr;
    return name->any.sa_family == AF_INET6 &&
            name->in6.sin6_port == other.in6.sin6_port &&
            memcmp(&name->in6.sin6_addr, &other.in6.sin6_addr,
                    sizeof(other.in6.sin6_addr)) == 0;
}

static bool has_port(const union name *name, const struct address *address)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
    struct addrinfo *list;
    char port[8];
    bool same = false;

    snprintf(port, sizeof(port), "%u", (unsigned int)address->port);
    if (getaddrinfo(address->host, port, &hints, &list) != 0)
        return false;
    for (struct addrinfo *info = list; info && !same; info = info->ai_next)
        same = same_inet(name, info);
    freeaddrinfo(list);
    return same;
}

static bool is_at(const union name *name, const struct address *address)
{
    if (address->kind != ADDRESS_IPC)
        return address->port > 0 && has_port(name, address);
    return name->any.sa_family == AF_UNIX &&
            strncmp(name->un.sun_path, address->path,
                    sizeof(name->un.sun_path)) == 0;
}

/* The slot for it: of requests or of hints. NULL: no address has it. */
static int *find_slot(const union name *name, const struct config *config,
        struct front_sockets *all)
{
    for (size_t i = 0; i < config->address_count; i++) {
        struct address hint;

        if (is_at(name, &config->addresses[i]))
            return &all[i].requests;
        if (address_hint(&config->addresses[i], &hint, NULL) == REMEX_OK &&
                is_at(name, &hint))
            return &all[i].hints;
    }
    return NULL;
}

/* Whoever may open it is let in as its owner's user, or root. */
static const char *check_path(const union name *name)
{
    struct stat status;

    if (name->any.sa_family != AF_UNIX)
        return NULL;
    if (lstat(name->un.sun_path, &status) < 0 || !S_ISSOCK(status.st_mode))
        return "is not at its path any more";
    if (status.st_mode & 0077)
        return "can be opened by others; give it SocketMode=0600";
    if (status.st_uid != geteuid() && status.st_uid != 0)
        return "belongs to another user; take SocketUser= away";
    return NULL;
}

static enum remex_status match_one(struct passed *passed,
        struct passed_socket *socket, const struct config *config,
        struct front_sockets *all, struct remex_error *error)
{
    union name name;
    const char *problem;
    int *slot;

    if (!has_option(socket->fd, SO_TYPE, SOCK_STREAM) ||
            !has_option(socket->fd, SO_ACCEPTCONN, 1) ||
            !name_of(socket->fd, &name))
        return refuse(error, passed, socket,
                "is no stream socket that listens; give it by ListenStream=, "
                "with Accept=no");
    slot = find_slot(&name, config, all);
    if (!slot)
        return refuse(error, passed, socket,
                "is not where --listen says; say the same there, or take it "
                "out of the .socket unit");
    if (*slot >= 0)
        return refuse(error, passed, socket, "was passed twice");
    problem = check_path(&name);
    if (problem)
        return refuse(error, passed, socket, problem);
    *slot = socket->fd;
    return REMEX_OK;
}

enum remex_status passed_match(struct passed *passed,
        const struct config *config,
        struct front_sockets out[CONFIG_MAX_ADDRESSES],
        struct remex_error *error)
{
    enum remex_status status = REMEX_OK;

    for (size_t i = 0; i < CONFIG_MAX_ADDRESSES; i++)
        out[i] = (struct front_sockets)FRONT_SOCKETS_NONE;
    if (passed->problem)
        return error_set(error, REMEX_INVALID_ARGUMENT, "%s", passed->problem);
    for (size_t i = 0; status == REMEX_OK && i < passed->count; i++)
        status = match_one(passed, &passed->sockets[i], config, out, error);
    return status;
}
