/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_CGROUP_H
#define EXECUTOR_CGROUP_H

/*
 * Control groups (version 2, Linux 5.14 or newer) for trees of processes: who
 * is born in one stays in it, whatever it does to its session, parent, limits
 * or name, and all in it are killed by one word to the kernel.
 *
 * A home is a group below our own, "remex-" and 16 hexadecimal digits; the
 * groups in it are numbered. It takes the right to make groups there, which
 * root has, and whom the subtree was delegated to. A home is locked as long as
 * one of those lives who have it open: its maker and, after a fork, the child.
 * One that nobody locks was left by somebody who was killed, and whoever makes
 * the next home beside it ends what is in it and takes it away.
 *
 * Groups can have limits where the controllers for them can be had: of version
 * 2 (executor/cgroup_delegate.h), which may move this process into a group in
 * its own, or of version 1 (executor/cgroup_hierarchy.h).
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "executor/tree_limits.h"

struct cgroup_home;

/* NULL: groups cannot be had here. Waits up to a second for the end of what was
 * left behind. Forks, and waits for the child: call it while there is one
 * thread. */
struct cgroup_home *cgroup_home_new(void);

/* Closes it, and leaves it where it is. In all that follows, NULL is a home in
 * which nothing can be made. */
void cgroup_home_free(struct cgroup_home *home);

/* Kills all in all its groups; they are dying when this returns. */
void cgroup_home_kill(const struct cgroup_home *home);

/* Takes it away with all its groups, after killing who is in them; gives up
 * after a second, and leaves it to the next who makes a home. */
void cgroup_home_remove(struct cgroup_home *home);

/* A group with nobody in it: its number, or 0, the number of none. */
uint64_t cgroup_add(struct cgroup_home *home);

/* Keeps it for the next who wants one: that is cheaper than another. It must
 * not have been killed: kernels count that (see executor/spawn.c). False, and
 * nothing has happened: somebody is in it, it is not as it was, or enough are
 * kept. */
bool cgroup_reuse(struct cgroup_home *home, uint64_t number);

/* False: somebody is in it. Groups that were made in it go as well. */
bool cgroup_remove(struct cgroup_home *home, uint64_t number);

/* A descriptor of its directory, yours to close: for clone3, or to write "0" to
 * its cgroup.procs and be in the group. -1: there is none. */
int cgroup_door(const struct cgroup_home *home, uint64_t number);

/* --- Limits ----------------------------------------------------------------
 */

/* Those that groups can have: a set of TREE_LIMIT. */
unsigned int cgroup_limits(const struct cgroup_home *home);

/* Gives an empty group limits, all of which it can have; it cannot be kept for
 * the next any more. Who is to be limited goes through its door, and writes "0"
 * to each of `doors`: how many, yours to close. -1, and errno: it has not all
 * of them.
 *
 * That of processor time holds from cgroup_throttle on: whoever waits for a
 * child to have its program would be held up with it before. */
int cgroup_limit(struct cgroup_home *home, uint64_t number,
        const struct tree_limits *limits, int doors[TREE_LIMITS]);

/* False: errno says why. */
bool cgroup_throttle(const struct cgroup_home *home, uint64_t number,
        const struct tree_limits *limits);

/* What cgroup_remove leaves of a limited group; after it. */
void cgroup_unlimit(struct cgroup_home *home, uint64_t number);

/* Takes that limit away again: who is killed has to run to die. */
void cgroup_hurry(const struct cgroup_home *home, uint64_t number);

/* Somebody in it was killed for its limit of memory. */
bool cgroup_is_out_of_memory(const struct cgroup_home *home, uint64_t number);

/* --- Members ---------------------------------------------------------------
 */

void cgroup_kill(const struct cgroup_home *home, uint64_t number);

/* Nobody is in it: neither running nor about to end. */
bool cgroup_is_empty(const struct cgroup_home *home, uint64_t number);

/* Calls `visit` with everybody in it, or in groups that were made in it. */
void cgroup_each_member(const struct cgroup_home *home, uint64_t number,
        void (*visit)(void *user, pid_t pid), void *user);

/* Whether it is in this group, or in one that was made in it. */
bool cgroup_holds(const struct cgroup_home *home, uint64_t number, pid_t pid);

/* Has `inotify` become readable when the group becomes empty, or the opposite.
 * The watch, or -1. */
int cgroup_watch(const struct cgroup_home *home, uint64_t number, int inotify);

#endif
