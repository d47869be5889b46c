/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/follow.h"

#include <inttypes.h>

#include "client/cli/ending.h"
#include "client/cli/feeder.h"
#include "client/cli/output.h"
#include "client/cli/report.h"

void follow_report_gap(const struct remex_event *event)
{
    report("%" PRIu64 " bytes of output are lost (events %" PRIu64
           " to %" PRIu64 ")",
            event->gap.bytes, event->gap.first_seq, event->seq);
}

/* Passes output on. 0, or our exit status if it cannot be. */
static int pass_on(const struct follow *follow, const struct remex_event *event)
{
    int status = output_pass(event->output.stream, event->output.data);

    if (status && follow->is_ours)
        (void)!remex_process_terminate(follow->process, NULL, NULL);
    return status;
}

/* Of a process that has closed; its exit may lie before where we began. */
static int final_status(const struct follow *follow)
{
    struct remex_exit ended;
    enum remex_status got = remex_process_wait(follow->process, 0, &ended);

    if (got == REMEX_OK)
        return ending_status(&ended);
    report("cannot tell how the program ended: %s", remex_status_name(got));
    return REPORT_EXIT_FAILED;
}

/* REMEX_CANCELLED: we are to leave. */
static enum remex_status next_event(
        const struct follow *follow, struct remex_event *event)
{
    enum remex_status status;

    if (!follow->leave)
        return remex_process_next_event(follow->process, REMEX_FOREVER, event);
    while (!leave_is_due(follow->leave)) {
        status = remex_process_next_event(follow->process, 0, event);
        if (status != REMEX_AGAIN)
            return status;
        leave_wait(follow->leave, follow->client, REMEX_FOREVER);
    }
    return REMEX_CANCELLED;
}

static int take_events(const struct follow *follow)
{
    struct remex_event event;
    enum remex_status got;
    int broken;

    while ((got = next_event(follow, &event)) == REMEX_OK) {
        switch (event.kind) {
        case REMEX_EVENT_OUTPUT:
            broken = pass_on(follow, &event);
            if (broken)
                return broken;
            break;
        case REMEX_EVENT_GAP:
            follow_report_gap(&event);
            break;
        case REMEX_EVENT_EXITED:
        case REMEX_EVENT_CLOSED:
            break;
        case REMEX_EVENT_FAILED:
            report(event.failure == REMEX_FAILURE_TAKEN_OVER
                            ? "displaced at the executor %s: %s"
                            : "lost the executor %s: %s",
                    follow->address, ending_failure(event.failure));
            return REPORT_EXIT_FAILED;
        }
    }
    if (got == REMEX_ENDED)
        return final_status(follow);
    if (got == REMEX_CANCELLED)
        return REPORT_EXIT_FAILED;
    report("cannot follow the program: %s", remex_status_name(got));
    return REPORT_EXIT_FAILED;
}

int follow_run(const struct follow *follow)
{
    struct feeder feeder;
    int status;

    if (!follow->has_stdin)
        return take_events(follow);
    if (!feeder_init(&feeder, follow->process, follow->is_ours))
        return REPORT_EXIT_FAILED;
    status = take_events(follow);
    return feeder_deinit(&feeder) ? status : REPORT_EXIT_FAILED;
}
