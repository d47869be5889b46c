/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "client/connection_inside.h"
#include "client/shortage.h"
#include "common/clock.h"

/* Above every reply that an executor may send. */
#define MAX_REPLY_BYTES ((size_t)2 * 1024 * 1024)
#define MAX_HINT_BYTES ((size_t)4096)

#define FIRST_RETRY_MS 20
#define MAX_RETRY_MS 1000

/* From the first step of a connect to the other end's hello. */
#define CONNECT_MS 10000

#define REQUEST_BIT UINT32_C(0x80000000)

/* One lane's share of a turn. */
enum { TURN_READS = 64 };

static bool carries_requests(const struct connection_lane *lane)
{
    return lane->number < TRANSPORT_LANES;
}

/* --- Numbers of requests ------------------------------------------------- */

static uint32_t get_word(const uint8_t bytes[CONNECTION_WORD_BYTES])
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
            (uint32_t)bytes[2] << 8 | bytes[3];
}

static void put_word(uint8_t out[CONNECTION_WORD_BYTES], uint32_t word)
{
    out[0] = (uint8_t)(word >> 24);
    out[1] = (uint8_t)(word >> 16);
    out[2] = (uint8_t)(word >> 8);
    out[3] = (uint8_t)word;
}

/* --- The end of a connection --------------------------------------------- */

static void end_request(struct connection_lane *lane)
{
    free(lane->out);
    lane->out = NULL;
    lane->held = false;
    lane->busy = false;
    lane->overdue = CLOCK_NEVER;
}

static int64_t next_delay(struct connection_lane *lane)
{
    int64_t delay = lane->retry_ms;

    lane->retry_ms = 2 * delay < MAX_RETRY_MS ? 2 * delay : MAX_RETRY_MS;
    return clock_from_ms((uint64_t)delay);
}

/* Closing it would not do: a forked process may have it open still. */
static void unwatch(struct connection_lane *lane)
{
    if (lane->watched)
        epoll_ctl(lane->connection->poll_fd, EPOLL_CTL_DEL, lane->stream.fd,
                NULL);
    lane->watched = 0;
}

static void cut(struct connection_lane *lane, struct lane_news *news)
{
    news->down = lane->state == LANE_UP;
    news->failed = lane->busy;
    if (lane->state == LANE_UP)
        lane->retry_ms = FIRST_RETRY_MS;
    unwatch(lane);
    stream_close(&lane->stream);
    sp_reader_deinit(&lane->reader);
    end_request(lane);
    lane->broken = false;
    lane->state = LANE_CLOSED;
    lane->at = clock_after(clock_monotonic_ns(), next_delay(lane));
}

/* --- Connecting ---------------------------------------------------------- */

static void note_problem(
        struct connection_lane *lane, const struct remex_error *problem)
{
    if (carries_requests(lane))
        connection_note_problem(lane->connection, problem);
}

static bool begin_stream(
        struct connection_lane *lane, struct remex_error *error)
{
    struct connection *connection = lane->connection;
    int fd;

    if (!connection->tunnel)
        return stream_dial(&lane->stream, &lane->address, connection->context,
                       connection->name, error) == REMEX_OK;
    fd = tunnel_dial(connection->tunnel,
            carries_requests(lane) ? MUX_REQUESTS : MUX_HINTS, error);
    if (fd >= 0)
        stream_take(&lane->stream, fd);
    return fd >= 0;
}

static bool dial(struct connection_lane *lane)
{
    struct remex_error error;

    if (!begin_stream(lane, &error)) {
        note_problem(lane, &error);
        return false;
    }
    lane->state = LANE_SHAKING;
    lane->at = clock_after(clock_monotonic_ns(), clock_from_ms(CONNECT_MS));
    return true;
}

static bool put_hello(struct connection_lane *lane)
{
    static const struct remex_error none = { .status = REMEX_OK };

    lane->out = malloc(SP_HELLO_BYTES);
    if (!lane->out)
        return false;
    sp_put_hello(lane->out, lane->protocol);
    lane->out_size = SP_HELLO_BYTES;
    lane->out_sent = 0;
    if (carries_requests(lane))
        sp_reader_init(&lane->reader, connection_framing(lane->connection),
                SP_REP, MAX_REPLY_BYTES);
    else
        sp_reader_init(&lane->reader, connection_framing(lane->connection),
                SP_PUB, MAX_HINT_BYTES);
    lane->state = LANE_GREETING;
    note_problem(lane, &none);
    return true;
}

/* False: it has failed. */
static bool shake_hands(struct connection_lane *lane)
{
    struct remex_error error = { .status = REMEX_OK };

    switch (stream_shake(
            &lane->stream, &lane->address, lane->connection->name, &error)) {
    case STREAM_MOVED:
        return put_hello(lane);
    case STREAM_WAITS:
        return true;
    case STREAM_BROKEN:
    default:
        note_problem(lane, &error);
        return false;
    }
}

/* --- Moving -------------------------------------------------------------- */

/* False: it has failed. */
static bool write_out(struct connection_lane *lane)
{
    while (lane->out && lane->out_sent < lane->out_size) {
        size_t sent = 0;
        enum stream_progress progress =
                stream_write(&lane->stream, lane->out + lane->out_sent,
                        lane->out_size - lane->out_sent, &sent);

        if (progress != STREAM_MOVED)
            return progress == STREAM_WAITS;
        lane->out_sent += sent;
    }
    free(lane->out);
    lane->out = NULL;
    return true;
}

/* A reply to something else than what was asked last is not for anybody. */
static void take_message(struct connection_lane *lane, struct lane_news *news)
{
    size_t size;
    uint8_t *message = sp_reader_take(&lane->reader, &size);

    if (carries_requests(lane)) {
        if (!message || size < CONNECTION_WORD_BYTES || !lane->busy ||
                get_word(message) != lane->request) {
            free(message);
            return;
        }
        end_request(lane);
    }
    news->message = message;
    news->size = size;
}

static bool took(
        struct connection_lane *lane, size_t size, struct lane_news *news)
{
    switch (sp_reader_took(&lane->reader, size)) {
    case SP_MORE:
        return true;
    case SP_HELLO:
        lane->state = LANE_UP;
        lane->at = CLOCK_NEVER;
        lane->retry_ms = FIRST_RETRY_MS;
        news->up = true;
        return true;
    case SP_MESSAGE:
        take_message(lane, news);
        return true;
    case SP_REFUSED:
    case SP_NO_MEMORY:
    default:
        return false;
    }
}

/* TLS 1.3 refuses clients only now. */
static void tell_refusal(struct connection_lane *lane)
{
    struct remex_error error = { .status = REMEX_OK };

    stream_tell(&lane->stream, lane->connection->name, &error);
    if (error.status != REMEX_OK)
        note_problem(lane, &error);
}

/* Up to the first thing to tell. False: it has failed. */
static bool read_in(
        struct connection_lane *lane, struct lane_news *news, bool *more_out)
{
    *more_out = true;
    for (unsigned int i = 0; i < TURN_READS || stream_holds(&lane->stream);
            i++) {
        enum stream_progress progress;
        size_t room;
        size_t size = 0;
        void *data;

        sp_reader_room(&lane->reader, &data, &room);
        progress = stream_read(&lane->stream, data, room, &size);
        if (progress == STREAM_WAITS) {
            *more_out = false;
            return true;
        }
        if (progress == STREAM_BROKEN && lane->state == LANE_GREETING)
            tell_refusal(lane);
        if (progress == STREAM_BROKEN || !took(lane, size, news))
            return false;
        if (news->up || news->message) {
            *more_out = stream_holds(&lane->stream);
            return true;
        }
    }
    return true;
}

/* False: it has failed. */
static bool advance(
        struct connection_lane *lane, struct lane_news *news, bool *more_out)
{
    if (lane->broken)
        return false;
    if (lane->state == LANE_SHAKING && !shake_hands(lane))
        return false;
    if (lane->state < LANE_GREETING)
        return true;
    if (!write_out(lane)) {
        if (lane->state == LANE_GREETING) /* for why it is closed already */
            (void)read_in(lane, news, more_out);
        return false;
    }
    /* A lane is not up before its own hello is out, whatever has come by then:
     * what is sent next would take its place. */
    if (lane->state == LANE_GREETING && lane->out)
        return true;
    return read_in(lane, news, more_out);
}

static void step(struct connection_lane *lane, bool ready,
        struct lane_news *news, bool *more_out)
{
    int64_t now = clock_monotonic_ns();

    if (lane->state == LANE_CLOSED && lane->at > now)
        return;
    if (lane->state == LANE_CLOSED) {
        if (!dial(lane)) {
            cut(lane, news);
            return;
        }
        ready = !lane->stream.connecting;
    }
    if ((ready || lane->broken || lane->out) && !advance(lane, news, more_out))
        cut(lane, news);
    else if (lane->at <= now || lane->overdue <= now)
        cut(lane, news);
}

/* --- For the thread ------------------------------------------------------ */

void connection_lane_init(struct connection *connection, unsigned int number)
{
    struct connection_lane *lane = &connection->lanes[number];

    pthread_mutex_init(&lane->lock, NULL);
    lane->connection = connection;
    lane->number = number;
    lane->protocol = number < TRANSPORT_LANES ? SP_REQ : SP_SUB;
    lane->at = CLOCK_NEVER;
    lane->overdue = CLOCK_NEVER;
    lane->retry_ms = FIRST_RETRY_MS;
    stream_init(&lane->stream);
}

void connection_lane_deinit(struct connection_lane *lane)
{
    stream_close(&lane->stream);
    sp_reader_deinit(&lane->reader);
    free(lane->out);
    pthread_mutex_destroy(&lane->lock);
}

void connection_lane_open(
        struct connection_lane *lane, const struct address *address)
{
    pthread_mutex_lock(&lane->lock);
    lane->address = *address;
    if (lane->state == LANE_CLOSED)
        lane->at = 0;
    pthread_mutex_unlock(&lane->lock);
}

void connection_lane_reset(struct connection_lane *lane, struct lane_news *news)
{
    pthread_mutex_lock(&lane->lock);
    if (lane->state != LANE_CLOSED)
        cut(lane, news);
    pthread_mutex_unlock(&lane->lock);
}

/* epoll has poll's bits. */
static void watch(struct connection_lane *lane)
{
    short wanted = stream_wants(&lane->stream);
    struct epoll_event event = { .events = (uint32_t)wanted,
        .data.u32 = lane->number };
    struct remex_error error;

    if (wanted == lane->watched)
        return;
    if (epoll_ctl(lane->connection->poll_fd,
                lane->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, lane->stream.fd,
                &event) == 0) {
        lane->watched = wanted;
        return;
    }
    shortage_tell(&error, errno, "a connection");
    note_problem(lane, &error);
    lane->broken = true;
}

int64_t connection_lane_settle(struct connection_lane *lane)
{
    int64_t due;

    pthread_mutex_lock(&lane->lock);
    watch(lane);
    due = lane->at < lane->overdue ? lane->at : lane->overdue;
    if (lane->broken || lane->unsent)
        due = 0;
    pthread_mutex_unlock(&lane->lock);
    return due;
}

bool connection_lane_step(
        struct connection_lane *lane, bool ready, struct lane_news *news)
{
    bool more = false;

    *news = (struct lane_news){ .message = NULL };
    pthread_mutex_lock(&lane->lock);
    step(lane, ready, news, &more);
    if (lane->unsent) {
        lane->unsent = false;
        news->failed = true;
    }
    pthread_mutex_unlock(&lane->lock);
    return more;
}

bool connection_lane_is_greeting(struct connection_lane *lane)
{
    bool greeting;

    pthread_mutex_lock(&lane->lock);
    greeting = lane->state == LANE_GREETING;
    pthread_mutex_unlock(&lane->lock);
    return greeting;
}

/* --- For whoever sends --------------------------------------------------- */

/* With the lane's lock held, which it lets go. Sees that the thread looks at
 * the lane again in time. */
static void end_sending(struct connection_lane *lane)
{
    bool done = !lane->unsent && !lane->broken && (lane->held || !lane->out);
    int64_t due = done ? lane->overdue : 0;

    pthread_mutex_unlock(&lane->lock);
    connection_expect(lane->connection, due);
}

static void hold(struct connection_lane *lane)
{
    lane->held = true;
    __atomic_fetch_or(
            &lane->connection->held, 1U << lane->number, __ATOMIC_RELEASE);
}

/* Its bit stays until it is written: who comes meanwhile waits for that. */
static void write_held(struct connection_lane *lane)
{
    pthread_mutex_lock(&lane->lock);
    if (lane->held)
        lane->broken = !write_out(lane);
    lane->held = false;
    __atomic_fetch_and(
            &lane->connection->held, ~(1U << lane->number), __ATOMIC_RELEASE);
    end_sending(lane);
}

void connection_write_held(struct connection *connection)
{
    unsigned int held = __atomic_load_n(&connection->held, __ATOMIC_ACQUIRE);

    for (unsigned int i = 0; held >> i; i++) {
        if (held >> i & 1)
            write_held(&connection->lanes[i]);
    }
}

/* With the lane's lock held. */
static void begin_request(struct connection_lane *lane, uint8_t *message,
        size_t head_size, size_t size, int64_t overdue)
{
    assert(!lane->out);
    lane->request = (lane->request + 1) | REQUEST_BIT;
    put_word(message + head_size, lane->request);
    lane->out = message;
    lane->out_size = size;
    lane->out_sent = 0;
    lane->busy = true;
    lane->overdue = overdue;
}

/* Its owner knows whether it is up from what he was told: it may have gone down
 * since. */
void connection_lane_send(struct connection_lane *lane, uint8_t *message,
        size_t head_size, size_t size, int timeout_ms)
{
    int64_t overdue = clock_after(
            clock_monotonic_ns(), clock_from_ms((uint64_t)timeout_ms));
    bool telling = connection_is_telling(lane->connection);

    if (!telling)
        connection_write_held(lane->connection);
    pthread_mutex_lock(&lane->lock);
    assert(!lane->busy || lane->state != LANE_UP);
    if (lane->state != LANE_UP) {
        free(message);
        lane->unsent = true;
    } else {
        begin_request(lane, message, head_size, size, overdue);
        if (telling)
            hold(lane);
        else
            lane->broken = !write_out(lane);
    }
    end_sending(lane);
}
