/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/waiting.h"

#include "client/cli/deadline.h"
#include "client/cli/ending.h"
#include "client/cli/report.h"

int waiting_for_exit(
        const struct target *target, int64_t timeout_ms, struct remex_exit *out)
{
    struct deadline deadline = deadline_in(timeout_ms);
    struct remex_event event;
    enum remex_status got;

    /* Taken, not only waited for: see client/cli/drain.h. */
    do {
        got = remex_process_next_event(
                target->process, deadline_left_ms(&deadline), &event);
        if (got == REMEX_OK && event.kind == REMEX_EVENT_EXITED) {
            *out = event.exited;
            return 0;
        }
        if (got == REMEX_OK && event.kind == REMEX_EVENT_FAILED) {
            report("lost the executor %s: %s", target->address,
                    ending_failure(event.failure));
            return REPORT_EXIT_FAILED;
        }
    } while (got == REMEX_OK ||
            (got == REMEX_AGAIN && !deadline_is_over(&deadline)));
    if (got == REMEX_AGAIN)
        return REPORT_EXIT_TIMED_OUT;
    /* It exited before the place where we began to listen. */
    if (got == REMEX_ENDED &&
            remex_process_wait(target->process, 0, out) == REMEX_OK)
        return 0;
    report("cannot follow %s: %s", target->id, remex_status_name(got));
    return REPORT_EXIT_FAILED;
}
