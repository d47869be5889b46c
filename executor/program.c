/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* An open file, and what it is. */
struct file {
    int fd;
    struct stat status;
    char path[PATH_MAX];
};

/* Leaves errno. */
static bool open_file(int directory, const char *name, struct file *out)
{
    out->fd = openat(directory, name, O_PATH | O_CLOEXEC);
    if (out->fd < 0)
        return false;
    if (fstat(out->fd, &out->status) == 0 && S_ISREG(out->status.st_mode) &&
            out->status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH))
        return true;
    close(out->fd);
    errno = EACCES;
    return false;
}

/* As execvp goes on to the next. Leaves errno. */
static bool open_first(int directory, char *const *candidates, struct file *out)
{
    bool denied = false;

    errno = ENOENT;
    for (; *candidates; candidates++) {
        if (open_file(directory, *candidates, out))
            return true;
        denied = denied || errno == EACCES;
        if (errno != EACCES && errno != ENOENT && errno != ENOTDIR)
            return false;
    }
    if (denied)
        errno = EACCES;
    return false;
}

/* The name that the kernel has for it: one that is gone has none. */
static bool name_file(struct file *file)
{
    char link[64];
    ssize_t size;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", file->fd);
    size = readlink(link, file->path, sizeof(file->path));
    if (size <= 0 || (size_t)size == sizeof(file->path) ||
            file->path[0] != '/' || file->status.st_nlink == 0)
        return false;
    file->path[size] = '\0';
    return true;
}

static bool is_at(void *user, const char *name)
{
    const struct file *file = user;
    struct stat status;

    return stat(name, &status) == 0 && status.st_dev == file->status.st_dev &&
            status.st_ino == file->status.st_ino;
}

static bool knows_any(
        const struct policy_section *section, char *const *candidates)
{
    while (*candidates && !policy_knows(section, *candidates))
        candidates++;
    return *candidates;
}

static enum remex_status decide(const struct policy_section *section,
        const struct launch *launch, struct file *file,
        struct remex_error *error)
{
    struct policy_program program = {
        .path = file->path,
        .is_everybodys = file->status.st_mode & S_IWOTH,
        .user = file,
        .is_at = is_at,
    };

    if (!name_file(file))
        return policy_refuse_program(error);
    return policy_decide(section, &program, launch->argv, error);
}

static enum remex_status open_in(int directory, struct launch *launch,
        const struct process_spec *spec, const struct policy_section *section,
        struct remex_error *error)
{
    struct spawn_failure failure = { REMEX_STAGE_EXEC, 0 };
    struct file file;
    enum remex_status status;

    if (!open_first(directory, launch->candidates, &file)) {
        failure.os_error = errno;
        return knows_any(section, launch->candidates)
                ? launch_failed(spec, &failure, error)
                : policy_refuse_program(error);
    }
    status = decide(section, launch, &file, error);
    if (status == REMEX_OK)
        launch->program_fd = file.fd;
    else
        close(file.fd);
    return status;
}

enum remex_status program_open(struct launch *launch,
        const struct process_spec *spec, const struct policy_section *section,
        struct remex_error *error)
{
    struct spawn_failure failure = { REMEX_STAGE_CWD, 0 };
    enum remex_status status;
    int directory;

    if (!launch->cwd)
        return open_in(AT_FDCWD, launch, spec, section, error);
    directory = open(launch->cwd, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) {
        failure.os_error = errno;
        return launch_failed(spec, &failure, error);
    }
    status = open_in(directory, launch, spec, section, error);
    close(directory);
    return status;
}
