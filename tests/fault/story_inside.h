/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAULT_STORY_INSIDE_H
#define FAULT_STORY_INSIDE_H

/* Between fault/story.c, story_memory.c and story_kernel.c. */

#include "fault/story.h"

/* What became of a story. */
struct story_outcome {
    const struct story *story;
    unsigned int points;   /* at which something can go wrong in one telling */
    unsigned int tellings; /* in which something did */
    unsigned int absorbed; /* and which ended well all the same */
};

void story_run_memory(struct story_outcome *outcome);
void story_run_kernel(struct story_outcome *outcome);

/* Whether it may end so for a want of memory, or for its own reasons. */
bool story_may_end_by(const struct story *story, enum remex_status status);

/* Tells it when all is well again, and it must end well. `what` went wrong
 * before. */
void story_tell_again(const struct story *story, void *stage, const char *what);

/* How often each system call was refused; after all test cases. */
void story_print_calls(void);

#endif
