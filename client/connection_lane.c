/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>

#include "client/connection_inside.h"

/* Above every reply that an executor may send; over it, NNG cuts the
 * connection. */
#define MAX_REPLY_BYTES ((size_t)2 * 1024 * 1024)

/* How long to wait before connecting again: at first, and at most. */
#define FIRST_RETRY_MS 20
#define MAX_RETRY_MS 1000

/* ---------------------------------------------------------------- what comes
 * in */

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

static nng_pipe pipe_of(struct connection_lane *lane)
{
    nng_pipe pipe = NNG_PIPE_INITIALIZER;

    pthread_mutex_lock(&lane->connection->mutex);
    pipe.id = lane->pipe;
    pthread_mutex_unlock(&lane->connection->mutex);
    return pipe;
}

/* What became of the request is unknown, so the connection must not carry
 * another one beside it. */
static void cut(struct connection_lane *lane)
{
    nng_pipe pipe = pipe_of(lane);

    if (pipe.id != 0)
        nng_pipe_close(pipe);
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

    if (packet)
        events->replied(events->user, lane->number, packet);
    else
        tell_failed(lane);
}

/* A request has been sent, answered, or neither. */
static void moved(void *user)
{
    struct connection_lane *lane = user;
    int result = nng_aio_result(lane->aio);
    nng_msg *message = nng_aio_get_msg(lane->aio);

    nng_aio_set_msg(lane->aio, NULL);
    if (result == 0 && !lane->receiving) {
        lane->receiving = true;
        nng_ctx_recv(lane->ctx, lane->aio);
        return;
    }
    if (result != 0 && !lane->receiving && message)
        nng_msg_free(message);
    if (result == NNG_ETIMEDOUT)
        cut(lane);
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

/* ------------------------------------------------------------------------
 * pipes */

/* NNG allows nothing here but taking a note. Of a pipe that breaks early, the
 * end may be told before it is told to be ready. */
static void pipe_changed(nng_pipe pipe, nng_pipe_ev event, void *user)
{
    struct connection_lane *lane = user;
    uint32_t id = (uint32_t)nng_pipe_id(pipe);

    pthread_mutex_lock(&lane->connection->mutex);
    if (event == NNG_PIPE_EV_ADD_PRE) {
        lane->pipe = id;
        lane->ready = false;
    } else if (lane->pipe == id && event == NNG_PIPE_EV_ADD_POST) {
        lane->ready = true;
    } else if (lane->pipe == id) {
        lane->pipe = 0;
        lane->ready = false;
    }
    connection_kick(lane->connection);
    pthread_mutex_unlock(&lane->connection->mutex);
}

enum connection_change connection_lane_change(struct connection_lane *lane)
{
    uint32_t now = lane->ready ? lane->pipe : 0;

    if (lane->told == now)
        return CONNECTION_SAME;
    if (lane->told != 0) { /* a new one is told next */
        lane->told = 0;
        return CONNECTION_DOWN;
    }
    lane->told = now;
    return CONNECTION_UP;
}

/* --------------------------------------------------------------------
 * operations */

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
    lane->opened = true;
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
