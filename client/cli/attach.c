/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex attach: to be with a process that runs already.
 */

#include "client/cli/follow.h"
#include "client/cli/input.h"
#include "client/cli/leave.h"
#include "client/cli/report.h"
#include "client/cli/signals.h"
#include "client/cli/target.h"
#include "client/cli/verbs.h"

struct attach_options {
    struct connect_options connect; /* first, for connect_specs */
    struct target_from from;
    bool no_stdin;
    bool pass_signals;
    struct target_claim claim;
};

static bool take_from(void *data, const char *value)
{
    struct attach_options *options = data;

    return target_parse_from(value, &options->from);
}

static bool take_no_stdin(void *data, const char *value)
{
    struct attach_options *options = data;

    (void)value;
    options->no_stdin = true;
    return true;
}

static bool take_pass_signals(void *data, const char *value)
{
    struct attach_options *options = data;

    (void)value;
    options->pass_signals = true;
    return true;
}

static bool take_exclusive(void *data, const char *value)
{
    struct attach_options *options = data;

    (void)value;
    options->claim.exclusive = true;
    return true;
}

static bool take_take_over(void *data, const char *value)
{
    struct attach_options *options = data;

    (void)value;
    options->claim.take_over = true;
    return true;
}

static const struct option_spec specs[] = {
    { 0, "from", "oldest|live|SEQ", "where to begin; default oldest",
            "oldest, live or the number of an event", take_from },
    { 0, "no-stdin", NULL, "leave its stdin alone", NULL, take_no_stdin },
    { 0, "pass-signals", NULL, "SIGINT, SIGTERM and SIGHUP go to it", NULL,
            take_pass_signals },
    { 0, "exclusive", NULL, "let nobody else follow it meanwhile", NULL,
            take_exclusive },
    { 0, "take-over", NULL, "displace who stands in the way", NULL,
            take_take_over },
    OPTIONS_END,
};

static int attach(const struct target *target,
        const struct attach_options *options, const struct leave *leave)
{
    struct follow follow = {
        .process = target->process,
        .address = target->address,
        .has_stdin = !options->no_stdin && input_is_there(),
        .leave = leave,
        .client = target->client,
    };

    return follow_run(&follow);
}

static bool follow(struct target *target, const struct verb *verb,
        const char *id, const struct attach_options *options)
{
    return target_follow(
            target, verb, &options->connect, id, options->from, options->claim);
}

static int run_passing_signals(const struct verb *verb, const char *id,
        const struct attach_options *options)
{
    struct signals signals;
    struct target target;
    int status = REPORT_EXIT_FAILED;
    bool is_there =
            signals_init(&signals) && follow(&target, verb, id, options);

    if (is_there) {
        signals_set_running(&signals, target.process);
        status = attach(&target, options, NULL);
    }
    signals_deinit(&signals);
    if (is_there)
        target_deinit(&target);
    return status;
}

static int run_until_told(const struct verb *verb, const char *id,
        const struct attach_options *options)
{
    struct leave leave;
    struct target target;
    int status = REPORT_EXIT_FAILED;

    if (!leave_init(&leave))
        return status;
    if (follow(&target, verb, id, options)) {
        status = attach(&target, options, &leave);
        target_deinit(&target);
    }
    leave_deinit(&leave);
    return status;
}

static int run(const struct verb *verb, struct words words)
{
    struct attach_options options = { .no_stdin = false };
    int status;

    if (!options_parse(verb, &words, &options, &status))
        return status;
    return options.pass_signals
            ? run_passing_signals(verb, words.at[0], &options)
            : run_until_told(verb, words.at[0], &options);
}

const struct verb attach_verb = {
    .name = "attach",
    .operands = "ID",
    .summary =
            "Be to a process what run would be: stdin, stdout, stderr, exit.",
    .details = "It goes on when we end before it does.",
    .tables = { specs, connect_specs },
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
