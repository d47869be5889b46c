/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_CALLS_H
#define CLIENT_CALLS_H

/*
 * The calls that wait for a lane or for their reply.
 *
 * Oldest first, except that calls which may wait at the executor (for output,
 * for room) never take the last lane: short ones always get through. A call
 * whose reply was lost is sent again if that is safe, and otherwise ends with
 * REMEX_OUTCOME_UNKNOWN; so does one that can be repeated only while the
 * executor remembers it, once that is no longer certain. Each call ends exactly
 * once, by its `done`.
 *
 * A call that was given up may still be on its way. One that has to be the last
 * word waits until those lanes are free: what was lost on them instead, a
 * Resume has meanwhile made void.
 *
 * A call belongs to its maker, who bounds their number: each is a thread that
 * waits, or part of a handle.
 */

#include <stdbool.h>
#include <stdint.h>

#include <remex/status.h>

#include "client/packet.h"
#include "common/message.h"

enum { CALLS_LANES = 8 };

enum call_state {
    CALL_IDLE = 0,
    CALL_QUEUED,
    CALL_SENT,
    CALL_DONE,
};

struct call {
    /* Set by the maker. */
    struct request request; /* what it points to lives until `done` */
    int64_t deadline;       /* monotonic; CLOCK_NEVER is allowed */
    bool repeatable;        /* a second time does no harm */
    bool remembered;        /* while the executor remembers the first time */
    bool changes;           /* something, if it gets there */
    bool waits;             /* at the executor, for as long as it is told */
    bool parks;             /* there, until its request's deadline */
    bool last;              /* nothing that was given up may come after it */
    void *user;
    /* Before each sending, to refresh the request: it will be answered within
     * `wait_ms`. May be NULL. */
    void (*prepare)(struct call *call, uint32_t wait_ms);
    /* The reply is OK; take what is needed. May be NULL. A failure of taking it
     * becomes the call's; REMEX_AGAIN: there is more to do, send it again. */
    enum remex_status (*replied)(struct call *call, const struct reply *reply);
    void (*done)(struct call *call);

    /* Set here. */
    enum call_state state;
    bool unanswered;  /* was sent, and may have done its work */
    bool repeated;    /* and so may what was sent before that */
    bool known;       /* was sent, ever */
    int64_t known_at; /* to the executor: sent first, or answered since */
    int64_t sent_at;  /* the last time */
    struct call *next;
    struct call *previous;
    struct remex_error error; /* once done; its status is the call's */
};

struct calls {
    struct call *first; /* queued */
    struct call *last;
    struct call *sent[CALLS_LANES]; /* by lane */
    unsigned int waiting;  /* of those sent, so many wait at the executor */
    unsigned int given_up; /* bit n: lane n carries one that was given up */
    int64_t overdue;       /* none of them is before */
};

void calls_add(struct calls *calls, struct call *call);

/* The call to send next, or NULL. It stays queued until calls_sent. */
struct call *calls_next(const struct calls *calls);

void calls_sent(struct calls *calls, struct call *call, unsigned int lane);

/* The call sent on a lane that has been answered or lost; NULL if it has ended
 * meanwhile. The lane is free then, and the call is neither queued nor sent. */
struct call *calls_unsend(struct calls *calls, unsigned int lane);

/* What becomes of it then: ended with its `error`; or its reply is lost; or it
 * was not executed, and goes to the head of the queue. */
void calls_finish(struct call *call);
void calls_lost(struct calls *calls, struct call *call);
void calls_again(struct calls *calls, struct call *call);

/* Takes a queued call out again, as calls_unsend does. */
void calls_take(struct calls *calls, struct call *call);

/* Ends a call too early: REMEX_DEADLINE_EXCEEDED, or REMEX_OUTCOME_UNKNOWN if
 * it may have changed something. Nothing if it is done. */
void calls_abandon(struct calls *calls, struct call *call);

/* Ends a call with this error. */
void calls_refuse(struct calls *calls, struct call *call,
        const struct remex_error *error);

/* When it is overdue. A call that may have changed something is given a little
 * longer to hear whether it has. */
int64_t calls_overdue_at(const struct call *call);

/* Ends those that are overdue. */
void calls_expire(struct calls *calls, int64_t now);

/* Ends all, with this error. */
void calls_fail(struct calls *calls, const struct remex_error *error);

/* None will be overdue before; CLOCK_NEVER if there is none. It may be too
 * early, for who has left is not looked for among thousands: calls_expire, at
 * that time, finds out. */
int64_t calls_next_overdue(const struct calls *calls);

#endif
