/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_SERVER_H
#define EXECUTOR_SERVER_H

/*
 * An executor at work: wires the fronts, the protocol and the children together
 * on one loop. It decides nothing by itself.
 */

#include <stddef.h>

#include <remex/status.h>

#include "common/address.h"
#include "common/log.h"
#include "executor/cgroup.h"
#include "executor/credentials.h"
#include "executor/front.h"
#include "executor/loop.h"
#include "executor/requests.h"

struct server;

struct server_settings {
    struct log *log;
    struct requests_settings requests;
    struct front_tls tls; /* lent until server_free */
    struct front_user front_user;
    struct cgroup_home *groups; /* the same; NULL: there are none */
    /* Whom programs run as: the same; NULL: us. */
    const struct credentials *user;
};

struct server_hooks {
    void *user;
    /* Every address is listened on; server_address tells them. */
    void (*ready)(void *user, struct server *server);
    /* One cannot be. One line that says why. */
    void (*failed)(void *user, const char *why);
    /* After server_drain: nothing runs any more, and all was told. */
    void (*drained)(void *user);
};

/* Starts listening. `loop` and `log` are lent until server_free; nothing
 * happens before the loop runs. */
REMEX_CHECKED enum remex_status server_new(struct loop *loop,
        const struct server_settings *settings,
        const struct server_hooks *hooks, struct server **out,
        struct remex_error *error);

/* Kills all processes and fronts, and removes what was made for listening. NULL
 * is allowed. */
void server_free(struct server *server);

/* Before the loop runs, FRONTS_MAX times at most. The sockets are lent until
 * server_free. */
REMEX_CHECKED enum remex_status server_listen(struct server *server,
        const struct address *address, const struct front_sockets *sockets,
        struct remex_error *error);

/* See requests_reload; and the files of TLS, which are where they were lent,
 * may be other ones. */
void server_reload(
        struct server *server, const struct requests_settings *requests);

/* From now on nothing is started; what runs goes on. */
void server_drain(struct server *server);

/* See requests_tell_figures. */
void server_tell_figures(const struct server *server, struct figures *out);

/* With its port; NULL behind the last. */
const char *server_address(struct server *server, size_t index);

#endif
