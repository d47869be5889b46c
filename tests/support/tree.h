/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_TREE_H
#define SUPPORT_TREE_H

/*
 * Other processes, as /proc shows them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Whether there is such a process, be it a zombie. */
bool tree_is_there(pid_t pid);

/* Waits until it is gone, and reaped; false if it is not within `ms`. */
bool tree_wait_gone(pid_t pid, int ms);

/* Waits until it has no such signal pending; false if it still has after `ms`.
 */
bool tree_wait_not_pending(pid_t pid, int signal_number, int ms);

/* Waits until a signal has stopped it; false if none has after `ms`. */
bool tree_wait_stopped(pid_t pid, int ms);

/* The first child of `pid` whose program is called so (at most 15 bytes of it
 * count), or -1. */
pid_t tree_child(pid_t pid, const char *name);

/* The process it is a child of, or -1. */
pid_t tree_parent(pid_t pid);

/* How many children it has that are zombies. */
unsigned int tree_zombies(pid_t pid);

/* Waits until there are none; false if some are left after `ms`. Whoever has
 * just ended is one for a moment, and nobody's fault. */
bool tree_wait_no_zombies(pid_t pid, int ms);

/* Of a process that nobody may look into, such as remexd, only root is told:
 * others 0. */
unsigned int tree_descriptors(pid_t pid);

/* Waits until it has no more than so many; false if it has after `ms`. */
bool tree_wait_descriptors(pid_t pid, unsigned int most, int ms);

/* "VmHWM" (the most memory it ever held), "VmRSS" (what it holds) in KiB. */
uint64_t tree_memory_kib(pid_t pid, const char *what);

/* What it has had of the processor, in milliseconds; the kernel counts by
 * hundredths of a second. */
uint64_t tree_cpu_ms(pid_t pid);

/* Waits until it has written at least so many bytes, and then for a while
 * nothing: what it writes to holds it. How many, by the kernel's count. */
uint64_t tree_wait_held(pid_t pid, uint64_t least);

#endif
