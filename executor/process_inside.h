/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_PROCESS_INSIDE_H
#define EXECUTOR_PROCESS_INSIDE_H

/*
 * The inside of a process, for process.c (its life and endings),
 * process_output.c, process_control.c (what is asked of it: stdin, signals,
 * deadlines) and process_status.c (what is told of it) alone.
 */

#include "executor/process.h"
#include "executor/process_host.h"
#include "executor/stdin_queue.h"

/* stdout and stderr. */
#define PROCESS_STREAMS 2

/* How long streams may stay open after the exit if nothing is asked for. */
#define PROCESS_EOF_LINGER_MS 3000

struct process_stream {
    struct remex_stream_end end; /* kind 0: it goes on */
    struct stream_spec spec;
    bool paused; /* until the log has room */
};

/* Signals to send before the tree is killed. */
struct process_plan {
    struct stop_step steps[MESSAGE_STOP_STEPS];
    size_t count; /* 0: none was begun */
    size_t next;  /* step */
    int64_t due;  /* when to go on */
};

struct process {
    struct process_host *host;
    struct process_child *child;
    struct process_hooks hooks;
    struct event_log *log;
    struct stdin_queue stdin_queue;
    enum process_state state;
    int64_t pid;
    int64_t started_at;      /* monotonic */
    int64_t started_time_ns; /* the same since 1970 */
    struct tree_limits tree_limits;

    struct process_stream streams[PROCESS_STREAMS];
    size_t stream_count; /* a terminal is one */
    uint64_t consumed;   /* by followers, as far as was told */
    uint64_t told;       /* of it last; UINT64_MAX: nobody follows */
    bool let_go;         /* without followers nothing is held */

    struct remex_exit exited;
    enum remex_exit_reason cause; /* why it was, or will be, made to end */
    uint64_t signals;             /* sent on request; bit n - 1: signal n */
    struct process_plan plan;
    int64_t eof_linger; /* nanoseconds; CLOCK_NEVER: for ever */
    int64_t wall_due;
    int64_t linger_due;
    bool abandoned; /* its streams, as they lingered for too long */
};

struct process_stream *process_stream_of(
        struct process *process, enum remex_stream stream);

/* Sets up the streams and their log. REMEX_NO_MEMORY. */
REMEX_CHECKED enum remex_status process_init_output(struct process *process,
        const struct process_spec *spec, const struct process_limits *limits);

void process_published(struct process *process);

/* Stdin is over, for whatever reason. */
void process_end_stdin(struct process *process);

/* After the exit of one whose tree is killed: whoever holds its streams now is
 * none of it, and they are not waited for any longer than by default. */
void process_bound_linger(struct process *process, int64_t now);

/* Whatever plan there was, it is over. */
void process_kill_tree(struct process *process);

#endif
