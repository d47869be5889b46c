/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_SWEEP_H
#define EXECUTOR_SWEEP_H

/*
 * Kills and reaps children of this process until there are none: for a
 * subreaper, whose children's descendants become its own children as their
 * parents die.
 *
 * They are found in /proc, with the kernel's lists of children
 * (CONFIG_PROC_CHILDREN). Only own, unreaped children are signalled, so no
 * stranger ever is. It is driven by waiting for deaths, not by looking again
 * and again. Returns at once if there is no child; a child that the kernel
 * cannot kill now (it is in the middle of unfinished I/O) is waited for.
 */
void sweep_children(void);

#endif
