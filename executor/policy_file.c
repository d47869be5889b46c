/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/policy_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.h"
#include "executor/policy_parse.h"

/* Of the open file, so that it cannot be another one by the time it is read. */
static enum remex_status check_file(
        int fd, const char *path, struct remex_error *error)
{
    struct stat status;

    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
        return error_set(
                error, REMEX_INVALID_ARGUMENT, "%s is not a file", path);
    if (status.st_mode & (S_IWGRP | S_IWOTH) ||
            (status.st_uid != geteuid() && status.st_uid != 0))
        return error_set(error, REMEX_PERMISSION_DENIED,
                "others can change the policy in %s: the file must be yours or "
                "root's, and have mode 0644 or less",
                path);
    return REMEX_OK;
}

/* As much as there is room for. */
static enum remex_status read_file(int fd, const char *path, char *text,
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

static enum remex_status parse_text(struct policy *out, const char *path,
        const char *text, size_t size, struct remex_error *error)
{
    struct policy_mistake mistake;

    if (policy_parse(text, size, out, &mistake))
        return REMEX_OK;
    if (mistake.line == 0)
        return error_set(error, mistake.status, "%s: %s", path, mistake.what);
    return error_set(error, mistake.status, "%s:%u: %s", path, mistake.line,
            mistake.what);
}

static enum remex_status load(
        struct policy *out, int fd, const char *path, struct remex_error *error)
{
    size_t room = POLICY_MAX_BYTES + 1; /* one more shows that it is larger */
    enum remex_status status = check_file(fd, path, error);
    char *text;
    size_t size;

    if (status != REMEX_OK)
        return status;
    text = malloc(room);
    if (!text)
        return error_set(error, REMEX_NO_MEMORY, "no memory for %s", path);
    status = read_file(fd, path, text, room, &size, error);
    if (status == REMEX_OK)
        status = parse_text(out, path, text, size, error);
    free(text);
    return status;
}

enum remex_status policy_load(
        struct policy *out, const char *path, struct remex_error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    enum remex_status status;

    if (fd < 0)
        return error_set(error, REMEX_NOT_FOUND, "cannot open %s: %s", path,
                strerrordesc_np(errno));
    status = load(out, fd, path, error);
    close(fd);
    return status;
}
