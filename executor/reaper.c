/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/reaper.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "executor/list.h"

/* Most to be reaped in one turn. */
#define TURN_ORPHANS 64

struct reaper {
    struct loop *loop;
    struct loop_watch signals; /* SIGCHLD */
    struct loop_task task;     /* there may be more to reap */
    struct table claims;       /* by pid */
};

static uint64_t hash_of(pid_t pid)
{
    return table_hash(&pid, sizeof(pid));
}

static struct reaper_claim *claim_of(const struct reaper *reaper, pid_t pid)
{
    struct table_node *node = table_first(&reaper->claims, hash_of(pid));

    for (; node; node = table_next(node)) {
        struct reaper_claim *claim =
                CONTAINER_OF(node, struct reaper_claim, node);

        if (claim->pid == pid)
            return claim;
    }
    return NULL;
}

void reaper_claim(struct reaper *reaper, struct reaper_claim *claim, pid_t pid)
{
    assert(pid > 0 && !claim_of(reaper, pid));
    claim->pid = pid;
    table_add(&reaper->claims, &claim->node, hash_of(pid));
}

void reaper_unclaim(struct reaper *reaper, struct reaper_claim *claim)
{
    table_remove(&reaper->claims, &claim->node);
}

bool reaper_is_claimed(const struct reaper *reaper, pid_t pid)
{
    return claim_of(reaper, pid) != NULL;
}

/* --- Reaping ------------------------------------------------------------- */

/* Some child that has ended, without reaping it; 0: there is none. */
static pid_t next_ended(void)
{
    siginfo_t info = { 0 };
    int result;

    do {
        result = waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT);
    } while (result < 0 && errno == EINTR);
    return result == 0 ? info.si_pid : 0;
}

static void reap_one(struct reaper *reaper, pid_t pid)
{
    struct reaper_claim *claim = claim_of(reaper, pid);
    siginfo_t info;

    if (claim)
        claim->ended(claim);
    else
        waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG);
}

static void reap(struct loop_task *task)
{
    struct reaper *reaper = CONTAINER_OF(task, struct reaper, task);

    for (int i = 0; i < TURN_ORPHANS; i++) {
        pid_t pid = next_ended();

        if (pid == 0)
            return;
        reap_one(reaper, pid);
    }
    loop_defer(reaper->loop, task);
}

/* At the end of the turn, most of those who are claimed have been reaped. */
static void on_signal(struct loop_watch *watch, uint32_t epoll_events)
{
    struct reaper *reaper = CONTAINER_OF(watch, struct reaper, signals);
    struct signalfd_siginfo info;

    (void)epoll_events;
    while (read(watch->fd, &info, sizeof(info)) > 0)
        continue;
    loop_defer(reaper->loop, &reaper->task);
}

/* --- Life ---------------------------------------------------------------- */

static int open_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
        return -1;
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

enum remex_status reaper_new(struct loop *loop, struct reaper **out)
{
    struct reaper *reaper = calloc(1, sizeof(*reaper));
    int fd;

    if (!reaper)
        return REMEX_NO_MEMORY;
    reaper->loop = loop;
    table_init(&reaper->claims);
    reaper->signals.ready = on_signal;
    reaper->task.run = reap;
    fd = open_signals();
    if (fd < 0 || loop_add(loop, &reaper->signals, fd, EPOLLIN) != REMEX_OK) {
        if (fd >= 0)
            close(fd);
        free(reaper);
        return REMEX_RESOURCE_EXHAUSTED;
    }
    *out = reaper;
    return REMEX_OK;
}

void reaper_free(struct reaper *reaper)
{
    int fd;

    if (!reaper)
        return;
    assert(reaper->claims.count == 0);
    fd = reaper->signals.fd;
    loop_remove(reaper->loop, &reaper->signals);
    loop_cancel(reaper->loop, &reaper->task);
    close(fd);
    table_deinit(&reaper->claims);
    free(reaper);
}
