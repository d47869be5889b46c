/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_DESK_H
#define SUPPORT_DESK_H

/*
 * An executor's protocol without fronts, children or clocks: requests go in as
 * bytes, replies are kept as bytes, processes are puppets, and the time is what
 * the test says. For unit tests only.
 */

#include <glib.h>

#include "common/arena.h"
#include "common/message.h"
#include "executor/requests.h"
#include "support/puppet.h"

struct desk {
    struct puppets puppets;
    struct requests_settings settings;
    struct requests *requests;
    GPtrArray *replies; /* those not taken; see desk_take */
    struct arena arena; /* of the last reply taken */
    GBytes *taken;
    bool full;      /* the front does not read */
    bool unsettled; /* settling was asked for */
    bool hint_wanted;
    GPtrArray *hints; /* GBytes, each with its topic */
    GString *traces;  /* a line for each process of a trace */
    uint64_t tickets; /* used so far */
    uint8_t randoms;

    /* Of the session opened last. */
    struct message_id session_id;
    uint64_t attachment;
};

/* All of it with the default settings, and a session. */
void desk_begin(struct desk *desk);

/* `settings` were set to the defaults; change them between the two. */
void desk_init(struct desk *desk);
void desk_start(struct desk *desk);
void desk_deinit(struct desk *desk);

/* A caller by ipc with the right uid, by pipe 1, and a new ticket. */
struct caller desk_caller(struct desk *desk);

/* Sends a request as it is, and ends the turn. Its ticket. */
uint64_t desk_send(struct desk *desk, const struct caller *caller,
        const struct request *request);

/* Ends the turn: settles, if that is wanted. */
void desk_settle(struct desk *desk);

/* Moves the time on, and does what is due. */
void desk_pass(struct desk *desk, int64_t ms);

/* The answer to `ticket`, if there is one; lent until the next one is taken. */
bool desk_take(struct desk *desk, uint64_t ticket, struct reply *out);

/* The same for one that was sent with the session's ids; there must be one at
 * once. */
struct reply desk_call(struct desk *desk, struct request *request);

/* Puts the session's ids into a request. */
void desk_address(struct desk *desk, struct request *request);

/* Sends with the session's ids; its ticket. */
uint64_t desk_ask(struct desk *desk, struct request *request);

/* Opens a session, and keeps its ids. */
struct reply desk_open(struct desk *desk);

/* Asks for it back, following that (NULL: nothing); its ticket. */
uint64_t desk_ask_resume(struct desk *desk, const struct follow_spec *follow);

/* Resumes the session, stating this follow of "one" alone, and keeps the new
 * attachment. */
struct reply desk_resume(struct desk *desk, struct follow_spec follow);

/* A Start of a process that has stdin and is followed as `follow_id` (0: not),
 * with a window of `window` bytes. `id` is lent. */
struct request desk_start_request(
        const char *id, struct follow_spec *follow, uint64_t window);

/* Starts it; its puppet. */
struct puppet *desk_start_process(
        struct desk *desk, const char *id, uint64_t follow_id, uint64_t window);

struct request desk_pull_request(uint32_t wait_ms);

/* The process exits with `code`, its streams end, and so does the turn. */
void desk_close_process(struct desk *desk, struct puppet *puppet, int code);

void desk_check_status(const struct reply *reply, enum remex_status status);
void desk_check_bytes(struct remex_bytes bytes, const char *text);

/* There is an answer of that status; there is none yet. */
void desk_check_answered(
        struct desk *desk, uint64_t ticket, enum remex_status status);
void desk_check_parked(struct desk *desk, uint64_t ticket);

#endif
