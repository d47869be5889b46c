/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_LAUNCH_H
#define CLI_LAUNCH_H

/*
 * What is to be run, and how: the options that run and start share.
 */

#include <remex/process.h>

#include "client/cli/connect.h"
#include "client/cli/label.h"
#include "client/cli/options.h"
#include "client/cli/stop_plan.h"

#define LAUNCH_RLIMITS 16

enum launch_stdin {
    LAUNCH_STDIN_DEFAULT = 0, /* the verb knows */
    LAUNCH_STDIN_CLOSED = 1,
    LAUNCH_STDIN_PIPE = 2,
};

struct launch_options {
    struct connect_options connect; /* first, for connect_specs */
    const char *id;
    const char *cwd;
    const char **env; /* room for every word of the command line */
    size_t env_count;
    enum launch_stdin stdin_kind;
    struct remex_stream_options out;
    struct remex_stream_options err;
    bool has_pty;
    struct remex_pty_options pty;
    int64_t wall_time_ms;
    struct remex_rlimit rlimits[LAUNCH_RLIMITS];
    size_t rlimit_count;
    struct remex_tree_limits tree_limits;
    const char *traceparent; /* NULL: none */
    struct stop_plan stop_plan;
    struct labels labels;
    bool has_owner_loss; /* told, be it by --keep */
    enum remex_owner_loss owner_loss;
    int64_t keep_ms;
};

/* For verbs whose own struct is or begins with a launch_options. */
extern const struct option_spec launch_specs[];

/* False, and a report, if there is no memory. */
bool launch_init(struct launch_options *options, const struct words *words);

void launch_deinit(struct launch_options *options);

/* For the library, with a stdin of that kind unless the options tell another;
 * lent while `options` live. */
struct remex_process_options launch_process_options(
        const struct launch_options *options, enum remex_stdin stdin_mode);

/* Reports why `program` was not started; returns the exit status it makes. */
int launch_explain(const char *program, const struct launch_options *options,
        const struct remex_error *error);

#endif
