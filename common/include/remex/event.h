/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMEX_EVENT_H
#define REMEX_EVENT_H

/*
 * What happens to a process, as its executor numbers and tells it.
 *
 * The events of a process are numbered from 1 without holes: outputs, then or
 * among them one Exited, and last one Closed. Where a reader was too late, one
 * Gap stands in the place of what it missed. Failed is made by this side alone,
 * when the executor can no longer be asked; it has no number and is the last.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Lent bytes; `data` may be NULL if `size` is 0. */
struct remex_bytes {
    const void *data;
    size_t size;
};

enum remex_event_kind {
    REMEX_EVENT_OUTPUT = 1,
    REMEX_EVENT_EXITED = 2, /* output may follow, from a descendant */
    REMEX_EVENT_CLOSED = 3, /* always the last, unless Failed is */
    REMEX_EVENT_GAP = 4,
    REMEX_EVENT_FAILED = 5,
};

enum remex_stream {
    REMEX_STDOUT = 1,
    REMEX_STDERR = 2,
    REMEX_TERMINAL = 3,
};

#define REMEX_STREAMS 3

enum remex_exit_reason {
    REMEX_EXIT_OWN = 1,        /* by itself, or a signal from anywhere */
    REMEX_EXIT_WALL_TIME = 2,  /* killed for its wall-time limit */
    REMEX_EXIT_TERMINATED = 3, /* after a terminate or a killing signal */
    REMEX_EXIT_OWNER_LOST = 4,
};

/* The wait status, as the kernel told it, and what the process used. */
struct remex_exit {
    bool by_signal;
    int code; /* the exit code, or the signal's number */
    bool core;
    enum remex_exit_reason reason;
    uint64_t user_us;
    uint64_t system_us;
    uint64_t max_rss_kib;
    uint64_t wall_us;
    uint64_t minor_faults;
    uint64_t major_faults;
    uint64_t voluntary_switches;
    uint64_t involuntary_switches;
    /* By then the kernel had killed one or more of its tree for the limit of
     * memory of <remex/process.h>; this may be such an end. */
    bool out_of_memory;
};

enum remex_stream_end_kind {
    REMEX_END_EOF = 1,
    REMEX_END_READ_ERROR = 2,
    REMEX_END_ABANDONED = 3, /* held open by descendants for too long */
    REMEX_END_DISCARDED = 4, /* never captured */
};

struct remex_stream_end {
    enum remex_stream stream;
    enum remex_stream_end_kind kind;
    int os_error;   /* of a read error */
    uint64_t bytes; /* how many the stream had */
};

enum remex_failure {
    REMEX_FAILURE_LINK_LOST = 1,
    REMEX_FAILURE_EXECUTOR_RESTARTED = 2,
    REMEX_FAILURE_SESSION_EXPIRED = 3,
    REMEX_FAILURE_TAKEN_OVER = 4,
    REMEX_FAILURE_EVICTED = 5, /* the executor forgot the process */
    REMEX_FAILURE_NOT_AUTHORISED = 6,
    REMEX_FAILURE_PROTOCOL = 7,
    REMEX_FAILURE_NO_MEMORY = 8, /* on this side */
};

struct remex_output {
    enum remex_stream stream;
    uint64_t offset; /* of the first byte within its stream */
    struct remex_bytes data;
};

struct remex_closed {
    size_t count;
    struct remex_stream_end ends[REMEX_STREAMS];
};

struct remex_gap {
    uint64_t first_seq; /* events from this one to the Gap's seq are lost */
    uint64_t bytes;     /* and so many bytes of output */
    /* Where each stream goes on; index: enum remex_stream - 1. */
    uint64_t offsets[REMEX_STREAMS];
};

struct remex_event {
    enum remex_event_kind kind;
    uint64_t seq;    /* 0 in Failed; the last one lost in a Gap */
    int64_t time_ns; /* since 1970, by the executor's clock */
    union {
        struct remex_output output;
        struct remex_exit exited;
        struct remex_closed closed;
        struct remex_gap gap;
        enum remex_failure failure;
    };
};

#ifdef __cplusplus
}
#endif

#endif
