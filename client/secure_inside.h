/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_SECURE_INSIDE_H
#define CLIENT_SECURE_INSIDE_H

/*
 * Between the files of client/secure: secure.c is the thread and the
 * operations, secure_lane.c one connection, secure_context.c what is proved and
 * trusted.
 *
 * Connections belong to the thread. What others want of it is noted under the
 * mutex, which is the innermost lock, and the thread is woken.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include <remex/status.h>

#include "client/secure.h"
#include "common/address.h"
#include "common/sp.h"

struct secure;

enum lane_state {
    LANE_CLOSED = 0, /* until `at` */
    LANE_CONNECTING,
    LANE_SHAKING,
    LANE_GREETING,
    LANE_UP,
};

struct secure_lane {
    struct secure *secure;
    unsigned int number; /* TRANSPORT_LANES: that of hints */
    enum sp_protocol protocol;
    enum lane_state state;
    int fd; /* -1: none */
    SSL *ssl;
    bool wants_write; /* TLS, or the connect, waits for room */
    struct sp_reader reader;
    int64_t at;       /* next try, or end of patience with this one */
    int64_t retry_ms; /* before the next try */

    /* The request under way. */
    uint8_t *out;
    size_t out_size;
    size_t out_sent;
    bool busy;
    int64_t overdue;
    uint32_t request; /* the newest one's number */
};

/* What others ask of a lane, under the mutex. */
struct secure_wish {
    bool open;
    bool reset;
    uint8_t *message; /* to be sent */
    size_t size;
    int timeout_ms;
};

struct secure {
    struct transport transport;
    struct transport_events events;
    struct address address;        /* its host and port of requests */
    char name[ADDRESS_HOST_BYTES]; /* to be proved */
    SSL_CTX *context;
    struct secure_lane lanes[TRANSPORT_LANES + 1];
    pthread_t thread;
    bool started;

    pthread_mutex_t mutex;
    int wake_fd;
    bool stopping;
    bool abandoned; /* whoever freed it is gone: free it at the end */
    struct secure_wish wishes[TRANSPORT_LANES + 1];
    uint16_t hint_port; /* 0: none */
    uint8_t topic[MESSAGE_TOPIC_BYTES];
    int64_t timer_at;
    struct remex_error problem; /* why the newest handshake failed */
};

/* What we show and whom we trust. */
REMEX_CHECKED enum remex_status secure_context_new(
        const struct secure_files *files, SSL_CTX **out,
        struct remex_error *error);

/* Why a handshake was not completed, for people. */
void secure_context_tell(
        const SSL *ssl, const char *host, struct remex_error *error);

void secure_lane_init(struct secure *secure, unsigned int number);
void secure_lane_deinit(struct secure_lane *lane);

/* Begins to connect at once, if it is closed. */
void secure_lane_open(struct secure_lane *lane, int64_t now);

/* Takes over the message. */
void secure_lane_send(struct secure_lane *lane, uint8_t *message, size_t size,
        int timeout_ms, int64_t now);

/* What is under way fails, and it connects anew. */
void secure_lane_cut(struct secure_lane *lane, int64_t now);

/* What poll is to wait for; 0: nothing. */
short secure_lane_wants(const struct secure_lane *lane);

/* When it has to be stepped whether or not poll says so. */
int64_t secure_lane_due(const struct secure_lane *lane);

/* Does what can be done. */
void secure_lane_step(struct secure_lane *lane, bool ready, int64_t now);

#endif
