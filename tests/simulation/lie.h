/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_LIE_H
#define SIMULATION_LIE_H

/*
 * Inside the liar: one answer on its way to being another. Each lie keeps the
 * rules for a single message, so that the client has to find out by itself.
 */

#include "simulation/liar.h"

/* An answer that was OK; what is in it is the draft's to change. */
struct draft {
    struct chance *chance;
    struct reply reply;
    struct batch *batch; /* of the reply; NULL: it has none */
    struct batch_event *events;
    struct follow_state *states;
    size_t state_count;
};

/* A lie, and the failures that may come of it. False: it cannot be told here.
 */
struct lie {
    const char *name;
    unsigned int excuses;
    bool (*tell)(struct draft *draft);
};

#define LIE_EXCUSE(reason) (1U << REMEX_FAILURE_##reason)

/* About one event, a follow, a session, what a call is answered. */
extern const struct lie lie_all[];
extern const size_t lie_count;

/* --- lie_events.c -----------------------------------------------------------
 */

bool lie_tell_number(struct draft *draft);
bool lie_tell_huge_number(struct draft *draft);
bool lie_tell_twice(struct draft *draft);
bool lie_tell_out_of_order(struct draft *draft);
bool lie_leave_out(struct draft *draft);
bool lie_tell_offset(struct draft *draft);
bool lie_tell_stream(struct draft *draft);
bool lie_tell_another(struct draft *draft);
bool lie_tell_gap(struct draft *draft);
bool lie_tell_loss(struct draft *draft);
bool lie_tell_another_exit(struct draft *draft);
bool lie_tell_exit(struct draft *draft);
bool lie_tell_end(struct draft *draft);
bool lie_tell_much(struct draft *draft);

#endif
