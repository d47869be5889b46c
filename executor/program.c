/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "executor/disguise.h"

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

static bool is_at(void *user, const char *name)
{
    const struct file *file = user;
    struct stat status;

    return stat(name, &status) == 0 && status.st_dev == file->status.st_dev &&
            status.st_ino == file->status.st_ino;
}

/* The name that the kernel has for it, if it is ours as well: one that is gone
 * has none, and in a mount namespace of his own somebody can give any name to a
 * file that he lets us open by /proc/PID/root. */
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
    return is_at(file, file->path);
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

/* Where the candidates are looked for; one that we could not be in is as good
 * as none. Leaves errno. */
static bool open_directory(const struct launch *launch, int *out)
{
    *out = AT_FDCWD;
    if (!launch->cwd)
        return true;
    *out = open(launch->cwd, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return *out >= 0 && faccessat(*out, ".", X_OK, AT_EACCESS) == 0;
}

/* True: in `file` there is an open one. Else it is told what failed, and how.
 */
static bool find(const struct launch *launch, struct file *file,
        struct spawn_failure *failure)
{
    int directory;
    bool found = open_directory(launch, &directory);

    failure->stage = found ? REMEX_STAGE_EXEC : REMEX_STAGE_CWD;
    if (found)
        found = open_first(directory, launch->candidates, file);
    failure->os_error = errno;
    if (directory >= 0)
        close(directory);
    return found;
}

/* As whoever is to run it would. */
static bool find_as_user(const struct launch *launch, struct file *file,
        struct spawn_failure *failure)
{
    struct disguise disguise;
    bool found;

    if (!disguise_put_on(&disguise, launch->user)) {
        *failure = (struct spawn_failure){ REMEX_STAGE_USER, errno };
        return false;
    }
    found = find(launch, file, failure);
    disguise_take_off(&disguise);
    return found;
}

enum remex_status program_open(struct launch *launch,
        const struct process_spec *spec, const struct policy_section *section,
        struct remex_error *error)
{
    struct spawn_failure failure;
    enum remex_status status;
    struct file file;

    if (!find_as_user(launch, &file, &failure)) {
        if (failure.stage == REMEX_STAGE_EXEC &&
                !knows_any(section, launch->candidates))
            return policy_refuse_program(error);
        return launch_failed(spec->argv[0], spec->cwd, &failure, error);
    }
    status = decide(section, launch, &file, error);
    if (status == REMEX_OK)
        launch->program_fd = file.fd;
    else
        close(file.fd);
    return status;
}
