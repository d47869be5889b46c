/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAULT_STORY_H
#define FAULT_STORY_H

/*
 * Short stories that are told again and again, each time with something going
 * wrong at another point of our code.
 *
 * - Memory runs out: at each allocation once; at each of them for good, until
 *   the story is over; and for good until everything is freed.
 * - The kernel refuses: each system call once, in each of the ways that are
 *   likely for it (support/kernel.h).
 *
 * However a story ends, it must end: by REMEX_OK, or by a status that says what
 * is the matter. What means nothing, an interrupted call or a short count, must
 * pass unnoticed. When all is well again, the same story must end well on the
 * same things. And when those are gone nothing may be left: no block,
 * descriptor, thread or child (support/suite.h looks for the last two).
 */

#include <stdbool.h>
#include <stddef.h>

#include <remex/status.h>

enum { STORY_OTHERS = 4 };

enum story_faults {
    STORY_MEMORY = 1,
    STORY_KERNEL = 2,
    STORY_KERNEL_SLOWLY = 4, /* only when it is thorough, g_test_slow() */
};

struct story {
    const char *name;
    /* What it is told on, made while all is well. */
    void *(*begin)(void);
    /* Says how it ended, having looked whether what was promised to be
     * unchanged then is. */
    enum remex_status (*tell)(void *stage);
    void (*end)(void *stage);
    /* It may end by these as well as by a want of memory; the rest zeros. */
    enum remex_status others[STORY_OTHERS];
    /* Where something waits for memory, there is some again after so long. 0:
     * nothing does. */
    int relief_ms;
    unsigned int faults; /* 0: all that the program means */
};

/* What this thread does between the two is the test's own: nothing goes wrong
 * in it. They nest. */
void story_suspend(void);
void story_resume(void);

/* One alone; they fail the test that they are in. */
void story_tell_short_of_memory(const struct story *story);
void story_tell_to_a_kernel_that_refuses(const struct story *story);

/* What a program of stories does: each is a test case, and a table of how often
 * each was told comes last. `faults`: those of the above that are meant. */
int story_main(int argc, char **argv, unsigned int faults,
        const struct story *stories, size_t count);

#define STORY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
