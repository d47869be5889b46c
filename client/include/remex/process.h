/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMEX_PROCESS_H
#define REMEX_PROCESS_H

/*
 * A process handle is the local stand-in for a child that an executor owns. The
 * rules of <remex/client.h> hold here too.
 *
 * Handles that started their process are armed: freeing one whose process may
 * still run kills it with its whole tree, unless it was detached.
 *
 * Timeouts are in milliseconds: 0 does not wait, REMEX_FOREVER waits for good.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <remex/client.h>
#include <remex/event.h>
#include <remex/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define REMEX_FOREVER (-1)

enum remex_stdin {
    REMEX_STDIN_CLOSED = 0, /* end of file at once */
    REMEX_STDIN_PIPE = 1,   /* fed by remex_process_write */
};

enum remex_env {
    REMEX_ENV_OVERLAY = 0, /* `env` on top of the executor's, filtered */
    REMEX_ENV_EXACT = 1,   /* `env` and nothing else */
};

enum remex_capture {
    REMEX_CAPTURE_PIPE = 0,
    REMEX_CAPTURE_DISCARD = 1, /* to the null device */
};

/*
 * A reliable child is never further ahead of its slowest follower, of what the
 * user there has taken, than the executor keeps of the stream plus a pipe: then
 * its write blocks. By default that is 1 MiB of a stream captured alone and 768
 * KiB of one of two, and 64 KiB, or 1 MiB for bulky output, in the pipe. A
 * follower that is gone counts until its lease is over.
 */
enum remex_delivery {
    REMEX_DELIVERY_RELIABLE = 0, /* a slow reader holds the child */
    REMEX_DELIVERY_LOSSY = 1,    /* a slow reader gets a Gap */
};

/* Of a reliable stream that nobody follows. */
enum remex_no_follower {
    REMEX_NO_FOLLOWER_DRAIN = 0, /* the child runs freely, old output goes */
    REMEX_NO_FOLLOWER_HOLD = 1,  /* a full log holds the child */
};

/* What the executor keeps of a stream for those who come late. */
enum remex_retention {
    REMEX_RETAIN_ALL = 0, /* up to the executor's bound */
    REMEX_RETAIN_NONE = 1,
    REMEX_RETAIN_BYTES = 2,  /* the last `retention_amount` bytes */
    REMEX_RETAIN_CHUNKS = 3, /* the last `retention_amount` outputs */
};

struct remex_stream_options {
    enum remex_capture capture;
    enum remex_delivery delivery;
    enum remex_no_follower no_follower;
    enum remex_retention retention;
    uint64_t retention_amount;
    uint32_t chunk_bytes; /* most in one output; default: the executor's */
};

/* What becomes of the process when its session ends. */
enum remex_owner_loss {
    REMEX_OWNER_LOSS_KILL = 0,
    REMEX_OWNER_LOSS_KEEP = 1,      /* for `keep_ms`, then kill */
    REMEX_OWNER_LOSS_TERMINATE = 2, /* the stop plan, then kill */
};

/* A terminal in the place of all three streams: its output comes as
 * REMEX_TERMINAL, treated as `out` says (it cannot be discarded), and what is
 * written is typed. Closing stdin types an end of file, which in raw mode a
 * terminal does not have; it does not hang up. See PtySpec in the .proto. */
struct remex_pty_options {
    unsigned int rows;    /* default 24 */
    unsigned int columns; /* default 80 */
    const char *term; /* the value of TERM, unless `env` states one; default:
                       * not set */
};

#define REMEX_UNLIMITED UINT64_MAX

struct remex_rlimit {
    int resource; /* RLIMIT_... of the executor's host */
    uint64_t soft;
    uint64_t hard;
};

/*
 * What a process and all that it starts may use together, by control groups.
 * Not every executor can do each of them: asked of one that cannot,
 * REMEX_UNIMPLEMENTED. An executor may have limits of its own: then those hold
 * for who asks for none, and more than they is refused with their names.
 */
struct remex_tree_limits {
    /* From 4 MiB; with what its files hold in the page cache. Whoever needs
     * more is killed, see struct remex_exit. */
    uint64_t memory_bytes;
    uint64_t pids; /* processes and threads; then fork fails with EAGAIN */
    /* Thousandths of a processor, from 10: 2500 is two and a half. */
    uint64_t cpu_millis;
};

/* Send a signal to the process's group, then wait for its end. */
struct remex_stop_step {
    int signal_number;
    int wait_ms;
};

/* For people and for remex_client_list; both are UTF-8. */
struct remex_label {
    const char *name;
    const char *value;
};

struct remex_process_options {
    size_t size;     /* of this struct, as the caller compiled it */
    const char *id;  /* 1 to 128 bytes; default: random */
    const char *cwd; /* absolute; default: the executor's own */
    enum remex_env env_mode;
    const char *const *env; /* "NAME=value"..., NULL; in an overlay a lone
                             * "NAME" unsets */
    const char *arg0;       /* what the program sees as argv[0] */
    enum remex_stdin stdin_mode;
    struct remex_stream_options out;
    struct remex_stream_options err;
    int64_t wall_time_ms; /* default: no limit */
    int eof_linger_ms;    /* default 3000; REMEX_FOREVER: wait for all ends */
    enum remex_owner_loss owner_loss;
    int64_t keep_ms;
    const struct remex_pty_options *pty; /* default: pipes. With one,
                                          * stdin_mode and `err` do not count */
    const struct remex_rlimit *rlimits;
    size_t rlimit_count;
    /* How to end it, see remex_process_stop; default: by a kill. */
    const struct remex_stop_step *stop_plan;
    size_t stop_step_count;
    const struct remex_label *labels;
    size_t label_count;
    size_t window_bytes; /* output held here; default: the client's */
    bool exclusive; /* this handle follows it alone, see remex_process_attach */
    struct remex_tree_limits tree_limits; /* default: none */
    /* The place in a trace, of W3C's Trace Context: for the executor's log, and
     * the program's TRACEPARENT unless `env` has a word on it. Default: none */
    const char *traceparent;
};

/* Starts argv[0], looked up in the PATH it will have. `argv` ends with NULL.
 * REMEX_OK: the program runs, and is followed from its first event on.
 * A failed launch is told by `error`: kind REMEX_ERROR_LAUNCH_FAILED, stage and
 * errno. REMEX_OUTCOME_UNKNOWN: it was asked for, but not answered in time, or
 * not while the executor was sure to remember it, so that asking again might
 * have started it twice. If it runs it is being killed. REMEX_DATA_LOSS: a
 * process of that id has run and ended, and the executor, at its limit of
 * processes, knows no more than that; without an id of yours it was this one.
 * Kind REMEX_ERROR_FOLLOWED: it was started, but somebody has taken it over
 * before the answer came. */
REMEX_API REMEX_CHECKED enum remex_status remex_process_start(
        struct remex_client *client, const char *const *argv,
        const struct remex_process_options *options, struct remex_process **out,
        struct remex_error *error);

/* Where to begin with the events of a process that runs already. */
enum remex_from {
    REMEX_FROM_OLDEST = 0, /* that the executor keeps, after a Gap for others */
    REMEX_FROM_LIVE = 1,   /* with the next one */
    REMEX_FROM_AFTER = 2,  /* after event `after_seq` */
};

struct remex_attach_options {
    size_t size; /* of this struct, as the caller compiled it */
    enum remex_from from;
    uint64_t after_seq;
    bool armed; /* freeing the handle kills, as if it had been started here */
    size_t window_bytes; /* output held here; default: the client's */
    bool exclusive;      /* nobody else may follow it at the same time */
    bool take_over;      /* displace who stands in the way */
    bool no_events;      /* do not follow it: the handle is for calls */
};

/*
 * Makes a handle of an id: of any process of this client's principal, whoever
 * started it. One process may have several handles, here and elsewhere, and
 * each gets all events; but only one of them at a time should write. A handle
 * from here is not armed unless asked for. REMEX_NOT_FOUND: there is no such
 * process, or no longer. After Closed REMEX_FROM_LIVE finds REMEX_ENDED.
 *
 * REMEX_FAILED_PRECONDITION, of kind REMEX_ERROR_FOLLOWED: somebody follows it
 * alone, or this handle wants to and is not the only one. `take_over` displaces
 * those: each gets its Failed, REMEX_FAILURE_TAKEN_OVER, and is disarmed; the
 * process goes on, and so do their clients.
 *
 * With `no_events` the handle neither holds the process up nor stands in
 * anybody's way, not of one who follows alone either. All calls work, but no
 * event comes to it except Failed: remex_process_wait and remex_process_read
 * ask the executor.
 */
REMEX_API REMEX_CHECKED enum remex_status remex_process_attach(
        struct remex_client *client, const char *id,
        const struct remex_attach_options *options, struct remex_process **out,
        struct remex_error *error);

/* Kills the process if it may still run, unless detached. NULL is allowed. */
REMEX_API void remex_process_free(struct remex_process *process);

/* From now on freeing the handle leaves the process alone. What the end of the
 * session does to it was chosen at its start. */
REMEX_API void remex_process_detach(struct remex_process *process);

/* Lent while the handle lives. */
REMEX_API const char *remex_process_id(const struct remex_process *process);

/* On the executor's host, for people. */
REMEX_API int64_t remex_process_pid(const struct remex_process *process);

/*
 * Takes the next event. REMEX_AGAIN: none within `timeout_ms`; REMEX_ENDED: the
 * last one has been taken. Output is lent until the next call of this function
 * on this handle (or its free). Taking events is what lets more output come.
 */
REMEX_API REMEX_CHECKED enum remex_status remex_process_next_event(
        struct remex_process *process, int timeout_ms, struct remex_event *out);

/* Waits until the exit is known, whether or not its event has been taken, and
 * however much output lies unread. REMEX_DEADLINE_EXCEEDED: not yet;
 * REMEX_DISCONNECTED: it will not be known. Who has no events is also told
 * REMEX_NOT_FOUND, if the executor has forgotten the process. */
REMEX_API REMEX_CHECKED enum remex_status remex_process_wait(
        struct remex_process *process, int timeout_ms, struct remex_exit *out);

/*
 * Feeds stdin: waits until all of it is taken or `timeout_ms` has passed, and
 * says in `written_out` (may be NULL) how much was, whatever the status.
 * REMEX_DEADLINE_EXCEEDED: the rest was not; REMEX_FAILED_PRECONDITION: stdin
 * is closed (by close_stdin, the child, or from the start) or the process
 * exited.
 */
REMEX_API REMEX_CHECKED enum remex_status remex_process_write(
        struct remex_process *process, const void *data, size_t size,
        int timeout_ms, size_t *written_out, struct remex_error *error);

/* End of file after what was written. Harmless if stdin is closed already. */
REMEX_API REMEX_CHECKED enum remex_status remex_process_close_stdin(
        struct remex_process *process, struct remex_error *error);

enum remex_signal_target {
    REMEX_SIGNAL_LEADER = 1,
    REMEX_SIGNAL_GROUP = 2,
    REMEX_SIGNAL_TREE = 3,
};

/* Sends a signal. `delivered_out` (may be NULL): false if it had exited. */
REMEX_API REMEX_CHECKED enum remex_status remex_process_signal(
        struct remex_process *process, int signal_number,
        enum remex_signal_target target, bool *delivered_out,
        struct remex_error *error);

/* Kills the whole tree, after the leader's exit as well. The events tell the
 * end. `running_out` (may be NULL): the leader had not exited. */
REMEX_API REMEX_CHECKED enum remex_status remex_process_terminate(
        struct remex_process *process, bool *running_out,
        struct remex_error *error);

/*
 * Ends it in order: each step of the plan, until the process has exited, then a
 * kill of the tree. The executor runs the plan, so that it goes on without this
 * client; the answer comes at once, the events tell the end. NULL: the plan
 * stated at the start. A plan begun is not begun again, only cut short, by
 * remex_process_terminate. `running_out` as there.
 */
REMEX_API REMEX_CHECKED enum remex_status remex_process_stop(
        struct remex_process *process, const struct remex_stop_step *plan,
        size_t step_count, bool *running_out, struct remex_error *error);

/* Sets the size of its terminal, see struct remex_pty_options.
 * REMEX_FAILED_PRECONDITION: it has none. */
REMEX_API REMEX_CHECKED enum remex_status remex_process_resize(
        struct remex_process *process, unsigned int rows, unsigned int columns,
        struct remex_error *error);

/* Gives up the output that the executor keeps: who follows later starts live.
 * Exited and Closed stay. */
REMEX_API REMEX_CHECKED enum remex_status remex_process_seal(
        struct remex_process *process, struct remex_error *error);

/* The highest number of an event that the executor is known to have published,
 * whether or not it has come here. Never falls; at most a heartbeat late. */
REMEX_API uint64_t remex_process_newest_seq(
        const struct remex_process *process);

/* Waits until that is above `after_seq`, for those who look after many quiet
 * processes and take no events. REMEX_AGAIN: not within `timeout_ms`;
 * REMEX_ENDED: Closed has come, and is not above; REMEX_DISCONNECTED: it will
 * not be known. `newest_out` may be NULL. */
REMEX_API REMEX_CHECKED enum remex_status remex_process_wake(
        struct remex_process *process, uint64_t after_seq, int timeout_ms,
        uint64_t *newest_out);

/* A piece of the executor's log, see remex_process_read. Yours to free. */
struct remex_log {
    struct remex_event *events; /* output lies in the same allocation */
    size_t count;
    uint64_t first_seq; /* oldest event the executor keeps */
    uint64_t next_seq;  /* number of the event to come */
    bool exited;        /* at or before the last event told here */
    bool closed;
};

/*
 * Reads the executor's log after event `after_seq` (0: from the oldest), at
 * most `max_bytes` of output (0: the executor's choice) but at least one event
 * if there is one, waiting up to `timeout_ms` for it. Independent of
 * next_event, and safe to repeat. REMEX_AGAIN: nothing yet; REMEX_ENDED: Closed
 * lies at or before `after_seq`. Once the executor can no longer be asked, the
 * handle's own memory answers: what it took last (history_bytes of <remex/
 * client.h>) and what is still to be taken; REMEX_DISCONNECTED: nothing there.
 */
REMEX_API REMEX_CHECKED enum remex_status remex_process_read(
        struct remex_process *process, uint64_t after_seq, size_t max_bytes,
        int timeout_ms, struct remex_log **out, struct remex_error *error);

/* NULL is allowed. */
REMEX_API void remex_log_free(struct remex_log *log);

#ifdef __cplusplus
}
#endif

#endif
