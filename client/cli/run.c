/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/run.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <remex/process.h>

#include "client/cli/connect.h"
#include "client/cli/feeder.h"
#include "client/cli/output.h"
#include "client/cli/report.h"
#include "client/cli/signals.h"

/* Longer than any machine runs, and far from overflowing. */
#define MAX_TIMEOUT_S 1e9

struct run_options {
    struct connect_options connect; /* first, for connect_specs */
    const char *cwd;
    int64_t wall_time_ms;
    const char **env; /* room for every word of the command line */
    size_t env_count;
};

static bool take_env(void *data, const char *value)
{
    struct run_options *options = data;
    const char *equals = strchr(value, '=');

    if (!equals || equals == value)
        return false;
    options->env[options->env_count++] = value;
    return true;
}

static bool take_cwd(void *data, const char *value)
{
    struct run_options *options = data;

    options->cwd = value;
    return value[0] == '/';
}

static bool take_timeout(void *data, const char *value)
{
    struct run_options *options = data;
    char *end = NULL;
    double seconds = strtod(value, &end);

    if (end == value || *end != '\0' || !(seconds > 0) ||
            seconds > MAX_TIMEOUT_S)
        return false;
    options->wall_time_ms = (int64_t)ceil(seconds * 1000);
    return true;
}

static const struct option_spec specs[] = {
    { "env", "NAME=VALUE", "set in the program's environment; repeatable",
            "NAME=VALUE", take_env },
    { "cwd", "DIR", "where the program starts; default the executor's own",
            "an absolute path", take_cwd },
    { "timeout", "SECONDS", "kill the program with all it started after that",
            "a number above 0", take_timeout },
    { NULL, NULL, NULL, NULL, NULL },
};

static const char *failure_text(enum remex_failure failure)
{
    switch (failure) {
    case REMEX_FAILURE_LINK_LOST:
        return "the link was lost and did not come back; check that the "
               "executor runs and can be reached";
    case REMEX_FAILURE_EXECUTOR_RESTARTED:
        return "it was restarted, and the program is gone; run it again";
    case REMEX_FAILURE_SESSION_EXPIRED:
        return "it has ended our session, and the program with it; run it "
               "again";
    case REMEX_FAILURE_TAKEN_OVER:
        return "another client has taken over our session";
    case REMEX_FAILURE_EVICTED:
        return "it has forgotten the program; run it again";
    case REMEX_FAILURE_NOT_AUTHORISED:
        return "it does not allow us that; check the token";
    case REMEX_FAILURE_PROTOCOL:
        return "it broke the protocol; check that both ends are of one "
               "version";
    case REMEX_FAILURE_NO_MEMORY:
        return "out of memory on this side";
    }
    return "it failed for an unknown reason";
}

static int exit_status(const struct remex_exit *ended)
{
    if (ended->reason == REMEX_EXIT_WALL_TIME)
        return REPORT_EXIT_TIMED_OUT;
    return ended->by_signal ? REPORT_EXIT_SIGNAL + ended->code : ended->code;
}

/* What the failure to start `program` makes our exit status. */
static int explain(const char *program, const struct run_options *options,
        const struct remex_error *error)
{
    bool launch = error->kind == REMEX_ERROR_LAUNCH_FAILED;

    if (launch && error->stage == REMEX_STAGE_EXEC) {
        report("cannot run '%s': %s", program, strerror(error->os_error));
        return error->os_error == ENOENT ? REPORT_EXIT_NOT_FOUND
                                         : REPORT_EXIT_CANNOT_EXECUTE;
    }
    if (launch && error->stage == REMEX_STAGE_CWD && options->cwd)
        report("cannot start '%s' in '%s': %s", program, options->cwd,
                strerror(error->os_error));
    else
        report("cannot start '%s': %s", program, error->text);
    return REPORT_EXIT_FAILED;
}

/* Passes output on. 0, or our exit status if it cannot be. */
static int pass_on(
        struct remex_process *process, const struct remex_event *event)
{
    bool is_stderr = event->output.stream == REMEX_STDERR;
    int status = REPORT_EXIT_SIGNAL + SIGPIPE;

    if (output_write(
                is_stderr ? STDERR_FILENO : STDOUT_FILENO, event->output.data))
        return 0;
    /* As in a pipeline of local programs: whoever writes to nobody ends. */
    if (errno != EPIPE) {
        report("cannot write standard %s: %s", is_stderr ? "error" : "output",
                strerror(errno));
        status = REPORT_EXIT_FAILED;
    }
    (void)!remex_process_terminate(process, NULL, NULL);
    return status;
}

static void report_gap(const struct remex_event *event)
{
    report("%" PRIu64 " bytes of output are lost (events %" PRIu64
           " to %" PRIu64 ")",
            event->gap.bytes, event->gap.first_seq, event->seq);
}

/* Follows the process to its end; returns our exit status. */
static int follow(
        struct remex_process *process, const struct run_options *options)
{
    struct remex_event event;
    enum remex_status got;
    int status = REPORT_EXIT_FAILED;
    int broken;

    while ((got = remex_process_next_event(process, REMEX_FOREVER, &event)) ==
            REMEX_OK) {
        switch (event.kind) {
        case REMEX_EVENT_OUTPUT:
            broken = pass_on(process, &event);
            if (broken)
                return broken;
            break;
        case REMEX_EVENT_EXITED:
            status = exit_status(&event.exited);
            break;
        case REMEX_EVENT_GAP:
            report_gap(&event);
            break;
        case REMEX_EVENT_CLOSED:
            break;
        case REMEX_EVENT_FAILED:
            report("lost the executor %s: %s",
                    connect_address(&options->connect),
                    failure_text(event.failure));
            return REPORT_EXIT_FAILED;
        }
    }
    if (got == REMEX_ENDED)
        return status;
    report("cannot follow the program: %s", remex_status_name(got));
    return REPORT_EXIT_FAILED;
}

static int feed_and_follow(struct remex_process *process,
        const struct run_options *options, bool has_stdin)
{
    struct feeder feeder;
    int status;

    if (has_stdin && !feeder_init(&feeder, process))
        return REPORT_EXIT_FAILED;
    status = follow(process, options);
    if (has_stdin && !feeder_deinit(&feeder))
        return REPORT_EXIT_FAILED;
    return status;
}

static int run_on(struct remex_client *client, char *const *argv,
        const struct run_options *options, struct signals *signals)
{
    struct remex_process_options process_options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_process *process = NULL;
    struct remex_error error;
    bool has_stdin = feeder_has_stdin();
    int status;

    process_options.cwd = options->cwd;
    process_options.env = options->env;
    process_options.stdin_mode =
            has_stdin ? REMEX_STDIN_PIPE : REMEX_STDIN_CLOSED;
    process_options.wall_time_ms = options->wall_time_ms;
    signals_set_starting(signals);
    if (remex_process_start(client, (const char *const *)argv, &process_options,
                &process, &error) != REMEX_OK) {
        signals_deinit(signals);
        return explain(argv[0], options, &error);
    }
    signals_set_running(signals, process);
    status = feed_and_follow(process, options, has_stdin);
    signals_deinit(signals);
    remex_process_free(process);
    return status;
}

static int connect_and_run(char *const *argv, const struct run_options *options)
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

static int run(const struct verb *verb, int argc, char **argv)
{
    struct run_options options = { 0 };
    int status = REPORT_EXIT_FAILED;
    int rest = argc;

    options.env = calloc((size_t)argc + 1, sizeof(*options.env));
    if (!options.env) {
        report("out of memory");
        return REPORT_EXIT_FAILED;
    }
    switch (options_parse(verb, argc, argv, &options, &rest)) {
    case OPTIONS_HELP:
        status = 0;
        break;
    case OPTIONS_WRONG:
        break;
    case OPTIONS_TAKEN:
        if (rest < argc)
            status = connect_and_run(argv + rest, &options);
        else
            report("run: no command given; usage: remex run [OPTION]... %s",
                    verb->operands);
        break;
    }
    free(options.env);
    return status;
}

const struct verb run_verb = {
    .name = "run",
    .operands = "-- CMD [ARG]...",
    .summary = "Run CMD on an executor as if it ran here: with our stdin, "
               "stdout, stderr,\nsignals and exit status.",
    .specs = specs,
    .shared = connect_specs,
    .run = run,
};
