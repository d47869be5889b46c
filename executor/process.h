/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_PROCESS_H
#define EXECUTOR_PROCESS_H

/*
 * One process: its states, its log, its stdin, and the rules between them.
 *
 *     RUNNING ──exit──▶ EXITED ──every stream at its end──▶ CLOSED
 *        └──────every stream at its end, then exit──────────▶
 *
 * Logic only. What has to be done to the real child goes out through a
 * process_host, what happens to it comes in through process_on_...; the time is
 * an argument. Children that never say EOF (a descendant holds the pipe) have
 * their streams abandoned when eof_linger has passed after the exit.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <remex/event.h>
#include <remex/status.h>

#include "common/message.h"
#include "executor/event_log.h"

struct allowance;
struct process;
struct process_host;

/* How a process reports upwards. Called from within the call that caused it;
 * the process must not be freed there. */
struct process_hooks {
    void *user;
    /* One that was on its way runs, or never will: then, and only then, it has
     * to be freed in here. */
    void (*launched)(void *user, struct process *process,
            const struct remex_error *failure);
    /* Events were published. */
    void (*published)(void *user, struct process *process);
    /* Stdin has room again, or has ended: for Writes that wait. */
    void (*stdin_moved)(void *user, struct process *process);
};

struct process_limits {
    struct event_log_limits log;
    struct log_store *store; /* for its log; lent while it lives. NULL: none */
    size_t stdin_bytes;
    struct allowance *input; /* lent; what of them may be used by now */
    size_t input_bytes;      /* so much will be written at once: there is memory
                              * for that before the program starts */
    uint64_t wall_time_ms;   /* of one that states none; 0: without end */
    struct tree_limits tree; /* the same; 0: none */
    const struct policy_section *policy; /* NULL: it may be any program */
};

/* Whether the host can have one more on its way. */
bool process_has_room(struct process_host *host);

/* Starts the program. REMEX_OK: exec succeeded. REMEX_AGAIN: it is on its way
 * to that, and hooks->launched will tell; until then it must not be asked for
 * anything but what is told of it, and its stdin. Otherwise nothing is left of
 * it, and `error` says at which stage and why. `spec` is copied as far as
 * needed, `limits->policy` lent for the call.
 *
 * REMEX_INVALID_ARGUMENT, naming the field, before anything is spawned. */
REMEX_CHECKED enum remex_status process_start(struct process_host *host,
        const struct process_spec *spec, const struct process_limits *limits,
        const struct process_hooks *hooks, struct process **out,
        struct remex_error *error);

/* Kills whatever is left of its tree first. NULL is allowed. */
void process_free(struct process *process);

enum process_state process_state(const struct process *process);
int64_t process_pid(const struct process *process);
const struct event_log *process_log(const struct process *process);
/* Once it has exited, else NULL. */
const struct remex_exit *process_exit(const struct process *process);

/* State, exit and ends. */
void process_tell_ending(
        const struct process *process, struct process_ending *out);
/* Fills in what a process knows of itself, into one that is zeroed: pid, start,
 * events, streams, stdin, ending. */
void process_tell_status(
        const struct process *process, struct process_status *out);
/* A moment of the monotonic clock as nanoseconds since 1970, as its events tell
 * it. They never go back in time, whatever happens to the clock. */
int64_t process_time_of(const struct process *process, int64_t now);

/*
 * Whoever follows has consumed everything up to `seq`, the lowest of all
 * followers, computed by the caller; UINT64_MAX: nobody follows. Before the
 * first call nobody does.
 *
 * Lossy streams never hold the child. A reliable one does when its share of the
 * log (see event_log_share) is full of what is not consumed: nothing is read,
 * and once the pipe is full as well the child's write blocks. So of one stream
 * a child can be ahead of the slowest follower by its share and the pipe's size
 * (64 KiB, for bulky streams 1 MiB), and by no more. Reading goes on when there
 * is room again. Without a follower it runs freely, or what was not consumed by
 * the last one goes on counting: as no_follower says.
 */
void process_set_consumed(struct process *process, uint64_t seq);

/* Its owner is lost, and it is to end: nobody will come for what is held for
 * want of a follower, and held it could never be closed. */
void process_let_go(struct process *process);

/* The stream keeps only what its followers still need, from now on, and those
 * who come later get nothing of what was there. Safe to repeat. The process
 * must have such a stream. */
void process_seal(struct process *process, enum remex_stream number);

/* How many streams there are; one that is not captured has ended already. */
size_t process_tell_streams(
        const struct process *process, struct stream_status out[REMEX_STREAMS]);

/* Exactly-once stdin; see Write in the .proto. REMEX_OUT_OF_RANGE: beyond what
 * was taken so far. */
REMEX_CHECKED enum remex_status process_write(struct process *process,
        const struct write_request *request, struct remex_bytes payload,
        struct write_reply *out, struct remex_error *error);

/* Both were checked by the decoder. REMEX_FAILED_PRECONDITION: the process has
 * no terminal, or it has hung up. */
REMEX_CHECKED enum remex_status process_resize(struct process *process,
        uint32_t rows, uint32_t columns, struct remex_error *error);

/* `signal_number` was checked by the decoder. */
REMEX_CHECKED enum remex_status process_signal(struct process *process,
        int signal_number, enum signal_target target, enum signal_outcome *out,
        struct remex_error *error);

/* Runs the plan (none: at once; at most MESSAGE_STOP_STEPS), then kills the
 * tree. `now` is monotonic. True if the leader was still running. */
bool process_terminate(struct process *process, const struct stop_step *plan,
        size_t count, enum remex_exit_reason reason, int64_t now);

/* Does what is due at `now`; returns when to be called next, INT64_MAX: never.
 * May publish. */
int64_t process_tick(struct process *process, int64_t now);

/* When to call process_tick next, without doing anything: ask after the start,
 * after process_terminate, and whenever events were published. */
int64_t process_due(const struct process *process);

#endif
