/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_BIRTH_H
#define EXECUTOR_BIRTH_H

/*
 * The way of a child from its clone to its program, while the executor goes on.
 *
 * The kernel tells of exec by a word in our memory only. So the loop looks at
 * that before anything else in a turn, and a timer sees to it that there are
 * turns: whatever a child does by its program is then seen after it was told
 * that it has one. What a child on its way needs is kept here until that; its
 * end, or a report of it, is not acted upon before.
 */

#include <stdbool.h>

#include <remex/status.h>

#include "executor/launch.h"
#include "executor/list.h"
#include "executor/loop.h"
#include "executor/stdio_ends.h"

struct process_child;

/* Of one host. */
struct births {
    struct loop *loop; /* lent */
    struct spawner spawner;
    struct list on_way;  /* oldest first */
    unsigned int count;  /* of those */
    unsigned int loners; /* began alone, one after another; bounded */
    struct loop_lookout lookout;
    struct loop_timer look; /* CLOCK_NEVER: nobody is on his way */
    int64_t pause;          /* until the next look */
};

/* Takes the loop's lookout. */
REMEX_CHECKED enum remex_status births_init(
        struct births *births, struct loop *loop);

/* Nobody may be on his way. */
void births_deinit(struct births *births);

/* Whether one more may be on its way. Stands still for those who are expected
 * to be there any moment; for those who have been on their way for longer than
 * that, it does not. */
bool births_have_room(struct births *births);

/* REMEX_OK: the child is on its way, and what becomes of that is told by
 * process_on_launched; `launch` is taken over. Otherwise nothing has happened
 * but `failure`. `ends` are the caller's. */
REMEX_CHECKED enum remex_status birth_begin(struct process_child *child,
        const struct process_spec *spec, const struct launch *launch,
        const struct stdio_ends *ends, struct spawn_failure *failure);

/* Kills a child that is on its way; nothing is told of it any more. */
void birth_abort(struct process_child *child);

#endif
