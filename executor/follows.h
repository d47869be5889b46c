/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_FOLLOWS_H
#define EXECUTOR_FOLLOWS_H

/*
 * Who follows which process, and how far he is: a cursor into its log, a window
 * that bounds how much output may be sent ahead, and what he has consumed.
 *
 * A follow with something to deliver stands in its session's `ready` list;
 * pulls take from there in turn.
 */

#include <stdbool.h>
#include <stdint.h>

#include <remex/status.h>

#include "common/message.h"
#include "executor/registry.h"
#include "executor/sessions.h"
#include "executor/tally.h"

struct follow {
    struct table_node node; /* in its session, by `id` */
    struct session *session;
    struct entry *entry; /* NULL: displaced */
    bool displaced_told; /* but an answer may be overtaken by another one */
    struct list of_session;
    struct list of_entry;
    struct list ready; /* in its session's list */
    uint64_t id;
    struct cursor cursor;
    struct tally tally;      /* up to there */
    uint64_t until_position; /* output and gaps may begin below this one */
    uint64_t consumed_seq;
    uint64_t told_seq; /* by a FollowState: the newest event then */
    bool exclusive;
    bool exit_told; /* by a FollowState */
    bool stated;    /* in the Resume that is being carried out */
};

/* Takes the memory for so many new follows, so that following cannot fail for
 * want of it. What of that is left in the end goes by follows_drop_spares; a
 * failure leaves some, too. */
REMEX_CHECKED enum remex_status follows_prepare(
        struct session *session, size_t count);
void follows_drop_spares(struct session *session);

/* Makes a follow, or sets the known one of that id to where `spec` says;
 * nothing changes on failure. REMEX_ALREADY_EXISTS: the id is another
 * process's; REMEX_FAILED_PRECONDITION: others stand in the way. If they may be
 * displaced, they are. */
REMEX_CHECKED enum remex_status follows_set(struct session *session,
        struct entry *entry, const struct follow_spec *spec,
        struct follow **out, struct remex_error *error);

/* What follows_set would say about the cursor and window alone; `entry` NULL:
 * of a process that is yet to be started. */
REMEX_CHECKED enum remex_status follows_check_cursor(
        const struct session *session, const struct entry *entry,
        const struct follow_spec *spec, struct remex_error *error);

/* And about everything else, but for memory. `entry` as above. */
REMEX_CHECKED enum remex_status follows_check(const struct session *session,
        const struct entry *entry, const struct follow_spec *spec,
        struct remex_error *error);

/* Turns a spec that is not from a cursor into the one that is, and says where
 * that is. */
REMEX_CHECKED enum remex_status follows_place(const struct session *session,
        const struct entry *entry, struct follow_spec *spec,
        struct follow_place *out, struct remex_error *error);

struct follow *follows_find(const struct session *session, uint64_t follow_id);

void follow_free(struct follow *follow);
void follows_free_all(struct session *session);

/* They go when the Resume has been carried out, and take no room from those
 * that it has yet to make. */
void follows_count_unstated(struct session *session);

/* Of those that a Resume did not state; takes back the mark from the others.
 * Until then a process that is followed before and after has no moment without:
 * its log would let go of what is still to be sent. */
void follows_drop_unstated(struct session *session);

/* REMEX_INVALID_ARGUMENT: the window is too large. */
REMEX_CHECKED enum remex_status follow_check_ack(const struct follow *follow,
        const struct pull_ack *ack, struct remex_error *error);

/* Notes what the client has consumed and how much more it takes. */
void follow_acknowledge(struct follow *follow, const struct pull_ack *ack);

/* Puts it in the ready list or takes it out, as its log now stands. */
void follow_refresh(struct follow *follow);

/* The next event may be sent. */
bool follow_has_event(const struct follow *follow);

/* The window holds up events that the client has not been told of. */
bool follow_has_news(const struct follow *follow);

/* The exit is known, but its event is held up behind the window. */
bool follow_has_early_exit(const struct follow *follow);

void follow_tell_state(const struct follow *follow, struct follow_state *out);

/* All that a session follows is closed, and it has acknowledged everything:
 * what it was only sent may be lost with its connections. */
bool follows_are_done(const struct session *session);

/* Those who came first, at most `most`; how many. The names are lent. */
size_t follows_tell_all(
        const struct entry *entry, struct follower_status *out, size_t most);

/* Of a follow that has ended because somebody took over. */
void follows_tell_displaced(uint64_t follow_id, struct follow_state *out);

/* Some follower has not been sent everything of this closed process. */
bool follows_want(const struct entry *entry);

/* Some follower of this closed process has not acknowledged everything: what he
 * was sent may be lost, and he may come back for it. */
bool follows_await(const struct entry *entry);

#endif
