/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/front/responder.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <nng/protocol/reqrep0/rep.h>

#include "executor/front/departures.h"

enum {
    /* Requests under way. More than all sessions together may park. */
    MAX_SLOTS = 20000,
    /* Contexts that receive: one would do, the others catch bursts. */
    MIN_RECEIVING = 4,
    /* Replies on their way to peers that do not read them. */
    MAX_SENDING_BYTES = 64 * 1024 * 1024,
    /* How long a peer may take to read a reply. */
    SEND_TIMEOUT_MS = 20000
};

/*
 *     IDLE ──▶ RECEIVING ──request──▶ HELD ──reply──▶ SENDING
 *       ▲          ▲                    │                │
 *       └──────────┴──peer is gone──────┴─────sent───────┘
 */
enum slot_state { SLOT_IDLE, SLOT_RECEIVING, SLOT_HELD, SLOT_SENDING };

struct slot {
    struct responder *responder;
    nng_ctx context;
    nng_aio *aio;
    enum slot_state state;
    uint32_t index;
    uint32_t generation; /* of the request, so that late replies are known */
    uint32_t pipe;       /* of the request */
    size_t bytes;        /* of the reply */
    struct slot *next_idle;
};

struct responder {
    struct channel *channel;
    nng_socket socket;
    struct departures *departures;
    pthread_mutex_t lock; /* of all that follows, and the slots */
    struct slot *slots[MAX_SLOTS];
    size_t slot_count;
    struct slot *idle;
    size_t receiving;
    size_t sending_bytes;
};

static void slot_done(void *arg);

static struct slot *slot_new(struct responder *responder)
{
    struct slot *slot;

    if (responder->slot_count == MAX_SLOTS)
        return NULL;
    slot = calloc(1, sizeof(*slot));
    if (!slot || nng_ctx_open(&slot->context, responder->socket) ||
            nng_aio_alloc(&slot->aio, slot_done, slot))
        _exit(LINK_EXIT_MEMORY);
    slot->responder = responder;
    slot->index = (uint32_t)responder->slot_count;
    responder->slots[responder->slot_count++] = slot;
    return slot;
}

static void receive(struct slot *slot)
{
    slot->state = SLOT_RECEIVING;
    slot->generation++;
    slot->responder->receiving++;
    nng_aio_set_timeout(slot->aio, NNG_DURATION_INFINITE);
    nng_ctx_recv(slot->context, slot->aio);
}

static void keep_receiving(struct responder *responder)
{
    while (responder->receiving < MIN_RECEIVING) {
        struct slot *slot = responder->idle;

        if (slot)
            responder->idle = slot->next_idle;
        else
            slot = slot_new(responder);
        if (!slot)
            return;
        receive(slot);
    }
}

/* For a slot that is done with its request. */
static void recycle(struct slot *slot)
{
    struct responder *responder = slot->responder;

    slot->state = SLOT_IDLE;
    slot->generation++;
    slot->next_idle = responder->idle;
    responder->idle = slot;
    keep_receiving(responder);
}

static void send(struct slot *slot, nng_msg *message)
{
    slot->state = SLOT_SENDING;
    slot->bytes = nng_msg_len(message);
    slot->responder->sending_bytes += slot->bytes;
    nng_aio_set_timeout(slot->aio, SEND_TIMEOUT_MS);
    nng_aio_set_msg(slot->aio, message);
    nng_ctx_send(slot->context, slot->aio);
}

/* What the peer `pipe` has not read yet of its replies. */
static size_t unread(const struct responder *responder, uint32_t pipe)
{
    size_t bytes = 0;

    for (size_t i = 0; i < responder->slot_count; i++) {
        const struct slot *slot = responder->slots[i];

        if (slot->state == SLOT_SENDING && slot->pipe == pipe)
            bytes += slot->bytes;
    }
    return bytes;
}

/* Parts with the peer that leaves the most replies unread. It may come again
 * and go on where it was. */
static void shed(struct responder *responder)
{
    size_t most = 0;
    nng_pipe worst = NNG_PIPE_INITIALIZER;

    for (size_t i = 0; i < responder->slot_count; i++) {
        const struct slot *slot = responder->slots[i];
        size_t bytes;

        if (slot->state != SLOT_SENDING || slot->bytes == 0 ||
                slot->pipe == worst.id)
            continue;
        bytes = unread(responder, slot->pipe);
        if (bytes > most) {
            most = bytes;
            worst.id = slot->pipe;
        }
    }
    if (most > 0)
        nng_pipe_close(worst);
}

static uint32_t peer_uid(nng_pipe pipe)
{
    uint64_t uid;

    if (nng_pipe_get_uint64(pipe, NNG_OPT_IPC_PEER_UID, &uid))
        return LINK_PEER_UID_UNKNOWN;
    return (uint32_t)uid;
}

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* An empty request is a probe, which this process answers by itself. Any other
 * is the executor's; from then on the slot may be anybody's at any time, so it
 * is not looked at again here. */
static void received(struct slot *slot)
{
    struct responder *responder = slot->responder;
    nng_msg *message = nng_aio_get_msg(slot->aio);
    nng_pipe pipe = nng_msg_get_pipe(message);
    struct link_header header = {
        .size = (uint32_t)nng_msg_len(message),
        .kind = LINK_REQUEST,
        .ticket = (uint64_t)slot->generation << 32 | slot->index,
        .pipe = pipe.id,
        .arrived = now(),
    };

    responder->receiving--;
    slot->pipe = pipe.id;
    slot->state = SLOT_HELD;
    keep_receiving(responder);
    if (header.size == 0) {
        send(slot, message);
        return;
    }
    pthread_mutex_unlock(&responder->lock);
    header.peer_uid = peer_uid(pipe);
    channel_send(responder->channel, &header, nng_msg_body(message));
    nng_msg_free(message);
    pthread_mutex_lock(&responder->lock);
}

static void sent(struct slot *slot)
{
    if (nng_aio_result(slot->aio))
        nng_msg_free(nng_aio_get_msg(slot->aio));
    slot->responder->sending_bytes -= slot->bytes;
    recycle(slot);
}

/* Called by NNG when a receive or a send has ended. */
static void slot_done(void *arg)
{
    struct slot *slot = arg;
    struct responder *responder = slot->responder;

    pthread_mutex_lock(&responder->lock);
    if (slot->state == SLOT_SENDING)
        sent(slot);
    else if (nng_aio_result(slot->aio))
        _exit(LINK_EXIT_LIBRARY);
    else
        received(slot);
    pthread_mutex_unlock(&responder->lock);
}

void responder_reply(
        struct responder *responder, uint64_t ticket, nng_msg *message)
{
    size_t index = (size_t)(ticket & UINT32_MAX);
    struct slot *slot = NULL;

    pthread_mutex_lock(&responder->lock);
    if (index < responder->slot_count)
        slot = responder->slots[index];
    if (slot && slot->state == SLOT_HELD && slot->generation == ticket >> 32)
        send(slot, message);
    else
        nng_msg_free(message);
    if (responder->sending_bytes > MAX_SENDING_BYTES)
        shed(responder);
    pthread_mutex_unlock(&responder->lock);
}

/* Nobody waits any more for what came through `pipe`. A request that is being
 * taken in at this moment escapes; the executor's limit for parking ends it. */
static void forget_pipe(void *user, uint32_t pipe)
{
    struct responder *responder = user;
    struct link_header header = { .kind = LINK_PIPE_GONE, .pipe = pipe };

    pthread_mutex_lock(&responder->lock);
    for (size_t i = 0; i < responder->slot_count; i++) {
        struct slot *slot = responder->slots[i];

        if (slot->state == SLOT_HELD && slot->pipe == pipe)
            recycle(slot);
    }
    pthread_mutex_unlock(&responder->lock);
    channel_send(responder->channel, &header, NULL);
}

bool responder_start(struct channel *channel, const char *address,
        size_t max_request, struct listening *listening, struct responder **out)
{
    struct responder *responder = calloc(1, sizeof(*responder));
    int error;

    if (!responder)
        _exit(LINK_EXIT_MEMORY);
    responder->channel = channel;
    pthread_mutex_init(&responder->lock, NULL);
    error = nng_rep0_open(&responder->socket);
    if (error) {
        snprintf(listening->problem, sizeof(listening->problem),
                "cannot open a socket: %s", nng_strerror(error));
        free(responder);
        return false;
    }
    responder->departures =
            departures_new(responder->socket, forget_pipe, responder);
    pthread_mutex_lock(&responder->lock);
    keep_receiving(responder);
    pthread_mutex_unlock(&responder->lock);
    *out = responder;
    return listening_start(listening, responder->socket, address, max_request);
}
