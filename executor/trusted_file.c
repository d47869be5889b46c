/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/trusted_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.h"

/* Modes that let others do what they may not. */
static mode_t refused_modes(enum trusted_file_kind kind)
{
    return kind == TRUSTED_SECRET ? S_IRWXG | S_IRWXO : S_IWGRP | S_IWOTH;
}

static enum remex_status refuse(const char *path, enum trusted_file_kind kind,
        const char *what, struct remex_error *error)
{
    if (kind == TRUSTED_SECRET)
        return error_set(error, REMEX_PERMISSION_DENIED,
                "%s in %s is not secret: the file must be yours and have mode "
                "0600",
                what, path);
    return error_set(error, REMEX_PERMISSION_DENIED,
            "others can change %s in %s: the file must be yours or root's, and "
            "have mode 0644 or less",
            what, path);
}

/* Of the open file, so that it cannot be another one by the time it is read. */
static enum remex_status check(int fd, const char *path,
        enum trusted_file_kind kind, const char *what,
        struct remex_error *error)
{
    struct stat status;

    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
        return error_set(
                error, REMEX_INVALID_ARGUMENT, "%s is not a file", path);
    if (status.st_mode & refused_modes(kind) ||
            (status.st_uid != geteuid() && status.st_uid != 0))
        return refuse(path, kind, what, error);
    return REMEX_OK;
}

enum remex_status trusted_file_open(const char *path,
        enum trusted_file_kind kind, const char *what, int *fd_out,
        struct remex_error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    enum remex_status status;

    if (fd < 0)
        return error_set(error, REMEX_NOT_FOUND, "cannot open %s: %s", path,
                strerrordesc_np(errno));
    status = check(fd, path, kind, what, error);
    if (status == REMEX_OK)
        *fd_out = fd;
    else
        close(fd);
    return status;
}

/* As much as there is room for. */
static enum remex_status read_all(int fd, const char *path, char *text,
        size_t room, size_t *size_out, struct remex_error *error)
{
    size_t size = 0;
    ssize_t more = 1;

    while (size < room && more != 0) {
        more = read(fd, text + size, room - size);
        if (more < 0 && errno != EINTR)
            return error_set(error, REMEX_INTERNAL, "cannot read %s: %s", path,
                    strerrordesc_np(errno));
        size += more > 0 ? (size_t)more : 0;
    }
    *size_out = size;
    return REMEX_OK;
}

enum remex_status trusted_file_read(const char *path, const char *what,
        size_t most, char **text_out, size_t *size_out,
        struct remex_error *error)
{
    int fd;
    enum remex_status status =
            trusted_file_open(path, TRUSTED_ORDER, what, &fd, error);
    char *text;

    if (status != REMEX_OK)
        return status;
    text = malloc(most + 1);
    status = text ? read_all(fd, path, text, most + 1, size_out, error)
                  : error_set(error, REMEX_NO_MEMORY, "no memory for %s", path);
    close(fd);
    if (status == REMEX_OK)
        *text_out = text;
    else
        free(text);
    return status;
}
