/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_PROCESS_HOST_H
#define EXECUTOR_PROCESS_HOST_H

/*
 * Between the logic of a process and its real child: what can be asked of the
 * child, and what it reports. executor/child.h is the real host; a test or a
 * simulator brings its own.
 *
 * Times are monotonic nanoseconds. A host may report from within a call it
 * gets, except from within `start`.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <remex/event.h>
#include <remex/status.h>

#include "common/message.h"

struct process;
struct policy_section;
struct process_host;
struct process_child; /* the host's own idea of a child */

struct process_started {
    struct process_child *child;
    int64_t pid;
    int64_t now;     /* monotonic */
    int64_t time_ns; /* the same moment since 1970 */
};

/* Whoever has been on his way to his program for longer may be so for much
 * longer; the others are expected any moment. */
enum { PROCESS_YOUNG_MS = 20 };

struct process_host_calls {
    /* Starts what `spec` says, which has been checked, if `policy` (NULL:
     * none) allows it. REMEX_OK: exec succeeded, and the outputs that are
     * captured are being read. REMEX_AGAIN: it is on its way to that, and
     * process_on_launched will tell, before anything else that is reported of
     * it. `spec` and `policy` are lent for the call. */
    enum remex_status (*start)(struct process_host *host,
            const struct process_spec *spec,
            const struct policy_section *policy, struct process *process,
            struct process_started *out, struct remex_error *error);

    /* Whether one more can be on its way; otherwise once one of those is told
     * of. */
    bool (*has_room)(struct process_host *host);

    /* REMEX_ENDED: nobody of those is left. */
    enum remex_status (*signal)(struct process_child *child, int signal_number,
            enum signal_target target);

    /* Kills every member of the tree, the leader too, until none is left. */
    void (*kill_tree)(struct process_child *child);

    /* Reads from a stream that was paused because the log was full. */
    void (*resume)(struct process_child *child, enum remex_stream stream);

    /* Reads what is in the pipe now and then ends the stream as abandoned. */
    void (*abandon)(struct process_child *child, enum remex_stream stream);

    /* There is something to do for stdin: bytes, or their end. */
    void (*feed)(struct process_child *child);

    /* Closes stdin; nothing more will be fed. */
    void (*close_stdin)(struct process_child *child);

    /* Of the terminal, which is open. */
    enum remex_status (*resize)(
            struct process_child *child, uint32_t rows, uint32_t columns);

    /* The process is going away: kills the tree, reports nothing more. */
    void (*release)(struct process_child *child);
};

struct process_host {
    const struct process_host_calls *calls;
};

/* --- Reports of the host ------------------------------------------------- */

/* A child that was on its way has its program (`failure` NULL), as that `pid`,
 * or will never have it, and is released within the call. */
void process_on_launched(struct process *process, int64_t pid,
        const struct remex_error *failure);

/* Where to read output into, at most `want` bytes. REMEX_AGAIN: the log is
 * full; don't read this stream before `resume`. REMEX_NO_MEMORY: try again
 * later. */
REMEX_CHECKED enum remex_status process_reserve(struct process *process,
        enum remex_stream stream, size_t want, void **data_out,
        size_t *size_out);

/* So many bytes (> 0) were read into the place reserved. */
void process_on_output(struct process *process, enum remex_stream stream,
        size_t size, int64_t now);

/* How many the stream has had. */
uint64_t process_stream_bytes(
        const struct process *process, enum remex_stream stream);

/* `os_error` is that of a read error. */
void process_on_stream_end(struct process *process, enum remex_stream number,
        enum remex_stream_end_kind kind, int os_error, int64_t now);

/* The leader's end. `reason` and `wall_us` are filled in here. */
void process_on_exit(
        struct process *process, const struct remex_exit *exited, int64_t now);

/* Bytes for stdin, lent until the next call; none: nothing to write now. */
struct remex_bytes process_stdin_peek(const struct process *process);

/* So many of them are in the pipe. */
void process_on_stdin_fed(struct process *process, size_t size);

/* All bytes are in the pipe and the end was asked for: close it. */
bool process_stdin_at_end(const struct process *process);

/* Nobody reads the pipe any more, or its end has been passed on. */
void process_on_stdin_closed(struct process *process);

#endif
