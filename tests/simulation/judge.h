/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_JUDGE_H
#define SIMULATION_JUDGE_H

/*
 * What is promised, held against what is true.
 */

#include "simulation/actor.h"

/* How soon a healthy link must be found and resumed: three silent beats, a
 * Resume that times out, and some back-off. */
#define JUDGE_RESUMES_WITHIN (12 * SECOND)

/* --- judge_lies.c -----------------------------------------------------------
 */

/* He has been: what he tells his user may not be true. */
bool judge_is_lied_to(const struct actor *actor);

/* But it has been said, and comes in order. */
void judge_lied_event(struct job *job, const struct remex_event *event);
void judge_lied_exit(const struct job *job, const struct remex_exit *exit);

/* --- judge.c ----------------------------------------------------------------
 */

/* An event that a handle's user has taken. */
void judge_event(struct job *job, const struct remex_event *event);

/* Whether a handle has failed, as soon as it may have. */
void judge_failure(struct job *job);

/* An exit, however it was told. */
void judge_exit(
        struct world *world, struct plan *plan, const struct remex_exit *exit);

/* What the handle knows ahead of its events. */
void judge_handle(const struct job *job);

/* The engine, whenever something has come. */
void judge_actor(struct actor *actor);

/* An answer that has come: a client goes by what its Open or Resume was told.
 */
void judge_terms(struct actor *actor, const struct reply *reply);

/* Now and then: a link that says nothing is not believed in. */
void judge_silence(const struct actor *actor);

/* A call as it ends, and the operation it was when its thread wakes. */
void judge_call(const struct operation *operation);
void judge_operation(const struct operation *operation);

/* Where somebody is who reads beside the user. */
struct place {
    uint64_t seq;
    uint64_t offsets[REMEX_STREAMS];
    bool known; /* else the first output is believed */
    bool exited;
    bool closed;
};

/* Behind an event, and what comes next there. */
struct place judge_place(const struct plan *plan, uint64_t seq);
void judge_next(const struct job *job, const struct remex_event *event,
        struct place *place);

/* A batch that was read. */
void judge_read(
        const struct operation *operation, const struct read_reply *reply);

/* All that a Run is answered with. */
void judge_run(const struct job *job, const struct batch *batch);

/* A handle that nobody had any more is gone. */
void judge_gone(const struct job *job);

/* When the program is over, but for what is still under way. */
void judge_owners(const struct actor *actor);

/* When everything has come to its end. */
void judge_end(const struct actor *actor);

/* --- judge_looks.c ----------------------------------------------------------
 */

/* A handle that is to be attached now, and how it went. */
void judge_attached(struct job *job);
void judge_attach(const struct operation *operation);

/* Whatever was asked about another principal's process. */
void judge_foreign(const struct operation *operation);

void judge_resize(const struct operation *operation);
void judge_ending(const struct job *job, const struct process_ending *ending);
void judge_status(
        const struct operation *operation, const struct process_status *status);
void judge_list(
        const struct operation *operation, const struct list_reply *list);

/* Now and then: whoever was stopped has come to his end. */
void judge_stops(const struct station *station);

#endif
