/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_MODEL_INSIDE_H
#define SIMULATION_MODEL_INSIDE_H

/*
 * Inside the model: model.c has processes, sessions and follows; model_calls.c
 * what is asked of processes.
 */

#include "simulation/model.h"

/* Some follower was not sent its end; or has not said that he has it. */
bool model_is_wanted(
        const struct model *model, const struct model_process *process);
bool model_is_owed(
        const struct model *model, const struct model_process *process);

/* It is forgotten, with its follows. */
void model_drop(struct model *model, struct model_process *process);

void model_kill(struct model_process *process, enum remex_exit_reason reason);

struct model_answer model_check_window(uint64_t position, uint64_t until);

/* `process` NULL: it is yet to be started. */
struct model_answer model_check_follow(const struct model_session *session,
        const struct model_process *process, const struct follow_spec *spec);
void model_set_follow(struct model_session *session,
        struct model_process *process, const struct follow_spec *spec);

#endif
