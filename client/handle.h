/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_HANDLE_H
#define CLIENT_HANDLE_H

/*
 * What a client knows of one process: its events, its exit, how far its stdin
 * has been fed, and what the executor has been told of the reading.
 *
 * A handle that its user has freed lives on, deaf, until the executor has been
 * told to let go of it; what still comes for it is dropped by its name.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <remex/event.h>
#include <remex/status.h>

#include "client/calls.h"
#include "client/event_queue.h"
#include "common/message.h"

struct engine;

/* How urgently the executor should hear what the user has taken. */
enum handle_ack {
    HANDLE_ACK_NONE = 0,
    HANDLE_ACK_LATER, /* with the next Pull, or after a while */
    HANDLE_ACK_NOW,   /* the process may be held up by it */
};

struct handle {
    struct handle *next; /* in its bucket, see client/handles.h */
    uint64_t follow_id;
    char id[MESSAGE_PROCESS_ID_BYTES + 1];
    size_t id_size;
    int64_t pid;

    bool started; /* the executor has said so */
    bool asked;   /* it was asked to follow: it may do so, answered or not;
                   * if it never is, the handle is for calls only */
    bool freed;   /* by its user */
    bool detached;
    bool exclusive; /* nobody else may follow it */
    bool displaced; /* somebody has taken over, see handle_heard */
    bool has_exit;
    struct remex_exit exit;
    uint64_t newest_seq; /* the executor is known to have published it */

    struct event_queue events;
    /* A hole in the events is filled by Pulls of up to this number. */
    uint64_t hole_pull;
    /* Of the batch being taken in: its number, and our part of it. */
    uint64_t batch;
    size_t batch_bytes;

    enum follow_from from; /* where to begin; a cursor, once it is known */
    uint64_t from_seq;

    /* What the executor has been told. */
    uint64_t told_until;
    uint64_t told_seq;
    bool let_go; /* and that it need not follow any more: no Pull that says so
                  * can get lost without a Resume, which says it as well */
    struct handle *next_ack; /* in the engine's list */
    bool acking;             /* is in it */

    /* Stdin, under whoever has `writing`. */
    bool writing;
    bool stdin_ended;  /* nothing more can be written */
    bool stdin_unsure; /* some of it may have been taken: ask first */
    uint64_t stdin_offset;
    uint64_t stdin_room; /* as last heard */

    /* Sent on behalf of whoever started or freed it. */
    struct follow_spec follow;
    struct call goodbye;
    struct engine *engine; /* that says it */
};

/* `id_size` is at most MESSAGE_PROCESS_ID_BYTES. */
void handle_init(struct handle *handle, uint64_t follow_id, const char *id,
        size_t id_size, size_t window, size_t history);

/* It begins elsewhere than at the first event; before it is followed. */
void handle_begin(struct handle *handle, enum follow_from from, uint64_t seq);

/* It must be in no list. */
void handle_deinit(struct handle *handle);

struct remex_bytes handle_id(const struct handle *handle);

/* The executor has answered that it was started, or is followed. Who was
 * displaced before that answer came fails now. */
void handle_started(struct handle *handle);

/* Where to go on, for Start, Resume and Follow. Grants what can be granted, and
 * takes it as told; what has been taken is to be told again. Lent as the handle
 * is. */
const struct follow_spec *handle_cursor(struct handle *handle);

enum handle_ack handle_ack_due(struct handle *handle);

/* Says what is to be told, and takes it as told. After Closed it lets go as
 * well, of an executor that can be told so. */
struct pull_ack handle_ack(struct handle *handle, bool may_let_go);

/* Takes in an event, see event_queue_push. A hole before it can be filled by
 * the Pulls under way, the newest of which is `newest` (0: there is none). What
 * cannot be is a failure of the handle. */
void handle_push(struct handle *handle, const struct remex_event *event,
        struct packet *packet, uint64_t newest);

/* A Pull is over, and the oldest one under way is `oldest` (UINT64_MAX: there
 * is none). A hole that all are too new for is a failure. */
void handle_pull_over(struct handle *handle, uint64_t oldest);

/* Its window is full: the executor may know more than it may send. */
bool handle_is_held(const struct handle *handle);

/* The executor has published this event. */
void handle_saw(struct handle *handle, uint64_t seq);

/* News that runs ahead of the events, and where they begin. What cannot be is a
 * failure of the handle. So is that somebody has taken over: what the process
 * does is no longer for this handle to end. */
void handle_heard(struct handle *handle, const struct follow_state *state);

void handle_fail(struct handle *handle, enum remex_failure reason);

/* Closed has come, or never will. */
bool handle_is_over(const struct handle *handle);

#endif
