/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_MODEL_INSIDE_H
#define SIMULATION_MODEL_INSIDE_H

/*
 * Inside the model: model.c has processes and follows; model_sessions.c
 * sessions; model_calls.c what is asked of processes.
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
struct model_answer model_check_follow(const struct model *model,
        const struct model_session *session,
        const struct model_process *process, const struct follow_spec *spec);
void model_set_follow(struct model *model, struct model_session *session,
        struct model_process *process, const struct follow_spec *spec);

/* A follow of that process whose owner wants to be alone, or stands in the way
 * of one who does (`exclusive`): the next one from `at` on; NULL. `own` is
 * none. */
struct model_follow *model_next_rival(const struct model *model,
        const struct model_follow *own, const struct model_process *process,
        bool exclusive, size_t *at);

unsigned int model_follows_of(const struct model_session *session);

/* `count`: so many events there are. */
struct model_answer model_check_cursor(
        unsigned int count, const struct follow_spec *spec);

/* --- Answers ---------------------------------------------------------------
 */

struct model_answer model_fine(void);
struct model_answer model_refuses(enum remex_status status);
struct model_answer model_bad_field(const char *name);
struct model_answer model_limit_hit(enum remex_status status, const char *name);

#endif
