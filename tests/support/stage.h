/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_STAGE_H
#define SUPPORT_STAGE_H

/*
 * A loop with real children on it, and what they did: for unit tests of the
 * process side. Waits end by an event, or fail the test after a while.
 */

#include <stdbool.h>

#include <glib.h>

#include "executor/allowance.h"
#include "executor/child.h"
#include "executor/loop.h"
#include "executor/process.h"
#include "executor/reaper.h"

struct stage {
    struct loop *loop;
    struct reaper *reaper;
    struct child_host *host;
    struct loop_task look;
    struct loop_timer give_up;
    unsigned int patience; /* so many seconds are left of it */
    GPtrArray *actors;
    struct allowance input;              /* of all of them */
    const struct policy_section *policy; /* the same; NULL, at first: none */
    bool (*done)(void *user);
    void *done_user;
};

/* One process, and what was published for it. */
struct actor {
    struct stage *stage;
    struct process *process;
    struct loop_timer tick;
    struct cursor cursor;
    bool on_way;   /* to its program */
    bool reads;    /* takes events, as they come; set by default */
    GString *told; /* "out:hello\n", "err...\n" if it is long, "tty:...",
                      "gap N\n", "exit N\n", "signal N\n",
                      "closed eof eof\n" */
    GString *out;  /* stdout alone, or a terminal */
    GString *err;
    uint64_t gaps;
    struct remex_error failure; /* of one that has no program, and no process */
};

/* Without control groups. */
void stage_open(struct stage *stage);

/* With those that are made in `groups`, which is lent until stage_close. */
void stage_open_in(struct stage *stage, struct cgroup_home *groups);

/* With children that are another user, who is lent until stage_close; for root.
 */
void stage_open_as(struct stage *stage, const struct credentials *user);

/* Frees all actors, kills and reaps everything. */
void stage_close(struct stage *stage);

/* A spec with the defaults of the library: stdin closed, reliable, drained, and
 * an environment that is the executor's. `argv` ends with NULL and is lent. */
struct process_spec stage_spec(const char *const *argv);

/* Frees what stage_spec made. */
void stage_spec_free(struct process_spec *spec);

/* It is on its way, and the loop goes on. NULL if it failed at once; then
 * `error` says why. */
struct actor *stage_begin(struct stage *stage, const struct process_spec *spec,
        struct remex_error *error);

/* It has its program. NULL if it failed; then `error` says why. */
struct actor *stage_start(struct stage *stage, const struct process_spec *spec,
        struct remex_error *error);

/* Starts `argv`, which must work. */
struct actor *stage_run(struct stage *stage, const char *const *argv);

/* A shell with `script`. */
struct actor *stage_sh(struct stage *stage, const char *script);

/* Writes to its stdin. */
struct write_reply stage_write(struct actor *actor, uint64_t offset,
        const void *data, size_t size, bool eof);

enum signal_outcome stage_signal(
        struct actor *actor, int number, enum signal_target target);

/* Takes the actor's process away; what was told stays. */
void stage_free_process(struct actor *actor);

/* Runs the loop until `done` says so, which is asked whenever something was
 * published. */
void stage_until(struct stage *stage, bool (*done)(void *user), void *user);

/* The same, asked every few milliseconds: for what nobody tells. */
void stage_poll_until(
        struct stage *stage, bool (*done)(void *user), void *user);

/* Runs the loop until its process is closed. */
void stage_until_closed(struct actor *actor);

/* Runs the loop until nobody's process is still to be closed. */
void stage_until_all_closed(struct stage *stage);

/* Runs the loop until stdout contains `text`. */
void stage_until_said(struct actor *actor, const char *text);

/* The number at the beginning of its stdout. */
pid_t stage_pid_said(const struct actor *actor);

/* Runs the loop until this process, who need not be a child, is gone or dead.
 */
void stage_until_dead(struct stage *stage, pid_t pid);

/* Whether a process is there and not merely waiting to be reaped. */
bool stage_is_alive(pid_t pid);

#endif
