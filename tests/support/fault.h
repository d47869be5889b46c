/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_FAULT_H
#define SUPPORT_FAULT_H

/*
 * Failing allocations and system calls, for unit tests.
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

enum fault_call {
    FAULT_OPEN = 1,
    FAULT_IOCTL = 2,
    FAULT_FCNTL = 3,
    FAULT_READ = 4,
};

/* The same for the `nth` call of this kind, which fails with `os_error`. Takes
 * the place of a failing allocation. */
void fault_fail_call(enum fault_call call, unsigned int nth, int os_error);

/* Whether that allocation or call has come and failed. The wait for it ends
 * here, so what a test does next is safe. */
bool fault_happened(void);

#endif
