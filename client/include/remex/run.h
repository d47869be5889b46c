/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMEX_RUN_H
#define REMEX_RUN_H

/*
 * Short commands in one round trip: start, stdin, all output up to a bound, and
 * the ending. The rules of <remex/client.h> hold here too.
 */

#include <stdbool.h>
#include <stddef.h>

#include <remex/client.h>
#include <remex/event.h>
#include <remex/process.h>
#include <remex/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Yours to free. */
struct remex_run_result {
    struct remex_event *events; /* up to Closed; output lies with them */
    size_t count;
    struct remex_exit exit;
    bool truncated; /* a Gap stands in the place of output */
};

/*
 * Runs argv[0] to its end with `input` (NULL: none) as its stdin. At most
 * `max_output_bytes` of its output are told (0: the executor's choice); what
 * fits in one message is the bound in any case, for both: start a process
 * where that is too little.
 *
 * REMEX_OK: it ran to its end, whatever its exit. REMEX_DEADLINE_EXCEEDED or
 * REMEX_OUTCOME_UNKNOWN: not within `timeout_ms`, and it is being killed.
 * REMEX_DATA_LOSS: it ran to its end, but the answer was lost, and the
 * executor, at its limit of processes, has made room for others since. Failed
 * launches are told as by remex_process_start. Of `options` (may be NULL) the
 * members pty, stdin_mode, window_bytes and exclusive must not be set.
 */
REMEX_API REMEX_CHECKED enum remex_status remex_client_run(
        struct remex_client *client, const char *const *argv,
        const struct remex_process_options *options, const void *input,
        size_t input_size, size_t max_output_bytes, int timeout_ms,
        struct remex_run_result **out, struct remex_error *error);

/* NULL is allowed. */
REMEX_API void remex_run_result_free(struct remex_run_result *result);

#ifdef __cplusplus
}
#endif

#endif
