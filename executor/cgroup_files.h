/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_CGROUP_FILES_H
#define EXECUTOR_CGROUP_FILES_H

/*
 * What the files of a control group say and do. A group is given by a
 * descriptor of its directory.
 */

#include <stdbool.h>
#include <sys/types.h>

/* Nobody is in it or in those below: neither running nor about to end. `events`
 * is a descriptor of its cgroup.events. */
bool cgroup_files_say_empty(int events);

/* And nothing keeps who comes next from running. */
bool cgroup_files_say_idle(int events);

bool cgroup_files_write(int directory, const char *file, const char *word);

/* Calls `visit` with everybody in it and in groups that were made in it. */
void cgroup_files_each_member(
        int directory, void (*visit)(void *user, pid_t pid), void *user);

/* Calls `visit` with a descriptor of each group in it; not of those in these.
 */
void cgroup_files_each_group(
        int directory, void (*visit)(void *user, int group), void *user);

/* Whether this process is in the group that /proc shows as `name`, or in one
 * below; of the hierarchy of that controller, NULL: of version 2. */
bool cgroup_files_hold(const char *controller, const char *name, pid_t pid);

/* Takes the group `name` away, and those that were made in it. False: it is
 * still there, for somebody is in it. */
bool cgroup_files_remove(int parent, const char *name);

#endif
