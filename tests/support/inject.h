/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_INJECT_H
#define SUPPORT_INJECT_H

/*
 * Has another process make a system call that is not in its program, as an
 * intruder's code in it would.
 */

#include <stdbool.h>
#include <sys/types.h>

/* Of a process that waits in a call. False: it cannot be done here, and nothing
 * happened. */
bool inject_call(pid_t pid, long number);

#endif
