/* SPDX-License-Identifier: Apache-2.0 */
#include "support/nursery.h"

#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

static void bury(const struct spawned *spawned)
{
    int status;

    g_assert_cmpint(waitpid(spawned->pid, &status, 0), ==, spawned->pid);
    close(spawned->pidfd);
}

enum remex_status nursery_run(struct spawner *spawner,
        const struct spawn_order *order, struct spawned *out,
        struct spawn_failure *failure)
{
    struct spawn *spawn;
    struct spawned next;
    enum remex_status status =
            spawner_begin(spawner, order, &spawn, out, failure);

    if (status != REMEX_OK)
        return status;
    do {
        spawn_wait(spawn);
        status = spawn_end(spawn, &next, failure);
        if (status != REMEX_OK)
            bury(out);
        if (status == REMEX_AGAIN)
            *out = next;
    } while (status == REMEX_AGAIN);
    return status;
}
