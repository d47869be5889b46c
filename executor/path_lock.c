/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/path_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.h"

static enum remex_status fail(
        const struct path_lock *lock, struct remex_error *error)
{
    enum remex_status status = REMEX_INTERNAL;

    if (errno == EACCES || errno == EPERM || errno == EROFS || errno == ELOOP)
        status = REMEX_PERMISSION_DENIED;
    if (errno == ENOENT || errno == ENOTDIR)
        status = REMEX_NOT_FOUND;
    return error_set(error, status, "cannot lock %s: %s", lock->path,
            strerrordesc_np(errno));
}

/* Whether what we have locked is still what others will find: its last holder
 * may have removed it in between. */
static bool is_current(const struct path_lock *lock)
{
    struct stat ours, theirs;

    return fstat(lock->fd, &ours) == 0 && stat(lock->path, &theirs) == 0 &&
            ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

enum remex_status path_lock_take(
        struct path_lock *lock, const char *path, struct remex_error *error)
{
    snprintf(lock->path, sizeof(lock->path), "%s.lock", path);
    for (;;) {
        lock->fd = open(lock->path,
                O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
        if (lock->fd < 0)
            return fail(lock, error);
        if (flock(lock->fd, LOCK_EX | LOCK_NB) < 0)
            break;
        if (is_current(lock))
            return REMEX_OK;
        close(lock->fd);
    }
    close(lock->fd);
    lock->fd = -1;
    if (errno != EWOULDBLOCK)
        return fail(lock, error);
    return error_set(error, REMEX_ALREADY_EXISTS,
            "another executor listens on ipc://%s", path);
}

void path_lock_release(struct path_lock *lock)
{
    if (lock->fd < 0)
        return;
    unlink(lock->path);
    close(lock->fd);
    lock->fd = -1;
}
