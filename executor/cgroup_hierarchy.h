/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_CGROUP_HIERARCHY_H
#define EXECUTOR_CGROUP_HIERARCHY_H

/*
 * Hierarchies of control groups of version 1, which keep limits on hosts where
 * they have taken the controllers that version 2 would have. A home has a
 * directory of its name there too, below our group in that hierarchy, and a
 * group of its own in it for each number that is limited by it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "executor/cgroup_place.h"
#include "executor/tree_limits.h"

/* One may have several controllers. */
struct cgroup_hierarchy {
    struct cgroup_place where;
    const char *controller; /* one that it has, by which /proc shows it */
    int place;              /* that directory */
    int home;               /* the one in it, locked */
    unsigned int limits;    /* that it keeps: a set of TREE_LIMIT */
};

struct cgroup_hierarchies {
    struct cgroup_hierarchy each[TREE_LIMITS];
    size_t count;
};

/* In one that is zeroed. Who was left behind there can die at full speed then.
 */
void cgroup_hierarchies_find(struct cgroup_hierarchies *hierarchies);

/* Ends what was left behind, and makes homes of that name in those that keep
 * one of `wanted`. */
void cgroup_hierarchies_make(struct cgroup_hierarchies *hierarchies,
        unsigned int wanted, const char *name);

/* Leaves the homes where they are. */
void cgroup_hierarchies_close(struct cgroup_hierarchies *hierarchies);

/* Those that can be kept. */
unsigned int cgroup_hierarchies_limits(
        const struct cgroup_hierarchies *hierarchies);

/* Takes the homes away, after killing who is still in them; gives up after a
 * second. */
void cgroup_hierarchies_remove(
        struct cgroup_hierarchies *hierarchies, const char *name);

/* Makes groups of that number for those limits that are kept here, and puts
 * what there is to write "0" to into `doors`: how many. -1, and errno: it
 * cannot be. */
int cgroup_hierarchies_add(struct cgroup_hierarchies *hierarchies,
        uint64_t number, const struct tree_limits *limits,
        int doors[TREE_LIMITS]);

/* Takes them away; one that somebody is in stays. */
void cgroup_hierarchies_drop(
        struct cgroup_hierarchies *hierarchies, uint64_t number);

/* See executor/cgroup.h. */
bool cgroup_hierarchies_throttle(const struct cgroup_hierarchies *hierarchies,
        uint64_t number, const struct tree_limits *cpu);
void cgroup_hierarchies_hurry(
        const struct cgroup_hierarchies *hierarchies, uint64_t number);
void cgroup_hierarchies_hurry_all(const struct cgroup_hierarchies *hierarchies);
bool cgroup_hierarchies_are_out_of_memory(
        const struct cgroup_hierarchies *hierarchies, uint64_t number);

#endif
