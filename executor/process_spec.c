/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/process_spec.h"

#include <string.h>
#include <sys/resource.h>

#include "common/error.h"

static bool has_nul(struct remex_bytes bytes)
{
    return bytes.size > 0 && memchr(bytes.data, '\0', bytes.size);
}

static enum remex_status check_argv(
        const struct process_spec *spec, struct remex_error *error)
{
    if (spec->argv_count == 0 || spec->argv[0].size == 0)
        return error_bad_field(
                error, "start.argv", "argv must name a program first");
    for (size_t i = 0; i < spec->argv_count; i++) {
        if (has_nul(spec->argv[i]))
            return error_bad_field(
                    error, "start.argv", "argument %zu contains a NUL", i);
    }
    if (has_nul(spec->arg0))
        return error_bad_field(error, "start.arg0", "arg0 contains a NUL");
    return REMEX_OK;
}

static enum remex_status check_cwd(
        const struct process_spec *spec, struct remex_error *error)
{
    if (has_nul(spec->cwd))
        return error_bad_field(error, "start.cwd", "cwd contains a NUL");
    if (spec->cwd.size > 0 && *(const char *)spec->cwd.data != '/')
        return error_bad_field(error, "start.cwd", "cwd must be absolute");
    return REMEX_OK;
}

static enum remex_status check_env(
        const struct process_spec *spec, struct remex_error *error)
{
    for (size_t i = 0; i < spec->env_count; i++) {
        struct remex_bytes entry = spec->env[i];
        const char *text = entry.data;
        bool overlay = spec->env_base == ENV_EXECUTOR;

        if (entry.size == 0 || text[0] == '=' || has_nul(entry))
            return error_bad_field(
                    error, "start.env", "entry %zu of env is no NAME=value", i);
        if (!overlay && !memchr(text, '=', entry.size))
            return error_bad_field(error, "start.env",
                    "entry %zu of env has no value, and there is nothing "
                    "to unset",
                    i);
    }
    return REMEX_OK;
}

static enum remex_status check_rlimits(
        const struct process_spec *spec, struct remex_error *error)
{
    for (size_t i = 0; i < spec->rlimit_count; i++) {
        const struct rlimit_spec *rlimit = &spec->rlimits[i];

        if (rlimit->resource >= RLIM_NLIMITS || rlimit->soft > rlimit->hard)
            return error_bad_field(error, "start.rlimits",
                    "rlimit %zu is no resource of Linux, or its soft limit is "
                    "above its hard one",
                    i);
        if (rlimit->resource == RLIMIT_LOCKS)
            return error_bad_field(error, "start.rlimits",
                    "RLIMIT_LOCKS has no effect, and the executor marks "
                    "trees by it");
    }
    return REMEX_OK;
}

static bool is_size(uint32_t cells)
{
    return cells >= 1 && cells <= MESSAGE_TERMINAL_CELLS;
}

static enum remex_status check_pty(
        const struct process_spec *spec, struct remex_error *error)
{
    if (!spec->pty)
        return REMEX_OK;
    if (!is_size(spec->pty->rows))
        return error_bad_field(error, "start.pty.rows",
                "a terminal must have 1 to 65535 rows");
    if (!is_size(spec->pty->columns))
        return error_bad_field(error, "start.pty.columns",
                "a terminal must have 1 to 65535 columns");
    if (has_nul(spec->pty->term))
        return error_bad_field(error, "start.pty.term", "term contains a NUL");
    if (spec->out.capture != CAPTURE_PIPE)
        return error_bad_field(error, "start.stdout_spec.capture",
                "a terminal's output is always captured");
    return REMEX_OK;
}

/* More than can be kept is not promised. */
static enum remex_status check_retention(const struct stream_spec *stream,
        struct event_log_limits share, const char *field,
        struct remex_error *error)
{
    bool by_bytes = stream->retention == RETENTION_BYTES;
    uint64_t most = by_bytes ? share.max_bytes : share.max_events;

    if (stream->capture != CAPTURE_PIPE ||
            stream->retention == RETENTION_NONE ||
            stream->retention == RETENTION_ALL ||
            stream->retention_amount <= most)
        return REMEX_OK;
    return error_bad_field(error, field,
            "the executor keeps at most %llu %s of this stream, not %llu",
            (unsigned long long)most, by_bytes ? "bytes" : "chunks",
            (unsigned long long)stream->retention_amount);
}

static enum remex_status check_streams(const struct process_spec *spec,
        const struct event_log_limits *limits, struct remex_error *error)
{
    size_t captured = (size_t)(spec->out.capture == CAPTURE_PIPE) +
            (size_t)(!spec->pty && spec->err.capture == CAPTURE_PIPE);
    struct event_log_limits share = event_log_share(*limits, captured);
    enum remex_status status = check_retention(
            &spec->out, share, "start.stdout_spec.retention_amount", error);

    if (status != REMEX_OK || spec->pty)
        return status;
    return check_retention(
            &spec->err, share, "start.stderr_spec.retention_amount", error);
}

enum remex_status process_spec_check(const struct process_spec *spec,
        const struct event_log_limits *limits, struct remex_error *error)
{
    static enum remex_status (*const checks[])(
            const struct process_spec *, struct remex_error *) = {
        check_argv,
        check_cwd,
        check_env,
        check_rlimits,
        check_pty,
    };

    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        enum remex_status status = checks[i](spec, error);

        if (status != REMEX_OK)
            return status;
    }
    return check_streams(spec, limits, error);
}
