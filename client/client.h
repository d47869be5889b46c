/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

/*
 * What stands behind the public handles: the engine, the connection that feeds
 * it, and a lock around both. Users' threads wait at bells, the transport's
 * thread rings them.
 *
 * client.c holds this together, client_connect.c makes and ends it, process.c
 * the handles; process_*.c are the calls on them, inspect.c and run.c those on
 * processes without one.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <remex/client.h>
#include <remex/process.h>

#include "client/bell.h"
#include "client/embedded.h"
#include "client/embedded_watch.h"
#include "client/engine.h"
#include "client/transport.h"
#include "client/tunnel.h"

struct remex_client {
    pid_t pid; /* that made it; in a forked child nothing may be touched */
    struct bell_lock lock;
    struct bell moved; /* of the engine's hook of that name */
    struct engine engine;
    struct transport *transport;
    struct embedded embedded; /* fd -1: none */
    struct embedded_watch watch;
    struct tunnel *tunnel; /* NULL: not over ssh */
    char executor_address[ADDRESS_TEXT_BYTES];
    char *name;
    char *token;
    int call_timeout_ms;
    bool freed;       /* by its user; lives on for the handles left */
    size_t processes; /* handles that point here */

    /* Which processes have events to take. */
    int fd;                            /* an eventfd */
    size_t ready_count;                /* 0: the descriptor is not readable */
    struct remex_process *first_ready; /* of them, not yet named */
    struct remex_process *last_ready;
};

struct remex_process {
    struct handle handle; /* first, for the engine's hooks */
    struct remex_client *client;
    struct bell changed;

    bool is_ready;  /* counted in ready_count */
    bool is_listed; /* to be named */
    bool is_named;  /* since an event was taken last */
    struct remex_process *next_ready;

    /* Where the last read ended, see FollowSpec.after_position. */
    uint64_t read_seq;
    uint64_t read_position;
};

/* A call that a thread waits for. */
struct client_call {
    struct call call;       /* first */
    struct bell_lock *lock; /* the client's */
    struct bell done;
};

/* False in a forked child: hands off. */
bool client_lock(struct remex_client *client);
void client_unlock(struct remex_client *client);

/* What every call answers in a forked child. */
enum remex_status client_forked(struct remex_error *error);

/* Sends the call and waits until it has ended. With the lock held, which is let
 * go meanwhile. The fields of `call` that the maker sets are set; `done` is
 * ours. */
enum remex_status client_call(struct remex_client *client,
        struct client_call *call, struct remex_error *error);

/* The same within the client's own time for calls, taking the lock itself. */
enum remex_status client_ask(struct remex_client *client,
        struct client_call *call, struct remex_error *error);

/* The monotonic time `timeout_ms` from now; REMEX_FOREVER is never. */
int64_t client_deadline(int timeout_ms);

/* The deadline of a call without a timeout of its own. */
int64_t client_call_deadline(const struct remex_client *client);

/* Waits until it is rung; false: the deadline has passed. */
bool client_wait(
        struct remex_client *client, struct bell *bell, int64_t deadline);

/* What is asked as a window, within bounds; 0 stays 0. */
size_t client_window(size_t asked);

/* The process has, or no longer has, events to take. */
void client_update_ready(struct remex_process *process);

/* It is not to be named any more. */
void client_forget_ready(struct remex_process *process);

/* A new handle of that id; NULL makes a random one. With the lock held.
 * REMEX_NO_MEMORY is the only failure. */
REMEX_CHECKED enum remex_status client_add_process(struct remex_client *client,
        const char *id, size_t window, struct remex_process **out,
        struct remex_error *error);

/* Nobody will have this handle. `told`: the executor may know of it, and has to
 * let go of it first. With the lock held. */
void client_give_up(struct remex_process *process, bool told);

/* One handle less; frees the client if it was the last to need it. Gives up the
 * lock. */
void client_drop(struct remex_client *client, struct remex_process *process);

#endif
