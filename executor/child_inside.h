/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_CHILD_INSIDE_H
#define EXECUTOR_CHILD_INSIDE_H

/*
 * The inside of a real child, for child.c (its life and its end),
 * child_start.c and birth.c alone.
 */

#include "executor/birth.h"
#include "executor/child.h"
#include "executor/child_input.h"
#include "executor/child_output.h"
#include "executor/containment.h"
#include "executor/list.h"

struct child_host {
    struct process_host base;
    struct loop *loop;
    struct reaper *reaper;
    struct containment *containment;
    const struct credentials *user; /* NULL: ours */
    struct births births;
    struct list released; /* children whose leaders are still to be reaped */
};

struct process_child {
    struct child_host *host;
    struct process *process; /* NULL: released */
    struct containment_tree *tree;
    struct birth *birth;    /* NULL: it has its program, or has none yet */
    int pidfd;              /* -1: not born, or reaped */
    struct loop_watch exit; /* fd -1: unwatched; the reaper tells as well */
    struct reaper_claim claim;
    struct list released;
    struct child_input in;
    struct child_output out; /* of a terminal: all there is */
    struct child_output err;
    /* The child's end of its terminal, held until its leader ends: that it is
     * open nowhere for a while is no end of it, for it may be opened again as
     * /dev/tty. -1: none. */
    int terminal;
};

/* What a process_host has to start. */
REMEX_CHECKED enum remex_status child_start(struct process_host *base,
        const struct process_spec *spec, const struct policy_section *policy,
        struct process *process, struct process_started *out,
        struct remex_error *error);

/* Lets go of it: its tree is killed, and it frees itself when that is dead. */
void child_release(struct process_child *child);

/* The leader was reaped; another takes its place. */
void child_drop_leader(struct process_child *child);

/* The same, and none does. */
void child_forget_leader(struct process_child *child);

/* What the end of the leader, and that of its terminal, is told by. */
void child_on_pidfd(struct loop_watch *watch, uint32_t epoll_events);
void child_on_claim(struct reaper_claim *claim);

#endif
