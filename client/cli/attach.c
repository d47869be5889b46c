/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex attach: to be with a process that runs already.
 */

#include <errno.h>
#include <string.h>

#include <remex/inspect.h>

#include "client/cli/follow.h"
#include "client/cli/input.h"
#include "client/cli/leave.h"
#include "client/cli/report.h"
#include "client/cli/signals.h"
#include "client/cli/target.h"
#include "client/cli/turnover.h"
#include "client/cli/verbs.h"

struct attach_options {
    struct connect_options connect; /* first, for connect_specs */
    struct target_from from;
    bool no_stdin;
    bool pass_signals;
    struct target_claim claim;
    bool terminal; /* ours is to be the program's */
    int escape;
};

static bool take_from(void *data, const char *value)
{
    struct attach_options *options = data;

    return target_parse_from(value, &options->from);
}

static bool take_escape(void *data, const char *value)
{
    struct attach_options *options = data;

    return escape_parse(value, &options->escape);
}

static const struct option_spec specs[] = {
    OPTION_FLAG('t', "terminal", "our terminal is its: size, keys, screen",
            struct attach_options, terminal),
    OPTION(0, "escape", "CHAR|none", "of -t: CHAR and . leave; default ~",
            "a character, ^ and a letter, or none", take_escape),
    OPTION(0, "from", "oldest|live|SEQ", "where to begin; default oldest",
            "oldest, live or the number of an event", take_from),
    OPTION_FLAG(0, "no-stdin", "leave its stdin alone", struct attach_options,
            no_stdin),
    OPTION_FLAG(0, "pass-signals", "SIGINT, SIGTERM and SIGHUP go to it",
            struct attach_options, pass_signals),
    OPTION_FLAG(0, "exclusive", "let nobody else follow it meanwhile",
            struct attach_options, claim.exclusive),
    OPTION_FLAG(0, "take-over", "displace who stands in the way",
            struct attach_options, claim.take_over),
    OPTIONS_END,
};

/* Whether the process has a terminal for ours to be turned over to; a report
 * tells if not. */
static bool check_terminal(const struct target *target)
{
    struct remex_process_status *status;
    struct remex_error error;
    bool has_one;

    if (remex_client_inspect(target->client, target->id, &status, &error) !=
            REMEX_OK) {
        (void)target_explain(target, &error);
        return false;
    }
    has_one = status->stream_count > 0 &&
            status->streams[0].stream == REMEX_TERMINAL;
    remex_process_status_free(status);
    if (!has_one)
        report("attach: -t: %s has no terminal; leave -t out, or start it with "
               "--pty",
                target->id);
    return has_one;
}

/* Follows it to its end, or until `parting` (may be NULL) is said. */
static int attach(const struct target *target,
        const struct attach_options *options, struct turnover *turnover,
        struct parting *parting)
{
    struct follow follow = {
        .process = target->process,
        .address = target->address,
        .has_stdin = !options->no_stdin && input_is_there(),
        .turnover = turnover,
        .parting = parting,
        .client = target->client,
    };

    if (turnover && !check_terminal(target))
        return REPORT_EXIT_FAILED;
    if (turnover)
        turnover_set_escape(turnover, options->escape, parting,
                "left the program, which goes on; 'remex attach -t' goes back");
    return follow_run(&follow);
}

static bool follow(struct target *target, const struct verb *verb,
        const char *id, const struct attach_options *options)
{
    return target_follow(
            target, verb, &options->connect, id, options->from, options->claim);
}

static struct console *console_of(struct turnover *turnover)
{
    return turnover ? &turnover->console : NULL;
}

static int run_passing_signals(const struct verb *verb, const char *id,
        const struct attach_options *options, struct turnover *turnover)
{
    struct signals signals;
    struct target target;
    struct parting parting;
    int status = REPORT_EXIT_FAILED;
    bool is_there;

    if (!parting_init(&parting)) {
        report("%s: %s", verb->name, strerror(errno));
        return status;
    }
    is_there = signals_init(&signals, console_of(turnover)) &&
            follow(&target, verb, id, options);
    if (is_there) {
        signals_set_running(&signals, target.process);
        status = attach(&target, options, turnover, &parting);
    }
    signals_deinit(&signals);
    if (is_there)
        target_deinit(&target);
    parting_deinit(&parting);
    return status;
}

static int run_until_told(const struct verb *verb, const char *id,
        const struct attach_options *options, struct turnover *turnover)
{
    struct leave leave;
    struct target target;
    int status = REPORT_EXIT_FAILED;

    if (!leave_init(&leave, console_of(turnover)))
        return status;
    if (follow(&target, verb, id, options)) {
        status = attach(&target, options, turnover, &leave.parting);
        target_deinit(&target);
    }
    leave_deinit(&leave);
    return status;
}

static int run_with(const struct verb *verb, const char *id,
        const struct attach_options *options, struct turnover *turnover)
{
    return options->pass_signals
            ? run_passing_signals(verb, id, options, turnover)
            : run_until_told(verb, id, options, turnover);
}

static int run(const struct verb *verb, struct words words)
{
    struct attach_options options = { .escape = ESCAPE_USUAL };
    struct turnover turnover;
    int status;

    if (!options_parse(verb, &words, &options, &status))
        return status;
    if (!options.terminal)
        return run_with(verb, words.at[0], &options, NULL);
    if (options.no_stdin) {
        report("attach: -t and --no-stdin exclude each other");
        return REPORT_EXIT_FAILED;
    }
    if (!turnover_init(&turnover, verb))
        return REPORT_EXIT_FAILED;
    status = run_with(verb, words.at[0], &options, &turnover);
    turnover_deinit(&turnover);
    return status;
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
