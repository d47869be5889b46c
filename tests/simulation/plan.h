/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_PLAN_H
#define SIMULATION_PLAN_H

/*
 * One process: what it is told to do, how it is started, and what truly became
 * of it. The truth is written by the host, and nobody else; the judge compares
 * what clients are told with it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "common/message.h"
#include "simulation/world.h"

enum { PLAN_ID_BYTES = 16, PLAN_STREAMS = REMEX_STREAMS };

/* What somebody was told of one event: everybody has to be told the same. */
struct plan_mark {
    bool known;
    enum remex_event_kind kind;     /* a Gap: it was part of one */
    uint64_t offsets[PLAN_STREAMS]; /* after it */
};

enum plan_input {
    PLAN_READS_NOTHING,
    PLAN_READS_SLOWLY,
    PLAN_READS_TO_END, /* and exits only then */
    PLAN_CLOSES_INPUT,
};

struct plan {
    struct plan *next; /* of all */
    struct world *world;
    unsigned int actor;             /* whose */
    unsigned int principal;         /* he is */
    char id[PLAN_ID_BYTES];         /* nobody else's, */
    char process_id[PLAN_ID_BYTES]; /* none of his principal's */

    /* How it is started. */
    struct remex_bytes argv[2];
    struct stop_step stop_plan[2];
    struct pty_spec pty;
    struct process_spec spec;
    bool fails;   /* there is no such program */
    bool dawdles; /* on its way to its program */
    bool runs;    /* by Run: started, fed and waited for in one */

    /* What it does. */
    struct chance chance;
    unsigned int writes; /* this many */
    size_t most;         /* bytes in each */
    int64_t pause;       /* between steps, at most */
    bool endless;        /* never exits by itself, before it is told to hurry */
    bool deaf;           /* to SIGTERM */
    int code;
    int64_t heir; /* a descendant holds its streams for so long, and writes */
    enum plan_input input;

    /* What is true. */
    unsigned int starts;
    unsigned int boot;   /* of the executor that started it */
    int64_t started_at;  /* on its way */
    int64_t launched_at; /* the executor knows that it has its program */
    bool running;
    bool dead;
    bool died_by_signal;
    int died_of; /* code or signal */
    int64_t dead_at;
    int64_t closed_at; /* every stream was at its end; 0: not yet */
    uint64_t written[PLAN_STREAMS];
    uint64_t told[PLAN_STREAMS]; /* of those, what the executor has read */
    bool input_closed;           /* the child has seen its end */
    bool input_gone;             /* it reads no more */
    GByteArray *input_bytes;
    unsigned int signals[MESSAGE_SIGNAL + 1]; /* times each was delivered */
    unsigned int sizes; /* times its terminal was resized */

    /* What the executor told of its exit first, to whomever. */
    bool exit_is_told;
    struct remex_exit exit_told;
    GArray *marks;                   /* struct plan_mark, by number */
    uint64_t sealed[PLAN_STREAMS];   /* up to there, it is known */
    int64_t sealed_at[PLAN_STREAMS]; /* and since then; 0: it is not */

    /* What was asked of the executor, as far as anybody knows. */
    bool may_be_killed;
    bool taken_back; /* killed, for want of memory to answer its start */
    const int64_t *renewed_at; /* its owner's lease, at the earliest */
    int64_t lease;
    bool buried;      /* the executor has been told to let nothing of it run */
    bool answered;    /* its start was, by success */
    bool forgettable; /* somebody has asked to forget it */
    bool contested;   /* somebody has asked to follow it alone, */
    bool taken_over;  /* or in the place of others */
    int64_t dead_by;  /* 0: it may live */
    const void *writer;    /* the job whose writes are its stdin */
    uint64_t signals_used; /* by numbers; each is sent once */
};

/* Draws one; it belongs to the world it is in. */
struct plan *plan_new(
        struct world *world, unsigned int actor, unsigned int number);
void plan_free(struct plan *plan);

/* Whose it is, and what he calls it: as others call theirs, maybe. */
void plan_belong(struct plan *plan, unsigned int principal, unsigned int actor,
        unsigned int number);

/* For the trace. */
void plan_tell(const struct plan *plan);

/* It is a Run's, with so many bytes of input. */
void plan_for_run(struct plan *plan, size_t input_size);

/* It has that stream, and it is read. */
bool plan_has(const struct plan *plan, size_t index);
bool plan_captures(const struct plan *plan, size_t index);
const struct stream_spec *plan_stream(const struct plan *plan, size_t index);

/* What was told of an event; NULL: nothing. */
const struct plan_mark *plan_mark(const struct plan *plan, uint64_t seq);

/* False: something else was told. */
bool plan_witness(struct plan *plan, uint64_t seq, enum remex_event_kind kind,
        const uint64_t offsets[PLAN_STREAMS]);

/* What a stream of it has at an offset: the same for ever. */
void plan_fill(const struct plan *plan, enum remex_stream stream,
        uint64_t offset, uint8_t *out, size_t size);
bool plan_matches(const struct plan *plan, enum remex_stream stream,
        uint64_t offset, const uint8_t *bytes, size_t size);

#endif
