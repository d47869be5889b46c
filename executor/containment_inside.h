/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_CONTAINMENT_INSIDE_H
#define EXECUTOR_CONTAINMENT_INSIDE_H

/* For executor/containment.c, containment_signal.c and containment_kill.c
 * alone. */

#include <stdbool.h>
#include <stddef.h>

#include "executor/containment.h"
#include "executor/list.h"
#include "executor/pid_list.h"
#include "executor/table.h"

struct containment {
    struct loop *loop;
    struct reaper *reaper;
    struct cgroup_home *groups; /* NULL: there are none */
    struct loop_watch emptied;  /* inotify, of groups; fd -1: unwatched */
    struct table trees;         /* by mark */
    uint64_t next_mark;
    struct list ended; /* trees whose leader ended, to be looked at once */
    struct loop_timer next_return;
    struct list dying; /* trees that are being killed */
    struct loop_task round;
    struct loop_timer next_round;
    int64_t pause; /* before the next round */
};

struct containment_tree {
    struct containment *containment;
    struct table_node node;
    struct list dying; /* in the list of that name, or in none */
    struct list ended; /* the same */
    uint64_t mark;
    uint64_t cgroup;     /* 0: none */
    int cgroup_watch;    /* -1: none */
    unsigned int limits; /* of the group: a set of TREE_LIMIT */
    pid_t group;         /* of the leader: its pid; 0: not born */
    int pidfd; /* of the leader; -1 before its birth and after its reaping */
    bool group_killed; /* at least once */
    bool released;
    size_t found; /* members, in this round */
};

/* Nobody holds it any more, and nobody is in it. */
void containment_tree_free(struct containment_tree *tree);

/* NULL: no tree of ours. */
struct containment_tree *containment_tree_of(
        const struct containment *containment, uint64_t mark);

/* --- Who there is, in containment_signal.c -------------------------------- */

void containment_push_leader(
        const struct containment_tree *tree, struct pid_list *list);

/* Our children that nobody here has started. */
void containment_push_orphans(
        const struct containment *containment, struct pid_list *list);

/* REMEX_ENDED: it is gone, dead, or of another tree or group. `group` 0: of
 * any. */
enum remex_status containment_signal_member(const struct containment_tree *tree,
        pid_t pid, pid_t group, int signal_number);

/* Everybody of that group, or of the tree. REMEX_OK if anybody got it;
 * REMEX_RESOURCE_EXHAUSTED: nobody did, but there may be some who were not
 * seen. */
enum remex_status containment_signal_members(
        const struct containment_tree *tree, pid_t group, int signal_number);

/* --- Rounds, in containment_kill.c ---------------------------------------- */

void containment_start_killing(struct containment *containment);
void containment_stop_killing(struct containment *containment);

#endif
