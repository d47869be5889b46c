/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_REAPER_H
#define EXECUTOR_REAPER_H

/*
 * Who reaps whom. Children that somebody here started are claimed: only their
 * owner reaps them. All others are orphans that a subreaper got from its
 * children's trees; they are reaped here, as soon as they end.
 *
 * While a child is claimed its pid names it and nothing else.
 */

#include <stdbool.h>
#include <sys/types.h>

#include <remex/status.h>

#include "executor/loop.h"
#include "executor/table.h"

struct reaper;

/* Embedded in the owner. */
struct reaper_claim {
    /* The child has ended, and has to be reaped now. May unclaim. */
    void (*ended)(struct reaper_claim *claim);
    pid_t pid;
    struct table_node node;
};

/* Blocks SIGCHLD in this thread, to get it through `loop`; one reaper in a
 * process. Claim children in the turn that started them. */
REMEX_CHECKED enum remex_status reaper_new(
        struct loop *loop, struct reaper **out);

/* Nothing may be claimed any more. NULL is allowed. */
void reaper_free(struct reaper *reaper);

/* Before the child's end can be seen: in the turn of its start. */
void reaper_claim(struct reaper *reaper, struct reaper_claim *claim, pid_t pid);

/* After the child was reaped. */
void reaper_unclaim(struct reaper *reaper, struct reaper_claim *claim);

bool reaper_is_claimed(const struct reaper *reaper, pid_t pid);

#endif
