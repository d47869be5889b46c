/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMEX_INSPECT_H
#define REMEX_INSPECT_H

/*
 * How processes stand, as their executor sees it: those of this client's
 * principal, whoever started them. The rules of <remex/client.h> hold here too.
 *
 * What is told is a copy, made at once and never changed; it is the caller's to
 * free, whole. Names are text here: ids made by this library are, and others
 * come with \xNN in the place of what is not printable.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <remex/client.h>
#include <remex/event.h>
#include <remex/process.h>
#include <remex/status.h>

#ifdef __cplusplus
extern "C" {
#endif

enum remex_process_state {
    REMEX_PROCESS_RUNNING = 1,
    REMEX_PROCESS_EXITED = 2, /* its streams are still open */
    REMEX_PROCESS_CLOSED = 3,
};

struct remex_stream_status {
    enum remex_stream stream;
    struct remex_stream_options options;
    uint64_t bytes; /* so far */
    /* What left the log before some follower had acknowledged it: never of a
     * reliable stream. */
    uint64_t dropped_bytes;
    uint64_t dropped_events;
    uint64_t retained_bytes;
    uint64_t retained_events;
    bool sealed;
    bool ended;
    bool held; /* the log is full, and nothing is read until some is taken */
    struct remex_stream_end end; /* once it has */
};

/* One who follows a process, in this session or another. */
struct remex_follower_status {
    const char *client; /* its name */
    bool exclusive;
    bool connected;        /* false: gone, but its lease still counts */
    uint64_t sent_seq;     /* it was sent all up to this event, and has */
    uint64_t taken_seq;    /* said that its user took all up to this one */
    uint64_t window_bytes; /* so much more output may be sent to it now */
    uint64_t lost_events;  /* in Gaps, told or coming next */
    uint64_t lost_bytes[REMEX_STREAMS]; /* index: enum remex_stream - 1 */
};

struct remex_process_status {
    const char *id;
    const char *principal;
    enum remex_process_state state;
    int64_t pid;             /* on the executor's host */
    int64_t started_ns;      /* since 1970, by the executor's clock */
    const char *const *argv; /* ends with NULL */
    bool argv_cut;           /* there was more of it */
    const char *cwd;         /* "": the executor's own */
    const struct remex_label *labels;
    size_t label_count;
    uint64_t first_seq; /* oldest event kept */
    uint64_t next_seq;  /* number of the event to come */
    const struct remex_stream_status *streams;
    size_t stream_count;
    uint64_t stdin_offset; /* so much has been taken */
    uint64_t stdin_room;   /* so much more would be now */
    uint32_t followers;    /* who has had Closed follows no longer */
    /* Those who came first, 64 at most; none of them in a list. */
    const struct remex_follower_status *follower_list;
    size_t follower_count;
    bool owned; /* its session lives */
    enum remex_owner_loss owner_loss;
    int64_t expires_ns; /* when it ends or is forgotten by itself; 0: not set */
    struct remex_tree_limits tree_limits; /* that it has; 0: none */
    bool has_exit;
    struct remex_exit exit;
};

/* How the process of that id stands. REMEX_NOT_FOUND: there is none. */
REMEX_API REMEX_CHECKED enum remex_status remex_client_inspect(
        struct remex_client *client, const char *id,
        struct remex_process_status **out, struct remex_error *error);

REMEX_API REMEX_CHECKED enum remex_status remex_process_inspect(
        struct remex_process *process, struct remex_process_status **out,
        struct remex_error *error);

/* NULL is allowed. */
REMEX_API void remex_process_status_free(struct remex_process_status *status);

struct remex_list_options {
    size_t size; /* of this struct, as the caller compiled it */
    /* Only those that have all of these. */
    const struct remex_label *labels;
    size_t label_count;
    bool everybody; /* those of other principals too, for who may see them */
};

struct remex_process_list {
    const struct remex_process_status *processes; /* by id, then principal */
    size_t count;
};

/* The processes that the executor knows, closed ones included until they are
 * forgotten. `options` may be NULL. */
REMEX_API REMEX_CHECKED enum remex_status remex_client_list(
        struct remex_client *client, const struct remex_list_options *options,
        struct remex_process_list **out, struct remex_error *error);

/* NULL is allowed. */
REMEX_API void remex_process_list_free(struct remex_process_list *list);

/* Frees the id of a closed process before its time. Forgotten already is no
 * mistake. REMEX_FAILED_PRECONDITION: it is not closed. */
REMEX_API REMEX_CHECKED enum remex_status remex_client_forget(
        struct remex_client *client, const char *id, struct remex_error *error);

#ifdef __cplusplus
}
#endif

#endif
