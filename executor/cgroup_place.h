/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_CGROUP_PLACE_H
#define EXECUTOR_CGROUP_PLACE_H

/*
 * Where this process is in a hierarchy of control groups: in that of version 2,
 * alone at /sys/fs/cgroup, beside version 1 ("hybrid"), or wherever else it is
 * mounted; or in the one of version 1 that has a certain controller.
 */

#include <stdbool.h>

enum { CGROUP_PATH_BYTES = 1024 };

struct cgroup_place {
    char directory[CGROUP_PATH_BYTES]; /* of our own group */
    char shown[CGROUP_PATH_BYTES];     /* its name in /proc/PID/cgroup; "" for
                                        * the root's */
};

/* `controller` NULL: of version 2. False: no such hierarchy is mounted, or none
 * that shows our group. */
bool cgroup_place_find(const char *controller, struct cgroup_place *out);

/* The same, by the text of /proc/self/mountinfo and /proc/self/cgroup. */
bool cgroup_place_parse(const char *mounts, const char *groups,
        const char *controller, struct cgroup_place *out);

/* The name of the group in the text of /proc/PID/cgroup: up to the end of its
 * line. NULL: that tells of none. */
const char *cgroup_place_shown(const char *groups, const char *controller);

#endif
