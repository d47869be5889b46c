/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_PATH_LOCK_H
#define EXECUTOR_PATH_LOCK_H

/*
 * Who listens at an ipc path: whoever holds the lock of the file PATH.lock. The
 * kernel drops the lock when its holder dies, so what lies at the path is stale
 * if the lock is free, and nobody has to connect to find out.
 */

#include <remex/status.h>

struct path_lock {
    int fd; /* -1: not held */
    char path[128];
};

/* REMEX_ALREADY_EXISTS: somebody else listens at `path`, and still does after
 * `patience_ms`: an executor whose supervisor was killed needs a moment to end.
 */
REMEX_CHECKED enum remex_status path_lock_take(struct path_lock *lock,
        const char *path, int patience_ms, struct remex_error *error);

/* Removes the file. Safe on one that is not held. */
void path_lock_release(struct path_lock *lock);

#endif
