/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_REQUESTS_STATE_H
#define EXECUTOR_REQUESTS_STATE_H

/*
 * Inside requests: the state, and one function per method.
 */

#include "common/arena.h"
#include "common/digest.h"
#include "common/wire.h"
#include "executor/follows.h"
#include "executor/gather.h"
#include "executor/principals.h"
#include "executor/registry.h"
#include "executor/requests.h"
#include "executor/sessions.h"

enum {
    /* What decoding one request may use: its values take more room than its
     * bytes, but not without end. */
    REQUESTS_ARENA_BYTES = 4 * 1024 * 1024,
    REQUESTS_CAPABILITIES = 11 /* at most */
};

struct requests {
    struct requests_settings settings;
    struct requests_hooks hooks;
    struct message_id boot_id;
    struct remex_bytes capabilities[REQUESTS_CAPABILITIES];
    size_t capability_count;
    struct agenda agenda;
    struct principals principals;
    struct sessions sessions;
    struct registry registry;
    /* For operators. */
    uint64_t taken[FIGURES_METHODS];    /* requests, ever */
    uint64_t refused[FIGURES_STATUSES]; /* answers, ever */

    bool retired;             /* nothing is started any more */
    struct list parked;       /* every parked request */
    struct list entries;      /* changed, to be settled */
    struct list changed;      /* sessions with parked Pulls to be looked at */
    struct list hinting;      /* sessions to be sent a hint */
    struct list crowd;        /* Starts and Runs that wait for room */
    struct list again;        /* requests that were put off, to be taken */
    struct arena arena;       /* for the request being worked on */
    struct gather gather;     /* for the reply being built */
    struct wire_head reserve; /* the reply when there is no memory for one */
};

/* A request on its way to an answer. */
struct call {
    struct requests *requests;
    const struct caller *caller;
    const struct request *request;
    struct remex_bytes bytes; /* the request as it came */
    struct session *session;  /* NULL in Open */
    int64_t now;
    struct reply reply;
    bool gathered; /* the reply's payload is in `requests->gather` */
};

/* Each does what its method says and fills in the reply. REMEX_AGAIN: it is
 * parked and will be answered later. Anything but these and REMEX_OK is the
 * answer, told by `error`, and nothing was changed. */
typedef enum remex_status requests_method(
        struct call *call, struct remex_error *error);

requests_method requests_open;
requests_method requests_close;
requests_method requests_renew;
requests_method requests_start;
requests_method requests_follow;
requests_method requests_unfollow;
requests_method requests_pull;
requests_method requests_read;
requests_method requests_write;
requests_method requests_signal;
requests_method requests_terminate;
requests_method requests_resize;
requests_method requests_wait;
requests_method requests_inspect;
requests_method requests_list;
requests_method requests_forget;
requests_method requests_run;
requests_method requests_seal;

/* What the settings are for these. */
struct sessions_limits requests_sessions_limits(
        const struct requests_settings *settings);
struct registry_limits requests_registry_limits(
        const struct requests_settings *settings);

/* What clients are told at Open that this executor can do. */
void requests_list_capabilities(struct requests *requests);

/* Whether what is to be started is within the limits of one process; one that
 * is not `known` is charged to the rate of starts. */
REMEX_CHECKED enum remex_status requests_check_process(struct call *call,
        const struct process_spec *spec, bool known, struct remex_error *error);

/* For the log of what `call` starts; NULL: there is none. */
struct log_store *requests_store(const struct call *call);

/* What was started runs: tells where in a trace it belongs, and whoever waits
 * for it. */
void requests_launched(struct requests *requests, struct entry *entry);

/* --- Putting off (requests_put_off.c) ------------------------------------- */

/* What a request has to wait for that names a process; NULL: nothing. */
struct entry *requests_undecided(const struct call *call);

/* The same of a Resume. */
struct entry *requests_undecided_follow(
        const struct call *call, const struct session *session);

/* Whether he may have one more on its way. */
bool requests_has_room(const struct call *call);

/* Has the whole request taken once more when that is decided (NULL: when
 * anything is): REMEX_AGAIN, or why not. It counts as one that is parked by
 * `session`, but for one Resume, which would make room. */
REMEX_CHECKED enum remex_status requests_put_off(struct call *call,
        struct session *session, struct entry *entry,
        struct remex_error *error);

/* It is decided: they are taken next, when the turn is settled, and so are
 * those who wait for room. */
void requests_take_up(struct requests *requests, struct entry *entry);
void requests_take_again(struct requests *requests, int64_t now);

/* It waits for what is on its way: an answer to a Start or a Run that says
 * anything else would not be true, and what was put off is judged when it is
 * taken. */
bool requests_is_undecided(const struct parked *parked);

/* --- Parked requests ------------------------------------------------------ */

/* Until the sender gives up: milliseconds, UINT32_MAX if he has no deadline. */
uint32_t requests_time_left(const struct call *call);

/* Parks the call's request for `wait_ms`, or less. It is the caller's to put it
 * where it will be found. NULL: refused. */
struct parked *requests_park(
        struct call *call, uint32_t wait_ms, struct remex_error *error);

/* The same until something happens to `entry`: REMEX_AGAIN, or why not. */
REMEX_CHECKED enum remex_status requests_park_at(struct call *call,
        struct entry *entry, uint32_t wait_ms, struct remex_error *error);

/* Puts one that was parked where its session and its front find it; and where
 * `entry` does. */
void requests_put_parked(const struct call *call, struct parked *parked);
void requests_put_parked_at(
        const struct call *call, struct parked *parked, struct entry *entry);

/* How long the sender is sure to wait for an answer, in milliseconds;
 * UINT32_MAX: he has no deadline. */
uint32_t requests_patience(const struct call *call);

/* A session has one more request parked than it may. */
REMEX_CHECKED enum remex_status requests_check_parked(
        const struct session *session, struct remex_error *error);

/* The caller's process of that id, or NULL. */
struct entry *requests_find(
        const struct call *call, struct remex_bytes process_id);

/* Sends the reply that was built; `gather` (may be NULL) has its payload.
 * Without memory for it, he is told that the answer is lost. */
void requests_answer(struct requests *requests, const struct caller *caller,
        struct reply *reply, struct gather *gather);
void requests_answer_error(struct requests *requests,
        const struct caller *caller, const struct remex_error *error);

/* Answers a parked request and frees it, if it can be answered, or `last`. */
void requests_try_parked(
        struct requests *requests, struct parked *parked, bool last);

/* At its limit. */
void requests_parked_due(struct appointment *appointment, int64_t now);

/* Answers with an error, in any case. */
void requests_refuse_parked(struct requests *requests, struct parked *parked,
        const struct remex_error *error);

/* The same to all that the session has parked, but for what is undecided. */
void requests_refuse_session(struct requests *requests, struct session *session,
        const struct remex_error *error);

/* Has what waits for it looked at, at the end of the turn. */
void requests_touch_entry(struct requests *requests, struct entry *entry);
void requests_touch_session(struct requests *requests, struct session *session);

/* The call came from the session's holder. */
void requests_seen(const struct call *call, struct session *session);
/* The sessions of all who follow it: some may have been displaced. */
void requests_touch_followers(
        struct requests *requests, const struct entry *entry);

/* Carried out for a parked request as well. REMEX_AGAIN: nothing to tell yet.
 */
REMEX_CHECKED enum remex_status requests_do_read(struct requests *requests,
        const struct entry *entry, const struct read_request *read,
        struct reply *reply);
REMEX_CHECKED enum remex_status requests_do_run(struct requests *requests,
        const struct entry *entry, uint64_t max_output_bytes,
        struct reply *reply);
REMEX_CHECKED enum remex_status requests_do_wait(const struct entry *entry,
        const struct wait_request *wait, struct reply *reply);
REMEX_CHECKED enum remex_status requests_do_write(const struct entry *entry,
        const struct write_request *write, struct remex_bytes payload,
        struct reply *reply, struct remex_error *error);

#endif
