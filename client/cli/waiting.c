/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/waiting.h"

#include <stdio.h>

#include "client/cli/deadline.h"
#include "client/cli/progress.h"
#include "client/cli/report.h"

#define TICK_MS 1000

static int explain(const struct target *target, enum remex_status status)
{
    struct remex_error error = { .status = status };

    (void)snprintf(error.text, sizeof(error.text),
            "cannot wait for its end: %s", remex_status_name(status));
    return target_explain(target, &error);
}

/* A second, or less if there is less left. */
static int next_wait(const struct deadline *deadline)
{
    int left = deadline_left_ms(deadline);

    return left == REMEX_FOREVER || left > TICK_MS ? TICK_MS : left;
}

int waiting_for_exit(
        const struct target *target, int64_t timeout_ms, struct remex_exit *out)
{
    struct deadline deadline = deadline_in(timeout_ms);
    struct progress progress = progress_new();
    enum remex_status status;
    int seconds = 0;

    do {
        if (seconds > 0)
            progress_show(&progress, "%s: %s has not exited, after %d s",
                    target->verb, target->id, seconds);
        status = remex_process_wait(target->process, next_wait(&deadline), out);
        seconds++;
    } while (status == REMEX_DEADLINE_EXCEEDED && !deadline_is_over(&deadline));
    progress_clear(&progress);
    if (status == REMEX_OK)
        return 0;
    if (status == REMEX_DEADLINE_EXCEEDED)
        return REPORT_EXIT_TIMED_OUT;
    return explain(target, status);
}
