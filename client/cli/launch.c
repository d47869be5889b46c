/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/launch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/quantity.h"
#include "client/cli/report.h"
#include "client/cli/rlimit.h"
#include "client/cli/stream_policy.h"
#include "common/traceparent.h"

#define MAX_ID_BYTES 128
#define DEFAULT_KEEP_MS ((int64_t)60 * 60 * 1000)

static bool take_env(void *data, const char *value)
{
    struct launch_options *options = data;
    const char *equals = strchr(value, '=');

    if (!equals || equals == value)
        return false;
    options->env[options->env_count++] = value;
    return true;
}

static bool take_cwd(void *data, const char *value)
{
    struct launch_options *options = data;

    options->cwd = value;
    return value[0] == '/';
}

static bool take_id(void *data, const char *value)
{
    struct launch_options *options = data;

    options->id = value;
    return value[0] != '\0' && strlen(value) <= MAX_ID_BYTES;
}

static bool take_wall_time(void *data, const char *value)
{
    struct launch_options *options = data;

    return quantity_parse_duration(value, &options->wall_time_ms) &&
            options->wall_time_ms > 0;
}

static bool take_stdin(void *data, const char *value)
{
    struct launch_options *options = data;

    if (strcmp(value, "pipe") == 0)
        options->stdin_kind = LAUNCH_STDIN_PIPE;
    else if (strcmp(value, "closed") == 0)
        options->stdin_kind = LAUNCH_STDIN_CLOSED;
    else
        return false;
    return true;
}

static bool take_out(void *data, const char *value)
{
    struct launch_options *options = data;

    return stream_policy_parse(value, &options->out);
}

static bool take_err(void *data, const char *value)
{
    struct launch_options *options = data;

    return stream_policy_parse(value, &options->err);
}

static bool take_pty(void *data, const char *value)
{
    struct launch_options *options = data;

    options->has_pty = true;
    return quantity_parse_area(
            value, &options->pty.rows, &options->pty.columns);
}

static bool take_rlimit(void *data, const char *value)
{
    struct launch_options *options = data;

    return options->rlimit_count < LAUNCH_RLIMITS &&
            rlimit_parse(value, &options->rlimits[options->rlimit_count++]);
}

static bool take_memory(void *data, const char *value)
{
    struct launch_options *options = data;
    uint64_t *out = &options->tree_limits.memory_bytes;

    return quantity_parse_bytes(value, out) && *out > 0;
}

static bool take_pids(void *data, const char *value)
{
    struct launch_options *options = data;
    uint64_t *out = &options->tree_limits.pids;

    return quantity_parse_count(value, out) && *out > 0;
}

static bool take_cpu(void *data, const char *value)
{
    struct launch_options *options = data;
    uint64_t *out = &options->tree_limits.cpu_millis;

    return quantity_parse_processors(value, out) && *out > 0;
}

static bool is_traceparent(const char *value)
{
    return traceparent_is_valid((struct remex_bytes){ value, strlen(value) });
}

static bool take_traceparent(void *data, const char *value)
{
    struct launch_options *options = data;

    options->traceparent = value;
    return is_traceparent(value);
}

static bool take_label(void *data, const char *value)
{
    struct launch_options *options = data;

    return label_add(&options->labels, value);
}

static bool take_stop_plan(void *data, const char *value)
{
    struct launch_options *options = data;

    return stop_plan_parse(value, &options->stop_plan);
}

static bool take_keep(void *data, const char *value)
{
    struct launch_options *options = data;

    options->has_owner_loss = true;
    options->owner_loss = REMEX_OWNER_LOSS_KEEP;
    return quantity_parse_duration(value, &options->keep_ms) &&
            options->keep_ms > 0;
}

static bool take_owner_loss(void *data, const char *value)
{
    struct launch_options *options = data;

    options->has_owner_loss = true;
    if (strcmp(value, "kill") == 0)
        options->owner_loss = REMEX_OWNER_LOSS_KILL;
    else if (strcmp(value, "terminate") == 0)
        options->owner_loss = REMEX_OWNER_LOSS_TERMINATE;
    else if (strcmp(value, "keep") == 0)
        options->owner_loss = REMEX_OWNER_LOSS_KEEP;
    else
        return false;
    return true;
}

#define POLICY "words such as lossy,retain=64K"

const struct option_spec launch_specs[] = {
    OPTION(0, "env", "NAME=VALUE",
            "set in the program's environment; repeatable", "NAME=VALUE",
            take_env),
    OPTION(0, "cwd", "DIR",
            "where the program starts; default the executor's own",
            "an absolute path", take_cwd),
    OPTION(0, "stdin", "pipe|closed", "whether it can be written to",
            "pipe or closed", take_stdin),
    OPTION(0, "out", "POLICY", "how its stdout is treated, see remex(1)",
            POLICY, take_out),
    OPTION(0, "err", "POLICY", "how its stderr is treated", POLICY, take_err),
    OPTION(0, "pty", "ROWSxCOLUMNS", "run it on a terminal of that size",
            "a size such as 24x80", take_pty),
    OPTION(0, "id", "ID", "what it is to be called; default random",
            "1 to 128 bytes", take_id),
    OPTION(0, "label", "NAME=VALUE", "for remex ps; repeatable",
            "NAME=VALUE, 32 of them at most", take_label),
    OPTION(0, "wall-time", "DURATION", "kill it and its tree after that",
            "a duration above 0 such as 10s", take_wall_time),
    OPTION(0, "rlimit", "NAME=SOFT[:HARD]", "a resource limit; repeatable",
            "a limit such as nofile=1024:2048 or core=unlimited", take_rlimit),
    OPTION(0, "memory", "SIZE", "most memory of it and all that it starts",
            "a size above 0 such as 512M", take_memory),
    OPTION(0, "pids", "COUNT", "most processes and threads of that tree",
            "a number above 0", take_pids),
    OPTION(0, "cpu", "PROCESSORS", "most processors' time of that tree",
            "a number above 0 such as 1.5", take_cpu),
    OPTION(0, "stop-plan", "SIGNAL[:WAIT],...", "how remex stop is to end it",
            "steps such as TERM:10s,KILL", take_stop_plan),
    OPTION(0, "keep", "DURATION", "let it outlive us for that long",
            "a duration above 0 such as 1h", take_keep),
    OPTION(0, "owner-loss", "kill|terminate|keep",
            "what becomes of it without us", "kill, terminate or keep",
            take_owner_loss),
    OPTION(0, "traceparent", "ID", "where it belongs in a trace, see remex(1)",
            "a W3C trace-parent such as "
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            take_traceparent),
    OPTIONS_END,
};

/* Whatever is there may be for others: only what holds is taken. */
static const char *inherited_traceparent(void)
{
    const char *value = getenv("TRACEPARENT");

    return value && is_traceparent(value) ? value : NULL;
}

bool launch_init(struct launch_options *options, const struct words *words)
{
    *options = (struct launch_options){ .keep_ms = DEFAULT_KEEP_MS };
    options->pty.term = getenv("TERM");
    options->traceparent = inherited_traceparent();
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
        const struct launch_options *options, enum remex_stdin stdin_mode)
{
    struct remex_process_options process =
            REMEX_DEFAULTS(remex_process_options);

    process.id = options->id;
    process.cwd = options->cwd;
    process.env = options->env;
    process.stdin_mode = stdin_mode;
    if (options->stdin_kind != LAUNCH_STDIN_DEFAULT)
        process.stdin_mode = options->stdin_kind == LAUNCH_STDIN_PIPE
                ? REMEX_STDIN_PIPE
                : REMEX_STDIN_CLOSED;
    process.out = options->out;
    process.err = options->err;
    process.pty = options->has_pty ? &options->pty : NULL;
    process.wall_time_ms = options->wall_time_ms;
    process.rlimits = options->rlimits;
    process.rlimit_count = options->rlimit_count;
    process.tree_limits = options->tree_limits;
    process.traceparent = options->traceparent;
    process.stop_plan = options->stop_plan.steps;
    process.stop_step_count = options->stop_plan.count;
    process.labels = options->labels.items;
    process.label_count = options->labels.count;
    process.owner_loss = options->owner_loss;
    process.keep_ms = options->keep_ms;
    return process;
}

/* The option that sets the field which an error names, or "". */
static const char *option_of(const struct remex_error *error)
{
    static const struct {
        const char *field;
        const char *option;
    } fields[] = {
        { ".cwd", "; see --cwd" },
        { ".env", "; see --env" },
        { ".stdout_spec", "; see --out" },
        { ".stderr_spec", "; see --err" },
        { ".pty", "; see --pty" },
        { ".process_id", "; see --id" },
        { ".labels", "; see --label" },
        { ".wall_time_ms", "; see --wall-time" },
        { ".rlimits", "; see --rlimit" },
        { ".memory_bytes", "; see --memory" },
        { ".pids", "; see --pids" },
        { ".cpu_millis", "; see --cpu" },
        { ".stop_plan", "; see --stop-plan" },
        { ".keep_ms", "; see --keep" },
        { ".owner_loss", "; see --owner-loss" },
    };

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (error->kind == REMEX_ERROR_BAD_FIELD &&
                strstr(error->name, fields[i].field))
            return fields[i].option;
    return "";
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
    if (error->status == REMEX_ALREADY_EXISTS && options->id)
        report("cannot start '%s': --id %s is taken by another process",
                program, options->id);
    else if (launch && error->stage == REMEX_STAGE_CWD && options->cwd)
        report("cannot start '%s' in '%s': %s", program, options->cwd,
                strerror(error->os_error));
    else
        report("cannot start '%s': %s%s", program, error->text,
                option_of(error));
    return REPORT_EXIT_FAILED;
}
