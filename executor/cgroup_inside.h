/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_CGROUP_INSIDE_H
#define EXECUTOR_CGROUP_INSIDE_H

/* For executor/cgroup.c and cgroup_home.c alone. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "executor/cgroup_delegate.h"
#include "executor/cgroup_hierarchy.h"
#include "executor/cgroup_leftovers.h"
#include "executor/cgroup_place.h"

/* Empty groups that are kept. As many lives may end at once, and each group
 * takes some kilobytes of the kernel. */
#define CGROUP_IDLE 64

struct cgroup_home {
    int place; /* the directory that it is in */
    int fd;    /* its own, locked */
    char name[CGROUP_NAME_BYTES];
    char shown[CGROUP_PATH_BYTES + CGROUP_NAME_BYTES]; /* in /proc/PID/cgroup */
    uint64_t last;                                     /* number made */
    uint64_t idle[CGROUP_IDLE];
    size_t idle_count;
    bool in_leaf; /* `place` is around our own group, see cgroup_delegate.h */
    struct cgroup_delegation delegation; /* limits that our groups have */
    struct cgroup_hierarchies old;       /* and those that others have */
};

#endif
