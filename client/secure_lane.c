/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "client/secure_inside.h"
#include "common/clock.h"

/* Above every reply that an executor may send. */
#define MAX_REPLY_BYTES ((size_t)2 * 1024 * 1024)
#define MAX_HINT_BYTES ((size_t)4096)

#define FIRST_RETRY_MS 20
#define MAX_RETRY_MS 1000

/* From the first step of a connect to the other end's hello. */
#define CONNECT_MS 10000

#define REQUEST_BIT UINT32_C(0x80000000)
enum { REQUEST_BYTES = 4 };

/* One lane's share of a turn. */
enum { TURN_READS = 64 };

/* --- What comes in ------------------------------------------------------- */

struct owned_packet {
    struct packet packet;
    uint8_t *message;
};

static void destroy_packet(struct packet *packet)
{
    struct owned_packet *this = (struct owned_packet *)packet;

    free(this->message);
    free(this);
}

static uint32_t get_word(const uint8_t bytes[REQUEST_BYTES])
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
            (uint32_t)bytes[2] << 8 | bytes[3];
}

static void put_word(uint8_t out[REQUEST_BYTES], uint32_t word)
{
    out[0] = (uint8_t)(word >> 24);
    out[1] = (uint8_t)(word >> 16);
    out[2] = (uint8_t)(word >> 8);
    out[3] = (uint8_t)word;
}

static void end_request(struct secure_lane *lane)
{
    free(lane->out);
    lane->out = NULL;
    lane->busy = false;
    lane->overdue = CLOCK_NEVER;
}

static void take_reply(struct secure_lane *lane, uint8_t *message, size_t size)
{
    const struct transport_events *events = &lane->secure->events;
    struct owned_packet *packet = malloc(sizeof(*packet));

    end_request(lane);
    if (!packet) {
        free(message);
        events->failed(events->user, lane->number);
        return;
    }
    *packet = (struct owned_packet){
        .packet = { .bytes = { message + REQUEST_BYTES, size - REQUEST_BYTES },
                .holders = 1,
                .destroy = destroy_packet },
        .message = message,
    };
    events->replied(events->user, lane->number, &packet->packet);
}

static void take_hint(struct secure_lane *lane, uint8_t *message, size_t size)
{
    static const uint8_t everybody[MESSAGE_TOPIC_BYTES];
    struct secure *secure = lane->secure;
    uint8_t topic[MESSAGE_TOPIC_BYTES];

    pthread_mutex_lock(&secure->mutex);
    memcpy(topic, secure->topic, sizeof(topic));
    pthread_mutex_unlock(&secure->mutex);
    if (size >= sizeof(topic) &&
            (memcmp(message, topic, sizeof(topic)) == 0 ||
                    memcmp(message, everybody, sizeof(topic)) == 0))
        secure->events.hinted(
                secure->events.user, (struct remex_bytes){ message, size });
    free(message);
}

/* A reply to something else than what was asked last is not for anybody. */
static void take_message(struct secure_lane *lane)
{
    size_t size;
    uint8_t *message = sp_reader_take(&lane->reader, &size);

    if (lane->number == TRANSPORT_LANES) {
        take_hint(lane, message, message ? size : 0);
        return;
    }
    if (!message || size < REQUEST_BYTES || !lane->busy ||
            get_word(message) != lane->request) {
        free(message);
        return;
    }
    take_reply(lane, message, size);
}

/* --- The end of a connection --------------------------------------------- */

static void close_lane(struct secure_lane *lane)
{
    SSL_free(lane->ssl);
    lane->ssl = NULL;
    if (lane->fd >= 0)
        close(lane->fd);
    lane->fd = -1;
    sp_reader_deinit(&lane->reader);
    lane->wants_write = false;
}

static int64_t next_delay(struct secure_lane *lane)
{
    int64_t delay = lane->retry_ms;

    lane->retry_ms = 2 * delay < MAX_RETRY_MS ? 2 * delay : MAX_RETRY_MS;
    return clock_from_ms((uint64_t)delay);
}

void secure_lane_cut(struct secure_lane *lane, int64_t now)
{
    const struct transport_events *events = &lane->secure->events;
    bool was_up = lane->state == LANE_UP;
    bool was_busy = lane->busy;

    if (was_up)
        lane->retry_ms = FIRST_RETRY_MS;
    close_lane(lane);
    end_request(lane);
    lane->state = LANE_CLOSED;
    lane->at = clock_after(now, next_delay(lane));
    if (lane->number == TRANSPORT_LANES)
        return;
    if (was_busy)
        events->failed(events->user, lane->number);
    if (was_up)
        events->down(events->user, lane->number);
}

/* --- Connecting ---------------------------------------------------------- */

static int connect_to(const struct addrinfo *info)
{
    static const int on = 1;
    int fd = socket(
            info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    if (connect(fd, info->ai_addr, info->ai_addrlen) == 0 ||
            errno == EINPROGRESS)
        return fd;
    close(fd);
    return -1;
}

static uint16_t port_of(struct secure_lane *lane)
{
    struct secure *secure = lane->secure;
    uint16_t port = secure->address.port;

    if (lane->number < TRANSPORT_LANES)
        return port;
    pthread_mutex_lock(&secure->mutex);
    port = secure->hint_port;
    pthread_mutex_unlock(&secure->mutex);
    return port;
}

/* The host's addresses are tried in turn, one each time. */
static int dial(struct secure_lane *lane)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *found;
    char port[8];
    int fd = -1;

    snprintf(port, sizeof(port), "%u", (unsigned int)port_of(lane));
    if (getaddrinfo(lane->secure->address.host, port, &hints, &found) != 0)
        return -1;
    for (const struct addrinfo *at = found; at && fd < 0; at = at->ai_next)
        fd = connect_to(at);
    freeaddrinfo(found);
    return fd;
}

/* The name is checked within the handshake. */
static bool expect_name(struct secure_lane *lane)
{
    char *name = lane->secure->name;
    X509_VERIFY_PARAM *parameters = SSL_get0_param(lane->ssl);

    if (X509_VERIFY_PARAM_set1_ip_asc(parameters, name) == 1)
        return true;
    ERR_clear_error();
    return SSL_set1_host(lane->ssl, name) == 1 &&
            SSL_set_tlsext_host_name(lane->ssl, name) == 1;
}

static void start_connecting(struct secure_lane *lane, int64_t now)
{
    lane->fd = dial(lane);
    if (lane->fd < 0) {
        secure_lane_cut(lane, now);
        return;
    }
    lane->state = LANE_CONNECTING;
    lane->wants_write = true;
    lane->at = clock_after(now, clock_from_ms(CONNECT_MS));
}

static bool finish_connecting(struct secure_lane *lane)
{
    socklen_t size = sizeof(int);
    int error = 0;

    if (getsockopt(lane->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 || error)
        return false;
    lane->ssl = SSL_new(lane->secure->context);
    if (!lane->ssl || SSL_set_fd(lane->ssl, lane->fd) != 1 ||
            !expect_name(lane))
        return false;
    SSL_set_connect_state(lane->ssl);
    lane->state = LANE_SHAKING;
    return true;
}

/* False: it did not move, and waits, unless it has `failed`. */
static bool moved(struct secure_lane *lane, int result, bool *failed)
{
    int error;

    if (result == 1)
        return true;
    error = SSL_get_error(lane->ssl, result);
    lane->wants_write = error == SSL_ERROR_WANT_WRITE;
    *failed = error != SSL_ERROR_WANT_WRITE && error != SSL_ERROR_WANT_READ;
    return false;
}

static void note_problem(struct secure_lane *lane)
{
    struct secure *secure = lane->secure;

    pthread_mutex_lock(&secure->mutex);
    secure_context_tell(lane->ssl, secure->name, &secure->problem);
    pthread_mutex_unlock(&secure->mutex);
}

/* --- Moving -------------------------------------------------------------- */

static bool put_hello(struct secure_lane *lane)
{
    lane->out = malloc(SP_HELLO_BYTES);
    if (!lane->out)
        return false;
    sp_put_hello(lane->out, lane->protocol);
    lane->out_size = SP_HELLO_BYTES;
    lane->out_sent = 0;
    sp_reader_init(&lane->reader, lane->protocol == SP_REQ ? SP_REP : SP_PUB,
            lane->protocol == SP_REQ ? MAX_REPLY_BYTES : MAX_HINT_BYTES);
    lane->state = LANE_GREETING;
    return true;
}

/* False: it has failed. */
static bool shake_hands(struct secure_lane *lane)
{
    bool failed = false;

    ERR_clear_error();
    if (moved(lane, SSL_do_handshake(lane->ssl), &failed))
        return put_hello(lane);
    if (failed)
        note_problem(lane);
    return !failed;
}

static bool write_out(struct secure_lane *lane)
{
    bool failed = false;

    lane->wants_write = false;
    while (lane->out && lane->out_sent < lane->out_size) {
        size_t sent = 0;

        ERR_clear_error();
        if (!moved(lane,
                    SSL_write_ex(lane->ssl, lane->out + lane->out_sent,
                            lane->out_size - lane->out_sent, &sent),
                    &failed))
            return !failed;
        lane->out_sent += sent;
    }
    free(lane->out);
    lane->out = NULL;
    return true;
}

static void come_up(struct secure_lane *lane)
{
    const struct transport_events *events = &lane->secure->events;

    lane->state = LANE_UP;
    lane->at = CLOCK_NEVER;
    lane->retry_ms = FIRST_RETRY_MS;
    if (lane->number < TRANSPORT_LANES)
        events->up(events->user, lane->number);
}

static bool took(struct secure_lane *lane, size_t size)
{
    switch (sp_reader_took(&lane->reader, size)) {
    case SP_MORE:
        return true;
    case SP_HELLO:
        come_up(lane);
        return true;
    case SP_MESSAGE:
        take_message(lane);
        return true;
    case SP_REFUSED:
    case SP_NO_MEMORY:
    default:
        return false;
    }
}

static bool read_in(struct secure_lane *lane)
{
    bool failed = false;

    for (unsigned int i = 0; i < TURN_READS || SSL_pending(lane->ssl) > 0;
            i++) {
        void *data;
        size_t room;
        size_t size = 0;

        sp_reader_room(&lane->reader, &data, &room);
        ERR_clear_error();
        if (!moved(lane, SSL_read_ex(lane->ssl, data, room, &size), &failed)) {
            if (failed && lane->state == LANE_GREETING)
                note_problem(lane); /* TLS 1.3 refuses clients only now */
            return !failed;
        }
        if (!took(lane, size))
            return false;
    }
    return true;
}

static bool advance(struct secure_lane *lane)
{
    if (lane->state == LANE_CONNECTING && !finish_connecting(lane))
        return false;
    if (lane->state == LANE_SHAKING && !shake_hands(lane))
        return false;
    if (lane->state < LANE_GREETING)
        return true;
    return write_out(lane) && read_in(lane);
}

/* --- For the thread ------------------------------------------------------ */

void secure_lane_init(struct secure *secure, unsigned int number)
{
    struct secure_lane *lane = &secure->lanes[number];

    lane->secure = secure;
    lane->number = number;
    lane->protocol = number < TRANSPORT_LANES ? SP_REQ : SP_SUB;
    lane->fd = -1;
    lane->at = CLOCK_NEVER;
    lane->overdue = CLOCK_NEVER;
    lane->retry_ms = FIRST_RETRY_MS;
}

void secure_lane_deinit(struct secure_lane *lane)
{
    close_lane(lane);
    free(lane->out);
}

void secure_lane_open(struct secure_lane *lane, int64_t now)
{
    if (lane->state == LANE_CLOSED)
        start_connecting(lane, now);
}

/* Its owner knows whether it is up from what he was told: it may have gone down
 * since. */
void secure_lane_send(struct secure_lane *lane, uint8_t *message, size_t size,
        int timeout_ms, int64_t now)
{
    const struct transport_events *events = &lane->secure->events;

    if (lane->state != LANE_UP || lane->out) {
        free(message);
        events->failed(events->user, lane->number);
        return;
    }
    lane->request = (lane->request + 1) | REQUEST_BIT;
    put_word(message + SP_LENGTH_BYTES, lane->request);
    lane->out = message;
    lane->out_size = size;
    lane->out_sent = 0;
    lane->busy = true;
    lane->overdue = clock_after(now, clock_from_ms((uint64_t)timeout_ms));
    if (!write_out(lane))
        secure_lane_cut(lane, now);
}

short secure_lane_wants(const struct secure_lane *lane)
{
    if (lane->fd < 0)
        return 0;
    if (lane->state == LANE_CONNECTING)
        return POLLOUT;
    return (short)(POLLIN | (lane->wants_write ? POLLOUT : 0));
}

int64_t secure_lane_due(const struct secure_lane *lane)
{
    return lane->at < lane->overdue ? lane->at : lane->overdue;
}

void secure_lane_step(struct secure_lane *lane, bool ready, int64_t now)
{
    if (lane->state == LANE_CLOSED) {
        if (lane->at <= now)
            start_connecting(lane, now);
        return;
    }
    if (ready && !advance(lane)) {
        secure_lane_cut(lane, now);
        return;
    }
    if (secure_lane_due(lane) <= now)
        secure_lane_cut(lane, now);
}
