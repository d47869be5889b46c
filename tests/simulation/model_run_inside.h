/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_MODEL_RUN_INSIDE_H
#define SIMULATION_MODEL_RUN_INSIDE_H

/*
 * Inside model_run: a request of each kind, asked of both. model_run.c has what
 * they share, children and time; model_run_sessions.c sessions;
 * model_run_events.c what tells events; model_run_process.c the rest.
 */

#include "simulation/model.h"
#include "simulation/model_host.h"

enum { RUN_PAYLOAD = 60, RUN_ACKS = 3 };

struct run {
    struct world *world;
    struct chance *chance;
    struct model model;
    struct model_host host;
    struct message_id ids[MODEL_SESSIONS]; /* of sessions, by place */
    struct puppet *children[MODEL_PRINCIPALS][MODEL_IDS];

    /* Of the request that is being made. */
    struct request request;
    struct reply reply;
    unsigned int who;
    int session; /* -1: one that nobody has */
    unsigned int id;
    struct follow_spec specs[MODEL_FOLLOW_IDS];
    struct pull_ack acks[RUN_ACKS];
    struct resume resume;
    uint8_t payload[RUN_PAYLOAD];
};

extern const char *const run_id_names[MODEL_IDS];

#define RUN_CHECK(run, condition, ...) \
    WORLD_CHECK((run)->world, condition, __VA_ARGS__)

uint64_t run_below(struct run *run, uint64_t bound);
bool run_percent(struct run *run, unsigned int chance);

struct remex_bytes run_name(const struct run *run);
struct message_id run_session_id(const struct run *run);
uint64_t run_attachment(struct run *run);

/* The executor's answer has to be the model's; true: it is OK. */
bool run_ask(struct run *run, struct model_answer expected);

/* Begins a request in some session; false: that was refused, by both. */
bool run_enter(struct run *run, enum method method);

/* From a cursor that may be, mostly. */
struct follow_spec run_draw_spec(struct run *run, uint64_t follow_id);

void run_check_state(struct run *run, const struct follow_state *told,
        const struct follow_state *right);

/* --- One of each kind ------------------------------------------------------
 */

void run_do_open(struct run *run);
void run_do_resume(struct run *run);
void run_do_close(struct run *run);
void run_do_renew(struct run *run);
void run_do_start(struct run *run);
void run_do_follow(struct run *run);
void run_do_unfollow(struct run *run);
void run_do_pull(struct run *run);
void run_do_read(struct run *run);
void run_do_write(struct run *run);
void run_do_signal(struct run *run);
void run_do_terminate(struct run *run);
void run_do_wait(struct run *run);
void run_do_inspect(struct run *run);
void run_do_list(struct run *run);
void run_do_forget(struct run *run);

#endif
