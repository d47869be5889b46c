/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/child.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/error.h"
#include "executor/child_input.h"
#include "executor/child_output.h"
#include "executor/containment.h"
#include "executor/launch.h"
#include "executor/list.h"
#include "executor/program.h"
#include "executor/spawn.h"
#include "executor/stdio_ends.h"
#include "executor/terminal.h"

struct child_host {
    struct process_host base;
    struct loop *loop;
    struct reaper *reaper;
    struct containment *containment;
    const struct credentials *user; /* NULL: ours */
    struct spawner spawner;
    struct list released; /* children whose leaders are still to be reaped */
};

struct process_child {
    struct child_host *host;
    struct process *process; /* NULL: released */
    struct containment_tree *tree;
    int pidfd;              /* -1: not born, or reaped */
    struct loop_watch exit; /* fd -1: unwatched; the reaper tells as well */
    struct reaper_claim claim;
    struct list released;
    struct child_input in;
    struct child_output out; /* of a terminal: all there is */
    struct child_output err;
    /* The child's end of its terminal, held until its leader ends: that it is
     * open nowhere for a while is no end of it, for it may be opened again as
     * /dev/tty. -1: none. */
    int terminal;
};

/* --- The end of a child -------------------------------------------------- */

static void let_go_of_terminal(struct process_child *child)
{
    if (child->terminal >= 0)
        close(child->terminal);
    child->terminal = -1;
}

static void close_pipes(struct process_child *child)
{
    let_go_of_terminal(child);
    child_input_close(&child->in);
    child_output_close(&child->out);
    child_output_close(&child->err);
}

static uint64_t microseconds(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_usec;
}

static struct remex_exit exit_of(
        const siginfo_t *info, const struct rusage *usage)
{
    return (struct remex_exit){
        .by_signal = info->si_code != CLD_EXITED,
        .code = info->si_status,
        .core = info->si_code == CLD_DUMPED,
        .user_us = microseconds(usage->ru_utime),
        .system_us = microseconds(usage->ru_stime),
        .max_rss_kib = (uint64_t)usage->ru_maxrss,
        .minor_faults = (uint64_t)usage->ru_minflt,
        .major_faults = (uint64_t)usage->ru_majflt,
        .voluntary_switches = (uint64_t)usage->ru_nvcsw,
        .involuntary_switches = (uint64_t)usage->ru_nivcsw,
    };
}

/* False: it has not ended. The raw call, for it tells the usage as well. */
static bool reap_leader(int pidfd, struct remex_exit *out)
{
    siginfo_t info = { 0 };
    struct rusage usage = { 0 };
    long result;

    do {
        result = syscall(
                SYS_waitid, P_PIDFD, pidfd, &info, WEXITED | WNOHANG, &usage);
    } while (result < 0 && errno == EINTR);
    if (result < 0 || info.si_pid == 0)
        return false;
    *out = exit_of(&info, &usage);
    return true;
}

static void forget_leader(struct process_child *child)
{
    containment_tree_orphaned(child->tree);
    reaper_unclaim(child->host->reaper, &child->claim);
    if (child->exit.fd >= 0)
        loop_remove(child->host->loop, &child->exit);
    close(child->pidfd);
    child->pidfd = -1;
}

/* What the child wrote is read before its end is told: the pipes hold all of
 * it, unless somebody else goes on writing. */
static void end(struct process_child *child)
{
    struct remex_exit exited;

    let_go_of_terminal(child);
    child_output_drain(&child->out);
    child_output_drain(&child->err);
    if (!reap_leader(child->pidfd, &exited))
        return;
    forget_leader(child);
    process_on_exit(child->process, &exited, loop_now(child->host->loop));
}

static void child_free(struct process_child *child)
{
    list_remove(&child->released);
    free(child);
}

static void end_released(struct process_child *child)
{
    struct remex_exit exited;

    if (!reap_leader(child->pidfd, &exited))
        return;
    forget_leader(child);
    containment_tree_release(child->tree);
    child_free(child);
}

static void on_end(struct process_child *child)
{
    if (child->process)
        end(child);
    else
        end_released(child);
}

static void on_pidfd(struct loop_watch *watch, uint32_t epoll_events)
{
    (void)epoll_events;
    on_end(CONTAINER_OF(watch, struct process_child, exit));
}

static void on_claim(struct reaper_claim *claim)
{
    on_end(CONTAINER_OF(claim, struct process_child, claim));
}

static void host_release(struct process_child *child)
{
    close_pipes(child);
    if (child->pidfd < 0) {
        containment_tree_release(child->tree);
        child_free(child);
        return;
    }
    child->process = NULL;
    list_append(&child->host->released, &child->released);
    containment_tree_kill(child->tree);
}

/* --- Start --------------------------------------------------------------- */

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

/* The child is born, or nothing has happened but `failure`. */
static void give_birth(struct process_child *child,
        const struct process_spec *spec, const struct launch *launch,
        struct stdio_ends *ends, struct spawn_failure *failure)
{
    const struct spawner *spawner = &child->host->spawner;
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
        .group_fd = containment_tree_door(child->tree),
    };
    struct spawned spawned;
    enum remex_status status;

    stdio_ends_give(ends, spawner->null_fd, order.stdio);
    status = spawner_run(spawner, &order, &spawned, failure);
    if (order.group_fd >= 0)
        close(order.group_fd);
    if (status != REMEX_OK)
        return;
    child->pidfd = spawned.pidfd;
    if (ends->terminal) {
        child->terminal = ends->theirs[0];
        ends->theirs[0] = -1;
    }
    reaper_claim(child->host->reaper, &child->claim, spawned.pid);
    containment_tree_born(child->tree, spawned.pid, spawned.pidfd);
    (void)!loop_add(child->host->loop, &child->exit, spawned.pidfd, EPOLLIN);
}

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
    child->exit = (struct loop_watch){ .ready = on_pidfd, .fd = -1 };
    child->claim.ended = on_claim;
    list_init(&child->released);
    child->terminal = -1;
    child_input_init(&child->in, host->loop, process, -1, false);
    child_output_init(&child->out, host->loop, process, REMEX_STDOUT);
    child_output_init(&child->err, host->loop, process, REMEX_STDERR);
    return child;
}

static enum remex_status host_start(struct process_host *base,
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
        host_release(child);
        return status;
    }
    out->child = child;
    out->pid = child->claim.pid;
    return REMEX_OK;
}

/* --- What is asked of a child -------------------------------------------- */

static enum remex_status host_signal(struct process_child *child,
        int signal_number, enum signal_target target)
{
    return containment_tree_signal(child->tree, signal_number, target);
}

static void host_kill_tree(struct process_child *child)
{
    containment_tree_kill(child->tree);
}

static struct child_output *output_of(
        struct process_child *child, enum remex_stream stream)
{
    return stream == REMEX_STDERR ? &child->err : &child->out;
}

static void host_resume(struct process_child *child, enum remex_stream stream)
{
    child_output_resume(output_of(child, stream));
}

static void host_abandon(struct process_child *child, enum remex_stream stream)
{
    child_output_abandon(output_of(child, stream));
}

static void host_feed(struct process_child *child)
{
    child_input_feed(&child->in);
}

static void host_close_stdin(struct process_child *child)
{
    child_input_close(&child->in);
}

static enum remex_status host_resize(
        struct process_child *child, uint32_t rows, uint32_t columns)
{
    return terminal_resize(child->out.watch.fd, rows, columns) ? REMEX_OK
                                                               : REMEX_INTERNAL;
}

/* --- The host ------------------------------------------------------------ */

static const struct process_host_calls host_calls = {
    .start = host_start,
    .signal = host_signal,
    .kill_tree = host_kill_tree,
    .resume = host_resume,
    .abandon = host_abandon,
    .feed = host_feed,
    .close_stdin = host_close_stdin,
    .resize = host_resize,
    .release = host_release,
};

enum remex_status child_host_new(
        const struct child_host_parts *parts, struct child_host **out)
{
    struct child_host *host = calloc(1, sizeof(*host));
    enum remex_status status;

    if (!host)
        return REMEX_NO_MEMORY;
    signal(SIGPIPE, SIG_IGN); /* before the spawner looks at what is ignored */
    status = spawner_init(&host->spawner);
    if (status != REMEX_OK) {
        free(host);
        return status;
    }
    status = containment_new(
            parts->loop, parts->reaper, parts->groups, &host->containment);
    if (status != REMEX_OK) {
        spawner_deinit(&host->spawner);
        free(host);
        return status;
    }
    host->base.calls = &host_calls;
    host->loop = parts->loop;
    host->reaper = parts->reaper;
    host->user = parts->user;
    list_init(&host->released);
    *out = host;
    return REMEX_OK;
}

/* The dead and dying are not waited for. */
static void abandon_released(struct child_host *host)
{
    struct list *next;

    for (struct list *at = host->released.next; at != &host->released;
            at = next) {
        struct process_child *child =
                CONTAINER_OF(at, struct process_child, released);

        next = at->next;
        forget_leader(child);
        containment_tree_release(child->tree);
        free(child);
    }
}

void child_host_free(struct child_host *host)
{
    if (!host)
        return;
    abandon_released(host);
    containment_free(host->containment);
    spawner_deinit(&host->spawner);
    free(host);
}

struct process_host *child_host_of(struct child_host *host)
{
    return &host->base;
}
