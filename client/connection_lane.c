/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>

#include "client/connection_inside.h"
#include "common/clock.h"

/* Above every reply that an executor may send; over it, NNG cuts the
 * connection. */
#define MAX_REPLY_BYTES ((size_t)2 * 1024 * 1024)

/* How long to wait before connecting again: at first, and at most. */
#define FIRST_RETRY_MS 20
#define MAX_RETRY_MS 1000

/* In NNG 1.5.2 a dialer gives up for good, and says nothing, if the other end
 * goes at a certain point of their handshake. It counts as dead if it has not
 * connected for so long: while other lanes do, and, longer than NNG waits for
 * the other end's part of the handshake, if none does. */
#define DEAD_AFTER ((int64_t)2 * 1000 * 1000 * 1000)
#define DEAD_ALONE_AFTER ((int64_t)12 * 1000 * 1000 * 1000)

/* --- What comes in ------------------------------------------------------- */

struct message_packet {
    struct packet packet;
    nng_msg *message;
};

static void destroy_packet(struct packet *packet)
{
    struct message_packet *this = (struct message_packet *)packet;

    nng_msg_free(this->message);
    free(this);
}

/* Takes over the message; NULL without memory. */
static struct packet *new_packet(nng_msg *message)
{
    struct message_packet *this = malloc(sizeof(*this));

    if (!this) {
        nng_msg_free(message);
        return NULL;
    }
    *this = (struct message_packet){
        .packet = { .bytes = { nng_msg_body(message), nng_msg_len(message) },
                .holders = 1,
                .destroy = destroy_packet },
        .message = message,
    };
    return &this->packet;
}

static void cut(struct connection_lane *lane)
{
    struct connection_pipe pipes[CONNECTION_LANE_DIALERS];

    pthread_mutex_lock(&lane->connection->mutex);
    memcpy(pipes, lane->pipes, sizeof(pipes));
    pthread_mutex_unlock(&lane->connection->mutex);
    for (size_t i = 0; i < CONNECTION_LANE_DIALERS; i++) {
        nng_pipe pipe = NNG_PIPE_INITIALIZER;

        pipe.id = pipes[i].id;
        if (pipe.id != 0)
            nng_pipe_close(pipe);
    }
}

/* What became of the request is unknown, so the link that was there for it must
 * not carry another one beside it. */
static void cut_used(struct connection_lane *lane)
{
    bool same;

    pthread_mutex_lock(&lane->connection->mutex);
    same = lane->used == lane->link;
    pthread_mutex_unlock(&lane->connection->mutex);
    if (same)
        cut(lane);
}

static void tell_failed(struct connection_lane *lane)
{
    const struct transport_events *events = &lane->connection->events;

    events->failed(events->user, lane->number);
}

static void take_reply(struct connection_lane *lane, nng_msg *message)
{
    const struct transport_events *events = &lane->connection->events;
    struct packet *packet = new_packet(message);

    if (packet) {
        events->replied(events->user, lane->number, packet);
        return;
    }
    cut_used(lane);
    tell_failed(lane);
}

/* Not beside nng_close, which NNG 1.5 does not survive. */
static void receive(struct connection_lane *lane)
{
    if (!connection_enter(lane->connection))
        return;
    lane->receiving = true;
    nng_ctx_recv(lane->ctx, lane->aio);
    connection_leave(lane->connection);
}

/* A request has been sent, answered, or neither. */
static void moved(void *user)
{
    struct connection_lane *lane = user;
    int result = nng_aio_result(lane->aio);
    nng_msg *message = nng_aio_get_msg(lane->aio);

    nng_aio_set_msg(lane->aio, NULL);
    if (result == 0 && !lane->receiving) {
        receive(lane);
        return;
    }
    if (result != 0 && !lane->receiving && message)
        nng_msg_free(message);
    if (result == NNG_ETIMEDOUT)
        cut(lane); /* whichever it went to */
    else if (result != 0)
        cut_used(lane);
    if (!connection_enter(lane->connection)) {
        if (result == 0)
            nng_msg_free(message);
        return;
    }
    if (result == 0)
        take_reply(lane, message);
    else
        tell_failed(lane);
    connection_leave(lane->connection);
}

/* --- Pipes --------------------------------------------------------------- */

static bool has_ready_pipe(const struct connection_lane *lane)
{
    for (size_t i = 0; i < CONNECTION_LANE_DIALERS; i++) {
        if (lane->pipes[i].id != 0 && lane->pipes[i].ready)
            return true;
    }
    return false;
}

/* NULL: there is none of this id. */
static struct connection_pipe *find_pipe(
        struct connection_lane *lane, uint32_t id)
{
    for (size_t i = 0; i < CONNECTION_LANE_DIALERS; i++) {
        if (lane->pipes[i].id == id)
            return &lane->pipes[i];
    }
    return NULL;
}

/* With the mutex held. */
static void note_pipe(
        struct connection_lane *lane, uint32_t id, nng_pipe_ev event)
{
    bool was_up = has_ready_pipe(lane);
    struct connection_pipe *known =
            find_pipe(lane, event == NNG_PIPE_EV_ADD_PRE ? 0 : id);
    bool is_up;

    if (known)
        *known = (struct connection_pipe){
            .id = event == NNG_PIPE_EV_REM_POST ? 0 : id,
            .ready = event == NNG_PIPE_EV_ADD_POST,
        };
    is_up = has_ready_pipe(lane);
    if (is_up && !was_up)
        lane->link++;
    if (was_up && !is_up)
        lane->down_since = clock_monotonic_ns();
    if (!is_up)
        connection_watch(lane->connection);
}

/* NNG allows nothing here but taking a note. Of a pipe that breaks early, the
 * end may be told before it is told to be ready. */
static void pipe_changed(nng_pipe pipe, nng_pipe_ev event, void *user)
{
    struct connection_lane *lane = user;

    pthread_mutex_lock(&lane->connection->mutex);
    note_pipe(lane, (uint32_t)nng_pipe_id(pipe), event);
    connection_kick(lane->connection);
    pthread_mutex_unlock(&lane->connection->mutex);
}

enum connection_change connection_lane_change(struct connection_lane *lane)
{
    uint64_t now = has_ready_pipe(lane) ? lane->link : 0;

    if (lane->told == now)
        return CONNECTION_SAME;
    if (lane->told != 0) { /* a new one is told next */
        lane->told = 0;
        return CONNECTION_DOWN;
    }
    lane->told = now;
    return CONNECTION_UP;
}

/* --- Operations ---------------------------------------------------------- */

static bool watch_pipes(struct connection_lane *lane)
{
    static const nng_pipe_ev kinds[] = { NNG_PIPE_EV_ADD_PRE,
        NNG_PIPE_EV_ADD_POST, NNG_PIPE_EV_REM_POST };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (nng_pipe_notify(lane->socket, kinds[i], pipe_changed, lane) != 0)
            return false;
    }
    return true;
}

static bool dial(struct connection_lane *lane)
{
    nng_dialer dialer;

    return nng_dialer_create(&dialer, lane->socket, lane->connection->url) ==
            0 &&
            nng_dialer_set_size(dialer, NNG_OPT_RECVMAXSZ, MAX_REPLY_BYTES) ==
            0 &&
            nng_dialer_set_ms(dialer, NNG_OPT_RECONNMINT, FIRST_RETRY_MS) ==
            0 &&
            nng_dialer_set_ms(dialer, NNG_OPT_RECONNMAXT, MAX_RETRY_MS) == 0 &&
            nng_dialer_start(dialer, NNG_FLAG_NONBLOCK) == 0;
}

bool connection_lane_is_down(const struct connection_lane *lane)
{
    return lane->opened && !has_ready_pipe(lane);
}

bool connection_lane_is_stuck(
        const struct connection_lane *lane, bool others_up, int64_t now)
{
    int64_t patience = others_up ? DEAD_AFTER : DEAD_ALONE_AFTER;

    return connection_lane_is_down(lane) &&
            lane->dialers < CONNECTION_LANE_DIALERS &&
            now - lane->down_since >= patience;
}

void connection_lane_redial(struct connection_lane *lane)
{
    bool dialled = dial(lane);

    pthread_mutex_lock(&lane->connection->mutex);
    lane->dialers += dialled;
    lane->down_since = clock_monotonic_ns();
    pthread_mutex_unlock(&lane->connection->mutex);
}

/* From here on the lane is looked after. */
static void note_open(struct connection_lane *lane)
{
    pthread_mutex_lock(&lane->connection->mutex);
    lane->opened = true;
    lane->dialers = 1;
    lane->down_since = clock_monotonic_ns();
    connection_watch(lane->connection);
    pthread_mutex_unlock(&lane->connection->mutex);
}

enum remex_status connection_lane_open(
        struct transport *transport, unsigned int number)
{
    struct connection *connection = (struct connection *)transport;
    struct connection_lane *lane = &connection->lanes[number];

    assert(number < TRANSPORT_LANES && !lane->opened);
    if (!lane->aio && nng_aio_alloc(&lane->aio, moved, lane) != 0)
        return REMEX_NO_MEMORY;
    if (nng_req0_open(&lane->socket) != 0)
        return REMEX_NO_MEMORY;
    if (nng_socket_set_ms(lane->socket, NNG_OPT_REQ_RESENDTIME,
                NNG_DURATION_INFINITE) != 0 ||
            nng_ctx_open(&lane->ctx, lane->socket) != 0 || !watch_pipes(lane) ||
            !dial(lane)) {
        nng_close(lane->socket);
        return REMEX_NO_MEMORY;
    }
    note_open(lane);
    return REMEX_OK;
}

enum remex_status connection_lane_send(struct transport *transport,
        unsigned int number, const struct wire_head *head,
        struct remex_bytes payload, int timeout_ms)
{
    struct connection *connection = (struct connection *)transport;
    struct connection_lane *lane = &connection->lanes[number];
    nng_msg *message;
    uint8_t *body;

    if (nng_msg_alloc(&message, head->size + payload.size) != 0)
        return REMEX_NO_MEMORY;
    body = nng_msg_body(message);
    memcpy(body, head->data, head->size);
    if (payload.size > 0)
        memcpy(body + head->size, payload.data, payload.size);
    lane->receiving = false;
    pthread_mutex_lock(&connection->mutex);
    lane->used = lane->link;
    pthread_mutex_unlock(&connection->mutex);
    nng_aio_set_msg(lane->aio, message);
    nng_aio_set_timeout(lane->aio, timeout_ms);
    nng_ctx_send(lane->ctx, lane->aio);
    return REMEX_OK;
}

void connection_lane_reset(struct transport *transport, unsigned int number)
{
    struct connection *connection = (struct connection *)transport;
    struct connection_lane *lane = &connection->lanes[number];

    cut(lane);
    nng_aio_cancel(lane->aio);
}
