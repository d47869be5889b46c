/* SPDX-License-Identifier: Apache-2.0 */
#include <remex/status.h>

/* No default cases: the compiler says when a name is missing. */

const char *remex_status_name(enum remex_status status)
{
    switch (status) {
    case REMEX_OK:
        return "OK";
    case REMEX_CANCELLED:
        return "CANCELLED";
    case REMEX_UNKNOWN:
        return "UNKNOWN";
    case REMEX_INVALID_ARGUMENT:
        return "INVALID_ARGUMENT";
    case REMEX_DEADLINE_EXCEEDED:
        return "DEADLINE_EXCEEDED";
    case REMEX_NOT_FOUND:
        return "NOT_FOUND";
    case REMEX_ALREADY_EXISTS:
        return "ALREADY_EXISTS";
    case REMEX_PERMISSION_DENIED:
        return "PERMISSION_DENIED";
    case REMEX_RESOURCE_EXHAUSTED:
        return "RESOURCE_EXHAUSTED";
    case REMEX_FAILED_PRECONDITION:
        return "FAILED_PRECONDITION";
    case REMEX_ABORTED:
        return "ABORTED";
    case REMEX_OUT_OF_RANGE:
        return "OUT_OF_RANGE";
    case REMEX_UNIMPLEMENTED:
        return "UNIMPLEMENTED";
    case REMEX_INTERNAL:
        return "INTERNAL";
    case REMEX_UNAVAILABLE:
        return "UNAVAILABLE";
    case REMEX_DATA_LOSS:
        return "DATA_LOSS";
    case REMEX_UNAUTHENTICATED:
        return "UNAUTHENTICATED";
    case REMEX_AGAIN:
        return "AGAIN";
    case REMEX_ENDED:
        return "ENDED";
    case REMEX_DISCONNECTED:
        return "DISCONNECTED";
    case REMEX_OUTCOME_UNKNOWN:
        return "OUTCOME_UNKNOWN";
    case REMEX_PROTOCOL_ERROR:
        return "PROTOCOL_ERROR";
    case REMEX_NO_MEMORY:
        return "NO_MEMORY";
    }
    return "?";
}

const char *remex_launch_stage_name(enum remex_launch_stage stage)
{
    switch (stage) {
    case REMEX_STAGE_NONE:
        return "none";
    case REMEX_STAGE_RESOURCES:
        return "resources";
    case REMEX_STAGE_FORK:
        return "fork";
    case REMEX_STAGE_SESSION:
        return "session";
    case REMEX_STAGE_STDIO:
        return "stdio";
    case REMEX_STAGE_LIMITS:
        return "limits";
    case REMEX_STAGE_USER:
        return "user";
    case REMEX_STAGE_CWD:
        return "cwd";
    case REMEX_STAGE_EXEC:
        return "exec";
    }
    return "?";
}
