/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_SPAWN_H
#define EXECUTOR_SPAWN_H

/*
 * Starting a program, on Linux 5.9 or newer.
 *
 * The child shares memory and descriptors with us until it has its own: so a
 * start takes the same time however large we are. It runs on a stack of its
 * own, with all signals blocked, by plain system calls, while we go on: a few
 * may be on their way at a time. What it gets: its own session and group,
 * default dispositions and an empty mask for all 64 signals, umask 022, and
 * exactly the descriptors 0, 1 and 2 (but see program_fd).
 *
 * One that is to run as another user becomes that before it looks at its
 * directory, limits and program, so that it gets none by our rights. It owns
 * its pipes or terminal then, and has no capability, and no program can give it
 * any. While it is on its way, others of its user can stop it: it is continued,
 * and killed if it does not get on.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <remex/status.h>

#include "common/message.h"
#include "executor/credentials.h"

enum {
    SPAWN_STDIO = 3,
    SPAWN_SLOTS = 4,
    /* Most on their way at a time. Each takes low descriptors of ours, which
     * every child copies and closes again. */
    SPAWN_BERTHS = 8
};

/* All of it is lent until the start is over. */
struct spawn_order {
    /* Each ended by NULL. */
    char *const *candidates; /* files to try in turn, as execvp does */
    char *const *argv;
    char *const *envp;

    const struct credentials *user; /* NULL: ours */
    /* What is executed instead of the candidates; -1: one of those. A program
     * that is a script is read from it, as descriptor 3. */
    int program_fd;
    const char *cwd; /* NULL: ours */
    int stdio[SPAWN_STDIO];
    bool terminal; /* the first of them is to be its controlling terminal */
    const struct rlimit_spec *rlimits;
    size_t rlimit_count;
    uint64_t mark;        /* see executor/containment.h */
    int group_fd;         /* as cgroup_door has it; -1: none */
    bool limited;         /* it must be in all of its groups, or not be */
    const int *limit_fds; /* others of those, see cgroup_limit */
    size_t limit_count;
};

struct spawned {
    pid_t pid;
    int pidfd; /* close-on-exec; the caller's to close */
};

struct spawn_failure {
    enum remex_launch_stage stage;
    int os_error;
};

/* A start on its way. */
struct spawn;

/* What is kept from one start to the next. */
struct spawner {
    struct spawn *berths[SPAWN_BERTHS];
    int berth_count;  /* fewer, where descriptors are scarce */
    int null_fd;      /* the null device, for reading and writing */
    uint64_t ignored; /* signals, the lowest bit is number 1 */
};

/* Best done early: descriptors above those reserved here cost nothing later.
 * Signals that are ignored by then reach no child as ignored; none may be
 * ignored later. */
REMEX_CHECKED enum remex_status spawner_init(struct spawner *spawner);

/* Nothing may be on its way any more. */
void spawner_deinit(struct spawner *spawner);

/* As many are on their way as may be. */
bool spawner_is_full(const struct spawner *spawner);

/* REMEX_OK: a child is on its way; its pid and pidfd are the caller's, who
 * reaps it. Otherwise there is no child, and `failure` says at which stage it
 * failed: REMEX_INTERNAL. The spawner must not be full. */
REMEX_CHECKED enum remex_status spawner_begin(struct spawner *spawner,
        const struct spawn_order *order, struct spawn **out,
        struct spawned *spawned, struct spawn_failure *failure);

/* It has executed something, or it ends: spawn_end can tell. */
bool spawn_is_over(const struct spawn *spawn);

/* To be called now and then while it is not over. Takes two milliseconds of
 * twenty at most. */
void spawn_nudge(struct spawn *spawn);

/* Stands still until it is over, but for no more than a millisecond. */
void spawn_wait_briefly(struct spawn *spawn);

/* Stands still until it is over: for ten seconds at most since it began, if the
 * kernel can kill it then. */
void spawn_wait(struct spawn *spawn);

/* Of one that is over. REMEX_OK: exec succeeded, or somebody killed it.
 * REMEX_AGAIN: it has come to nothing for a reason that does not count, and is
 * on its way once more as another child, in `spawned`. REMEX_INTERNAL: it has
 * failed, as `failure` says. In both cases the child that there was is to be
 * reaped, which does not take long. But for REMEX_AGAIN nothing is lent any
 * more. */
REMEX_CHECKED enum remex_status spawn_end(struct spawn *spawn,
        struct spawned *spawned, struct spawn_failure *failure);

#endif
