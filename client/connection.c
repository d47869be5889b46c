/* SPDX-License-Identifier: Apache-2.0 */
#include "client/connection.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "client/connection_inside.h"
#include "common/clock.h"
#include "common/error.h"

/* Longest that a free waits for the thread, which may be looking up a name. */
#define CLOSE_SECONDS 1

static void wake_thread(struct connection *connection)
{
    static const uint64_t one = 1;
    ssize_t written = write(connection->wake_fd, &one, sizeof(one));

    (void)written; /* only a full counter refuses, and it wakes as well */
}

void connection_free(struct connection *connection)
{
    for (unsigned int i = 0; i < CONNECTION_LANES; i++)
        connection_lane_deinit(&connection->lanes[i]);
    SSL_CTX_free(connection->context);
    if (connection->wake_fd >= 0)
        close(connection->wake_fd);
    if (connection->poll_fd >= 0)
        close(connection->poll_fd);
    pthread_cond_destroy(&connection->ended);
    pthread_mutex_destroy(&connection->lock);
    free(connection);
}

/* --- For lanes ----------------------------------------------------------- */

enum sp_framing connection_framing(const struct connection *connection)
{
    return connection->address.kind == ADDRESS_IPC || connection->tunnel
            ? SP_IPC
            : SP_PLAIN;
}

void connection_expect(struct connection *connection, int64_t at)
{
    bool too_late;

    pthread_mutex_lock(&connection->lock);
    if (at < connection->request_due)
        connection->request_due = at;
    too_late = connection->asleep && at < connection->asleep_until;
    pthread_mutex_unlock(&connection->lock);
    if (too_late)
        wake_thread(connection);
}

void connection_note_problem(
        struct connection *connection, const struct remex_error *problem)
{
    pthread_mutex_lock(&connection->lock);
    connection->problem = *problem;
    pthread_mutex_unlock(&connection->lock);
}

/* --- Operations ---------------------------------------------------------- */

/* The program's signals are for its own threads. */
static bool start_thread(struct connection *connection)
{
    sigset_t all;
    sigset_t before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    connection->started = pthread_create(&connection->thread, NULL,
                                  connection_run, connection) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return connection->started;
}

static enum remex_status open_lane(
        struct transport *transport, unsigned int lane)
{
    struct connection *connection = (struct connection *)transport;
    bool started;

    pthread_mutex_lock(&connection->lock);
    connection->to_open[lane] = true;
    started = connection->started || start_thread(connection);
    pthread_mutex_unlock(&connection->lock);
    wake_thread(connection);
    return started ? REMEX_OK : REMEX_NO_MEMORY;
}

static enum remex_status send_request(struct transport *transport,
        unsigned int lane, const struct wire_head *head,
        struct remex_bytes payload, int timeout_ms)
{
    struct connection *connection = (struct connection *)transport;
    size_t size = CONNECTION_WORD_BYTES + head->size + payload.size;
    uint8_t *message = malloc(SP_MAX_HEAD_BYTES + size);
    size_t before;
    uint8_t *at;

    if (!message)
        return REMEX_NO_MEMORY;
    before = sp_put_head(message, connection_framing(connection), size);
    at = message + before + CONNECTION_WORD_BYTES;
    memcpy(at, head->data, head->size);
    if (payload.size > 0)
        memcpy(at + head->size, payload.data, payload.size);
    connection_lane_send(&connection->lanes[lane], message, before,
            before + size, timeout_ms);
    return REMEX_OK;
}

static void reset(struct transport *transport, unsigned int lane)
{
    struct connection *connection = (struct connection *)transport;

    pthread_mutex_lock(&connection->lock);
    connection->to_reset[lane] = true;
    pthread_mutex_unlock(&connection->lock);
    wake_thread(connection);
}

/* The executor may not know by what name we reach it: only the port counts. */
static enum remex_status find_hints(const struct connection *connection,
        const char *text, struct address *out)
{
    struct address told;

    *out = connection->address;
    if (connection->tunnel && text[0])
        return REMEX_OK; /* the other end of it knows where */
    if (address_parse(text, &told, NULL) != REMEX_OK ||
            told.kind != connection->address.kind)
        return REMEX_INVALID_ARGUMENT;
    out->port = told.port;
    memcpy(out->path, told.path, sizeof(out->path));
    return REMEX_OK;
}

static bool is_same(const struct address *one, const struct address *other)
{
    return one->port == other->port && strcmp(one->path, other->path) == 0;
}

static enum remex_status listen_to(struct transport *transport,
        const char *hint_address, const uint8_t topic[MESSAGE_TOPIC_BYTES])
{
    struct connection *connection = (struct connection *)transport;
    struct address address;

    if (find_hints(connection, hint_address, &address) != REMEX_OK)
        return REMEX_INVALID_ARGUMENT;
    pthread_mutex_lock(&connection->lock);
    connection->to_open[CONNECTION_HINT_LANE] = true;
    connection->to_reset[CONNECTION_HINT_LANE] =
            connection->hint_address.kind != 0 &&
            !is_same(&connection->hint_address, &address);
    connection->hint_address = address;
    memcpy(connection->topic, topic, sizeof(connection->topic));
    pthread_mutex_unlock(&connection->lock);
    wake_thread(connection);
    return REMEX_OK;
}

static void wake(struct transport *transport, int64_t at)
{
    struct connection *connection = (struct connection *)transport;
    bool too_late;

    pthread_mutex_lock(&connection->lock);
    connection->timer_at = at;
    too_late = connection->asleep && at < connection->asleep_until;
    pthread_mutex_unlock(&connection->lock);
    if (too_late)
        wake_thread(connection);
}

static enum remex_status problem(
        struct transport *transport, struct remex_error *error)
{
    struct connection *connection = (struct connection *)transport;
    struct remex_error found;

    pthread_mutex_lock(&connection->lock);
    found = connection->problem;
    pthread_mutex_unlock(&connection->lock);
    if (found.status != REMEX_OK && error)
        *error = found;
    return found.status;
}

/* By a clock that nobody sets, which joining with a time limit has not. False:
 * it is abandoned, and frees the connection when it ends. */
static bool stop_in_time(struct connection *connection)
{
    struct timespec until;
    bool over;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += CLOSE_SECONDS;
    pthread_mutex_lock(&connection->lock);
    while (!connection->over &&
            pthread_cond_timedwait(
                    &connection->ended, &connection->lock, &until) == 0)
        ;
    over = connection->over;
    connection->abandoned = !over;
    pthread_mutex_unlock(&connection->lock);
    return over;
}

static void free_transport(struct transport *transport)
{
    struct connection *connection = (struct connection *)transport;
    pthread_t thread = connection->thread;

    pthread_mutex_lock(&connection->lock);
    connection->stopping = true;
    pthread_mutex_unlock(&connection->lock);
    wake_thread(connection);
    if (connection->started && !stop_in_time(connection)) {
        pthread_detach(thread);
        return;
    }
    if (connection->started)
        pthread_join(thread, NULL);
    connection_free(connection);
}

static const struct transport_operations operations = {
    .open = open_lane,
    .send = send_request,
    .reset = reset,
    .listen = listen_to,
    .wake = wake,
    .problem = problem,
    .free = free_transport,
};

/* --- Making -------------------------------------------------------------- */

static enum remex_status set_up_tls(struct connection *connection,
        const struct tls_files *files, struct remex_error *error)
{
    const char *name = files->name ? files->name : connection->address.host;

    if (strlen(name) >= sizeof(connection->name))
        return error_bad_field(error, "options.tls_name", "it is too long");
    memcpy(connection->name, name, strlen(name) + 1);
    return tls_context_new(files, &connection->context, error);
}

/* Whose waits end by the monotonic clock: nobody sets that. */
static void init_ended(struct connection *connection)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&connection->ended, &attributes);
    pthread_condattr_destroy(&attributes);
}

static bool open_poll(struct connection *connection)
{
    struct epoll_event woken = { .events = EPOLLIN,
        .data.u32 = CONNECTION_LANES };

    connection->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    connection->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    return connection->wake_fd >= 0 && connection->poll_fd >= 0 &&
            epoll_ctl(connection->poll_fd, EPOLL_CTL_ADD, connection->wake_fd,
                    &woken) == 0;
}

enum remex_status connection_new(const struct connection_way *way,
        const struct transport_events *events, struct transport **out,
        struct remex_error *error)
{
    struct connection *connection = calloc(1, sizeof(*connection));
    enum remex_status status = REMEX_OK;

    if (!connection)
        return error_set(error, REMEX_NO_MEMORY, "no memory for a connection");
    connection->transport.operations = &operations;
    connection->events = *events;
    connection->address = *way->address;
    connection->tunnel = way->tunnel;
    connection->request_due = CLOCK_NEVER;
    connection->timer_at = CLOCK_NEVER;
    pthread_mutex_init(&connection->lock, NULL);
    init_ended(connection);
    for (unsigned int i = 0; i < CONNECTION_LANES; i++)
        connection_lane_init(connection, i);
    if (!open_poll(connection))
        status = error_set(error, REMEX_RESOURCE_EXHAUSTED,
                "no descriptor left for a connection");
    else if (way->address->kind == ADDRESS_TLS)
        status = set_up_tls(connection, way->files, error);
    if (status != REMEX_OK) {
        connection_free(connection);
        return status;
    }
    *out = &connection->transport;
    return REMEX_OK;
}
