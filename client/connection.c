/* SPDX-License-Identifier: Apache-2.0 */
#include "client/connection_inside.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"

/* Longest that a free waits for NNG. */
#define CLOSE_SECONDS 1

bool connection_enter(struct connection *connection)
{
    bool welcome;

    pthread_mutex_lock(&connection->mutex);
    welcome = !connection->stopping;
    if (welcome)
        connection->inside++;
    pthread_mutex_unlock(&connection->mutex);
    return welcome;
}

void connection_leave(struct connection *connection)
{
    pthread_mutex_lock(&connection->mutex);
    assert(connection->inside > 0);
    if (--connection->inside == 0)
        pthread_cond_broadcast(&connection->left);
    pthread_mutex_unlock(&connection->mutex);
}

/* --- The kick ------------------------------------------------------------ */

void connection_kick(struct connection *connection)
{
    if (connection->kicking || connection->stopping)
        return;
    connection->kicking = true;
    nng_sleep_aio(0, connection->kick);
}

/* A change of some lane, or NULL: then the next change kicks again. */
static struct connection_lane *next_change(
        struct connection *connection, enum connection_change *out)
{
    struct connection_lane *changed = NULL;

    pthread_mutex_lock(&connection->mutex);
    for (unsigned int i = 0; i < TRANSPORT_LANES && !changed; i++) {
        *out = connection_lane_change(&connection->lanes[i]);
        if (*out != CONNECTION_SAME)
            changed = &connection->lanes[i];
    }
    connection->kicking = changed != NULL;
    pthread_mutex_unlock(&connection->mutex);
    return changed;
}

/* Only one runs at a time, so that changes are told in their order. */
static void kicked(void *user)
{
    struct connection *connection = user;
    const struct transport_events *events = &connection->events;
    struct connection_lane *lane;
    enum connection_change change;

    if (!connection_enter(connection))
        return;
    while ((lane = next_change(connection, &change))) {
        if (change == CONNECTION_UP)
            events->up(events->user, lane->number);
        else
            events->down(events->user, lane->number);
    }
    connection_leave(connection);
}

/* --- The timer ----------------------------------------------------------- */

/* With the mutex held. */
static void start_timer(struct connection *connection)
{
    int64_t now = clock_monotonic_ns();

    connection->timing = true;
    nng_sleep_aio(clock_poll_ms(now, connection->timer_at), connection->timer);
}

static void timer_due(void *user)
{
    struct connection *connection = user;
    bool due;

    if (!connection_enter(connection))
        return;
    pthread_mutex_lock(&connection->mutex);
    connection->timing = false;
    due = connection->timer_at <= clock_monotonic_ns();
    if (due)
        connection->timer_at = CLOCK_NEVER;
    else if (connection->timer_at != CLOCK_NEVER)
        start_timer(connection);
    pthread_mutex_unlock(&connection->mutex);
    if (due)
        connection->events.due(connection->events.user);
    connection_leave(connection);
}

static void wake(struct transport *transport, int64_t at)
{
    struct connection *connection = (struct connection *)transport;
    int64_t before;

    pthread_mutex_lock(&connection->mutex);
    before = connection->timer_at;
    connection->timer_at = at;
    if (connection->stopping || at == CLOCK_NEVER) {
        /* what runs comes to nothing */
    } else if (!connection->timing) {
        start_timer(connection);
    } else if (at < before) {
        nng_aio_cancel(connection->timer); /* its callback starts it anew */
    }
    pthread_mutex_unlock(&connection->mutex);
}

/* --- The watch ----------------------------------------------------------- */

#define WATCH_EVERY_MS 500

void connection_watch(struct connection *connection)
{
    if (connection->watching || connection->stopping)
        return;
    connection->watching = true;
    nng_sleep_aio(WATCH_EVERY_MS, connection->watch);
}

/* The next lane that needs a dialer, from `*at` on; goes on watching if one is
 * down. */
static struct connection_lane *next_stuck(
        struct connection *connection, unsigned int *at)
{
    int64_t now = clock_monotonic_ns();
    struct connection_lane *stuck = NULL;
    unsigned int opened = 0;
    unsigned int down = 0;

    pthread_mutex_lock(&connection->mutex);
    for (unsigned int i = 0; i < TRANSPORT_LANES; i++) {
        opened += connection->lanes[i].opened;
        down += connection_lane_is_down(&connection->lanes[i]);
    }
    for (; *at < TRANSPORT_LANES && !stuck; (*at)++) {
        if (connection_lane_is_stuck(
                    &connection->lanes[*at], down < opened, now))
            stuck = &connection->lanes[*at];
    }
    if (!stuck) {
        connection->watching = false;
        if (down > 0)
            connection_watch(connection);
    }
    pthread_mutex_unlock(&connection->mutex);
    return stuck;
}

static void watched(void *user)
{
    struct connection *connection = user;
    struct connection_lane *lane;
    unsigned int at = 0;

    if (!connection_enter(connection))
        return;
    while ((lane = next_stuck(connection, &at)))
        connection_lane_redial(lane);
    connection_leave(connection);
}

/* --- Life and death ------------------------------------------------------ */

static void free_memory(struct connection *connection)
{
    for (unsigned int i = 0; i < TRANSPORT_LANES; i++)
        nng_aio_free(connection->lanes[i].aio);
    nng_aio_free(connection->hints.aio);
    nng_aio_free(connection->kick);
    nng_aio_free(connection->timer);
    nng_aio_free(connection->watch);
    pthread_cond_destroy(&connection->left);
    pthread_mutex_destroy(&connection->mutex);
    free(connection);
}

/* All that NNG could make us wait for. */
static void *close_sockets(void *user)
{
    struct connection *connection = user;

    nng_aio_stop(connection->timer);
    nng_aio_stop(connection->kick);
    nng_aio_stop(connection->watch);
    for (unsigned int i = 0; i < TRANSPORT_LANES; i++) {
        if (connection->lanes[i].opened)
            nng_close(connection->lanes[i].socket);
    }
    if (connection->hints.opened)
        nng_close(connection->hints.socket);
    return NULL;
}

/* False: NNG hangs. A thread that hangs with it is the price. */
static bool close_in_time(struct connection *connection)
{
    struct timespec until;
    pthread_t closer;

    if (pthread_create(&closer, NULL, close_sockets, connection) != 0)
        return false;
    /* Not pthread_clockjoin_np, which the thread sanitizer does not know. */
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += CLOSE_SECONDS;
    if (pthread_timedjoin_np(closer, NULL, &until) == 0)
        return true;
    pthread_detach(closer);
    return false;
}

static void free_connection(struct transport *transport)
{
    struct connection *connection = (struct connection *)transport;

    pthread_mutex_lock(&connection->mutex);
    connection->stopping = true;
    while (connection->inside > 0)
        pthread_cond_wait(&connection->left, &connection->mutex);
    pthread_mutex_unlock(&connection->mutex);
    /* What hangs may still use it. */
    if (close_in_time(connection))
        free_memory(connection);
}

/* Whether somebody is there, reach_check finds out. */
static enum remex_status no_problem(
        struct transport *transport, struct remex_error *error)
{
    (void)transport;
    (void)error;
    return REMEX_OK;
}

static const struct transport_operations operations = {
    .open = connection_lane_open,
    .send = connection_lane_send,
    .reset = connection_lane_reset,
    .listen = connection_hints_listen,
    .wake = wake,
    .problem = no_problem,
    .free = free_connection,
};

enum remex_status connection_new(const struct address *address,
        const struct transport_events *events, struct transport **out)
{
    struct connection *connection = calloc(1, sizeof(*connection));
    char text[ADDRESS_TEXT_BYTES];
    size_t length;

    if (!connection)
        return REMEX_NO_MEMORY;
    address_format(address, text);
    length = strnlen(text, sizeof(text));
    if (length >= sizeof(connection->url)) {
        free(connection);
        return REMEX_INVALID_ARGUMENT;
    }
    memcpy(connection->url, text, length);
    for (unsigned int i = 0; i < TRANSPORT_LANES; i++) {
        connection->lanes[i].connection = connection;
        connection->lanes[i].number = i;
    }
    connection->transport.operations = &operations;
    connection->events = *events;
    connection->timer_at = CLOCK_NEVER;
    pthread_mutex_init(&connection->mutex, NULL);
    pthread_cond_init(&connection->left, NULL);
    if (nng_aio_alloc(&connection->kick, kicked, connection) != 0 ||
            nng_aio_alloc(&connection->timer, timer_due, connection) != 0 ||
            nng_aio_alloc(&connection->watch, watched, connection) != 0) {
        free_memory(connection);
        return REMEX_NO_MEMORY;
    }
    *out = &connection->transport;
    return REMEX_OK;
}
