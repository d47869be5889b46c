/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_STDIO_ENDS_H
#define EXECUTOR_STDIO_ENDS_H

/*
 * A child's three standard descriptors at both ends: pipes, or one terminal.
 * All are close-on-exec; ours do not block, theirs do.
 */

#include <stdbool.h>

#include "common/message.h"
#include "executor/spawn.h"

/* -1 is none: then the child gets the null device. */
struct stdio_ends {
    int ours[SPAWN_STDIO]; /* of a terminal: to write to, to read from, none */
    int theirs[SPAWN_STDIO]; /* of a terminal: the first is for all three */
    bool terminal;
};

/* Must be closed even if it failed; then `failure` says why. */
bool stdio_ends_open(const struct process_spec *spec, struct stdio_ends *out,
        struct spawn_failure *failure);

/* Those that are still there. */
void stdio_ends_close(struct stdio_ends *ends);

/* What the child is to get. */
void stdio_ends_give(
        const struct stdio_ends *ends, int null_fd, int out[SPAWN_STDIO]);

#endif
