/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_RECOVERY_H
#define CLIENT_RECOVERY_H

/*
 * Whether the link to the executor lives, and what to do when it does not.
 *
 *     CONNECTING ─opened─▶ OPEN ◀──heard── SUSPECT
 *         │                │ └─2 silent beats─▶│
 *         │                │ lost              │ lost, 3 silent beats
 *         │                ▼                   ▼
 *         │ refused     RESUMING ─resumed─▶ OPEN
 *         ▼                │ deadline, refused
 *       FAILED ◀───────────┘
 *
 * Logic only: what happens comes in with its time, what to do comes out of
 * recovery_tick. There is one attempt to resume at a time, for everybody.
 */

#include <stdbool.h>
#include <stdint.h>

#include <remex/event.h>

enum recovery_state {
    RECOVERY_CONNECTING = 1,
    RECOVERY_OPEN,
    RECOVERY_SUSPECT, /* silent for too long: it is being asked */
    RECOVERY_RESUMING,
    RECOVERY_FAILED,
};

enum recovery_action {
    RECOVERY_NOTHING = 0,
    RECOVERY_PROBE,  /* ask for a sign of life */
    RECOVERY_SILENT, /* the link is lost without having broken */
    RECOVERY_RESUME, /* try to resume */
    RECOVERY_FAIL,   /* give up, for recovery->reason */
};

struct recovery {
    enum recovery_state state;
    enum remex_failure reason; /* in FAILED */
    int64_t patience;          /* how long to try to resume */
    int64_t beat;              /* the executor gives a sign of life so often */
    int64_t heard_at;
    int64_t deadline;   /* in RESUMING: when to give up */
    bool attempting;    /* a Resume is under way */
    int64_t retry_at;   /* else: when to send the next */
    int64_t back_off;   /* after the next one that fails */
    int64_t resumed_at; /* the last time it worked */
    bool useful;        /* since then, a request was answered */
};

/* Nanoseconds. `patience` 0: the first loss is final. */
void recovery_init(struct recovery *recovery, int64_t patience);

/* The first Open was answered. */
void recovery_opened(struct recovery *recovery, int64_t beat, int64_t now);

/* A reply or a hint has come. */
void recovery_heard(struct recovery *recovery, int64_t now);

/* The reply was to a request of a user's: the link has been of use. */
void recovery_used(struct recovery *recovery);

/* A connection broke, or a request got no answer. */
void recovery_lost(struct recovery *recovery, int64_t now);

/* A Resume was sent; it failed and may be tried again; it worked. */
void recovery_attempted(struct recovery *recovery);
void recovery_attempt_failed(struct recovery *recovery, int64_t now);
void recovery_resumed(struct recovery *recovery, int64_t now);

/* Nothing more will come of it. The first reason stays. */
void recovery_fail(struct recovery *recovery, enum remex_failure reason);

/* What to do now; ask again until it is nothing. `can_send`: a lane is there
 * for a Resume. */
enum recovery_action recovery_tick(
        struct recovery *recovery, bool can_send, int64_t now);

/* When to ask again, if nothing happens before. */
int64_t recovery_next(const struct recovery *recovery, bool can_send);

/* Requests may be sent: OPEN or SUSPECT. */
bool recovery_is_linked(const struct recovery *recovery);

#endif
