/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_CONTAINMENT_H
#define EXECUTOR_CONTAINMENT_H

/*
 * Who belongs to which process's tree, and killing all of a tree.
 *
 * Every tree has a mark of its own: its leader is born with that number as the
 * limit on file locks (which Linux has ignored since 2.4), and so is every
 * descendant, whatever session, group or parent it has, for a limit is
 * inherited and can only be lowered. Members are found below the leader and, as
 * orphans, among our own children: this process is a subreaper.
 *
 * Where control groups can be had (executor/cgroup.h), a tree has one as well,
 * and is whoever is in it or bears the mark: the group is killed by the kernel,
 * at once, and the search for marks is the second net.
 *
 * What is guaranteed: nobody is signalled who is neither in the group nor bears
 * the mark, and nobody by a number that might have become somebody else's. A
 * kill goes on, round by round, until a round finds no member and the group is
 * empty. Without a group, a member that lowers its own mark (it has to mean it)
 * or that we may not signal (it became another user) leaves the tree; from a
 * group only root gets out, or the user whom the groups belong to, by asking
 * the kernel for it. Whoever left still dies with the executor, if it can be
 * killed at all.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <remex/status.h>

#include "common/message.h"
#include "executor/cgroup.h"
#include "executor/loop.h"
#include "executor/reaper.h"

struct containment;
struct containment_tree;

/* Makes this process a subreaper, for good. `loop`, `reaper` and `groups`
 * (NULL: none) are lent until containment_free. */
REMEX_CHECKED enum remex_status containment_new(struct loop *loop,
        struct reaper *reaper, struct cgroup_home *groups,
        struct containment **out);

/* Every tree must have been released; those still dying are left to
 * sweep_children. NULL is allowed. */
void containment_free(struct containment *containment);

REMEX_CHECKED enum remex_status containment_tree_new(
        struct containment *containment, struct containment_tree **out);

/* For the leader to be born with. */
uint64_t containment_tree_mark(const struct containment_tree *tree);

/* Of its group, for the leader to go through; yours to close. -1: there is
 * none.
 */
int containment_tree_door(const struct containment_tree *tree);

/* Has it live within limits that its groups can have, from its birth on; what
 * is returned, and put into `doors`, is as of cgroup_limit. That of processor
 * time begins with containment_tree_throttle, when it has executed something.
 * False: errno says why it cannot. */
int containment_tree_limit(struct containment_tree *tree,
        const struct tree_limits *limits, int doors[TREE_LIMITS]);
bool containment_tree_throttle(
        const struct containment_tree *tree, const struct tree_limits *limits);

/* Somebody of it was killed for its limit of memory. */
bool containment_tree_is_out_of_memory(const struct containment_tree *tree);

/* Its leader lives. `pidfd` is lent until it has been reaped. */
void containment_tree_born(
        struct containment_tree *tree, pid_t leader, int pidfd);

/* The leader was reaped: its number may soon be somebody else's. */
void containment_tree_orphaned(struct containment_tree *tree);

/* REMEX_ENDED: there was nobody to get the signal. REMEX_PERMISSION_DENIED. */
REMEX_CHECKED enum remex_status containment_tree_signal(
        struct containment_tree *tree, int signal_number,
        enum signal_target target);

/* Kills all members until there are none, from the end of this turn on. */
void containment_tree_kill(struct containment_tree *tree);

/* Lets go of a tree: it is killed, and frees itself when it is empty. */
void containment_tree_release(struct containment_tree *tree);

#endif
