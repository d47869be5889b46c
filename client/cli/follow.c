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

    if (got == REMEX_OK) {
        if (ended.out_of_memory)
            report("it needed more than its limit of memory, and was killed "
                   "for that, or some of it was");
        return ending_status(&ended);
    }
    report("cannot tell how the program ended: %s", remex_status_name(got));
    return REPORT_EXIT_FAILED;
}

/* REMEX_CANCELLED: we are to leave. */
static enum remex_status next_event(
        const struct follow *follow, struct remex_event *event)
{
    enum remex_status status;

    if (!follow->parting)
        return remex_process_next_event(follow->process, REMEX_FOREVER, event);
    while (!parting_is_due(follow->parting)) {
        status = remex_process_next_event(follow->process, 0, event);
        if (status != REMEX_AGAIN)
            return status;
        parting_wait(follow->parting, follow->client, REMEX_FOREVER);
    }
    return REMEX_CANCELLED;
}

/* In between, for it takes a terminal that is as usual. */
static void tell_gap(const struct follow *follow, const struct remex_event *gap)
{
    if (follow->turnover)
        console_leave(&follow->turnover->console);
    follow_report_gap(gap);
    if (follow->turnover)
        console_enter(&follow->turnover->console);
}

static void tell_failure(
        const struct follow *follow, enum remex_failure failure)
{
    report(failure == REMEX_FAILURE_TAKEN_OVER
                    ? "displaced at the executor %s: %s"
                    : "lost the executor %s: %s",
            follow->address, ending_failure(failure));
}

/* Passes output on until there is no more; 0, or our exit status if it cannot
 * be. `last` is what was got last, `failure` set if it is one. */
static int take_events(const struct follow *follow, enum remex_status *last,
        enum remex_failure *failure)
{
    struct remex_event event;
    int broken = 0;

    while (!broken && (*last = next_event(follow, &event)) == REMEX_OK) {
        switch (event.kind) {
        case REMEX_EVENT_OUTPUT:
            broken = pass_on(follow, &event);
            break;
        case REMEX_EVENT_GAP:
            tell_gap(follow, &event);
            break;
        case REMEX_EVENT_EXITED:
        case REMEX_EVENT_CLOSED:
            break;
        case REMEX_EVENT_FAILED:
            *failure = event.failure;
            break;
        }
    }
    return broken;
}

/* What became of it, once our terminal is ours again. */
static int explain(const struct follow *follow, enum remex_status last,
        enum remex_failure failure)
{
    if (failure)
        tell_failure(follow, failure);
    else if (last == REMEX_ENDED)
        return final_status(follow);
    else if (last != REMEX_CANCELLED)
        report("cannot follow the program: %s", remex_status_name(last));
    return REPORT_EXIT_FAILED;
}

int follow_run(const struct follow *follow)
{
    enum remex_failure failure = (enum remex_failure)0;
    enum remex_status last = REMEX_OK;
    struct feeder feeder;
    bool feeds = follow->has_stdin && !follow->turnover;
    bool fed = true;
    int broken;

    if (feeds && !feeder_init(&feeder, follow->process, follow->is_ours))
        return REPORT_EXIT_FAILED;
    if (follow->turnover && !turnover_begin(follow->turnover, follow->process))
        return REPORT_EXIT_FAILED;
    broken = take_events(follow, &last, &failure);
    if (follow->turnover)
        turnover_end(follow->turnover);
    if (!broken)
        broken = explain(follow, last, failure);
    if (feeds)
        fed = feeder_deinit(&feeder);
    return fed ? broken : REPORT_EXIT_FAILED;
}
