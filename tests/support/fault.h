/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_FAULT_H
#define SUPPORT_FAULT_H

/*
 * Failing allocations; see support/kernel.h for system calls.
 *
 * Every malloc, calloc, realloc, reallocarray, strdup and strndup of the code
 * under test and of the test itself is counted; those of shared libraries, GLib
 * and NNG among them, are not. Each thread has its own count, so a fault hits
 * only the thread that asked for it. Who wants to decide for all threads, or to
 * know which blocks there are, watches.
 */

#include <stdbool.h>

/* Makes the `nth` allocation from now on fail, once: 1 is the very next, 0 is
 * none at all. */
void fault_fail_allocation(unsigned int nth);

/* Whether that allocation has come and failed. The wait for it ends here, so
 * what a test does next is safe. */
bool fault_happened(void);

/* Who is asked and told of every allocation, whichever thread makes it; from
 * within it, so he allocates nothing by the functions above. */
struct fault_watch {
    bool (*fails)(void);              /* this one is to */
    void (*given)(const void *block); /* NULL: he does not care */
    void (*freed)(const void *block); /* the same; of any block, by our code */
};

/* One at a time, lent as long as he watches; NULL: nobody. */
void fault_set_watch(const struct fault_watch *watch);

#endif
