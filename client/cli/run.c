/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex run: one program, as if it ran here.
 */

#include <errno.h>
#include <string.h>

#include "client/cli/connect.h"
#include "client/cli/follow.h"
#include "client/cli/input.h"
#include "client/cli/launch.h"
#include "client/cli/quantity.h"
#include "client/cli/report.h"
#include "client/cli/signals.h"
#include "client/cli/turnover.h"
#include "client/cli/verbs.h"

struct run_options {
    struct launch_options launch; /* first, for launch_specs */
    bool terminal;                /* ours is to be the program's */
    int escape;
};

/* What may end it: signals, an order to leave, and the terminal they mind. */
struct run {
    struct signals signals;
    struct parting parting;
    struct turnover turnover;
};

static struct follow follow_of(const struct run_options *options,
        struct remex_client *client, const struct run *run)
{
    return (struct follow){
        .address = connect_address(&options->launch.connect),
        .is_ours = true,
        .has_stdin = input_is_there() &&
                (options->launch.has_pty ||
                        options->launch.stdin_kind != LAUNCH_STDIN_CLOSED),
        .parting = options->terminal ? &run->parting : NULL,
        .client = client,
    };
}

static int run_on(struct remex_client *client, char *const *argv,
        const struct run_options *options, struct run *run)
{
    struct remex_process_options process_options =
            launch_process_options(&options->launch,
                    input_is_there() ? REMEX_STDIN_PIPE : REMEX_STDIN_CLOSED);
    struct follow follow = follow_of(options, client, run);
    struct remex_error error;
    int status;

    if (options->terminal)
        follow.turnover = &run->turnover;
    signals_set_starting(&run->signals);
    if (remex_process_start(client, (const char *const *)argv, &process_options,
                &follow.process, &error) != REMEX_OK) {
        signals_deinit(&run->signals);
        return launch_explain(argv[0], &options->launch, &error);
    }
    signals_set_running(&run->signals, follow.process);
    status = follow_run(&follow);
    /* Who leaves it is as good as gone: see --owner-loss. */
    if (options->terminal && parting_is_due(&run->parting))
        remex_process_detach(follow.process);
    signals_deinit(&run->signals);
    remex_process_free(follow.process);
    return status;
}

static int connect_and_run(
        char *const *argv, const struct run_options *options, struct run *run)
{
    struct console *console = options->terminal ? &run->turnover.console : NULL;
    struct remex_client *client = NULL;
    int status = REPORT_EXIT_FAILED;

    if (signals_init(&run->signals, console))
        client = connect_client(&options->launch.connect);
    if (client)
        status = run_on(client, argv, options, run);
    else
        signals_deinit(&run->signals);
    remex_client_free(client);
    return status;
}

static const char *farewell(const struct launch_options *options)
{
    if (options->owner_loss == REMEX_OWNER_LOSS_KEEP)
        return "left the program, which goes on; 'remex attach -t' goes back";
    return "left the program, which ends with us";
}

static int run_in_terminal(
        const struct verb *verb, char *const *argv, struct run_options *options)
{
    struct run run;
    int status;

    if (options->launch.has_pty) {
        report("%s: -t and --pty exclude each other: -t takes the size of our "
               "terminal",
                verb->name);
        return REPORT_EXIT_FAILED;
    }
    if (!turnover_init(&run.turnover, verb))
        return REPORT_EXIT_FAILED;
    if (parting_init(&run.parting)) {
        options->launch.has_pty = true;
        options->launch.pty = turnover_pty(&run.turnover);
        turnover_set_escape(&run.turnover, options->escape, &run.parting,
                farewell(&options->launch));
        status = connect_and_run(argv, options, &run);
        parting_deinit(&run.parting);
    } else {
        report("%s: %s", verb->name, strerror(errno));
        status = REPORT_EXIT_FAILED;
    }
    turnover_deinit(&run.turnover);
    return status;
}

/* As timeout(1) calls it. */
static bool take_timeout(void *data, const char *value)
{
    struct launch_options *options = data;

    return quantity_parse_duration(value, &options->wall_time_ms) &&
            options->wall_time_ms > 0;
}

static bool take_escape(void *data, const char *value)
{
    struct run_options *options = data;

    return escape_parse(value, &options->escape);
}

static const struct option_spec specs[] = {
    OPTION_FLAG('t', "terminal", "our terminal is its: size, keys, screen",
            struct run_options, terminal),
    OPTION(0, "escape", "CHAR|none", "of -t: CHAR and . leave; default ~",
            "a character, ^ and a letter, or none", take_escape),
    OPTION(0, "timeout", "DURATION", "the same as --wall-time",
            "a duration above 0 such as 10s", take_timeout),
    OPTIONS_END,
};

static int run(const struct verb *verb, struct words words)
{
    struct run_options options = { .escape = ESCAPE_USUAL };
    struct run plain;
    int status;

    if (!launch_init(&options.launch, &words))
        return REPORT_EXIT_FAILED;
    if (options_parse(verb, &words, &options, &status))
        status = options.terminal ? run_in_terminal(verb, words.at, &options)
                                  : connect_and_run(words.at, &options, &plain);
    launch_deinit(&options.launch);
    return status;
}

const struct verb run_verb = {
    .name = "run",
    .operands = "-- CMD [ARG]...",
    .summary = "Run CMD on an executor as if it ran here.",
    .details = "Our stdin, stdout, stderr, signals and exit status are its.",
    .tables = { specs, launch_specs, connect_specs },
    .min_operands = 1,
    .takes_command = true,
    .run = run,
};
