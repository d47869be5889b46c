/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMEX_COPY_H
#define REMEX_COPY_H

/*
 * Copying a process's output to descriptors or files of one's own.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <remex/ending.h>
#include <remex/process.h>

#ifdef __cplusplus
extern "C" {
#endif

enum remex_copy_policy {
    REMEX_COPY_STOP = 0,  /* return at the first error of a write */
    REMEX_COPY_GO_ON = 1, /* that stream is written no more; its output and all
                           * the rest is taken to the end */
};

struct remex_copy_options {
    size_t size; /* of this struct, as the caller compiled it */
    enum remex_copy_policy on_error;
    int timeout_ms; /* default: none */
};

/* What became of one stream's output: all of it is in one of the three. */
struct remex_copied {
    uint64_t bytes;      /* written */
    uint64_t unwritten;  /* taken, but not written */
    uint64_t lost_bytes; /* in Gaps */
    int os_error;        /* errno of the first write that failed */
};

/* A plain value: copy it freely. */
struct remex_copy_result {
    struct remex_ending ending;
    struct remex_copied out; /* stdout, or the terminal */
    struct remex_copied err;
};

/*
 * Takes the events of the handle up to its ending, and writes the output: to
 * descriptors that may block or not, pipes, sockets and files alike. -1 is
 * nowhere, which is no error. SIGPIPE is not raised. `options` may be NULL.
 *
 * REMEX_OK: Closed, and all of the output is written; REMEX_DATA_LOSS: some is
 * not, for a Gap, a read error, or an error of a write (`error` tells the
 * first, with its errno); REMEX_DEADLINE_EXCEEDED: not in time, a later call
 * goes on (if the time was over within a write to a descriptor that does not
 * block, what was left of that output is unwritten, and os_error ETIMEDOUT);
 * REMEX_DISCONNECTED: all that had come is written. `out` tells in full,
 * whatever the status; it begins anew with each call.
 */
REMEX_API REMEX_CHECKED enum remex_status remex_copy(
        struct remex_process *process, int out_fd, int err_fd,
        const struct remex_copy_options *options, struct remex_copy_result *out,
        struct remex_error *error);

/* The same for files, each flushed after what it was given; NULL is nowhere.
 * Their descriptors should block: EAGAIN is an error like others here. A piece
 * of output whose write or flush fails counts as unwritten. */
REMEX_API REMEX_CHECKED enum remex_status remex_copy_to_files(
        struct remex_process *process, FILE *out_file, FILE *err_file,
        const struct remex_copy_options *options, struct remex_copy_result *out,
        struct remex_error *error);

#ifdef __cplusplus
}
#endif

#endif
