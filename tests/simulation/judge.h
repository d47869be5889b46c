/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_JUDGE_H
#define SIMULATION_JUDGE_H

/*
 * What is promised, held against what is true.
 */

#include "simulation/actor.h"

/* An event that a handle's user has taken. */
void judge_event(struct job *job, const struct remex_event *event);

/* What the handle knows ahead of its events. */
void judge_handle(const struct job *job);

/* The engine, whenever something has come. */
void judge_actor(struct actor *actor);

/* Now and then: a link that says nothing is not believed in. */
void judge_silence(const struct actor *actor);

/* A call as it ends, and the operation it was when its thread wakes. */
void judge_call(const struct operation *operation);
void judge_operation(const struct operation *operation);

/* A batch that was read. */
void judge_read(
        const struct operation *operation, const struct read_reply *reply);

/* All that a Run is answered with. */
void judge_run(const struct job *job, const struct batch *batch);

/* When the program is over, but for what is still under way. */
void judge_owners(const struct actor *actor);

/* When everything has come to its end. */
void judge_end(const struct actor *actor);

#endif
