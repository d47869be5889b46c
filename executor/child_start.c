/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/child_inside.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/clock.h"
#include "executor/launch.h"
#include "executor/program.h"
#include "executor/stdio_ends.h"

/* --- Streams ------------------------------------------------------------- */

static bool open_output(
        struct child_output *output, enum remex_stream stream, int *fd)
{
    child_output_init(output, output->loop, output->process, stream);
    if (*fd >= 0 && child_output_open(output, *fd) != REMEX_OK)
        return false;
    *fd = -1;
    return true;
}

/* Takes our ends over, those that it could. */
static bool open_streams(struct process_child *child, struct stdio_ends *ends)
{
    child_input_init(&child->in, child->host->loop, child->process,
            ends->ours[0], ends->terminal);
    ends->ours[0] = -1;
    return open_output(&child->out,
                   ends->terminal ? REMEX_TERMINAL : REMEX_STDOUT,
                   &ends->ours[1]) &&
            open_output(&child->err, REMEX_STDERR, &ends->ours[2]);
}

/* --- Birth --------------------------------------------------------------- */

static void close_doors(
        const struct spawn_order *order, const int *doors, size_t count)
{
    if (order->group_fd >= 0)
        close(order->group_fd);
    for (size_t i = 0; i < count; i++)
        close(doors[i]);
}

/* The child lives, in its groups, or nothing has happened but `failure`. */
static bool spawn_into_groups(struct process_child *child,
        const struct process_spec *spec, struct spawn_order *order,
        struct spawned *out, struct spawn_failure *failure)
{
    const struct tree_limits *limits = &spec->tree_limits;
    int doors[TREE_LIMITS];
    int count = 0;
    bool spawned;

    order->limited = tree_limits_set(limits) != 0;
    if (order->limited)
        count = containment_tree_limit(child->tree, limits, doors);
    if (count < 0) {
        *failure = (struct spawn_failure){ REMEX_STAGE_LIMITS, errno };
        return false;
    }
    order->limit_fds = doors;
    order->limit_count = (size_t)count;
    order->group_fd = containment_tree_door(child->tree);
    spawned =
            spawner_run(&child->host->spawner, order, out, failure) == REMEX_OK;
    close_doors(order, doors, (size_t)count);
    return spawned;
}

static void note_birth(struct process_child *child,
        const struct spawned *spawned, struct stdio_ends *ends)
{
    child->pidfd = spawned->pidfd;
    if (ends->terminal) {
        child->terminal = ends->theirs[0];
        ends->theirs[0] = -1;
    }
    reaper_claim(child->host->reaper, &child->claim, spawned->pid);
    containment_tree_born(child->tree, spawned->pid, spawned->pidfd);
    (void)!loop_add(child->host->loop, &child->exit, spawned->pidfd, EPOLLIN);
}

static void give_birth(struct process_child *child,
        const struct process_spec *spec, const struct launch *launch,
        struct stdio_ends *ends, struct spawn_failure *failure)
{
    struct spawn_order order = {
        .candidates = launch->candidates,
        .program_fd = launch->program_fd,
        .argv = launch->argv,
        .envp = launch->envp,
        .user = launch->user,
        .cwd = launch->cwd,
        .terminal = ends->terminal,
        .rlimits = spec->rlimits,
        .rlimit_count = spec->rlimit_count,
        .mark = containment_tree_mark(child->tree),
    };
    struct spawned spawned;

    stdio_ends_give(ends, child->host->spawner.null_fd, order.stdio);
    if (!spawn_into_groups(child, spec, &order, &spawned, failure))
        return;
    note_birth(child, &spawned, ends);
    if (!containment_tree_throttle(child->tree, &spec->tree_limits))
        *failure = (struct spawn_failure){ REMEX_STAGE_LIMITS, errno };
}

/* --- Start --------------------------------------------------------------- */

static enum remex_status start_with_streams(struct process_child *child,
        const struct process_spec *spec, const struct launch *launch,
        struct remex_error *error)
{
    struct spawn_failure failure = { REMEX_STAGE_NONE, 0 };
    struct stdio_ends ends;

    if (stdio_ends_open(spec, &ends, &failure)) {
        if (open_streams(child, &ends))
            give_birth(child, spec, launch, &ends, &failure);
        else
            failure = (struct spawn_failure){ REMEX_STAGE_RESOURCES, errno };
    }
    stdio_ends_close(&ends);
    return failure.stage == REMEX_STAGE_NONE
            ? REMEX_OK
            : launch_failed(spec, &failure, error);
}

static enum remex_status launch_child(struct process_child *child,
        const struct process_spec *spec, const struct policy_section *policy,
        struct remex_error *error)
{
    const struct credentials *user = child->host->user;
    struct launch launch;
    enum remex_status status;

    if (policy && policy->credentials)
        user = policy->credentials;
    status = launch_init(&launch, spec, user, error);

    if (status != REMEX_OK)
        return status;
    if (policy)
        status = program_open(&launch, spec, policy, error);
    if (status == REMEX_OK)
        status = start_with_streams(child, spec, &launch, error);
    launch_deinit(&launch);
    return status;
}

static struct process_child *child_new(
        struct child_host *host, struct process *process)
{
    struct process_child *child = calloc(1, sizeof(*child));

    if (!child)
        return NULL;
    if (containment_tree_new(host->containment, &child->tree) != REMEX_OK) {
        free(child);
        return NULL;
    }
    child->host = host;
    child->process = process;
    child->pidfd = -1;
    child->exit = (struct loop_watch){ .ready = child_on_pidfd, .fd = -1 };
    child->claim.ended = child_on_claim;
    list_init(&child->released);
    child->terminal = -1;
    child_input_init(&child->in, host->loop, process, -1, false);
    child_output_init(&child->out, host->loop, process, REMEX_STDOUT);
    child_output_init(&child->err, host->loop, process, REMEX_STDERR);
    return child;
}

enum remex_status child_start(struct process_host *base,
        const struct process_spec *spec, const struct policy_section *policy,
        struct process *process, struct process_started *out,
        struct remex_error *error)
{
    struct child_host *host = CONTAINER_OF(base, struct child_host, base);
    const struct spawn_failure no_memory = { REMEX_STAGE_RESOURCES, ENOMEM };
    struct process_child *child = child_new(host, process);
    enum remex_status status;

    if (!child)
        return launch_failed(spec, &no_memory, error);
    out->now = clock_monotonic_ns();
    out->time_ns = clock_realtime_ns();
    status = launch_child(child, spec, policy, error);
    if (status != REMEX_OK) {
        child_release(child);
        return status;
    }
    out->child = child;
    out->pid = child->claim.pid;
    return REMEX_OK;
}
