/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_SPAWN_CLONE_H
#define EXECUTOR_SPAWN_CLONE_H

/*
 * The birth of a child that shares our memory and descriptors, on a stack of
 * its own, until it has executed something or has ended.
 *
 * There are two ways. The newer system call gives birth in a control group, and
 * with signal handlers forgotten; it is known for x86-64 and 64-bit ARM, and a
 * filter of system calls may refuse it. The older one does neither.
 */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct spawn_birth {
    void *stack; /* its lowest byte */
    size_t stack_size;
    int (*run)(void *user); /* in the child; never returns */
    void *user;
    int group_fd; /* as cgroup_door has it; -1: in our own group */
    /* Cleared, and waiters on it (a futex) are woken, when the child has
     * executed something or has ended. */
    uint32_t *present;
};

/* The child's pid, at once, or -1 and errno. `pidfd` is close-on-exec. What is
 * in `birth` is not looked at any more by then, what it points to is. */
pid_t spawn_clone_newer(const struct spawn_birth *birth, int *pidfd);

/* The same, but for the group, which is not looked at. */
pid_t spawn_clone_older(const struct spawn_birth *birth, int *pidfd);

#endif
