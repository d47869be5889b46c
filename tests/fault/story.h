/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAULT_STORY_H
#define FAULT_STORY_H

/*
 * Short stories that are told again and again, each time with the memory
 * running out at another allocation of our code: at each of them once; at each
 * of them for good, until the story is over; and for good until everything is
 * freed.
 *
 * However a story ends, it must end: by REMEX_OK, or by a status that says what
 * is the matter. With memory again, the same story must then end well on the
 * same things. And when those are gone nothing may be left: no block,
 * descriptor, thread or child (support/suite.h looks for the latter).
 */

#include <stdbool.h>
#include <stddef.h>

#include <remex/status.h>

enum { STORY_OTHERS = 4 };

struct story {
    const char *name;
    /* What it is told on, made while there is memory. */
    void *(*begin)(void);
    /* Says how it ended, having looked whether what was promised to be
     * unchanged then is. */
    enum remex_status (*tell)(void *stage);
    void (*end)(void *stage);
    /* It may end by these as well as by a want of memory; the rest zeros. */
    enum remex_status others[STORY_OTHERS];
};

/* One alone; fails the test that it is in. */
void story_tell(const struct story *story);

/* What a program of stories does: each is a test case, and a table of how often
 * each was told comes last. */
int story_main(int argc, char **argv, const char *prefix,
        const struct story *stories, size_t count);

#define STORY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
