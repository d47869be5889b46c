/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_RUNNER_H
#define BENCH_RUNNER_H

/*
 * A way to run processes: as children of our own, by remex, by OpenSSH. The
 * workloads know no difference. Whatever fails ends the program, with a reason.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One process. Only read here. */
struct job {
    uint64_t bytes; /* of its stdout that have come */
    bool closed;    /* all of its output has, and its exit, which was 0 */
};

struct runner {
    const char *name; /* static */
    /* argv[0] is a path. Yours to free, once it is closed. */
    struct job *(*start)(
            struct runner *runner, const char *const *argv, bool with_stdin);
    void (*write)(struct runner *runner, struct job *job, const void *data,
            size_t size);
    void (*close_stdin)(struct runner *runner, struct job *job);
    /* Waits until something happened to one of its jobs. */
    void (*step)(struct runner *runner);
    void (*free_job)(struct runner *runner, struct job *job);
    /* So many from start to Closed, so many of them at a time, in the way of
     * whoever uses this. NULL: by the calls above. */
    void (*run_many)(struct runner *runner, const char *const *argv,
            size_t count, size_t at_a_time);
    /* Of the processes that it takes beside this one and the jobs. */
    double (*cpu_us)(const struct runner *runner);
    void (*free)(struct runner *runner);
};

/* Start to Closed; the bytes of its stdout. */
uint64_t runner_run(struct runner *runner, const char *const *argv);

/* Steps until it has so many bytes. */
void runner_await(struct runner *runner, const struct job *job, uint64_t bytes);

/* Closes its stdin, and waits for its end. */
void runner_finish(struct runner *runner, struct job *job);

/* Prints one line that says why, and ends the program. */
_Noreturn void runner_fail(const char *format, ...)
        __attribute__((format(printf, 1, 2)));

#endif
