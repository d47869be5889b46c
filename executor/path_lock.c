/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/path_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/error.h"

/* There is no waiting for a lock with a deadline. */
#define POLL_NS (20L * 1000 * 1000)

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

/* REMEX_AGAIN: it is held by somebody else. */
static enum remex_status try_once(
        struct path_lock *lock, struct remex_error *error)
{
    enum remex_status status;

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
    status = errno == EWOULDBLOCK ? REMEX_AGAIN : fail(lock, error);
    close(lock->fd);
    lock->fd = -1;
    return status;
}

enum remex_status path_lock_take(struct path_lock *lock, const char *path,
        int patience_ms, struct remex_error *error)
{
    static const struct timespec pause = { .tv_nsec = POLL_NS };
    int64_t deadline = clock_after(
            clock_monotonic_ns(), clock_from_ms((uint64_t)patience_ms));
    enum remex_status status;

    snprintf(lock->path, sizeof(lock->path), "%s.lock", path);
    while ((status = try_once(lock, error)) == REMEX_AGAIN) {
        if (clock_monotonic_ns() >= deadline)
            return error_set(error, REMEX_ALREADY_EXISTS,
                    "another executor listens on ipc://%s", path);
        nanosleep(&pause, NULL);
    }
    return status;
}

void path_lock_release(struct path_lock *lock)
{
    if (lock->fd < 0)
        return;
    unlink(lock->path);
    close(lock->fd);
    lock->fd = -1;
}
