/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_CONNECTION_INSIDE_H
#define CLIENT_CONNECTION_INSIDE_H

/*
 * Between the files of client/connection: connection.c is the frame with the
 * operations, connection_thread.c the thread, connection_lane.c one lane.
 *
 * A lane has a lock of its own, so that whoever sends a request may write it
 * without waking the thread, which does everything else. Events are told by the
 * thread, with no lock held. What is sent within that is held, and written
 * afterwards: whoever was waiting for the event is awake by then, and need not
 * wait for a request that is for later ones. What he sends follows it all the
 * same: he writes it himself, if the thread has not come to it. The
 * connection's lock may be taken within a lane's, never the other way round.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include <remex/status.h>

#include "client/connection.h"
#include "client/stream.h"
#include "client/tunnel.h"
#include "common/address.h"
#include "common/sp.h"
#include "common/vigil.h"

struct connection;

/* A request begins with its number, and so does the reply to it. */
enum { CONNECTION_WORD_BYTES = 4 };

enum {
    CONNECTION_HINT_LANE = TRANSPORT_LANES,
    CONNECTION_LANES = TRANSPORT_LANES + 1
};

enum lane_state {
    LANE_CLOSED = 0, /* until `at` */
    LANE_SHAKING,
    LANE_GREETING,
    LANE_UP,
};

struct connection_lane {
    struct connection *connection;
    unsigned int number;
    pthread_mutex_t lock; /* of all that follows */

    struct address address;
    enum sp_protocol protocol;
    enum lane_state state;
    struct stream stream;
    short watched; /* for that, by the connection's epoll; 0: not */
    struct sp_reader reader;
    int64_t at;       /* next try, or end of patience with this one */
    int64_t retry_ms; /* before the next try */

    /* The request under way; or the hello. */
    uint8_t *out; /* NULL: nothing waits to be written */
    size_t out_size;
    size_t out_sent;
    bool busy;
    int64_t overdue;
    uint32_t request; /* the newest one's number */
    bool broken;      /* its writing failed: to be closed by the thread */
    bool unsent;      /* it came too late: to be told by the thread */
    bool held;        /* it is to be written before anything later */
};

/* What the thread is to tell of a lane. */
struct lane_news {
    bool up;
    bool down;
    bool failed;
    uint8_t *message; /* NULL: none; else it is owned */
    size_t size;
};

struct connection {
    struct transport transport;
    struct transport_events events;
    struct address address;        /* of requests */
    char name[ADDRESS_HOST_BYTES]; /* to be proved, by TLS */
    SSL_CTX *context;              /* NULL: no TLS */
    struct tunnel *tunnel;         /* NULL: no ssh; lent */
    struct connection_lane lanes[CONNECTION_LANES];
    pthread_t thread;
    bool started;
    int wake_fd;
    int poll_fd;        /* an epoll, of the lanes and of wake_fd */
    struct vigil vigil; /* the thread's */
    unsigned int held;  /* atomic: a bit for each lane that holds a request */

    pthread_mutex_t lock; /* of all that follows */
    bool stopping;
    bool abandoned;       /* whoever freed it is gone: the thread frees it */
    bool over;            /* the thread has nothing more to do with it */
    pthread_cond_t ended; /* it is over */
    bool asleep;
    int64_t asleep_until;
    int64_t request_due; /* the earliest of requests sent since it woke */
    int64_t timer_at;
    bool to_open[CONNECTION_LANES];
    bool to_reset[CONNECTION_LANES];
    struct address hint_address; /* no kind: none */
    uint8_t topic[MESSAGE_TOPIC_BYTES];
    struct remex_error problem; /* why the newest connecting failed */
};

/* The thread; `user` is the connection. */
void *connection_run(void *user);

/* It is the connection's thread that asks, within the telling of an event. */
bool connection_is_telling(const struct connection *connection);

/* With the thread gone, or by it. */
void connection_free(struct connection *connection);

enum sp_framing connection_framing(const struct connection *connection);

/* Sees that the thread looks at its lanes again by then. */
void connection_expect(struct connection *connection, int64_t at);

/* Why a lane does not come up; REMEX_OK: it is being answered. */
void connection_note_problem(
        struct connection *connection, const struct remex_error *problem);

void connection_lane_init(struct connection *connection, unsigned int number);
void connection_lane_deinit(struct connection_lane *lane);

/* Takes over the message, whose number is to be put behind its head. Any
 * thread; on a lane that carries nothing. */
void connection_lane_send(struct connection_lane *lane, uint8_t *message,
        size_t head_size, size_t size, int timeout_ms);

/* Writes what is held on any lane; any thread. */
void connection_write_held(struct connection *connection);

/* The following are for the thread. */

/* Begins to connect to this address at once, if it is closed. */
void connection_lane_open(
        struct connection_lane *lane, const struct address *address);

/* What is under way fails, and it connects anew. */
void connection_lane_reset(
        struct connection_lane *lane, struct lane_news *news);

/* Before a sleep: sees that epoll knows what it waits for. Returns when it has
 * to be stepped whether or not that comes. */
int64_t connection_lane_settle(struct connection_lane *lane);

/* Does what can be done until there is something to tell. True: it may have
 * more to do at once. */
bool connection_lane_step(
        struct connection_lane *lane, bool ready, struct lane_news *news);

/* It has said hello and was not answered yet: an NNG 1.5.2 that relays to an
 * executor would stop listening on a path if such a connection is closed. */
bool connection_lane_is_greeting(struct connection_lane *lane);

#endif
