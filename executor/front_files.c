/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/front_files.h"

#include <sys/stat.h>

/* NULL: there is none. */
static struct file_mark mark_of(const char *path)
{
    struct stat status;

    if (!path || stat(path, &status) < 0)
        return (struct file_mark){ .inode = 0 };
    return (struct file_mark){ status.st_dev, status.st_ino, status.st_size,
        (int64_t)status.st_ctim.tv_sec * 1000000000 + status.st_ctim.tv_nsec };
}

static bool equal(const struct file_mark *a, const struct file_mark *b)
{
    return a->device == b->device && a->inode == b->inode &&
            a->size == b->size && a->changed == b->changed;
}

struct front_files front_files_now(const struct front_tls *tls)
{
    return (struct front_files){ mark_of(tls->certificate), mark_of(tls->key),
        mark_of(tls->clients), tls->tokens };
}

bool front_files_equal(const struct front_files *a, const struct front_files *b)
{
    return equal(&a->certificate, &b->certificate) && equal(&a->key, &b->key) &&
            equal(&a->clients, &b->clients) && a->tokens == b->tokens;
}
