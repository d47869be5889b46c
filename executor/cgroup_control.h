/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_CGROUP_CONTROL_H
#define EXECUTOR_CGROUP_CONTROL_H

/*
 * The kernel's words for the limits of a control group, of either version of
 * control groups. A group is given by a descriptor of its directory.
 */

#include <stdbool.h>
#include <stdint.h>

#include "executor/tree_limits.h"

enum cgroup_version { CGROUP_OLD = 1, CGROUP_NEW = 2 };

/* The controller that keeps it: "memory", "pids", "cpu". Static. */
const char *cgroup_control_name(enum tree_limit limit);

/* Whether the group has its files, and we may write to them. */
bool cgroup_control_is_there(
        int group, enum cgroup_version version, enum tree_limit limit);

/* False: errno says why. */
bool cgroup_control_set(int group, enum cgroup_version version,
        enum tree_limit limit, uint64_t value);

/* Takes the limit of processor time away: who is killed has to run to die. */
void cgroup_control_hurry(int group, enum cgroup_version version);

/* The same of all groups in that home. */
void cgroup_control_hurry_all(int home, enum cgroup_version version);

/* Somebody in it was killed for its limit of memory. (There is a count of that,
 * which may count one twice.) */
bool cgroup_control_is_out_of_memory(int group, enum cgroup_version version);

#endif
