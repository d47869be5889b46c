/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_REFUSAL_H
#define EXECUTOR_REFUSAL_H

/*
 * The refusals that several parts of the protocol side give. Each fills in
 * `error` and returns its status.
 */

#include <stdint.h>

#include <remex/status.h>

/* Over a limit, and waiting won't help: REMEX_INVALID_ARGUMENT. (For the others
 * there is error_limit_hit.) */
enum remex_status refusal_too_large(struct remex_error *error,
        const char *limit, uint64_t allowed, uint64_t asked);

/* Over the rate of starts: REMEX_RESOURCE_EXHAUSTED. */
enum remex_status refusal_too_often(struct remex_error *error, uint64_t rate);

/* REMEX_RESOURCE_EXHAUSTED: no memory for `what`. */
enum remex_status refusal_no_memory(
        struct remex_error *error, const char *what);

/* REMEX_RESOURCE_EXHAUSTED: no memory for the answer to what may be done. */
enum remex_status refusal_answer_lost(struct remex_error *error);

/* REMEX_DEADLINE_EXCEEDED. */
enum remex_status refusal_undecided(struct remex_error *error);

/* REMEX_UNAVAILABLE. */
enum remex_status refusal_draining(struct remex_error *error);

enum remex_status refusal_stale_boot(struct remex_error *error);
enum remex_status refusal_session_gone(struct remex_error *error);
enum remex_status refusal_token_revoked(struct remex_error *error);
enum remex_status refusal_superseded(
        struct remex_error *error, uint64_t attachment);
enum remex_status refusal_unsupported_version(struct remex_error *error);
enum remex_status refusal_unknown_process(struct remex_error *error);
enum remex_status refusal_followed(struct remex_error *error);

#endif
