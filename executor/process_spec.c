/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/process_spec.h"

#include <string.h>
#include <sys/resource.h>

#include "common/error.h"

static enum remex_status unimplemented(
        struct remex_error *error, const char *field, const char *what)
{
    error_bad_field(error, field, "this executor does not offer %s", what);
    if (error)
        error->status = REMEX_UNIMPLEMENTED;
    return REMEX_UNIMPLEMENTED;
}

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

static enum remex_status check_streams(
        const struct process_spec *spec, struct remex_error *error)
{
    bool out = spec->out.capture == CAPTURE_PIPE;
    bool err = spec->err.capture == CAPTURE_PIPE;

    if (out && spec->out.retention != RETENTION_ALL)
        return unimplemented(error, "start.stdout_spec.retention",
                "retention other than RETENTION_ALL");
    if (err && spec->err.retention != RETENTION_ALL)
        return unimplemented(error, "start.stderr_spec.retention",
                "retention other than RETENTION_ALL");
    if (out && err && spec->out.delivery != spec->err.delivery)
        return unimplemented(error, "start.stderr_spec.delivery",
                "stdout and stderr with different delivery");
    if (out && err && spec->out.delivery == DELIVERY_RELIABLE &&
            spec->out.no_follower != spec->err.no_follower)
        return unimplemented(error, "start.stderr_spec.no_follower",
                "stdout and stderr with different no_follower");
    return REMEX_OK;
}

enum remex_status process_spec_check(
        const struct process_spec *spec, struct remex_error *error)
{
    static enum remex_status (*const checks[])(
            const struct process_spec *, struct remex_error *) = {
        check_argv,
        check_cwd,
        check_env,
        check_rlimits,
        check_streams,
    };

    if (spec->pty)
        return unimplemented(error, "start.pty", "terminals");
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        enum remex_status status = checks[i](spec, error);

        if (status != REMEX_OK)
            return status;
    }
    return REMEX_OK;
}
