/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex stop: a process is ended in order, or at once.
 */

#include "client/cli/quantity.h"
#include "client/cli/report.h"
#include "client/cli/stop_plan.h"
#include "client/cli/target.h"
#include "client/cli/verbs.h"
#include "client/cli/waiting.h"

struct stop_options {
    struct connect_options connect; /* first, for connect_specs */
    struct stop_plan plan;          /* without steps: the one of the start */
    bool at_once;
    bool waits;
    int64_t timeout_ms;
};

static bool take_plan(void *data, const char *value)
{
    struct stop_options *options = data;

    return stop_plan_parse(value, &options->plan);
}

static bool take_timeout(void *data, const char *value)
{
    struct stop_options *options = data;

    options->waits = true;
    return quantity_parse_duration(value, &options->timeout_ms);
}

static const struct option_spec specs[] = {
    OPTION(0, "plan", "SIGNAL[:WAIT],...",
            "do so; default what --stop-plan told",
            "steps such as TERM:10s,KILL", take_plan),
    OPTION_FLAG(0, "now", "kill it and its tree at once", struct stop_options,
            at_once),
    OPTION_FLAG(0, "wait", "until it has exited", struct stop_options, waits),
    OPTION(0, "timeout", "DURATION", "wait for that, but no longer",
            "a duration such as 10s", take_timeout),
    OPTIONS_END,
};

static enum remex_status begin(const struct target *target,
        const struct stop_options *options, struct remex_error *error)
{
    if (options->at_once)
        return remex_process_terminate(target->process, NULL, error);
    return remex_process_stop(target->process,
            options->plan.count > 0 ? options->plan.steps : NULL,
            options->plan.count, NULL, error);
}

static int stop(const struct target *target, const struct stop_options *options)
{
    struct remex_error error;
    struct remex_exit ended;
    int status = 0;

    if (begin(target, options, &error) != REMEX_OK)
        return target_explain(target, &error);
    if (options->waits)
        status = waiting_for_exit(target, options->timeout_ms, &ended);
    if (status == REPORT_EXIT_TIMED_OUT)
        report("stop: %s has not exited within --timeout", target->id);
    return status;
}

static int run(const struct verb *verb, struct words words)
{
    struct stop_options options = { .timeout_ms = REMEX_FOREVER };
    struct target target;
    int status;

    if (!options_parse(verb, &words, &options, &status))
        return status;
    if (options.at_once && options.plan.count > 0) {
        report("stop: --now and --plan exclude each other");
        return REPORT_EXIT_FAILED;
    }
    if (!target_init(&target, verb, &options.connect, words.at[0]))
        return REPORT_EXIT_FAILED;
    status = stop(&target, &options);
    target_deinit(&target);
    return status;
}

const struct verb stop_verb = {
    .name = "stop",
    .operands = "ID",
    .summary = "End a process by its stop plan, and what is left of its tree.",
    .details =
            "The executor carries the plan out; without one it kills at once.",
    .tables = { specs, connect_specs },
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
