/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.h"

/* Of the open file, so that it cannot be another one by the time it is read. */
static enum remex_status check(
        int fd, const char *path, const char *what, struct remex_error *error)
{
    struct stat status;

    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
        return error_set(
                error, REMEX_INVALID_ARGUMENT, "%s is not a file", path);
    if (status.st_mode & (S_IRWXG | S_IRWXO) ||
            (status.st_uid != geteuid() && status.st_uid != 0))
        return error_set(error, REMEX_PERMISSION_DENIED,
                "%s in %s is not secret: the file must be yours and have mode "
                "0600",
                what, path);
    return REMEX_OK;
}

enum remex_status secret_file_open(const char *path, const char *what,
        int *fd_out, struct remex_error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    enum remex_status status;

    if (fd < 0)
        return error_set(error, REMEX_NOT_FOUND, "cannot open %s: %s", path,
                strerrordesc_np(errno));
    status = check(fd, path, what, error);
    if (status == REMEX_OK)
        *fd_out = fd;
    else
        close(fd);
    return status;
}
