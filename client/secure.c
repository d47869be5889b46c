/* SPDX-License-Identifier: Apache-2.0 */
#include "client/secure.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "client/secure_inside.h"
#include "common/clock.h"
#include "common/error.h"

enum { LANES = TRANSPORT_LANES + 1, HINT_LANE = TRANSPORT_LANES };

/* Longest that a free waits for the thread, which may be looking up a name. */
#define CLOSE_SECONDS 1

static void wake_thread(struct secure *secure)
{
    static const uint64_t one = 1;
    ssize_t written = write(secure->wake_fd, &one, sizeof(one));

    (void)written; /* only a full counter refuses, and it wakes as well */
}

static void free_secure(struct secure *secure)
{
    for (unsigned int i = 0; i < LANES; i++) {
        secure_lane_deinit(&secure->lanes[i]);
        free(secure->wishes[i].message);
    }
    SSL_CTX_free(secure->context);
    if (secure->wake_fd >= 0)
        close(secure->wake_fd);
    pthread_mutex_destroy(&secure->mutex);
    free(secure);
}

/* --- The thread ---------------------------------------------------------- */

static bool take_wish(
        struct secure *secure, unsigned int number, struct secure_wish *out)
{
    struct secure_wish *wish = &secure->wishes[number];

    pthread_mutex_lock(&secure->mutex);
    *out = *wish;
    *wish = (struct secure_wish){ .message = NULL };
    pthread_mutex_unlock(&secure->mutex);
    return out->open || out->reset || out->message;
}

static void grant_wishes(struct secure *secure, int64_t now)
{
    for (unsigned int i = 0; i < LANES; i++) {
        struct secure_lane *lane = &secure->lanes[i];
        struct secure_wish wish;

        if (!take_wish(secure, i, &wish))
            continue;
        if (wish.open)
            secure_lane_open(lane, now);
        if (wish.message)
            secure_lane_send(
                    lane, wish.message, wish.size, wish.timeout_ms, now);
        if (wish.reset && lane->state != LANE_CLOSED)
            secure_lane_cut(lane, now);
    }
}

static int64_t next_due(struct secure *secure)
{
    int64_t due;

    pthread_mutex_lock(&secure->mutex);
    due = secure->timer_at;
    pthread_mutex_unlock(&secure->mutex);
    for (unsigned int i = 0; i < LANES; i++) {
        int64_t at = secure_lane_due(&secure->lanes[i]);

        if (at < due)
            due = at;
    }
    return due;
}

static void tell_due(struct secure *secure, int64_t now)
{
    bool due;

    pthread_mutex_lock(&secure->mutex);
    due = secure->timer_at <= now;
    if (due)
        secure->timer_at = CLOCK_NEVER;
    pthread_mutex_unlock(&secure->mutex);
    if (due)
        secure->events.due(secure->events.user);
}

static bool is_stopping(struct secure *secure)
{
    bool stopping;

    pthread_mutex_lock(&secure->mutex);
    stopping = secure->stopping;
    pthread_mutex_unlock(&secure->mutex);
    return stopping;
}

static void wait_for_something(struct secure *secure, bool ready[LANES])
{
    struct pollfd fds[LANES + 1];
    uint64_t count;

    for (unsigned int i = 0; i < LANES; i++)
        fds[i] = (struct pollfd){ .fd = secure->lanes[i].fd,
            .events = secure_lane_wants(&secure->lanes[i]) };
    fds[LANES] = (struct pollfd){ .fd = secure->wake_fd, .events = POLLIN };
    poll(fds, LANES + 1, clock_poll_ms(clock_monotonic_ns(), next_due(secure)));
    for (unsigned int i = 0; i < LANES; i++)
        ready[i] = fds[i].revents != 0;
    if (fds[LANES].revents != 0 &&
            read(secure->wake_fd, &count, sizeof(count)) < 0)
        assert(errno == EAGAIN || errno == EINTR);
}

static void *run(void *user)
{
    struct secure *secure = user;
    bool abandoned;

    while (!is_stopping(secure)) {
        bool ready[LANES];
        int64_t now;

        wait_for_something(secure, ready);
        now = clock_monotonic_ns();
        for (unsigned int i = 0; i < LANES && !is_stopping(secure); i++)
            secure_lane_step(&secure->lanes[i], ready[i], now);
        if (is_stopping(secure))
            break;
        grant_wishes(secure, now);
        tell_due(secure, now);
    }
    pthread_mutex_lock(&secure->mutex);
    abandoned = secure->abandoned;
    secure->abandoned = true; /* whoever comes second frees it */
    pthread_mutex_unlock(&secure->mutex);
    if (abandoned)
        free_secure(secure);
    return NULL;
}

/* No signal is for this thread, a SIGPIPE of its own writing least of all. */
static bool start_thread(struct secure *secure)
{
    sigset_t all;
    sigset_t before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    secure->started = pthread_create(&secure->thread, NULL, run, secure) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return secure->started;
}

/* --- Operations ---------------------------------------------------------- */

static enum remex_status open_lane(
        struct transport *transport, unsigned int lane)
{
    struct secure *secure = (struct secure *)transport;
    bool started;

    pthread_mutex_lock(&secure->mutex);
    secure->wishes[lane].open = true;
    started = secure->started || start_thread(secure);
    pthread_mutex_unlock(&secure->mutex);
    wake_thread(secure);
    return started ? REMEX_OK : REMEX_NO_MEMORY;
}

/* Room for length and number, which are put in when it is sent. */
static enum remex_status send_request(struct transport *transport,
        unsigned int lane, const struct wire_head *head,
        struct remex_bytes payload, int timeout_ms)
{
    struct secure *secure = (struct secure *)transport;
    size_t size = sizeof(uint32_t) + head->size + payload.size;
    uint8_t *message = malloc(SP_LENGTH_BYTES + size);
    uint8_t *at;

    if (!message)
        return REMEX_NO_MEMORY;
    sp_put_length(message, size);
    at = message + SP_LENGTH_BYTES + sizeof(uint32_t);
    memcpy(at, head->data, head->size);
    if (payload.size > 0)
        memcpy(at + head->size, payload.data, payload.size);
    pthread_mutex_lock(&secure->mutex);
    secure->wishes[lane].message = message;
    secure->wishes[lane].size = SP_LENGTH_BYTES + size;
    secure->wishes[lane].timeout_ms = timeout_ms;
    pthread_mutex_unlock(&secure->mutex);
    wake_thread(secure);
    return REMEX_OK;
}

static void reset(struct transport *transport, unsigned int lane)
{
    struct secure *secure = (struct secure *)transport;

    pthread_mutex_lock(&secure->mutex);
    secure->wishes[lane].reset = true;
    pthread_mutex_unlock(&secure->mutex);
    wake_thread(secure);
}

/* The executor may not know by what name we reach it: only the port counts. */
static enum remex_status listen_to(struct transport *transport,
        const char *hint_address, const uint8_t topic[MESSAGE_TOPIC_BYTES])
{
    struct secure *secure = (struct secure *)transport;
    struct address address;

    if (address_parse(hint_address, &address, NULL) != REMEX_OK ||
            address.kind != ADDRESS_TLS)
        return REMEX_INVALID_ARGUMENT;
    pthread_mutex_lock(&secure->mutex);
    secure->wishes[HINT_LANE].open = true;
    secure->wishes[HINT_LANE].reset =
            secure->hint_port != 0 && secure->hint_port != address.port;
    secure->hint_port = address.port;
    memcpy(secure->topic, topic, sizeof(secure->topic));
    pthread_mutex_unlock(&secure->mutex);
    wake_thread(secure);
    return REMEX_OK;
}

static void wake(struct transport *transport, int64_t at)
{
    struct secure *secure = (struct secure *)transport;
    bool earlier;

    pthread_mutex_lock(&secure->mutex);
    earlier = at < secure->timer_at;
    secure->timer_at = at;
    pthread_mutex_unlock(&secure->mutex);
    if (earlier)
        wake_thread(secure);
}

static enum remex_status problem(
        struct transport *transport, struct remex_error *error)
{
    struct secure *secure = (struct secure *)transport;
    struct remex_error found;

    pthread_mutex_lock(&secure->mutex);
    found = secure->problem;
    pthread_mutex_unlock(&secure->mutex);
    if (found.status != REMEX_OK && error)
        *error = found;
    return found.status;
}

static bool stop_in_time(struct secure *secure)
{
    struct timespec until;

    /* Not pthread_clockjoin_np, which the thread sanitizer does not know. */
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += CLOSE_SECONDS;
    return pthread_timedjoin_np(secure->thread, NULL, &until) == 0;
}

static void free_transport(struct transport *transport)
{
    struct secure *secure = (struct secure *)transport;
    bool ended;

    pthread_mutex_lock(&secure->mutex);
    secure->stopping = true;
    pthread_mutex_unlock(&secure->mutex);
    wake_thread(secure);
    if (secure->started && !stop_in_time(secure)) {
        pthread_detach(secure->thread);
        pthread_mutex_lock(&secure->mutex);
        ended = secure->abandoned;
        secure->abandoned = true;
        pthread_mutex_unlock(&secure->mutex);
        if (!ended)
            return; /* the thread does the rest */
    }
    free_secure(secure);
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

enum remex_status secure_new(const struct address *address,
        const struct secure_files *files, const struct transport_events *events,
        struct transport **out, struct remex_error *error)
{
    struct secure *secure = calloc(1, sizeof(*secure));
    const char *name = files->name ? files->name : address->host;
    enum remex_status status;

    if (!secure)
        return error_set(error, REMEX_NO_MEMORY, "no memory for TLS");
    secure->transport.operations = &operations;
    secure->events = *events;
    secure->address = *address;
    secure->timer_at = CLOCK_NEVER;
    pthread_mutex_init(&secure->mutex, NULL);
    for (unsigned int i = 0; i < LANES; i++)
        secure_lane_init(secure, i);
    secure->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (strlen(name) >= sizeof(secure->name))
        status = error_bad_field(error, "options.tls_name", "it is too long");
    else if (secure->wake_fd < 0)
        status = error_set(
                error, REMEX_RESOURCE_EXHAUSTED, "no descriptor left for TLS");
    else
        status = secure_context_new(files, &secure->context, error);
    if (status != REMEX_OK) {
        free_secure(secure);
        return status;
    }
    memcpy(secure->name, name, strlen(name) + 1);
    *out = &secure->transport;
    return REMEX_OK;
}
