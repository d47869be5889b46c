/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_CGROUP_INSIDE_H
#define EXECUTOR_CGROUP_INSIDE_H

/* For executor/cgroup.c and cgroup_home.c alone. */

#include <stddef.h>
#include <stdint.h>

#include "executor/cgroup_place.h"

#define CGROUP_NAME_BYTES 23 /* with the prefix, 16 digits and NUL */

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
};

#endif
