/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex run: one program, as if it ran here.
 */

#include "client/cli/connect.h"
#include "client/cli/follow.h"
#include "client/cli/input.h"
#include "client/cli/launch.h"
#include "client/cli/quantity.h"
#include "client/cli/report.h"
#include "client/cli/signals.h"
#include "client/cli/verbs.h"

static int run_on(struct remex_client *client, char *const *argv,
        const struct launch_options *options, struct signals *signals)
{
    struct remex_process_options process_options = launch_process_options(
            options, input_is_there() ? REMEX_STDIN_PIPE : REMEX_STDIN_CLOSED);
    struct follow follow = {
        .address = connect_address(&options->connect),
        .is_ours = true,
        .has_stdin = input_is_there() &&
                (options->has_pty ||
                        process_options.stdin_mode == REMEX_STDIN_PIPE),
    };
    struct remex_error error;
    int status;

    signals_set_starting(signals);
    if (remex_process_start(client, (const char *const *)argv, &process_options,
                &follow.process, &error) != REMEX_OK) {
        signals_deinit(signals);
        return launch_explain(argv[0], options, &error);
    }
    signals_set_running(signals, follow.process);
    status = follow_run(&follow);
    signals_deinit(signals);
    remex_process_free(follow.process);
    return status;
}

static int connect_and_run(
        char *const *argv, const struct launch_options *options)
{
    struct remex_client *client;
    struct signals signals;
    int status = REPORT_EXIT_FAILED;

    if (!signals_init(&signals)) {
        signals_deinit(&signals);
        return REPORT_EXIT_FAILED;
    }
    client = connect_client(&options->connect);
    if (client)
        status = run_on(client, argv, options, &signals);
    else
        signals_deinit(&signals);
    remex_client_free(client);
    return status;
}

/* As timeout(1) calls it. */
static bool take_timeout(void *data, const char *value)
{
    struct launch_options *options = data;

    return quantity_parse_duration(value, &options->wall_time_ms) &&
            options->wall_time_ms > 0;
}

static const struct option_spec specs[] = {
    { 0, "timeout", "DURATION", "the same as --wall-time",
            "a duration above 0 such as 10s", take_timeout },
    OPTIONS_END,
};

static int run(const struct verb *verb, struct words words)
{
    struct launch_options options;
    int status;

    if (!launch_init(&options, &words))
        return REPORT_EXIT_FAILED;
    if (options_parse(verb, &words, &options, &status))
        status = connect_and_run(words.at, &options);
    launch_deinit(&options);
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
