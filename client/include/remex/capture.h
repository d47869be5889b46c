/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMEX_CAPTURE_H
#define REMEX_CAPTURE_H

/*
 * Running a process to its end with its output in memory, within bounds.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <remex/ending.h>
#include <remex/graceful_stop.h>
#include <remex/process.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Which part of an output that is longer than its bound. */
enum remex_keep {
    REMEX_KEEP_FIRST = 0,
    REMEX_KEEP_LAST = 1,
};

struct remex_capture_options {
    size_t size;       /* of this struct, as the caller compiled it */
    const void *input; /* for its stdin, which is closed behind it */
    size_t input_size;
    size_t max_out_bytes; /* of stdout, or of the terminal; default 1 MiB */
    size_t max_err_bytes; /* default 1 MiB */
    enum remex_keep keep_out;
    enum remex_keep keep_err;
    int timeout_ms; /* from the start to the end of all output; default: none */
    /* What is done after that, as in remex_graceful_stop. */
    const struct remex_stop_step *stop_plan;
    size_t stop_step_count;
    int stop_timeout_ms; /* for the exit after its kill, and then for the end of
                          * the output; default 10000 */
};

/* What was kept of one stream. */
struct remex_captured {
    struct remex_bytes data; /* lent while the result lives; a NUL follows */
    uint64_t bytes;          /* that came, kept or not */
    uint64_t lost_bytes;     /* that did not, for Gaps */
    bool truncated;          /* more came than is in `data` */
    bool lossy;              /* some did not come: for Gaps, or a read error */
};

struct remex_capture_result {
    /*
     * How it ended. `ending.status` is
     *     REMEX_OK                 by itself;
     *     REMEX_DEADLINE_EXCEEDED  not within the timeout; `stop` tells what
     * was done, and Closed (`ending.end_count`) and the exit are there if they
     * came after all; REMEX_DISCONNECTED       unknown, for `ending.failure`;
     *     REMEX_NO_MEMORY          by itself, but not all that was to be kept
     *                              could be: `truncated` says where.
     */
    struct remex_ending ending;
    struct remex_captured out;
    struct remex_captured err;
    struct remex_stop_report stop; /* its count is 0 if there was none */
    /* How much of the input was taken. It need not be all: a process may end
     * without having read it (input_status is REMEX_FAILED_PRECONDITION). */
    uint64_t input_bytes;
    enum remex_status input_status;
};

/*
 * Starts argv[0] and takes all its output, up to its Closed. Both options may
 * be NULL; those of the process are remex_process_start's, except that stdin is
 * a pipe if there is input, and at its end if there is none.
 *
 * REMEX_OK: it was started, and `out` tells all that is known, however it
 * ended; yours to free. Anything else: it was not. When this returns, the
 * process has ended, or was killed, or cannot be reached. It waits no longer
 * than told by `timeout_ms` and the stop, beside what calls of the client may
 * take.
 */
REMEX_API REMEX_CHECKED enum remex_status remex_capture(
        struct remex_client *client, const char *const *argv,
        const struct remex_process_options *process_options,
        const struct remex_capture_options *options,
        struct remex_capture_result **out, struct remex_error *error);

/* NULL is allowed. */
REMEX_API void remex_capture_result_free(struct remex_capture_result *capture);

#ifdef __cplusplus
}
#endif

#endif
