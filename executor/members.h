/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_MEMBERS_H
#define EXECUTOR_MEMBERS_H

/*
 * What /proc tells of processes: who are whose children, what mark they bear.
 * All of it may be out of date when it is told, but for children and pidfds of
 * our own.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct member {
    char state; /* as in /proc/PID/stat */
    /* It has ended, and waits to be reaped. One whose first thread has ended is
     * shown as a zombie too, but lives as long as another thread does. */
    bool ended;
    pid_t group;
    pid_t session;
};

/* Calls `visit` with every child of each thread of `pid`. Takes no memory but
 * what it needs to list the threads. False: not all of them could be seen
 * now, for want of a descriptor or memory; one who is gone has none. */
bool members_each_child(
        pid_t pid, void (*visit)(void *user, pid_t child), void *user);

/* False: there is no such process. */
bool member_look(pid_t pid, struct member *out);

/* The hard limit on file locks; UINT64_MAX: it has none, or is gone, or must
 * not be looked at. False: it could not be looked at now. */
bool member_mark(pid_t pid, uint64_t *out);

#endif
