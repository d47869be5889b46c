/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_FAULT_H
#define SUPPORT_FAULT_H

/*
 * Failing allocations, for unit tests.
 *
 * Every malloc, calloc, realloc, reallocarray, strdup and strndup of the code
 * under test and of the test itself is counted; those of shared libraries, GLib
 * and NNG among them, are not. Each thread has its own count, so a fault hits
 * only the thread that asked for it.
 */

#include <stdbool.h>

/* Makes the `nth` allocation from now on fail, once: 1 is the very next, 0 is
 * none at all. */
void fault_fail_allocation(unsigned int nth);

/* Whether that allocation has come and failed. The wait for it ends here, so
 * what a test does next is safe. */
bool fault_happened(void);

#endif
