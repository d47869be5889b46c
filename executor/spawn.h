/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_SPAWN_H
#define EXECUTOR_SPAWN_H

/*
 * Starting a program, on Linux 5.9 or newer.
 *
 * The child shares memory and descriptors with us until it has its own: so a
 * start takes the same time however large we are. It runs on a stack of its
 * own, with all signals blocked, by plain system calls; we stand still
 * meanwhile. What it gets: its own session and group, default dispositions and
 * an empty mask for all 64 signals, umask 022, and exactly the descriptors 0, 1
 * and 2 (but see program_fd).
 *
 * One that is to run as another user becomes that before it looks at its
 * directory, limits and program, so that it gets none by our rights. It owns
 * its pipes or terminal then, and has no capability, and no program can give it
 * any. While it is another user and still in our memory, others of that user
 * can stop it: it is continued, and killed if it does not get on.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <remex/status.h>

#include "common/message.h"
#include "executor/credentials.h"

enum { SPAWN_STDIO = 3, SPAWN_SLOTS = 4 };

/* All of it is lent for the call. */
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

/* What is kept from one start to the next. */
struct spawner {
    void *stack;            /* guarded at its low end */
    int null_fd;            /* the null device, for reading and writing */
    int slots[SPAWN_SLOTS]; /* the last for a program_fd */
    uint64_t ignored;       /* signals, the lowest bit is number 1 */
};

/* Best done early: descriptors above those reserved here cost nothing later.
 * Signals that are ignored by then reach no child as ignored; none may be
 * ignored later. */
REMEX_CHECKED enum remex_status spawner_init(struct spawner *spawner);
void spawner_deinit(struct spawner *spawner);

/* REMEX_OK: exec succeeded. Otherwise there is no child, and `failure` says at
 * which stage it failed: REMEX_INTERNAL. */
REMEX_CHECKED enum remex_status spawner_run(const struct spawner *spawner,
        const struct spawn_order *order, struct spawned *out,
        struct spawn_failure *failure);

#endif
