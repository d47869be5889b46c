/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/sweep.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include "executor/members.h"

/* Only own children, which nobody else here reaps: their pids cannot have
 * become somebody else's. */
static void kill_child(void *user, pid_t pid)
{
    size_t *killed = user;

    kill(pid, SIGKILL);
    (*killed)++;
}

/* Waits for a death; false: there is no child. */
static bool reap_one(void)
{
    siginfo_t info;
    int result;

    do {
        result = waitid(P_ALL, 0, &info, WEXITED);
    } while (result < 0 && errno == EINTR);
    return result == 0;
}

/* All those listed were killed, so that many deaths will come. Each may make
 * others our children, so it takes a new look before long; but not after every
 * death, or thousands would be listed thousands of times. */
void sweep_children(void)
{
    size_t killed;

    do {
        killed = 0;
        members_each_child(getpid(), kill_child, &killed);
        for (size_t deaths = 0; deaths < killed / 2; deaths++)
            reap_one();
    } while (reap_one());
}
