/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/tls/peer.h"

#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <openssl/err.h>

#include "common/clock.h"
#include "executor/tls/secrets.h"

/* A record's worth: smaller messages leave with their length in one piece. */
enum { RECORD_BYTES = 16 * 1024 };

/* One peer's share of a turn of the loop. */
enum { TURN_READS = 32 };

struct peer_chunk {
    struct peer_chunk *next;
    size_t size;
    size_t sent;
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
    return peer->held < PEER_MAX_HELD && !peer->kind->paused;
}

static void update_watch(struct peer *peer)
{
    uint32_t wanted = 0;

    if (wants_to_read(peer) || peer->writes_by_read)
        wanted |= EPOLLIN;
    if (peer->waiting > 0 || peer->reads_by_write)
        wanted |= EPOLLOUT;
    if (wanted != peer->watched)
        loop_change(peer->kind->loop, &peer->watch, wanted);
    peer->watched = wanted;
}

/* OpenSSL could not go on: it waits for the socket, or this is the end. */
static void note_wait(struct peer *peer, int result)
{
    int error = SSL_get_error(peer->ssl, result);

    ERR_clear_error();
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
        peer_end(peer);
}

/* Reading, or shaking hands, could not go on. */
static void note_read_wait(struct peer *peer, int result)
{
    peer->reads_by_write = SSL_want_write(peer->ssl);
    note_wait(peer, result);
}

/* --- Out ----------------------------------------------------------------- */

/* How many bytes went out; 0: none can, or it has ended. */
static size_t write_some(struct peer *peer, const void *data, size_t size)
{
    size_t written = 0;
    int result;

    if (size == 0 || peer->has_ended)
        return 0;
    result = SSL_write_ex(peer->ssl, data, size, &written);
    peer->writes_by_read = false;
    if (result == 1)
        return written;
    peer->writes_by_read = SSL_want_read(peer->ssl);
    note_wait(peer, result);
    return 0;
}

static void append(struct peer *peer, struct peer_chunk *chunk)
{
    if (peer->first_chunk)
        peer->last_chunk->next = chunk;
    else
        peer->first_chunk = chunk;
    peer->last_chunk = chunk;
    peer->waiting += chunk->size;
}

static void keep(struct peer *peer, const void *data, size_t size)
{
    struct peer_chunk *chunk;

    if (size == 0 || peer->has_ended)
        return;
    if (peer->waiting + size > PEER_MAX_WAITING) {
        peer_end(peer);
        return;
    }
    chunk = malloc(sizeof(*chunk) + size);
    if (!chunk) {
        peer_end(peer);
        return;
    }
    chunk->next = NULL;
    chunk->size = size;
    chunk->sent = 0;
    memcpy(chunk->data, data, size);
    append(peer, chunk);
}

static void send_waiting(struct peer *peer)
{
    struct peer_chunk *chunk;

    while ((chunk = peer->first_chunk)) {
        size_t sent = write_some(
                peer, chunk->data + chunk->sent, chunk->size - chunk->sent);

        if (sent == 0)
            return;
        chunk->sent += sent;
        peer->waiting -= sent;
        if (chunk->sent < chunk->size)
            continue;
        peer->first_chunk = chunk->next;
        free(chunk);
    }
}

static void send_bytes(struct peer *peer, const void *data, size_t size)
{
    const uint8_t *at = data;

    while (size > 0 && !peer->first_chunk) {
        size_t sent = write_some(peer, at, size);

        if (sent == 0)
            break;
        at += sent;
        size -= sent;
    }
    keep(peer, at, size);
}

/* What is more than a record goes out as it fits the network, not record by
 * record. */
static void hold_back(const struct peer *peer, int on)
{
    setsockopt(peer->watch.fd, IPPROTO_TCP, TCP_CORK, &on, sizeof(on));
}

/* Length, head and as much of the body as makes a record go out together. */
void peer_send(struct peer *peer, const void *head, size_t head_size,
        const void *body, size_t body_size)
{
    uint8_t record[RECORD_BYTES];
    size_t before = sp_put_head(record, SP_PLAIN, head_size + body_size);
    size_t used = before + head_size;
    size_t first = sizeof(record) - used;

    assert(used <= sizeof(record));
    if (peer->has_ended)
        return;
    if (first > body_size)
        first = body_size;
    if (head_size > 0)
        memcpy(record + before, head, head_size);
    if (first > 0)
        memcpy(record + used, body, first);
    if (first < body_size)
        hold_back(peer, 1);
    send_bytes(peer, record, used + first);
    if (first < body_size) {
        send_bytes(peer, (const uint8_t *)body + first, body_size - first);
        hold_back(peer, 0);
    }
    update_watch(peer);
}

/* --- In ------------------------------------------------------------------ */

static void greet(struct peer *peer)
{
    uint8_t hello[SP_HELLO_BYTES];

    sp_put_hello(hello, peer->kind->protocol);
    send_bytes(peer, hello, sizeof(hello));
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

/* True: there may be more to read. */
static bool took(struct peer *peer, size_t size)
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
    return !peer->has_ended;
}

static bool read_some(struct peer *peer)
{
    void *data;
    size_t room;
    size_t size = 0;
    int result;

    sp_reader_room(&peer->reader, &data, &room);
    result = SSL_read_ex(peer->ssl, data, room, &size);
    peer->reads_by_write = false;
    if (result == 1)
        return took(peer, size);
    note_read_wait(peer, result);
    return false;
}

/* What OpenSSL has decrypted already would not be told by epoll, so it is read
 * to the end, or the rest has another turn. */
static void read_all(struct peer *peer)
{
    unsigned int reads = 0;

    while (wants_to_read(peer) && read_some(peer)) {
        if (++reads >= TURN_READS && SSL_pending(peer->ssl) == 0)
            return;
    }
}

/* --- The beginning ------------------------------------------------------- */

static bool begin(struct peer *peer)
{
    peer->ssl = SSL_new(peer->kind->context);
    if (!peer->ssl || SSL_set_fd(peer->ssl, peer->watch.fd) != 1) {
        peer_end(peer);
        return false;
    }
    SSL_set_accept_state(peer->ssl);
    return true;
}

static bool shake_hands(struct peer *peer)
{
    int result = SSL_do_handshake(peer->ssl);

    peer->reads_by_write = false;
    if (result != 1) {
        note_read_wait(peer, result);
        return false;
    }
    if (!secrets_peer_name(peer->ssl, peer->name, sizeof(peer->name))) {
        peer_end(peer);
        return false;
    }
    greet(peer);
    return true;
}

static void on_ready(struct loop_watch *watch, uint32_t events)
{
    struct peer *peer = CONTAINER_OF(watch, struct peer, watch);

    (void)events; /* reading and writing find out */
    if (peer->has_ended || (!peer->ssl && !begin(peer)))
        return;
    if (SSL_is_init_finished(peer->ssl) || shake_hands(peer)) {
        send_waiting(peer);
        if (!peer->has_ended)
            read_all(peer);
    }
    if (!peer->has_ended)
        update_watch(peer);
}

/* Reads as well: what is decrypted already, epoll will not tell. */
void peer_resume(struct peer *peer)
{
    if (peer->has_ended || !peer->is_serving)
        return;
    read_all(peer);
    if (!peer->has_ended)
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

struct peer *peer_new(const struct peer_kind *kind, int fd)
{
    struct peer *peer = calloc(1, sizeof(*peer));
    int64_t until =
            clock_after(loop_now(kind->loop), clock_from_ms(PEER_PATIENCE_MS));

    if (!peer) {
        close(fd);
        return NULL;
    }
    peer->kind = kind;
    list_init(&peer->all);
    peer->watch = (struct loop_watch){ .ready = on_ready, .fd = -1 };
    peer->patience.due = on_patience;
    peer->end.run = on_end;
    peer->watched = EPOLLIN;
    sp_reader_init(&peer->reader, SP_PLAIN, other_end(kind->protocol),
            kind->max_message);
    if (loop_timer_set(kind->loop, &peer->patience, until) != REMEX_OK) {
        free(peer);
        close(fd);
        return NULL;
    }
    if (loop_add(kind->loop, &peer->watch, fd, EPOLLIN) != REMEX_OK) {
        loop_timer_cancel(kind->loop, &peer->patience);
        free(peer);
        close(fd);
        return NULL;
    }
    return peer;
}

void peer_free(struct peer *peer)
{
    struct loop *loop = peer->kind->loop;
    int fd = peer->watch.fd;

    loop_remove(loop, &peer->watch);
    loop_timer_cancel(loop, &peer->patience);
    loop_cancel(loop, &peer->end);
    SSL_free(peer->ssl);
    close(fd);
    sp_reader_deinit(&peer->reader);
    while (peer->first_chunk) {
        struct peer_chunk *chunk = peer->first_chunk;

        peer->first_chunk = chunk->next;
        free(chunk);
    }
    list_remove(&peer->all);
    free(peer);
}
