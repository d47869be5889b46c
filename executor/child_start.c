/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/child_inside.h"

#include <errno.h>
#include <stdlib.h>
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

/* --- Start --------------------------------------------------------------- */

/* The child's end of a terminal is held as well. */
static void keep_terminal(struct process_child *child, struct stdio_ends *ends)
{
    if (!ends->terminal)
        return;
    child->terminal = ends->theirs[0];
    ends->theirs[0] = -1;
}

/* REMEX_AGAIN: it is on its way, and the launch is taken over. */
static enum remex_status start_with_streams(struct process_child *child,
        const struct process_spec *spec, const struct launch *launch,
        struct remex_error *error)
{
    struct spawn_failure failure = { REMEX_STAGE_NONE, 0 };
    struct stdio_ends ends;
    bool begun = false;

    if (stdio_ends_open(spec, &ends, &failure)) {
        if (open_streams(child, &ends))
            begun = birth_begin(child, spec, launch, &ends, &failure) ==
                    REMEX_OK;
        else
            failure = (struct spawn_failure){ REMEX_STAGE_RESOURCES, errno };
    }
    if (begun)
        keep_terminal(child, &ends);
    stdio_ends_close(&ends);
    return begun ? REMEX_AGAIN
                 : launch_failed(spec->argv[0], spec->cwd, &failure, error);
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
    if (status != REMEX_AGAIN)
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
        return launch_failed(spec->argv[0], spec->cwd, &no_memory, error);
    out->now = clock_monotonic_ns();
    out->time_ns = clock_realtime_ns();
    status = launch_child(child, spec, policy, error);
    if (status != REMEX_AGAIN) {
        child_release(child);
        return status;
    }
    out->child = child;
    out->pid = child->claim.pid;
    return REMEX_AGAIN;
}
