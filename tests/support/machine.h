/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_MACHINE_H
#define SUPPORT_MACHINE_H

/*
 * A machine for one test program alone, where it may do what would disturb
 * others: Linux in user mode (Debian's user-mode-linux), on the same files,
 * with clocks, processes and a network of its own.
 */

#include <stdbool.h>

/* Whether we are in one. */
bool machine_is_ours(void);

/* Runs this program anew in one, until it ends; what it prints is passed on.
 * Its exit status, or 77 where there is no such Linux. For main, instead of any
 * test. */
int machine_run_this(void);

#endif
