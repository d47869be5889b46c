/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_ACTOR_H
#define SIMULATION_ACTOR_H

/*
 * A client program: the real engine and its handles, used as the library's
 * calls use them, with threads replaced by operations that wake a little after
 * their call is done.
 */

#include "client/engine.h"
#include "client/feed.h"
#include "executor/list.h"
#include "simulation/memory.h"
#include "simulation/network.h"
#include "simulation/plan.h"
#include "simulation/weather.h"

enum actor_state {
    ACTOR_LIVES = 1,
    ACTOR_CLOSES,
    ACTOR_CLOSED, /* its client was freed; handles may be left */
    ACTOR_DEAD,   /* it crashed */
};

struct actor {
    struct world *world;
    const struct weather *weather;
    struct station *station;
    unsigned int number;
    unsigned int principal;
    unsigned int among; /* those of his principal, this one came so late */
    enum actor_state state;
    struct network network;
    struct transport_events events;
    struct engine engine;
    struct memory memory;
    struct job *jobs; /* newest first */
    unsigned int job_count;
    unsigned int operations; /* not done */
    unsigned int boot;       /* of the executor its session is with */
    int64_t came_at;
    struct appointment ending;
    int64_t close_until;
    int64_t linked_at; /* the engine last believed in its link */
    enum method heard; /* the method of the answer that it has just been told */
    /* By its last Open or Resume: what it goes by. */
    struct message_limits told_limits;
    enum role told_role;
};

/* One process of an actor's. */
struct job {
    struct handle handle; /* first, for the engine's hooks */
    struct job *next;
    struct actor *actor;
    struct plan *plan;
    struct chance chance;
    struct appointment reader;
    int64_t read_pause;
    unsigned int operations; /* not done */
    struct list pending;     /* the same ones */
    bool added;              /* the engine knows it */
    bool answered;           /* its start was, by success */
    bool freed;
    int64_t freed_at;
    bool gone;
    bool attached;         /* else it was started */
    bool begins_lost;      /* somewhere in what is lost: a Gap comes first */
    bool armed;            /* its free is to kill */
    uint64_t followed_seq; /* there was so much when it was attached, */
    uint64_t followed_offsets[REMEX_STREAMS]; /* at most, by streams, */
    uint64_t sealed[REMEX_STREAMS];           /* so much of it sealed */
    struct subscriber *subscribers;

    /* What it was told, see judge.h. */
    uint64_t seq;
    uint64_t position;
    uint64_t offsets[REMEX_STREAMS];
    bool told_exit;
    bool told_closed;
    bool told_failed;
    bool failure_judged;
    unsigned int gaps;
    /* What a thread that waits on the handle has been woken for. */
    bool noticed_exit;
    uint64_t noticed_seq;
    /* What there was to be noticed a while ago. */
    uint64_t sampled_seq;
    int64_t sampled_at;
    /* Where a Read may begin. */
    uint64_t mark_seq;
    uint64_t mark_position;

    /* What it wrote. */
    struct operation *writes; /* newest first; kept until the end */
    bool writing;
    bool input_ended; /* its end was asked for */
    uint8_t *input;   /* of a Run */
    size_t input_size;
};

enum operation_kind {
    OPERATION_START = 1,
    OPERATION_WRITE,
    OPERATION_SIGNAL,
    OPERATION_TERMINATE,
    OPERATION_READ,
    OPERATION_RUN,
    OPERATION_ATTACH,
    OPERATION_SEAL,
    OPERATION_RESIZE,
    OPERATION_WAIT,
    OPERATION_INSPECT,
    OPERATION_LIST,
    OPERATION_FORGET,
    OPERATION_TRESPASS,
};

/* A call that a thread would wait for. */
struct operation {
    struct call call; /* first */
    struct operation *next_write;
    struct list pending; /* of its job, until its thread wakes */
    struct job *job;
    enum operation_kind kind;
    struct appointment woken;
    struct feed feed;
    GByteArray *bytes; /* of a write */
    int signal_number;
    bool delivered;
    bool ended;     /* the write's feed found nobody to read */
    bool after_end; /* of stdin, that another write brought */
    bool known;     /* what became of it */
    uint64_t read_seq;
    uint64_t read_position;
    bool take_over;
    bool armed;
    enum remex_stream sealed; /* 0: all */
    int64_t begun_at;
    int64_t asked_at; /* what there was then is to be told */
};

/* Of that principal, who has had `among` others. */
void actor_init(struct actor *actor, struct station *station,
        const struct weather *weather, unsigned int number,
        unsigned int principal, unsigned int among);
void actor_deinit(struct actor *actor);

/* Nobody has its handle from now on. */
void actor_drop(struct job *job);

/* A thread that waits on the handle looks at it. */
void actor_notice(struct job *job);

/* Its client is there and has not given up. */
bool actor_is_open(const struct actor *actor);

/* A job by chance, of those that are started and not freed; NULL: none. */
struct job *actor_pick(struct actor *actor, struct chance *chance);

/* One more; `plan` NULL: of a process that is planned now. NULL: the client
 * makes none any more. */
struct job *actor_add_job(struct actor *actor, struct plan *plan);

void actor_start(struct actor *actor, struct chance *chance);
void actor_free(struct job *job, bool detach);
void actor_free_all(struct actor *actor);
void actor_close(struct actor *actor);
void actor_crash(struct actor *actor);

void actor_read_soon(struct job *job);

/* Whatever this reader left is read soon. */
void actor_read_on(struct actor *actor);

/* Every handle is over, and everything has been read. */
bool actor_is_done(const struct actor *actor);

/* --- actor_calls.c ---------------------------------------------------------
 */

void actor_call_start(struct job *job, struct chance *chance);
void actor_call_write(struct job *job, struct chance *chance, bool eof);
void actor_call_signal(struct job *job, struct chance *chance);
void actor_call_terminate(struct job *job, struct chance *chance);
void actor_call_read(struct job *job, struct chance *chance);

void actor_call_seal(struct job *job, struct chance *chance);
void actor_call_resize(struct job *job, struct chance *chance);

/* A call that is about to be made, and its making. */
struct operation *actor_operation(
        struct job *job, enum operation_kind kind, int64_t patience);
void actor_send(struct operation *operation);
int64_t actor_patience(struct chance *chance);

void actor_free_operation(struct operation *operation);

/* --- actor_run.c -----------------------------------------------------------
 */

void actor_run(struct actor *actor, struct chance *chance);

/* The thread that waited for it goes on. */
void actor_ran(struct operation *operation, int64_t now);

/* --- actor_attach.c --------------------------------------------------------
 */

/* To any process there is or was. */
void actor_attach(struct actor *actor, struct chance *chance);
void actor_attached(struct operation *operation, int64_t now);

/* --- actor_trespass.c -------------------------------------------------------
 */

/* Asks for something about a process that is another principal's. */
void actor_trespass(struct actor *actor, struct chance *chance);

/* --- actor_ask.c ------------------------------------------------------------
 */

void actor_call_wait(struct job *job, struct chance *chance);
void actor_call_inspect(struct job *job, struct chance *chance);
void actor_call_list(struct job *job, struct chance *chance);
void actor_call_forget(struct job *job, struct chance *chance);

/* --- actor_subscribe.c ------------------------------------------------------
 */

void actor_subscribe(struct job *job, struct chance *chance);
void actor_unsubscribe(struct job *job);

/* Some of them, as far as they want; true: there is more. */
bool actor_read_subscriptions(struct job *job);

/* All of them have been told what there is. */
bool actor_has_subscribed(const struct job *job);

#endif
