/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMEX_STATUS_H
#define REMEX_STATUS_H

/*
 * Why a call did not do what was asked.
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define REMEX_API __attribute__((visibility("default")))
#define REMEX_CHECKED __attribute__((warn_unused_result))

/* Up to 16 these are gRPC's canonical codes, and travel on the wire. The others
 * are made on this side of it. Append, never renumber. */
enum remex_status {
    REMEX_OK = 0,
    REMEX_CANCELLED = 1,
    REMEX_UNKNOWN = 2,
    REMEX_INVALID_ARGUMENT = 3,  /* wrong whatever the state: mend the call */
    REMEX_DEADLINE_EXCEEDED = 4, /* not done in time, and nothing changed */
    REMEX_NOT_FOUND = 5,         /* no such process, program, directory */
    REMEX_ALREADY_EXISTS = 6,    /* the id names another process */
    REMEX_PERMISSION_DENIED = 7,
    REMEX_RESOURCE_EXHAUSTED = 8, /* over a limit; waiting may help */
    REMEX_FAILED_PRECONDITION = 9,
    REMEX_ABORTED = 10, /* somebody else has the session now */
    REMEX_OUT_OF_RANGE = 11,
    REMEX_UNIMPLEMENTED = 12,
    REMEX_INTERNAL = 13,
    REMEX_UNAVAILABLE = 14, /* no executor answers; trying again may help */
    REMEX_DATA_LOSS = 15,
    REMEX_UNAUTHENTICATED = 16,

    REMEX_AGAIN = 64,           /* nothing to report yet */
    REMEX_ENDED = 65,           /* there will be nothing more */
    REMEX_DISCONNECTED = 66,    /* the link is lost for good */
    REMEX_OUTCOME_UNKNOWN = 67, /* the executor may or may not have acted */
    REMEX_PROTOCOL_ERROR = 68,  /* the other side broke the protocol */
    REMEX_NO_MEMORY = 69,       /* on this side */
};

/* Where the start of a program failed. The numbers travel on the wire. */
enum remex_launch_stage {
    REMEX_STAGE_NONE = 0,
    REMEX_STAGE_RESOURCES = 1,
    REMEX_STAGE_FORK = 2,
    REMEX_STAGE_SESSION = 3,
    REMEX_STAGE_STDIO = 4,
    REMEX_STAGE_LIMITS = 5,
    REMEX_STAGE_USER = 6,
    REMEX_STAGE_CWD = 7,
    REMEX_STAGE_EXEC = 8,
};

/* What a program may need to know of a failure beside its status. */
enum remex_error_kind {
    REMEX_ERROR_PLAIN = 0,
    REMEX_ERROR_STALE_BOOT = 1,
    REMEX_ERROR_SUPERSEDED = 2,
    REMEX_ERROR_SESSION_GONE = 3,
    REMEX_ERROR_BAD_FIELD = 4,     /* `name` is the field's */
    REMEX_ERROR_LIMIT_HIT = 5,     /* `name` is the limit's */
    REMEX_ERROR_LAUNCH_FAILED = 6, /* `stage` and `os_error` are set */
    REMEX_ERROR_UNSUPPORTED_VERSION = 7,
    REMEX_ERROR_FOLLOWED = 8, /* by somebody else: take over, or come later */
    REMEX_ERROR_POLICY = 9,   /* `name` is the kind of rule: "program", ... */
    /* The executor had no memory for its answer, and may have acted. Only a
     * connect ends with it; other calls are made again by themselves. */
    REMEX_ERROR_ANSWER_LOST = 10,
};

/* A failure, told in full. A plain value: copy it freely. */
struct remex_error {
    enum remex_status status;
    enum remex_error_kind kind;
    enum remex_launch_stage stage;
    int os_error;     /* errno, of the executor's host in a launch failure */
    uint64_t allowed; /* of a limit; lowest version; newest attachment */
    uint64_t asked;   /* of a limit; the highest version */
    char name[48];
    char text[256]; /* one sentence: what was wrong and what to change */
};

/* "OK", "NOT_FOUND", ...; "?" for a number that is none. Static. */
REMEX_API const char *remex_status_name(enum remex_status status);

/* "exec", "cwd", ...; "?" for a number that is none. Static. */
REMEX_API const char *remex_launch_stage_name(enum remex_launch_stage stage);

#ifdef __cplusplus
}
#endif

#endif
