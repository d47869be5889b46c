/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_SESSIONS_H
#define EXECUTOR_SESSIONS_H

/*
 * The sessions of an executor: who may use them, until when, and which of their
 * holders is the newest.
 *
 * Logic only: time and random bytes are arguments. What a session has (follows,
 * parked requests, processes) hangs on lists here, but is the business of
 * others; the `ended` hook lets them clear up.
 *
 * Attachments. Each resume gives the session the next attachment number, and
 * the highest one that was ever used in a request is kept. A resume that knows
 * an older one than that comes from somebody who has been replaced. One whose
 * answer got lost can be repeated: the number it gave was never used.
 *
 * Room. A client that dies without Close leaves a session behind until its
 * lease ends. At a limit those give way, longest gone first, whose connections
 * are all gone and which are of no use to anybody else: nothing lives or waits
 * there, and whatever there was to be told has been acknowledged.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <remex/status.h>

#include "common/message.h"
#include "executor/agenda.h"
#include "executor/list.h"
#include "executor/principals.h"
#include "executor/table.h"
#include "executor/tokens.h"

/* Which signals of a session were sent already, by their numbers. Those that
 * are 64 or more behind the highest count as sent. */
struct signal_window {
    uint64_t highest;
    uint64_t seen;      /* bit n: number `highest` - n */
    uint64_t delivered; /* of those */
};

enum { SESSION_PIPES = 8 };

/* A connection that requests came by. */
struct session_pipe {
    const void *front; /* only to be compared */
    uint32_t pipe;
};

struct session {
    struct sessions *sessions;
    struct table_node node;
    struct list all; /* in struct sessions */
    struct message_id id;
    uint8_t topic[MESSAGE_TOPIC_BYTES];
    struct principal *principal;
    enum role role;     /* of its newest holder, */
    struct token token; /* by which he came in; without a name: by none */
    bool revoked;       /* that is good no more, and nothing is done for him */
    /* What he calls himself: */
    uint8_t client_name[MESSAGE_CLIENT_NAME_BYTES];
    size_t client_name_size;
    uint64_t attachment;
    uint64_t used_attachment;
    uint32_t lease_ms;
    /* As it was told at its Open: its client goes by them. */
    size_t most_follows;
    uint64_t window_bytes;
    struct appointment lease;
    struct signal_window signals;

    struct list processes; /* registry entries that it owns */
    struct table follows;  /* by follow id */
    struct list following; /* the same ones */
    size_t leaving;        /* of those, while a Resume is being carried out */
    struct list spares;    /* follows that are yet to be made, see follows.h */
    struct list ready;     /* follows with news, in turn */
    struct list pulls;     /* parked Pulls, oldest first */
    struct list parked;    /* all its parked requests */
    size_t parked_count;

    struct list changed; /* in the list of sessions to be looked after */
    uint64_t news;       /* events published for what it follows */
    uint64_t news_told;  /* by hint */
    uint32_t served;     /* Pulls in a row that brought something */
    struct list hinting; /* in the list of sessions with hints to send */
    void *home;          /* the front its client came by last: hints go there */

    struct session_pipe pipes[SESSION_PIPES]; /* the newest, oldest first */
    size_t pipe_count;
    struct list adrift; /* in the sessions' list, if they are all gone */
};

/* A Pull of its was answered, or waits. */
static inline void session_note_pull(struct session *session, bool brought)
{
    session->served = brought ? session->served + 1 : 0;
}

struct sessions_limits {
    size_t sessions;       /* in all */
    size_t follows;        /* per session */
    uint64_t window_bytes; /* of a follow */
    uint32_t lease_ms;     /* if none is asked for */
    uint32_t min_lease_ms;
    uint32_t max_lease_ms;
};

struct sessions_hooks {
    void *user;
    /* The session is over, by Close or its lease; it is freed when this
     * returns, with empty lists. */
    void (*ended)(void *user, struct session *session, int64_t now);
    /* Whether its end would take nothing from anybody: no process of it lives,
     * nothing waits, nothing is still to be told. */
    bool (*is_idle)(void *user, const struct session *session);
    void (*random)(void *user, void *out, size_t size);
};

struct sessions {
    struct sessions_limits limits;
    struct sessions_hooks hooks;
    struct agenda *agenda; /* lent */
    struct table by_id;
    struct list all;
    struct list adrift; /* longest gone first */
};

void sessions_init(struct sessions *sessions,
        const struct sessions_limits *limits,
        const struct sessions_hooks *hooks, struct agenda *agenda);

/* Ends every session. */
void sessions_deinit(struct sessions *sessions, int64_t now);

/* Makes one, with the default lease; at a limit, in the place of one that is
 * adrift. */
REMEX_CHECKED enum remex_status sessions_open(struct sessions *sessions,
        struct principal *principal, int64_t now, struct session **out,
        struct remex_error *error);

/* 0: the default; out of bounds: the nearest within. */
void session_set_lease(struct session *session, uint32_t lease_ms, int64_t now);

/* The session of that id if it is the principal's, else NULL; `principal` NULL:
 * whoever's. Takes as long whatever the id. */
struct session *sessions_find(struct sessions *sessions,
        const struct message_id *id, const struct principal *principal);

/* A request with this attachment number came: renews the lease, or tells that
 * the sender was replaced (REMEX_ABORTED). */
REMEX_CHECKED enum remex_status session_use(struct session *session,
        uint64_t attachment, int64_t now, struct remex_error *error);

/* The next attachment, for somebody who had `attachment`. REMEX_ABORTED: a
 * newer one is in use, and `take_over` is not set. */
REMEX_CHECKED enum remex_status session_resume(struct session *session,
        uint64_t attachment, bool take_over, int64_t now,
        struct remex_error *error);

/* A request of its holder came by that connection; true: the first that we
 * know of. */
bool session_seen(struct session *session, const void *front, uint32_t pipe);

/* A connection is gone, or all of a front (`pipe` NULL). */
void sessions_lost(
        struct sessions *sessions, const void *front, const uint32_t *pipe);

void session_end(struct session *session, int64_t now);

/* Whether the signal of this number has to be sent; if not, whether it was
 * delivered then. 0: always. */
bool signal_window_is_new(const struct signal_window *window, uint64_t number,
        bool *delivered_out);
void signal_window_note(
        struct signal_window *window, uint64_t number, bool delivered);

#endif
