/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/launch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/quantity.h"
#include "client/cli/report.h"

static bool take_env(void *data, char *value)
{
    struct launch_options *options = data;
    const char *equals = strchr(value, '=');

    if (!equals || equals == value)
        return false;
    options->env[options->env_count++] = value;
    return true;
}

static bool take_cwd(void *data, char *value)
{
    struct launch_options *options = data;

    options->cwd = value;
    return value[0] == '/';
}

static bool take_wall_time(void *data, char *value)
{
    struct launch_options *options = data;

    return quantity_parse_duration(value, &options->wall_time_ms) &&
            options->wall_time_ms > 0;
}

const struct option_spec launch_specs[] = {
    { 0, "env", "NAME=VALUE", "set in the program's environment; repeatable",
            "NAME=VALUE", take_env },
    { 0, "cwd", "DIR", "where the program starts; default the executor's own",
            "an absolute path", take_cwd },
    { 0, "timeout", "DURATION", "kill the program and its tree after that",
            "a duration above 0 such as 10s", take_wall_time },
    OPTIONS_END,
};

bool launch_init(struct launch_options *options, const struct words *words)
{
    *options = (struct launch_options){ 0 };
    options->env = calloc((size_t)words->count + 1, sizeof(*options->env));
    if (!options->env)
        report("out of memory");
    return options->env;
}

void launch_deinit(struct launch_options *options)
{
    free(options->env);
}

struct remex_process_options launch_process_options(
        const struct launch_options *options)
{
    struct remex_process_options process =
            REMEX_DEFAULTS(remex_process_options);

    process.cwd = options->cwd;
    process.env = options->env;
    process.wall_time_ms = options->wall_time_ms;
    return process;
}

int launch_explain(const char *program, const struct launch_options *options,
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
