/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_PIPES_H
#define BENCH_PIPES_H

/*
 * The pipes of many processes, read by one epoll, as a program without remex
 * would do it.
 */

#include <stdbool.h>
#include <stddef.h>

#include "bench/runner.h"

enum pipes_kind { PIPES_OUT, PIPES_ERR, PIPES_CONTROL, PIPES_KINDS };

struct pipes_job;

struct pipes_end {
    struct pipes_job *job;
    int fd;
};

struct pipes_job {
    struct job job;
    struct pipes_end ends[PIPES_KINDS];
    size_t open;
    int in; /* our end of its stdin; -1: closed */
};

struct pipes {
    int epoll;
    void *user;
    /* What came by a control end, which is lent for the call. */
    void (*told)(struct pipes_job *job, const char *data, size_t size);
    /* All ends of it are closed, and so is the job now. */
    void (*ended)(struct pipes_job *job);
};

void pipes_init(struct pipes *pipes);
void pipes_deinit(struct pipes *pipes);

/* Takes `fd`: it is read from now on, and closed at its end. */
void pipes_add(struct pipes *pipes, struct pipes_job *job, enum pipes_kind kind,
        int fd);

/* Waits, and reads what is there, a buffer of each at most. */
void pipes_step(struct pipes *pipes);

/* Operations of a runner all of whose jobs are of pipes. */
void pipes_write(
        struct runner *runner, struct job *job, const void *data, size_t size);
void pipes_close_stdin(struct runner *runner, struct job *job);

/* A pipe for a process to write to, or to read from: [0] is read. */
void pipes_make(int ends[2]);

#endif
