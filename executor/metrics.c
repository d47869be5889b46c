/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/metrics.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/error.h"
#include "executor/list.h"

enum { HEAD_BYTES = 256, BACKLOG = 16 };

struct visitor {
    struct metrics *metrics;
    struct loop_watch watch; /* its fd is -1: nobody is here */
    struct loop_timer deadline;
    int64_t since;
    char request[METRICS_REQUEST_BYTES + 1];
    size_t taken;
    char reply[HEAD_BYTES + FIGURES_BYTES];
    size_t reply_size; /* 0: the request is not all here */
    size_t sent;
};

struct metrics {
    struct loop *loop;
    struct metrics_hooks hooks;
    struct loop_watch door;
    struct visitor visitors[METRICS_CONNECTIONS];
};

/* --- A visitor ------------------------------------------------------------ */

static void leave(struct visitor *visitor)
{
    int fd = visitor->watch.fd;

    if (fd < 0)
        return;
    loop_timer_cancel(visitor->metrics->loop, &visitor->deadline);
    loop_remove(visitor->metrics->loop, &visitor->watch);
    visitor->watch.fd = -1;
    close(fd);
}

static void on_deadline(struct loop_timer *timer)
{
    leave(CONTAINER_OF(timer, struct visitor, deadline));
}

static void answer(struct visitor *visitor, const char *status,
        const char *type, const char *body, size_t size)
{
    int head = snprintf(visitor->reply, HEAD_BYTES,
            "HTTP/1.0 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
            "Connection: close\r\n\r\n",
            status, type, size);

    memcpy(visitor->reply + head, body, size);
    visitor->reply_size = (size_t)head + size;
    loop_change(visitor->metrics->loop, &visitor->watch, EPOLLOUT);
}

static void answer_plain(
        struct visitor *visitor, const char *status, const char *body)
{
    answer(visitor, status, "text/plain", body, strlen(body));
}

static bool asks_for(const struct visitor *visitor, const char *what)
{
    return strncmp(visitor->request, what, strlen(what)) == 0;
}

/* The first line says it all. */
static void take_request(struct visitor *visitor)
{
    const struct metrics_hooks *hooks = &visitor->metrics->hooks;
    struct figures figures = { 0 };
    char page[FIGURES_BYTES];

    hooks->tell(hooks->user, &figures);
    if (asks_for(visitor, "GET /metrics "))
        answer(visitor, "200 OK", "text/plain; version=0.0.4", page,
                figures_print(&figures, page));
    else if (!asks_for(visitor, "GET /healthz "))
        answer_plain(visitor,
                asks_for(visitor, "GET ") ? "404 Not Found"
                                          : "405 Method Not Allowed",
                "there are GET /metrics and GET /healthz\n");
    else if (figures.draining)
        answer_plain(visitor, "503 Service Unavailable", "draining\n");
    else
        answer_plain(visitor, "200 OK", "ok\n");
}

static void read_some(struct visitor *visitor)
{
    ssize_t size = recv(visitor->watch.fd, visitor->request + visitor->taken,
            METRICS_REQUEST_BYTES - visitor->taken, MSG_DONTWAIT);

    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (size <= 0) {
        leave(visitor);
        return;
    }
    visitor->taken += (size_t)size;
    visitor->request[visitor->taken] = '\0';
    if (strstr(visitor->request, "\r\n\r\n") ||
            strstr(visitor->request, "\n\n"))
        take_request(visitor);
    else if (visitor->taken == METRICS_REQUEST_BYTES)
        answer_plain(visitor, "400 Bad Request", "it is too long\n");
}

static void write_some(struct visitor *visitor)
{
    ssize_t size = send(visitor->watch.fd, visitor->reply + visitor->sent,
            visitor->reply_size - visitor->sent, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (size > 0)
        visitor->sent += (size_t)size;
    if (size <= 0 || visitor->sent == visitor->reply_size)
        leave(visitor);
}

static void on_visitor(struct loop_watch *watch, uint32_t events)
{
    struct visitor *visitor = CONTAINER_OF(watch, struct visitor, watch);

    (void)events;
    if (visitor->reply_size > 0)
        write_some(visitor);
    else
        read_some(visitor);
}

/* --- The door ------------------------------------------------------------- */

/* A free place, or that of the one who has been here longest. */
static struct visitor *find_place(struct metrics *metrics)
{
    struct visitor *place = &metrics->visitors[0];

    for (size_t i = 0; i < METRICS_CONNECTIONS; i++) {
        struct visitor *visitor = &metrics->visitors[i];

        if (visitor->watch.fd < 0)
            return visitor;
        if (visitor->since < place->since)
            place = visitor;
    }
    leave(place);
    return place;
}

static void on_door(struct loop_watch *watch, uint32_t events)
{
    struct metrics *metrics = CONTAINER_OF(watch, struct metrics, door);
    int fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct visitor *visitor;

    (void)events;
    if (fd < 0)
        return;
    visitor = find_place(metrics);
    *visitor = (struct visitor){ .metrics = metrics,
        .watch = { .ready = on_visitor, .fd = -1 },
        .deadline = { .due = on_deadline },
        .since = loop_now(metrics->loop) };
    if (loop_timer_set(metrics->loop, &visitor->deadline,
                visitor->since + clock_from_ms(METRICS_PATIENCE_MS)) !=
            REMEX_OK) {
        close(fd);
        return;
    }
    if (loop_add(metrics->loop, &visitor->watch, fd, EPOLLIN) != REMEX_OK) {
        loop_timer_cancel(metrics->loop, &visitor->deadline);
        visitor->watch.fd = -1;
        close(fd);
    }
}

/* --- Life ------------------------------------------------------------------
 */

static int bind_to(const struct addrinfo *info)
{
    const int on = 1;
    int fd = socket(
            info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
            bind(fd, info->ai_addr, info->ai_addrlen) == 0 &&
            listen(fd, BACKLOG) == 0)
        return fd;
    close(fd);
    return -1;
}

static int open_door(const struct address *address, const char **why_out)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
    struct addrinfo *list;
    char port[8];
    int error;
    int fd;

    snprintf(port, sizeof(port), "%u", (unsigned int)address->port);
    error = getaddrinfo(address->host, port, &hints, &list);
    if (error) {
        *why_out = gai_strerror(error);
        return -1;
    }
    fd = bind_to(list);
    *why_out = strerrordesc_np(errno);
    freeaddrinfo(list);
    return fd;
}

enum remex_status metrics_new(struct loop *loop, const struct address *address,
        const struct metrics_hooks *hooks, struct metrics **out,
        struct remex_error *error)
{
    struct metrics *metrics = calloc(1, sizeof(*metrics));
    const char *why = "there is no memory";
    int fd = metrics ? open_door(address, &why) : -1;

    if (fd < 0) {
        free(metrics);
        return error_set(error, REMEX_UNAVAILABLE,
                "--metrics: cannot listen on %s:%u: %s", address->host,
                (unsigned int)address->port, why);
    }
    metrics->loop = loop;
    metrics->hooks = *hooks;
    metrics->door.ready = on_door;
    for (size_t i = 0; i < METRICS_CONNECTIONS; i++)
        metrics->visitors[i].watch.fd = -1;
    if (loop_add(loop, &metrics->door, fd, EPOLLIN) != REMEX_OK) {
        close(fd);
        free(metrics);
        return error_set(error, REMEX_NO_MEMORY, "--metrics: no memory");
    }
    *out = metrics;
    return REMEX_OK;
}

void metrics_free(struct metrics *metrics)
{
    int fd;

    if (!metrics)
        return;
    for (size_t i = 0; i < METRICS_CONNECTIONS; i++)
        leave(&metrics->visitors[i]);
    fd = metrics->door.fd;
    loop_remove(metrics->loop, &metrics->door);
    close(fd);
    free(metrics);
}

unsigned int metrics_port(const struct metrics *metrics)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);
    struct sockaddr_in in;

    if (getsockname(metrics->door.fd, (struct sockaddr *)&address, &size) < 0)
        return 0;
    /* The port is in the same place in both families. */
    memcpy(&in, &address, sizeof(in));
    return ntohs(in.sin_port);
}
