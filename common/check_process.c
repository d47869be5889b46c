/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "common/check_values.h"
#include "common/traceparent.h"

static bool check_argv(const struct check *c, const struct process_spec *spec)
{
    if (!check_that(c, spec->argv_count > 0 && spec->argv[0].size > 0, "argv",
                "Give at least one argument, the program to run."))
        return false;
    for (size_t i = 0; i < spec->argv_count; i++)
        if (!check_no_nul(c, spec->argv[i], "argv"))
            return false;
    return check_no_nul(c, spec->arg0, "arg0");
}

static bool check_cwd(const struct check *c, struct remex_bytes cwd)
{
    bool absolute = cwd.size == 0 || *(const char *)cwd.data == '/';

    return check_that(c, absolute, "cwd",
                   "It must be an absolute path, or empty.") &&
            check_no_nul(c, cwd, "cwd");
}

static bool check_variable(
        const struct check *c, struct remex_bytes entry, enum env_base base)
{
    const char *name = entry.data;
    bool named = entry.size > 0 && name[0] != '=';
    bool valued = named && memchr(name, '=', entry.size);

    return check_that(c, named, "env",
                   "A variable must have a name, as in NAME=value.") &&
            check_that(c, valued || base == ENV_EXECUTOR, "env",
                    "A variable must have a value, as in NAME=value; a NAME "
                    "alone unsets, and needs the executor's environment as "
                    "base.") &&
            check_no_nul(c, entry, "env");
}

static bool check_env(const struct check *c, const struct process_spec *spec)
{
    if (!check_choice(c, spec->env_base, ENV_EXECUTOR, "env_base"))
        return false;
    for (size_t i = 0; i < spec->env_count; i++)
        if (!check_variable(c, spec->env[i], spec->env_base))
            return false;
    return true;
}

bool check_stream(const struct check *c, const struct stream_spec *spec)
{
    bool counted = spec->retention == RETENTION_BYTES ||
            spec->retention == RETENTION_CHUNKS;
    bool may_be_unspecified = spec->delivery == DELIVERY_LOSSY &&
            (unsigned int)spec->no_follower == 0;

    return check_choice(c, spec->capture, CAPTURE_DISCARD, "capture") &&
            check_choice(c, spec->delivery, DELIVERY_RELIABLE, "delivery") &&
            (may_be_unspecified ||
                    check_choice(c, spec->no_follower, NO_FOLLOWER_HOLD,
                            "no_follower")) &&
            check_choice(c, spec->retention, RETENTION_ALL, "retention") &&
            check_that(c, !counted || spec->retention_amount > 0,
                    "retention_amount",
                    "This retention needs an amount above 0.");
}

static bool is_left_out(const struct stream_spec *spec)
{
    return (unsigned int)spec->capture == 0 &&
            (unsigned int)spec->delivery == 0 &&
            (unsigned int)spec->no_follower == 0 &&
            (unsigned int)spec->retention == 0 && spec->retention_amount == 0 &&
            spec->chunk_bytes == 0;
}

/* A terminal is one stream, which stdout_spec describes. */
static bool check_terminal_streams(
        const struct check *c, const struct process_spec *spec)
{
    return check_that(c, spec->out.capture == CAPTURE_PIPE,
                   "stdout_spec.capture",
                   "A terminal's output is always captured.") &&
            check_that(c, is_left_out(&spec->err), "stderr_spec",
                    "A terminal is one stream: leave stderr_spec out.");
}

static bool check_streams(
        const struct check *c, const struct process_spec *spec)
{
    struct check out = check_within(c, "stdout_spec");
    struct check err = check_within(c, "stderr_spec");

    return check_choice(c, spec->stdin_kind, STDIN_PIPE, "stdin_kind") &&
            check_stream(&out, &spec->out) &&
            (spec->pty ? check_terminal_streams(c, spec)
                       : check_stream(&err, &spec->err));
}

bool check_cells(const struct check *c, uint32_t cells, const char *field)
{
    return check_that(c, cells >= 1 && cells <= MESSAGE_TERMINAL_CELLS, field,
            "A terminal must have 1 to 65535 rows and columns.");
}

/* No path, and nothing to be taken for anything else: policies do not look at
 * it, so that terminals can be used under those that let no variable be set. */
static bool check_term(const struct check *c, struct remex_bytes term)
{
    const uint8_t *bytes = term.data;
    bool fine = term.size <= MESSAGE_TERM_BYTES;

    for (size_t i = 0; fine && i < term.size; i++)
        fine = bytes[i] > ' ' && bytes[i] < 0x7f && bytes[i] != '/';
    return check_that(c, fine, "term",
            "The name of a terminal is at most 128 visible ASCII characters, "
            "none of them /.");
}

static bool check_pty(const struct check *c, const struct pty_spec *pty)
{
    struct check within = check_within(c, "pty");

    if (!pty)
        return true;
    return check_cells(&within, pty->rows, "rows") &&
            check_cells(&within, pty->columns, "columns") &&
            check_term(&within, pty->term);
}

static bool check_rlimits(
        const struct check *c, const struct process_spec *spec)
{
    if (!check_that(c, spec->rlimit_count <= MESSAGE_RLIMITS, "rlimits",
                "There can be 16 resource limits at most."))
        return false;
    for (size_t i = 0; i < spec->rlimit_count; i++) {
        const struct rlimit_spec *limit = &spec->rlimits[i];

        if (!check_that(c, limit->resource < MESSAGE_RLIMITS, "rlimits",
                    "A resource must be the number of one of Linux's "
                    "RLIMIT_....") ||
                !check_that(c, limit->soft <= limit->hard, "rlimits",
                        "A soft limit must not be above its hard one."))
            return false;
    }
    return true;
}

/* 0: none. */
static bool is_none_or_within(uint64_t value, uint64_t least, uint64_t most)
{
    return value == 0 || (value >= least && value <= most);
}

static bool check_tree_limits(
        const struct check *c, const struct tree_limits *limits)
{
    struct check within = check_within(c, "tree_limits");

    return check_that(&within,
                   is_none_or_within(limits->memory_bytes, MESSAGE_MEMORY_LEAST,
                           MESSAGE_MEMORY_MOST),
                   "memory_bytes", "Memory must be 4 MiB to 1 PiB.") &&
            check_that(&within,
                    is_none_or_within(limits->pids, MESSAGE_PIDS_LEAST,
                            MESSAGE_PIDS_MOST),
                    "pids",
                    "There must be 1 to 4194304 processes and threads.") &&
            check_that(&within,
                    is_none_or_within(limits->cpu_millis, MESSAGE_CPU_LEAST,
                            MESSAGE_CPU_MOST),
                    "cpu_millis",
                    "It must be 10 to 10000000 thousandths of a processor.");
}

bool check_labels(
        const struct check *c, const struct label *labels, size_t count)
{
    if (!check_that(c, count <= MESSAGE_LABELS, "labels",
                "There can be 32 labels at most."))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct label *label = &labels[i];

        if (!check_that(c, label->name.size > 0, "labels",
                    "A label must have a name.") ||
                !check_text(
                        c, label->name, MESSAGE_LABEL_NAME_BYTES, "labels") ||
                !check_text(
                        c, label->value, MESSAGE_LABEL_VALUE_BYTES, "labels"))
            return false;
    }
    return true;
}

static bool check_owner_loss(
        const struct check *c, const struct process_spec *spec)
{
    return check_choice(c, spec->owner_loss, OWNER_LOSS_KEEP, "owner_loss") &&
            check_that(c, spec->owner_loss != OWNER_LOSS_KEEP || spec->keep_ms,
                    "keep_ms", "Say for how long to keep it, above 0.");
}

/* It is a field of the envelope. */
static bool check_traceparent(
        const struct check *c, struct remex_bytes traceparent)
{
    struct check envelope = { .error = c->error };

    return check_that(&envelope,
            traceparent.size == 0 || traceparent_is_valid(traceparent),
            "traceparent",
            "Give the 55 bytes of a W3C trace-parent, in lower case and with "
            "ids that are not all zeros; or none.");
}

bool check_process(const struct check *c, const struct process_spec *spec)
{
    return check_process_id(c, spec->process_id, "process_id") &&
            check_argv(c, spec) && check_cwd(c, spec->cwd) &&
            check_env(c, spec) && check_streams(c, spec) &&
            check_pty(c, spec->pty) && check_rlimits(c, spec) &&
            check_plan(
                    c, spec->stop_plan, spec->stop_plan_count, "stop_plan") &&
            check_owner_loss(c, spec) &&
            check_labels(c, spec->labels, spec->label_count) &&
            check_tree_limits(c, &spec->tree_limits) &&
            check_traceparent(c, spec->traceparent);
}
