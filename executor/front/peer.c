/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/front/peer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/iovec.h"

/* Read at once, unless it is known that more belongs together. */
enum { SCRATCH_BYTES = 16 * 1024 };

/* One peer's share of a turn of the loop. */
enum { TURN_READS = 32 };

struct peer_unread {
    size_t size;
    size_t done;
    uint8_t data[];
};

/* --- The end ------------------------------------------------------------- */

/* Not at once: whoever calls may still use it. */
void peer_end(struct peer *peer)
{
    if (peer->has_ended)
        return;
    peer->has_ended = true;
    loop_defer(peer->kind->loop, &peer->end);
}

void peer_throw_out(struct peer *peer)
{
    outbox_clear(&peer->outbox);
    peer_end(peer);
}

static void on_end(struct loop_task *task)
{
    struct peer *peer = CONTAINER_OF(task, struct peer, end);

    peer->kind->ended(peer->kind->user, peer);
}

static void on_patience(struct loop_timer *timer)
{
    peer_end(CONTAINER_OF(timer, struct peer, patience));
}

/* --- Waiting ------------------------------------------------------------- */

static bool wants_to_read(const struct peer *peer)
{
    return !peer->has_ended && !peer->kind->paused &&
            peer->held < PEER_MAX_HELD && peer->outbox.bytes < PEER_FULL_BYTES;
}

static void update_watch(struct peer *peer)
{
    uint32_t wanted = 0;

    if (peer->has_ended)
        return;
    if (wants_to_read(peer) || peer->stream.writes_by_read)
        wanted |= EPOLLIN;
    if (!outbox_is_empty(&peer->outbox) || peer->stream.reads_by_write)
        wanted |= EPOLLOUT;
    if (wanted != peer->watched)
        loop_change(peer->kind->loop, &peer->watch, wanted);
    peer->watched = wanted;
}

/* True: it goes on. */
static bool moved(struct peer *peer, enum stream_progress progress)
{
    if (progress == STREAM_BROKEN)
        peer_end(peer);
    return progress == STREAM_MOVED;
}

/* --- Out ----------------------------------------------------------------- */

/* How many bytes went out; 0: none can, or it has ended. */
static size_t write_some(
        struct peer *peer, const struct iovec *parts, size_t count)
{
    size_t sent = 0;

    if (peer->has_ended ||
            !moved(peer,
                    peer->kind->stream->write(
                            &peer->stream, parts, count, &sent)))
        return 0;
    return sent;
}

static void send_waiting(struct peer *peer)
{
    while (!outbox_is_empty(&peer->outbox)) {
        struct iovec parts[STREAM_PARTS];
        size_t count = outbox_next(&peer->outbox, parts, STREAM_PARTS);
        size_t sent = write_some(peer, parts, count);

        if (sent == 0)
            return;
        outbox_sent(&peer->outbox, sent);
    }
}

/* At once, as long as nothing waits that was sent before. */
static size_t send_now(
        struct peer *peer, const struct part *parts, size_t count)
{
    struct iovec out[PEER_MAX_PARTS];

    if (!outbox_is_empty(&peer->outbox))
        return 0;
    for (size_t i = 0; i < count; i++)
        out[i] = iovec_of(parts[i].data, parts[i].size);
    return write_some(peer, out, count);
}

static void send_bytes(
        struct peer *peer, const struct part *parts, size_t count)
{
    size_t sent = send_now(peer, parts, count);
    size_t size = 0;

    for (size_t i = 0; i < count; i++)
        size += parts[i].size;
    if (sent < size && !peer->has_ended &&
            !outbox_add(&peer->outbox, parts, count, sent))
        peer_end(peer);
}

void peer_send(struct peer *peer, struct part *parts, size_t count)
{
    uint8_t head[SP_MAX_HEAD_BYTES];
    size_t size = 0;

    assert(count <= PEER_MAX_PARTS);
    if (peer->has_ended)
        return;
    for (size_t i = 1; i < count; i++)
        size += parts[i].size;
    parts[0] = (struct part){ .data = head,
        .size = sp_put_head(head, peer->kind->framing, size) };
    send_bytes(peer, parts, count);
    update_watch(peer);
}

struct peer *peer_worse(const struct list *peers, struct peer *worst)
{
    for (struct list *node = peers->next; node != peers; node = node->next) {
        struct peer *peer = CONTAINER_OF(node, struct peer, all);

        if (!worst || peer->outbox.bytes > worst->outbox.bytes)
            worst = peer;
    }
    return worst;
}

/* --- In ------------------------------------------------------------------ */

static void greet(struct peer *peer)
{
    uint8_t hello[SP_HELLO_BYTES];
    struct part part = { .data = hello, .size = sizeof(hello) };

    sp_put_hello(hello, peer->kind->protocol);
    peer->is_greeted = true;
    send_bytes(peer, &part, 1);
}

static void start_serving(struct peer *peer)
{
    loop_timer_cancel(peer->kind->loop, &peer->patience);
    peer->is_serving = true;
    peer->kind->serving(peer->kind->user, peer);
}

static void take_message(struct peer *peer)
{
    size_t size;
    uint8_t *message = sp_reader_take(&peer->reader, &size);

    peer->kind->request(peer->kind->user, peer, message, size);
}

static void took(struct peer *peer, size_t size)
{
    switch (sp_reader_took(&peer->reader, size)) {
    case SP_MORE:
        break;
    case SP_HELLO:
        start_serving(peer);
        break;
    case SP_MESSAGE:
        take_message(peer);
        break;
    case SP_REFUSED:
    case SP_NO_MEMORY:
        peer_end(peer);
        break;
    }
}

/* Returns how much was taken in before it had to wait. */
static size_t feed(struct peer *peer, const uint8_t *data, size_t size)
{
    size_t fed = 0;

    while (fed < size && wants_to_read(peer)) {
        void *at;
        size_t room;

        sp_reader_room(&peer->reader, &at, &room);
        if (room > size - fed)
            room = size - fed;
        memcpy(at, data + fed, room);
        fed += room;
        took(peer, room);
    }
    return fed;
}

static void feed_unread(struct peer *peer)
{
    struct peer_unread *unread = peer->unread;

    unread->done += feed(
            peer, unread->data + unread->done, unread->size - unread->done);
    if (unread->done < unread->size)
        return;
    peer->unread = NULL;
    free(unread);
}

static bool put_aside(struct peer *peer, const uint8_t *data, size_t size)
{
    struct peer_unread *unread = malloc(sizeof(*unread) + size);

    if (!unread)
        return false;
    unread->size = size;
    unread->done = 0;
    memcpy(unread->data, data, size);
    peer->unread = unread;
    return true;
}

static void feed_all(struct peer *peer, const uint8_t *data, size_t size)
{
    size_t fed = feed(peer, data, size);

    if (fed < size && !peer->has_ended &&
            !put_aside(peer, data + fed, size - fed))
        peer_end(peer);
}

/* True: there may be more. */
static bool read_some(struct peer *peer)
{
    const struct stream_kind *stream = peer->kind->stream;
    uint8_t scratch[SCRATCH_BYTES];
    size_t got = 0;
    size_t room;
    void *data;

    sp_reader_room(&peer->reader, &data, &room);
    if (room >= sizeof(scratch)) {
        if (!moved(peer, stream->read(&peer->stream, data, room, &got)))
            return false;
        took(peer, got);
    } else {
        if (!moved(peer,
                    stream->read(
                            &peer->stream, scratch, sizeof(scratch), &got)))
            return false;
        feed_all(peer, scratch, got);
    }
    return !peer->stream.dry;
}

static void read_all(struct peer *peer)
{
    if (peer->unread)
        feed_unread(peer);
    for (unsigned int i = 0; i < TURN_READS && wants_to_read(peer); i++) {
        if (!read_some(peer))
            return;
    }
}

/* --- The beginning ------------------------------------------------------- */

static bool shake_hands(struct peer *peer)
{
    if (!moved(peer,
                peer->kind->stream->shake(
                        &peer->stream, peer->name, sizeof(peer->name))))
        return false;
    greet(peer);
    return true;
}

static void on_ready(struct loop_watch *watch, uint32_t events)
{
    struct peer *peer = CONTAINER_OF(watch, struct peer, watch);

    if (peer->has_ended)
        return;
    /* Reading would find out, but not while it has to wait. */
    if (events & (EPOLLHUP | EPOLLERR) && !wants_to_read(peer)) {
        peer_end(peer);
    } else if (peer->is_greeted || shake_hands(peer)) {
        send_waiting(peer);
        read_all(peer);
    }
    update_watch(peer);
}

/* Reads as well: what the stream holds already, epoll will not tell. */
void peer_resume(struct peer *peer)
{
    if (peer->has_ended || !peer->is_serving)
        return;
    read_all(peer);
    update_watch(peer);
}

void peer_released(struct peer *peer)
{
    assert(peer->held > 0);
    if (peer->held-- == PEER_MAX_HELD)
        peer_resume(peer);
}

/* --- Life ---------------------------------------------------------------- */

static enum sp_protocol other_end(enum sp_protocol protocol)
{
    return protocol == SP_REP ? SP_REQ : SP_SUB;
}

static bool start_watching(struct peer *peer, int fd)
{
    struct loop *loop = peer->kind->loop;
    int64_t until =
            clock_after(loop_now(loop), clock_from_ms(PEER_PATIENCE_MS));

    if (loop_timer_set(loop, &peer->patience, until) != REMEX_OK)
        return false;
    if (loop_add(loop, &peer->watch, fd, EPOLLIN) == REMEX_OK)
        return true;
    loop_timer_cancel(loop, &peer->patience);
    return false;
}

struct peer *peer_new(const struct peer_kind *kind, int fd)
{
    struct peer *peer = calloc(1, sizeof(*peer));

    if (!peer) {
        close(fd);
        return NULL;
    }
    peer->kind = kind;
    peer->outbox.memory = kind->waiting;
    list_init(&peer->all);
    peer->uid = LINK_PEER_UID_UNKNOWN;
    peer->watch = (struct loop_watch){ .ready = on_ready, .fd = -1 };
    peer->patience.due = on_patience;
    peer->end.run = on_end;
    peer->watched = EPOLLIN;
    peer->stream = (struct stream){ .kind = kind->stream, .fd = fd };
    sp_reader_init(&peer->reader, kind->framing, other_end(kind->protocol),
            kind->max_message);
    if (!start_watching(peer, fd)) {
        free(peer);
        close(fd);
        return NULL;
    }
    if (!kind->stream->shake)
        greet(peer);
    return peer;
}

void peer_free(struct peer *peer)
{
    struct loop *loop = peer->kind->loop;

    loop_remove(loop, &peer->watch);
    loop_timer_cancel(loop, &peer->patience);
    loop_cancel(loop, &peer->end);
    if (peer->kind->stream->end)
        peer->kind->stream->end(&peer->stream);
    close(peer->stream.fd);
    sp_reader_deinit(&peer->reader);
    outbox_clear(&peer->outbox);
    free(peer->unread);
    list_remove(&peer->all);
    free(peer);
}
