/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/ending.h"

#include "client/cli/report.h"

int ending_status(const struct remex_exit *ended)
{
    if (ended->reason == REMEX_EXIT_WALL_TIME)
        return REPORT_EXIT_TIMED_OUT;
    return ended->by_signal ? REPORT_EXIT_SIGNAL + ended->code : ended->code;
}

const char *ending_failure(enum remex_failure failure)
{
    switch (failure) {
    case REMEX_FAILURE_LINK_LOST:
        return "the link was lost and did not come back; check that the "
               "executor runs and can be reached";
    case REMEX_FAILURE_EXECUTOR_RESTARTED:
        return "it was restarted, and the program is gone; run it again";
    case REMEX_FAILURE_SESSION_EXPIRED:
        return "it has ended our session, and the program with it; run it "
               "again";
    case REMEX_FAILURE_TAKEN_OVER:
        return "somebody else has taken over";
    case REMEX_FAILURE_EVICTED:
        return "it has forgotten the program; run it again";
    case REMEX_FAILURE_NOT_AUTHORISED:
        return "it does not allow us that; check the token";
    case REMEX_FAILURE_PROTOCOL:
        return "it broke the protocol; check that both ends are of one "
               "version";
    case REMEX_FAILURE_NO_MEMORY:
        return "out of memory on this side";
    }
    return "it failed for an unknown reason";
}
