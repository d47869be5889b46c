/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_MODEL_H
#define SIMULATION_MODEL_H

/*
 * What an executor has to answer, written down as plainly as can be: small
 * arrays, looked through from one end to the other. Nothing is retained in part
 * and nobody waits; both have models of their own, see unit.log_model and
 * unit.pull_model.
 *
 * Whoever calls is principal `who`. A session is named by its place here, or is
 * one that nobody has.
 */

#include "common/message.h"

enum {
    MODEL_PRINCIPALS = 2,
    MODEL_SESSIONS = 4, /* places, for whosesoever */
    MODEL_IDS = 4,      /* of processes, each principal's own */
    MODEL_FOLLOW_IDS = 3,
    MODEL_EVENTS = 64,
    /* Limits. */
    MODEL_MOST_SESSIONS = 2,
    MODEL_MOST_PROCESSES = 3,
    MODEL_MOST_FOLLOWS = 2,
    MODEL_STDIN = 40,
    MODEL_WINDOW = 300,
    MODEL_LEASE_MS = 3000,
    MODEL_RETENTION_MS = 1200,
    MODEL_AGAIN_MS = 1000 /* looks whether it may be forgotten by now */
};

struct model_event {
    enum remex_event_kind kind;
    enum remex_stream stream;
    uint64_t offset;
    size_t size;
};

struct model_process {
    bool known;
    unsigned int variant; /* of what was started; 0 has stdin */
    int owner;            /* a session's place; -1: nobody */
    struct model_event events[MODEL_EVENTS];
    unsigned int count;
    uint64_t bytes[2]; /* of each stream */
    enum process_state state;
    unsigned int ended; /* streams: bits */
    struct remex_exit exit;
    enum remex_exit_reason cause;
    uint64_t signals;
    bool killed;
    uint64_t closed_as; /* the how manieth */
    int64_t forget_at;
    uint64_t stdin_next;
    uint64_t stdin_waits;
    bool stdin_eof;
    bool stdin_ended;
};

struct model_follow {
    struct model_process *process; /* NULL: there is none, or */
    bool displaced;                /* somebody has taken over */
    bool exclusive;
    bool stated; /* by the Resume that is being carried out */
    uint64_t seq;
    uint64_t position;
    uint64_t until;
    uint64_t consumed;
};

struct model_session {
    bool open;
    unsigned int who;
    uint64_t attachment;
    uint64_t used;
    int64_t lease_until;
    struct model_follow follows[MODEL_FOLLOW_IDS + 1]; /* by id */
    uint64_t signals_highest;
    uint64_t signals_seen[64]; /* numbers, at their remainders */
    bool signals_delivered[64];
};

struct model {
    int64_t now;
    uint64_t closings;
    struct model_session sessions[MODEL_SESSIONS];
    struct model_process processes[MODEL_PRINCIPALS][MODEL_IDS];
    int64_t former_until[MODEL_PRINCIPALS][MODEL_IDS]; /* taken until then */
};

/* What a request gets; `name` is a field's or a limit's. */
struct model_answer {
    enum remex_status status;
    enum remex_error_kind kind;
    const char *name;
};

void model_init(struct model *model);

/* When something is due next; what is due by now is done. */
int64_t model_due(const struct model *model);
void model_tick(struct model *model);

/* --- Requests --------------------------------------------------------------
 */

/* A request in that session. Not OK: it does nothing. */
struct model_answer model_use(struct model *model, unsigned int who,
        int session, uint64_t attachment);

/* At a place that is free. */
struct model_answer model_open(
        struct model *model, unsigned int who, unsigned int place);
struct model_answer model_resume(struct model *model, unsigned int who,
        int session, const struct resume *resume, struct follow_state *states);
void model_close(struct model *model, int session);
struct model_answer model_start(struct model *model, int session,
        unsigned int id, unsigned int variant,
        const struct follow_spec *follow);
struct model_answer model_follow(struct model *model, int session,
        unsigned int id, const struct follow_spec *spec,
        struct follow_state *out);
void model_unfollow(struct model *model, int session, uint64_t follow_id);
struct model_answer model_check_acks(const struct model *model, int session,
        const struct pull_ack *acks, size_t count);
void model_acknowledge(
        struct model *model, int session, const struct pull_ack *ack);
struct model_answer model_read(const struct model *model, int session,
        unsigned int id, uint64_t after);
struct model_answer model_write(struct model *model, int session,
        unsigned int id, uint64_t offset, size_t size, bool eof,
        struct write_reply *out);
struct model_answer model_signal(struct model *model, int session,
        unsigned int id, const struct signal_request *signal,
        enum signal_outcome *out);
struct model_answer model_terminate(
        struct model *model, int session, unsigned int id, bool *running_out);
struct model_answer model_forget(
        struct model *model, int session, unsigned int id);

/* The process of that id in whosesoever session that is; NULL: none. */
struct model_process *model_find(
        const struct model *model, int session, unsigned int id);
unsigned int model_id_of(
        const struct model *model, const struct model_process *process);

/* How it stands, as it is told to who follows it. */
struct follow_state model_state(
        const struct model_process *process, uint64_t follow_id);

bool model_is_there(const struct model_follow *follow);

/* The next event that a follow may be sent; NULL: none. */
const struct model_event *model_next(const struct model_follow *follow);
void model_sent(struct model_follow *follow);

/* --- What children do ------------------------------------------------------
 */

void model_output(
        struct model_process *process, enum remex_stream stream, size_t size);
void model_exit(struct model *model, struct model_process *process,
        bool by_signal, int code);
void model_end(
        struct model *model, struct model_process *process, size_t stream);
void model_take_stdin(struct model_process *process, size_t size);

#endif
