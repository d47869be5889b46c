/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_CHILD_H
#define EXECUTOR_CHILD_H

/*
 * Real children: the process_host of an executor.
 *
 * A child is a pidfd and at most three pipes on the loop. Outputs are read one
 * piece per pipe and turn, straight into the log; stdin is written as far as
 * the pipe takes it. A child that was released lives on here until its tree is
 * dead.
 */

#include <remex/status.h>

#include "executor/cgroup.h"
#include "executor/credentials.h"
#include "executor/loop.h"
#include "executor/process_host.h"
#include "executor/reaper.h"

struct child_host;

/* What a host needs of others; all of it is lent until child_host_free. */
struct child_host_parts {
    struct loop *loop;
    struct reaper *reaper;
    struct cgroup_home *groups;     /* NULL: none */
    const struct credentials *user; /* of all children; NULL: ours */
};

/* Makes this process a subreaper and ignores SIGPIPE, for good. */
REMEX_CHECKED enum remex_status child_host_new(
        const struct child_host_parts *parts, struct child_host **out);

/* Every process must have been freed. What is still dying is left to
 * sweep_children. NULL is allowed. */
void child_host_free(struct child_host *host);

/* What process_start wants. Lent until child_host_free. */
struct process_host *child_host_of(struct child_host *host);

#endif
