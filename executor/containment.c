/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/containment.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "executor/containment_inside.h"

/* Before the groups of those that ended are looked at, so that whoever waits
 * for the end is told first. */
#define RETURN_NS INT64_C(10000000)

/* --- Trees --------------------------------------------------------------- */

static uint64_t hash_of(uint64_t mark)
{
    return table_hash(&mark, sizeof(mark));
}

struct containment_tree *containment_tree_of(
        const struct containment *containment, uint64_t mark)
{
    struct table_node *node = table_first(&containment->trees, hash_of(mark));

    for (; node; node = table_next(node)) {
        struct containment_tree *tree =
                CONTAINER_OF(node, struct containment_tree, node);

        if (tree->mark == mark)
            return tree;
    }
    return NULL;
}

enum remex_status containment_tree_new(
        struct containment *containment, struct containment_tree **out)
{
    struct containment_tree *tree = calloc(1, sizeof(*tree));

    if (!tree)
        return REMEX_NO_MEMORY;
    tree->containment = containment;
    tree->mark = containment->next_mark--;
    tree->cgroup = cgroup_add(containment->groups);
    tree->cgroup_watch = -1;
    tree->pidfd = -1;
    list_init(&tree->dying);
    list_init(&tree->ended);
    table_add(&containment->trees, &tree->node, hash_of(tree->mark));
    *out = tree;
    return REMEX_OK;
}

/* One with limits is nobody else's. False: somebody is in it. */
static bool remove_group(const struct containment_tree *tree)
{
    struct cgroup_home *groups = tree->containment->groups;

    if (!cgroup_remove(groups, tree->cgroup))
        return false;
    if (tree->limits > 0)
        cgroup_unlimit(groups, tree->cgroup);
    return true;
}

/* A group that somebody walked into from outside is left to the end. */
void containment_tree_free(struct containment_tree *tree)
{
    struct containment *containment = tree->containment;

    if (tree->cgroup_watch >= 0)
        inotify_rm_watch(containment->emptied.fd, tree->cgroup_watch);
    if (tree->group_killed || tree->limits > 0 ||
            !cgroup_reuse(containment->groups, tree->cgroup))
        remove_group(tree);
    list_remove(&tree->dying);
    list_remove(&tree->ended);
    table_remove(&containment->trees, &tree->node);
    free(tree);
}

uint64_t containment_tree_mark(const struct containment_tree *tree)
{
    return tree->mark;
}

int containment_tree_door(const struct containment_tree *tree)
{
    return cgroup_door(tree->containment->groups, tree->cgroup);
}

int containment_tree_limit(struct containment_tree *tree,
        const struct tree_limits *limits, int doors[TREE_LIMITS])
{
    tree->limits = tree_limits_set(limits);
    return cgroup_limit(tree->containment->groups, tree->cgroup, limits, doors);
}

bool containment_tree_throttle(
        const struct containment_tree *tree, const struct tree_limits *limits)
{
    return !(tree->limits & TREE_LIMIT(TREE_CPU)) ||
            cgroup_throttle(tree->containment->groups, tree->cgroup, limits);
}

bool containment_tree_is_out_of_memory(const struct containment_tree *tree)
{
    return tree->limits & TREE_LIMIT(TREE_MEMORY) &&
            cgroup_is_out_of_memory(tree->containment->groups, tree->cgroup);
}

void containment_tree_born(
        struct containment_tree *tree, pid_t leader, int pidfd)
{
    tree->group = leader;
    tree->pidfd = pidfd;
}

static bool give_back(const struct containment_tree *tree)
{
    if (tree->group_killed)
        return false;
    return tree->limits > 0
            ? remove_group(tree)
            : cgroup_reuse(tree->containment->groups, tree->cgroup);
}

/* Nobody comes into the group of a tree without a member: the next may have
 * it. One in which somebody lives on is kept to the tree's end. */
static void return_groups(struct containment *containment)
{
    struct list *head = &containment->ended;

    while (!list_is_empty(head)) {
        struct containment_tree *tree =
                CONTAINER_OF(head->next, struct containment_tree, ended);

        list_remove(&tree->ended);
        if (give_back(tree))
            tree->cgroup = 0;
    }
}

static void on_return(struct loop_timer *timer)
{
    return_groups(CONTAINER_OF(timer, struct containment, next_return));
}

static void return_later(struct containment_tree *tree)
{
    struct containment *containment = tree->containment;
    int64_t at = loop_now(containment->loop) + RETURN_NS;
    bool first = list_is_empty(&containment->ended);

    if (tree->cgroup == 0)
        return;
    list_append(&containment->ended, &tree->ended);
    if (first &&
            loop_timer_set(containment->loop, &containment->next_return, at) !=
                    REMEX_OK)
        return_groups(containment);
}

void containment_tree_orphaned(struct containment_tree *tree)
{
    tree->pidfd = -1;
    return_later(tree);
    if (list_is_linked(&tree->dying))
        loop_defer(tree->containment->loop, &tree->containment->round);
}

/* --- Life ---------------------------------------------------------------- */

/* Marks are given out from below our own limit downwards. */
static uint64_t first_mark(void)
{
    struct rlimit limit;
    int result = getrlimit(RLIMIT_LOCKS, &limit);

    assert(result == 0);
    (void)result;
    return limit.rlim_max - 1;
}

enum remex_status containment_new(struct loop *loop, struct reaper *reaper,
        struct cgroup_home *groups, struct containment **out)
{
    struct containment *containment = calloc(1, sizeof(*containment));

    if (!containment)
        return REMEX_NO_MEMORY;
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    containment->loop = loop;
    containment->reaper = reaper;
    containment->groups = groups;
    containment->next_mark = first_mark();
    containment->next_return.due = on_return;
    table_init(&containment->trees);
    list_init(&containment->ended);
    containment_start_killing(containment);
    *out = containment;
    return REMEX_OK;
}

void containment_free(struct containment *containment)
{
    if (!containment)
        return;
    containment_stop_killing(containment);
    assert(containment->trees.count == 0);
    loop_timer_cancel(containment->loop, &containment->next_return);
    table_deinit(&containment->trees);
    free(containment);
}
