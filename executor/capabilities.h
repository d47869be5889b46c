/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_CAPABILITIES_H
#define EXECUTOR_CAPABILITIES_H

/*
 * What root may do, in the kernel's pieces; see capabilities(7). Those of the
 * calling thread.
 */

#include <stdbool.h>
#include <stdint.h>

/* Of numbers as linux/capability.h has them, for sets of them. */
#define CAPABILITY(number) (UINT64_C(1) << (number))

/* Whether we can use it now. */
bool capabilities_has(int number);

/* Gives up, for good, all that are not in `set`: here, and where that is
 * allowed, in whatever is executed. False: errno says why. */
bool capabilities_keep(uint64_t set);

#endif
