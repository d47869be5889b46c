/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/refusal.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/error.h"
#include "common/message.h"

enum remex_status refusal_too_large(struct remex_error *error,
        const char *limit, uint64_t allowed, uint64_t asked)
{
    error_limit_hit(error, limit, allowed, asked);
    error->status = REMEX_INVALID_ARGUMENT;
    return error->status;
}

enum remex_status refusal_too_often(struct remex_error *error, uint64_t rate)
{
    error_limit_hit(error, "starts_per_second", rate, rate + 1);
    snprintf(error->text, sizeof(error->text),
            "The limit starts_per_second is %" PRIu64
            ", and what may come at once is used up; try again in a moment.",
            rate);
    return error->status;
}

enum remex_status refusal_no_memory(struct remex_error *error, const char *what)
{
    return error_set(error, REMEX_RESOURCE_EXHAUSTED,
            "The executor has no memory for %s; try again later.", what);
}

enum remex_status refusal_undecided(struct remex_error *error)
{
    return error_set(error, REMEX_DEADLINE_EXCEEDED,
            "The request has waited for a process that is still on its way to "
            "its program; nothing was done.");
}

enum remex_status refusal_draining(struct remex_error *error)
{
    return error_set(error, REMEX_UNAVAILABLE,
            "The executor is draining: it starts nothing any more, and ends "
            "with its programs; ask another one, or later.");
}

static enum remex_status of_kind(
        struct remex_error *error, enum remex_error_kind kind)
{
    error->kind = kind;
    return error->status;
}

enum remex_status refusal_answer_lost(struct remex_error *error)
{
    error_set(error, REMEX_RESOURCE_EXHAUSTED,
            "The executor had no memory for its answer; it may have acted. Ask "
            "again later.");
    return of_kind(error, REMEX_ERROR_ANSWER_LOST);
}

enum remex_status refusal_stale_boot(struct remex_error *error)
{
    error_set(error, REMEX_FAILED_PRECONDITION,
            "The executor was restarted; what the other one ran is gone.");
    return of_kind(error, REMEX_ERROR_STALE_BOOT);
}

enum remex_status refusal_session_gone(struct remex_error *error)
{
    error_set(error, REMEX_FAILED_PRECONDITION,
            "There is no such session, or no longer; open another one.");
    return of_kind(error, REMEX_ERROR_SESSION_GONE);
}

enum remex_status refusal_token_revoked(struct remex_error *error)
{
    return error_set(error, REMEX_UNAUTHENTICATED,
            "The token that this session was opened by is good no more; resume "
            "it by another one of that name.");
}

enum remex_status refusal_superseded(
        struct remex_error *error, uint64_t attachment)
{
    error_set(error, REMEX_ABORTED,
            "The session was resumed, as attachment %" PRIu64
            "; only its newest holder may use it.",
            attachment);
    error->allowed = attachment;
    return of_kind(error, REMEX_ERROR_SUPERSEDED);
}

enum remex_status refusal_unsupported_version(struct remex_error *error)
{
    error_set(error, REMEX_FAILED_PRECONDITION,
            "This executor speaks version %d of the protocol only.",
            MESSAGE_VERSION);
    error->allowed = MESSAGE_VERSION;
    error->asked = MESSAGE_VERSION;
    return of_kind(error, REMEX_ERROR_UNSUPPORTED_VERSION);
}

enum remex_status refusal_followed(struct remex_error *error)
{
    error_set(error, REMEX_FAILED_PRECONDITION,
            "Somebody follows the process who is in the way of an exclusive "
            "follow, or has one; set take_over, or come later.");
    return of_kind(error, REMEX_ERROR_FOLLOWED);
}

enum remex_status refusal_unknown_process(struct remex_error *error)
{
    return error_set(error, REMEX_NOT_FOUND,
            "There is no process of that id, or no longer.");
}
