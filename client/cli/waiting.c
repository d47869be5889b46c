/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/waiting.h"

#include <stdio.h>

#include "client/cli/deadline.h"
#include "client/cli/report.h"

static int explain(const struct target *target, enum remex_status status)
{
    struct remex_error error = { .status = status };

    (void)snprintf(error.text, sizeof(error.text),
            "cannot wait for its end: %s", remex_status_name(status));
    return target_explain(target, &error);
}

int waiting_for_exit(
        const struct target *target, int64_t timeout_ms, struct remex_exit *out)
{
    struct deadline deadline = deadline_in(timeout_ms);
    enum remex_status status;

    do
        status = remex_process_wait(
                target->process, deadline_left_ms(&deadline), out);
    while (status == REMEX_DEADLINE_EXCEEDED && !deadline_is_over(&deadline));
    if (status == REMEX_OK)
        return 0;
    if (status == REMEX_DEADLINE_EXCEEDED)
        return REPORT_EXIT_TIMED_OUT;
    return explain(target, status);
}
