/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/sweep.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "executor/members.h"

/* Only own children, which nobody else here reaps: their pids cannot have
 * become somebody else's. */
static void kill_child(void *user, pid_t pid)
{
    (void)user;
    kill(pid, SIGKILL);
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

/* While there are children, some death comes: all those listed were killed. It
 * may make others our children, so it takes a new look after every wait. */
void sweep_children(void)
{
    do {
        members_each_child(getpid(), kill_child, NULL);
    } while (reap_one());
}
