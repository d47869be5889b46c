/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "client/connection_inside.h"
#include "common/clock.h"
#include "common/vigil.h"

enum { LANES = CONNECTION_LANES, HINT_LANE = CONNECTION_HINT_LANE };

/* Longest that it waits, at its end, for hellos to be answered. */
#define GREETING_MS 200

/* --- Telling ------------------------------------------------------------- */

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

/* False: there was no memory for it. */
static bool tell_reply(struct connection *connection, unsigned int lane,
        uint8_t *message, size_t size)
{
    const struct transport_events *events = &connection->events;
    struct owned_packet *packet = malloc(sizeof(*packet));

    if (!packet) {
        free(message);
        return false;
    }
    *packet = (struct owned_packet){
        .packet = { .bytes = { message + CONNECTION_WORD_BYTES,
                            size - CONNECTION_WORD_BYTES },
                .holders = 1,
                .destroy = destroy_packet },
        .message = message,
    };
    events->replied(events->user, lane, &packet->packet);
    return true;
}

/* A request that fails leaves its lane down: it is connected anew. */
static void drop_reply(struct connection *connection, unsigned int lane)
{
    const struct transport_events *events = &connection->events;
    struct lane_news news = { .message = NULL };

    connection_lane_reset(&connection->lanes[lane], &news);
    events->failed(events->user, lane);
    if (news.down)
        events->down(events->user, lane);
}

static void tell_hint(
        struct connection *connection, uint8_t *message, size_t size)
{
    static const uint8_t everybody[MESSAGE_TOPIC_BYTES];
    uint8_t topic[MESSAGE_TOPIC_BYTES];

    pthread_mutex_lock(&connection->lock);
    memcpy(topic, connection->topic, sizeof(topic));
    pthread_mutex_unlock(&connection->lock);
    if (size >= sizeof(topic) &&
            (memcmp(message, topic, sizeof(topic)) == 0 ||
                    memcmp(message, everybody, sizeof(topic)) == 0))
        connection->events.hinted(
                connection->events.user, (struct remex_bytes){ message, size });
    free(message);
}

static void tell_news(struct connection *connection, unsigned int lane,
        const struct lane_news *news)
{
    const struct transport_events *events = &connection->events;

    if (lane == HINT_LANE) {
        if (news->message)
            tell_hint(connection, news->message, news->size);
        return;
    }
    if (news->up)
        events->up(events->user, lane);
    if (news->message &&
            !tell_reply(connection, lane, news->message, news->size))
        drop_reply(connection, lane);
    if (news->failed)
        events->failed(events->user, lane);
    if (news->down)
        events->down(events->user, lane);
}

/* By this thread; NULL: none. */
static _Thread_local const struct connection *telling;

bool connection_is_telling(const struct connection *connection)
{
    return telling == connection;
}

static void tell(struct connection *connection, unsigned int lane,
        const struct lane_news *news)
{
    telling = connection;
    tell_news(connection, lane, news);
    telling = NULL;
    connection_write_held(connection);
}

/* --- Doing --------------------------------------------------------------- */

static bool is_stopping(struct connection *connection)
{
    bool stopping;

    pthread_mutex_lock(&connection->lock);
    stopping = connection->stopping;
    pthread_mutex_unlock(&connection->lock);
    return stopping;
}

static void take_wishes(struct connection *connection, unsigned int lane,
        bool *open_out, bool *reset_out, struct address *address_out)
{
    pthread_mutex_lock(&connection->lock);
    *open_out = connection->to_open[lane];
    *reset_out = connection->to_reset[lane];
    *address_out =
            lane == HINT_LANE ? connection->hint_address : connection->address;
    connection->to_open[lane] = false;
    connection->to_reset[lane] = false;
    pthread_mutex_unlock(&connection->lock);
}

static void grant_wishes(struct connection *connection, unsigned int lane)
{
    struct lane_news news = { .message = NULL };
    struct address address;
    bool open;
    bool reset;

    take_wishes(connection, lane, &open, &reset, &address);
    if (open)
        connection_lane_open(&connection->lanes[lane], &address);
    if (reset) {
        connection_lane_reset(&connection->lanes[lane], &news);
        tell(connection, lane, &news);
    }
}

static void step_lane(
        struct connection *connection, unsigned int lane, bool ready)
{
    struct lane_news news;
    bool more;

    grant_wishes(connection, lane);
    do {
        more = connection_lane_step(&connection->lanes[lane], ready, &news);
        tell(connection, lane, &news);
        ready = more; /* poll would not know */
    } while (more && !is_stopping(connection));
}

static void tell_due(struct connection *connection)
{
    bool due;

    pthread_mutex_lock(&connection->lock);
    due = connection->timer_at <= clock_monotonic_ns();
    if (due)
        connection->timer_at = CLOCK_NEVER;
    pthread_mutex_unlock(&connection->lock);
    if (due)
        connection->events.due(connection->events.user);
}

/* --- Waiting ------------------------------------------------------------- */

static bool has_wishes(const struct connection *connection)
{
    for (unsigned int i = 0; i < LANES; i++) {
        if (connection->to_open[i] || connection->to_reset[i])
            return true;
    }
    return false;
}

/* Requests sent from now on are counted, so that none comes in between. */
static void begin_sleep(struct connection *connection)
{
    pthread_mutex_lock(&connection->lock);
    connection->request_due = CLOCK_NEVER;
    pthread_mutex_unlock(&connection->lock);
}

/* Until when, at most. Whoever wants it earlier has to wake it now. */
static int64_t fall_asleep(struct connection *connection, int64_t lanes_due)
{
    int64_t until = lanes_due;

    pthread_mutex_lock(&connection->lock);
    if (connection->request_due < until)
        until = connection->request_due;
    if (connection->timer_at < until)
        until = connection->timer_at;
    if (connection->stopping || has_wishes(connection))
        until = 0;
    connection->asleep = true;
    connection->asleep_until = until;
    pthread_mutex_unlock(&connection->lock);
    return until;
}

/* True: there are wishes. */
static bool wake_up(struct connection *connection)
{
    bool wished;

    pthread_mutex_lock(&connection->lock);
    connection->asleep = false;
    wished = has_wishes(connection);
    pthread_mutex_unlock(&connection->lock);
    return wished;
}

/* Of a look at all lanes, and at whether the thread was woken. */
struct look {
    struct epoll_event events[LANES + 1];
    int count;
};

static bool look(struct connection *connection, struct look *look, int ms)
{
    look->count = epoll_wait(connection->poll_fd, look->events, LANES + 1, ms);
    return look->count > 0;
}

static bool watch_awake(struct connection *connection, struct look *seen)
{
    bool came;

    if (!vigil_begin(&connection->vigil))
        return false;
    do
        came = look(connection, seen, 0);
    while (!came && vigil_goes_on(&connection->vigil));
    vigil_end(&connection->vigil, came);
    return came;
}

static void take_wake(const struct connection *connection)
{
    uint64_t count;

    if (read(connection->wake_fd, &count, sizeof(count)) < 0)
        assert(errno == EAGAIN || errno == EINTR);
}

static void sort_out(const struct connection *connection,
        const struct look *seen, bool ready_out[LANES])
{
    for (int i = 0; i < seen->count; i++) {
        uint32_t which = seen->events[i].data.u32;

        if (which < LANES)
            ready_out[which] = true;
        else
            take_wake(connection);
    }
}

/* What there is to do after a sleep. */
struct turn {
    bool ready[LANES];
    int64_t due[LANES];
    bool wished;
};

static struct turn wait_for_something(struct connection *connection)
{
    struct turn turn = { .wished = false };
    struct look seen = { .count = 0 };
    int64_t due = CLOCK_NEVER;

    begin_sleep(connection);
    for (unsigned int i = 0; i < LANES; i++) {
        turn.due[i] = connection_lane_settle(&connection->lanes[i]);
        if (turn.due[i] < due)
            due = turn.due[i];
    }
    due = fall_asleep(connection, due);
    if (!watch_awake(connection, &seen))
        look(connection, &seen, clock_poll_ms(clock_monotonic_ns(), due));
    turn.wished = wake_up(connection);
    sort_out(connection, &seen, turn.ready);
    return turn;
}

/* --- The thread ---------------------------------------------------------- */

static bool is_greeting(struct connection *connection)
{
    for (unsigned int i = 0; i < LANES; i++) {
        if (connection_lane_is_greeting(&connection->lanes[i]))
            return true;
    }
    return false;
}

/* Nothing is told any more. */
static void end_greetings(struct connection *connection)
{
    int64_t until =
            clock_after(clock_monotonic_ns(), clock_from_ms(GREETING_MS));

    while (is_greeting(connection) && clock_monotonic_ns() < until) {
        bool ready[LANES] = { false };
        struct look seen;

        for (unsigned int i = 0; i < LANES; i++)
            connection_lane_settle(&connection->lanes[i]);
        look(connection, &seen, clock_poll_ms(clock_monotonic_ns(), until));
        sort_out(connection, &seen, ready);
        for (unsigned int i = 0; i < LANES; i++) {
            struct lane_news news;

            connection_lane_step(&connection->lanes[i], ready[i], &news);
            free(news.message);
        }
    }
}

/* What comes up for a lane meanwhile is of the next turn: it begins at once. */
static void take_turn(struct connection *connection)
{
    struct turn turn = wait_for_something(connection);
    int64_t now = clock_monotonic_ns();

    for (unsigned int i = 0; i < LANES && !is_stopping(connection); i++) {
        if (turn.ready[i] || turn.wished || turn.due[i] <= now)
            step_lane(connection, i, turn.ready[i]);
    }
}

void *connection_run(void *user)
{
    struct connection *connection = user;
    bool abandoned;

    while (!is_stopping(connection)) {
        take_turn(connection);
        if (!is_stopping(connection))
            tell_due(connection);
    }
    end_greetings(connection);
    pthread_mutex_lock(&connection->lock);
    abandoned = connection->abandoned;
    connection->over = true;
    pthread_cond_signal(&connection->ended);
    pthread_mutex_unlock(&connection->lock);
    if (abandoned)
        connection_free(connection);
    return NULL;
}
