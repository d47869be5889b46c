/* SPDX-License-Identifier: Apache-2.0 */
#include "client/convenience/stopper.h"

#include <signal.h>
#include <string.h>

static const struct remex_stop_step default_plan[] = {
    { .signal_number = SIGTERM, .wait_ms = 5000 },
};

bool stopper_plan_is_fine(const struct remex_stop_step *plan, size_t step_count)
{
    if (step_count > REMEX_STOP_STEPS || (!plan && step_count > 0))
        return false;
    for (size_t i = 0; i < step_count; i++)
        if (plan[i].signal_number < 1 || plan[i].signal_number > SIGRTMAX ||
                plan[i].wait_ms < 0)
            return false;
    return true;
}

void stopper_init(struct stopper *stopper, struct remex_process *process,
        const struct remex_stop_step *plan, size_t step_count, int timeout_ms,
        struct remex_stop_report *report)
{
    if (!plan) {
        plan = default_plan;
        step_count = sizeof(default_plan) / sizeof(default_plan[0]);
    }
    *report = (struct remex_stop_report){ .status = REMEX_DEADLINE_EXCEEDED };
    *stopper = (struct stopper){
        .process = process,
        .count = step_count,
        .last_wait_ms = timeout_ms,
        .report = report,
        .began_ns = patience_now_ns(),
    };
    if (step_count > 0)
        memcpy(stopper->plan, plan, step_count * sizeof(plan[0]));
}

/* --- The attempts -------------------------------------------------------- */

static struct remex_stop_attempt *last_attempt(struct stopper *stopper)
{
    struct remex_stop_report *report = stopper->report;

    return &report->attempts[report->count - 1];
}

static enum remex_status look_for_exit(struct stopper *stopper)
{
    struct remex_stop_report *report = stopper->report;
    enum remex_status status;

    if (report->has_exit)
        return REMEX_OK;
    status = remex_process_wait(stopper->process, 0, &report->exit);
    report->has_exit = status == REMEX_OK;
    return status;
}

static enum remex_status send_kill(
        struct stopper *stopper, struct remex_stop_attempt *attempt)
{
    attempt->signal_number = SIGKILL;
    attempt->target = REMEX_SIGNAL_TREE;
    return remex_process_terminate(stopper->process, &attempt->delivered, NULL);
}

static enum remex_status send_step(
        struct stopper *stopper, struct remex_stop_attempt *attempt)
{
    const struct remex_stop_step *step = &stopper->plan[stopper->next];

    attempt->signal_number = step->signal_number;
    attempt->target = REMEX_SIGNAL_GROUP;
    return remex_process_signal(stopper->process, step->signal_number,
            REMEX_SIGNAL_GROUP, &attempt->delivered, NULL);
}

static void attempt(struct stopper *stopper)
{
    struct remex_stop_report *report = stopper->report;
    struct remex_stop_attempt *made = &report->attempts[report->count++];
    bool had_exited = report->has_exit;
    bool is_kill = stopper->next == stopper->count;

    *made = (struct remex_stop_attempt){
        .at_ms = (patience_now_ns() - stopper->began_ns) / 1000000,
    };
    made->status =
            is_kill ? send_kill(stopper, made) : send_step(stopper, made);
    if (is_kill)
        report->status = made->status;
    if (made->status != REMEX_OK && made->status != REMEX_OUTCOME_UNKNOWN)
        made->result = REMEX_STOP_UNSENT;
    else if (had_exited || (made->status == REMEX_OK && !made->delivered))
        made->result = REMEX_STOP_GONE;
    stopper->sent_ns = patience_now_ns();
    stopper->patience =
            patience_start(is_kill ? stopper->last_wait_ms
                                   : stopper->plan[stopper->next].wait_ms);
    stopper->waiting = made->result != REMEX_STOP_UNSENT;
    stopper->next++;
}

/* The last attempt need be waited for no longer. */
static void settle(struct stopper *stopper, enum remex_status exit_status)
{
    struct remex_stop_attempt *made = last_attempt(stopper);

    stopper->waiting = false;
    made->waited_ms = (patience_now_ns() - stopper->sent_ns) / 1000000;
    if (made->result)
        return;
    if (exit_status == REMEX_OK)
        made->result = REMEX_STOP_EXITED;
    else if (exit_status == REMEX_DISCONNECTED)
        made->result = REMEX_STOP_LOST;
    else
        made->result = REMEX_STOP_RUNNING;
}

static void finish(struct stopper *stopper, enum remex_status exit_status)
{
    struct remex_stop_report *report = stopper->report;

    stopper->next = stopper->count + 1;
    if (exit_status == REMEX_DISCONNECTED)
        report->status = REMEX_DISCONNECTED;
    else if (report->status == REMEX_OK && exit_status != REMEX_OK)
        report->status = REMEX_DEADLINE_EXCEEDED;
}

bool stopper_turn(struct stopper *stopper, int *wait_ms_out)
{
    for (;;) {
        enum remex_status status = look_for_exit(stopper);
        int left_ms = patience_left_ms(&stopper->patience);

        if (stopper->waiting && status == REMEX_DEADLINE_EXCEEDED &&
                left_ms != 0) {
            *wait_ms_out = left_ms;
            return false;
        }
        if (stopper->waiting)
            settle(stopper, status);
        if (stopper->next > stopper->count || status == REMEX_DISCONNECTED) {
            finish(stopper, status);
            return true;
        }
        if (status == REMEX_OK)
            stopper->next = stopper->count; /* what is left: the tree */
        attempt(stopper);
    }
}

enum remex_status remex_graceful_stop(struct remex_process *process,
        const struct remex_stop_step *plan, size_t step_count, int timeout_ms,
        struct remex_stop_report *out)
{
    struct stopper stopper;
    int wait_ms;

    if (!stopper_plan_is_fine(plan, step_count)) {
        *out = (struct remex_stop_report){ .status = REMEX_INVALID_ARGUMENT };
        return REMEX_INVALID_ARGUMENT;
    }
    stopper_init(&stopper, process, plan, step_count, timeout_ms, out);
    while (!stopper_turn(&stopper, &wait_ms))
        out->has_exit =
                remex_process_wait(process, wait_ms, &out->exit) == REMEX_OK;
    return out->status;
}
