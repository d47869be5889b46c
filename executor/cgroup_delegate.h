/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_CGROUP_DELEGATE_H
#define EXECUTOR_CGROUP_DELEGATE_H

/*
 * Controllers of version 2, had down to a home.
 *
 * A group hands controllers on to those in it only if no process is in itself
 * (the root group excepted). So where we are alone in our group, we go into a
 * group in it, CGROUP_LEAF; where others are as well, there is nothing to be
 * had. Whoever starts us in a group of that name has done this for us: then the
 * group around it is taken for ours (executor/cgroup_home.c).
 */

#include <stdbool.h>

#include "executor/tree_limits.h"

#define CGROUP_LEAF "remexd"

struct cgroup_delegation {
    unsigned int limits;  /* that groups in the home can have */
    unsigned int enabled; /* and what we have switched on for that */
    bool moved;           /* this process went into the leaf */
};

/* Of `home` in `place`, our own group. `in_leaf`: we are in CGROUP_LEAF
 * already. */
void cgroup_delegate(
        int place, int home, bool in_leaf, struct cgroup_delegation *out);

/* Undoes it, once the home is gone; each of our processes may, and the last
 * takes the leaf away. */
void cgroup_undelegate(int place, const struct cgroup_delegation *delegation);

#endif
