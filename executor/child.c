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

#include "executor/child_inside.h"
#include "executor/terminal.h"

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

void child_drop_leader(struct process_child *child)
{
    reaper_unclaim(child->host->reaper, &child->claim);
    if (child->exit.fd >= 0)
        loop_remove(child->host->loop, &child->exit);
    close(child->pidfd);
    child->pidfd = -1;
}

void child_forget_leader(struct process_child *child)
{
    containment_tree_orphaned(child->tree);
    child_drop_leader(child);
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
    exited.out_of_memory = containment_tree_is_out_of_memory(child->tree);
    child_forget_leader(child);
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
    child_forget_leader(child);
    containment_tree_release(child->tree);
    child_free(child);
}

/* One that is on its way may have ended since the turn looked: the next one
 * sees that before anything else. */
static void on_end(struct process_child *child)
{
    if (child->birth)
        return;
    if (child->process)
        end(child);
    else
        end_released(child);
}

void child_on_pidfd(struct loop_watch *watch, uint32_t epoll_events)
{
    (void)epoll_events;
    on_end(CONTAINER_OF(watch, struct process_child, exit));
}

void child_on_claim(struct reaper_claim *claim)
{
    on_end(CONTAINER_OF(claim, struct process_child, claim));
}

void child_release(struct process_child *child)
{
    if (child->birth)
        birth_abort(child);
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
    child_output_hurry(&child->out);
    child_output_hurry(&child->err);
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

static bool host_has_room(struct process_host *base)
{
    struct child_host *host = CONTAINER_OF(base, struct child_host, base);

    return births_have_room(&host->births);
}

static const struct process_host_calls host_calls = {
    .start = child_start,
    .has_room = host_has_room,
    .signal = host_signal,
    .kill_tree = host_kill_tree,
    .resume = host_resume,
    .abandon = host_abandon,
    .feed = host_feed,
    .close_stdin = host_close_stdin,
    .resize = host_resize,
    .release = child_release,
};

enum remex_status child_host_new(
        const struct child_host_parts *parts, struct child_host **out)
{
    struct child_host *host = calloc(1, sizeof(*host));
    enum remex_status status;

    if (!host)
        return REMEX_NO_MEMORY;
    signal(SIGPIPE, SIG_IGN); /* before the spawner looks at what is ignored */
    status = births_init(&host->births, parts->loop);
    if (status != REMEX_OK) {
        free(host);
        return status;
    }
    status = containment_new(
            parts->loop, parts->reaper, parts->groups, &host->containment);
    if (status != REMEX_OK) {
        births_deinit(&host->births);
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
        child_forget_leader(child);
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
    births_deinit(&host->births);
    free(host);
}

struct process_host *child_host_of(struct child_host *host)
{
    return &host->base;
}
