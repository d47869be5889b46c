/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_CONNECTION_INSIDE_H
#define CLIENT_CONNECTION_INSIDE_H

/*
 * Between the files of client/connection: connection.c is the frame with the
 * timer, connection_lane.c the lanes, connection_hints.c the hints.
 *
 * The mutex is the innermost lock: it is held while nothing but NNG's timers is
 * called. Callbacks of NNG reach the owner only between connection_enter and
 * connection_leave.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <nng/nng.h>

#include "client/connection.h"

enum {
    CONNECTION_HINT_DIALERS = 4,
    CONNECTION_LANE_DIALERS = 4 /* and so many pipes of a lane */
};

struct connection_pipe {
    uint32_t id; /* 0: none */
    bool ready;  /* it can be used */
};

struct connection_lane {
    struct connection *connection;
    unsigned int number;
    bool opened;
    nng_socket socket;
    nng_ctx ctx;
    nng_aio *aio;   /* one request: first its sending, then its reply */
    bool receiving; /* the second */

    /* Under the mutex: the pipes as NNG tells of them. One is the rule; there
     * are more if a dialer was taken for dead that was not. */
    struct connection_pipe pipes[CONNECTION_LANE_DIALERS];
    uint64_t link; /* counts how often a first one got ready */
    uint64_t told; /* the link that the owner knows to be up; 0: none */
    uint64_t used; /* the link that was up when the request was sent */
    unsigned int dialers;
    int64_t down_since;
};

struct connection_hints {
    bool opened;
    nng_socket socket;
    nng_aio *aio;
    /* Where it listens: a new address comes only if the executor moves its
     * hints, which is believed so many times. */
    char addresses[CONNECTION_HINT_DIALERS][NNG_MAXADDRLEN];
    unsigned int address_count;
};

struct connection {
    struct transport transport;
    struct transport_events events;
    char url[NNG_MAXADDRLEN];
    struct connection_lane lanes[TRANSPORT_LANES];
    struct connection_hints hints;

    pthread_mutex_t mutex;
    pthread_cond_t left;
    bool stopping;
    unsigned int inside; /* callbacks that are with the owner */

    nng_aio *kick; /* a turn on another thread, to tell of pipes */
    bool kicking;
    nng_aio *timer;
    bool timing;
    int64_t timer_at; /* what the owner wants */
    nng_aio *watch;   /* while a lane is down: looks for dead dialers */
    bool watching;
};

/* False: it is being freed, and nobody wants to know any more. */
bool connection_enter(struct connection *connection);
void connection_leave(struct connection *connection);

/* Has the changes of the lanes' pipes told, soon, on a thread of NNG. With the
 * mutex held. */
void connection_kick(struct connection *connection);

/* Looks after lanes that are down, from now on. With the mutex held. */
void connection_watch(struct connection *connection);

enum remex_status connection_lane_open(
        struct transport *transport, unsigned int lane);
enum remex_status connection_lane_send(struct transport *transport,
        unsigned int lane, const struct wire_head *head,
        struct remex_bytes payload, int timeout_ms);
void connection_lane_reset(struct transport *transport, unsigned int lane);

enum connection_change {
    CONNECTION_SAME = 0,
    CONNECTION_UP,
    CONNECTION_DOWN,
};

/* The next change of the lane that the owner is to be told. With the mutex
 * held. */
enum connection_change connection_lane_change(struct connection_lane *lane);

/* False: it is not open, or up. With the mutex held. */
bool connection_lane_is_down(const struct connection_lane *lane);

/* It is, and should not be any more: it needs another dialer. With the mutex
 * held. */
bool connection_lane_is_stuck(
        const struct connection_lane *lane, bool others_up, int64_t now);

/* Gives it one. */
void connection_lane_redial(struct connection_lane *lane);

enum remex_status connection_hints_listen(struct transport *transport,
        const char *hint_address, const uint8_t topic[MESSAGE_TOPIC_BYTES]);

#endif
