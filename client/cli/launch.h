/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_LAUNCH_H
#define CLI_LAUNCH_H

/*
 * What is to be run, and how: the options that run and start share.
 */

#include <remex/process.h>

#include "client/cli/connect.h"
#include "client/cli/options.h"

struct launch_options {
    struct connect_options connect; /* first, for connect_specs */
    const char *cwd;
    int64_t wall_time_ms;
    const char **env; /* room for every word of the command line */
    size_t env_count;
};

/* For verbs whose own struct is or begins with a launch_options. */
extern const struct option_spec launch_specs[];

/* False, and a report, if there is no memory. */
bool launch_init(struct launch_options *options, const struct words *words);

void launch_deinit(struct launch_options *options);

/* For the library; lent while `options` live. */
struct remex_process_options launch_process_options(
        const struct launch_options *options);

/* Reports why `program` was not started; returns the exit status it makes. */
int launch_explain(const char *program, const struct launch_options *options,
        const struct remex_error *error);

#endif
