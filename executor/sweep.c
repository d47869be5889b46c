/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/sweep.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "executor/members.h"

/* Until there may be a descriptor or memory to list them. */
#define PAUSE_NS 10000000

/* Only own children, which nobody else here reaps: their pids cannot have
 * become somebody else's. */
static void kill_child(void *user, pid_t pid)
{
    size_t *killed = user;

    kill(pid, SIGKILL);
    (*killed)++;
}

static bool wait_for_one(int options)
{
    siginfo_t info;
    int result;

    do {
        result = waitid(P_ALL, 0, &info, WEXITED | options);
    } while (result < 0 && errno == EINTR);
    return result == 0;
}

/* Waits for a death; false: there is no child. */
static bool reap_one(void)
{
    return wait_for_one(0);
}

static bool has_children(void)
{
    return wait_for_one(WNOHANG | WNOWAIT);
}

/* All those listed were killed, so that many deaths will come. Each may make
 * others our children, so it takes a new look before long; but not after every
 * death, or thousands would be listed thousands of times. */
static bool sweep_once(void)
{
    static const struct timespec pause = { .tv_nsec = PAUSE_NS };
    size_t killed = 0;
    bool seen = members_each_child(getpid(), kill_child, &killed);

    for (size_t deaths = 0; deaths < killed / 2; deaths++)
        reap_one();
    if (seen || killed > 0)
        return reap_one();
    nanosleep(&pause, NULL); /* nobody whom we have killed would be the next */
    return has_children();
}

void sweep_children(void)
{
    while (sweep_once())
        continue;
}
