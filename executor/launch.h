/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_LAUNCH_H
#define EXECUTOR_LAUNCH_H

/*
 * A process_spec in the words of execve, and a failed start in words for
 * people.
 *
 * The environment is what `env` states, or (ENV_EXECUTOR) the executor's own
 * with `env` on top: "NAME=value" sets, "NAME" unsets, the last word on a name
 * counts. Of its own the executor gives away none that would change what a
 * program loads or means, that are secrets, or that are about the executor's
 * own service; the .proto lists them. A terminal's `term` becomes TERM, and the
 * executor's own TERM is not given to those who have one; what `env` states
 * about TERM counts more. So it is with TRACEPARENT, for who was given a
 * trace-parent. Who runs as another user gets HOME, USER and LOGNAME
 * of that one, and nothing that is about the executor's session.
 *
 * A program without a slash is looked for in the PATH of the child's
 * environment, in /usr/local/bin, /usr/bin and /bin if there is none; in the
 * first 128 directories. A file that the kernel does not execute is not given
 * to a shell.
 */

#include <remex/status.h>

#include "common/arena.h"
#include "executor/spawn.h"

struct launch {
    struct arena arena;
    const struct credentials *user; /* NULL: ours */
    char *program;                  /* as it was asked for */
    char **candidates;
    char **argv;
    char **envp;
    char *cwd; /* NULL: not stated */
    struct rlimit_spec *rlimits;
    size_t rlimit_count;
    int program_fd; /* see executor/program.h; -1: none */
};

/* Copies what it needs of `spec`, which passed process_spec_check, and `user`
 * (NULL: ours). On failure nothing is to be freed, and `error` is a launch
 * failure. */
REMEX_CHECKED enum remex_status launch_init(struct launch *launch,
        const struct process_spec *spec, const struct credentials *user,
        struct remex_error *error);
void launch_deinit(struct launch *launch);

/* Fills in why the start of `program` in `cwd` failed; returns its status. */
enum remex_status launch_failed(struct remex_bytes program,
        struct remex_bytes cwd, const struct spawn_failure *failure,
        struct remex_error *error);

#endif
