/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_CGROUP_LEFTOVERS_H
#define EXECUTOR_CGROUP_LEFTOVERS_H

/*
 * Homes whose makers were killed: those that nobody locks. See
 * executor/cgroup.h for what a home is.
 */

#define CGROUP_HOME_PREFIX "remex-"
#define CGROUP_NAME_BYTES 23 /* with the prefix, 16 digits and NUL */

/* Calls `visit` with each in that directory, locked meanwhile: `home` is its
 * own, lent. */
void cgroup_leftovers_each(int place,
        void (*visit)(void *user, int home, const char *name), void *user);

#endif
