/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATION_HOST_CHILD_H
#define SIMULATION_HOST_CHILD_H

/*
 * Inside the host: a child, and what it does on its own.
 */

#include "simulation/host.h"

enum { PIPE_BYTES = 64 * 1024 };

struct stream {
    size_t waiting; /* in the pipe */
    bool captured;
    bool paused;
    bool ended; /* the executor has been told */
    bool abandoned;
    size_t left; /* to be read, once abandoned */
};

struct child {
    struct child *next;
    struct host *host;
    struct plan *plan;
    struct process *process;
    struct stream streams[PLAN_STREAMS];
    size_t input;     /* waits in the stdin pipe */
    bool input_gone;  /* nobody reads it */
    bool input_ended; /* the executor has closed it */
    bool heir;        /* lives */
    bool heir_in_group;
    bool reported; /* its exit */
    bool on_way;   /* to its program; the executor does not know yet */
    struct appointment launch; /* it is told */
    struct appointment step;
    struct appointment look;   /* of the executor, at its pipes */
    struct appointment report; /* to the executor, of its exit */
    struct appointment heir_ends;
};

/* Of that plan, with an heir if that has one. */
struct child *host_child_new(
        struct host *host, struct plan *plan, struct process *process);

/* Why those have none that fail. */
extern const struct remex_error host_no_program;

/* It has its program, or it has none and is gone; the executor is told so. */
void host_child_launch(struct child *child);

/* The executor looks soon, or when it wakes. */
void host_child_look(struct child *child, struct appointment *appointment);

/* Somebody has its streams open. */
bool host_child_is_held(const struct child *child);

void host_child_die(struct child *child, bool by_signal, int of_what);
void host_child_end_heir(struct child *child);
void host_child_end_stream(
        struct child *child, size_t index, enum remex_stream_end_kind kind);

/* Takes stdin from the executor, as far as its pipe has room. */
void host_child_feed(struct child *child);

#endif
