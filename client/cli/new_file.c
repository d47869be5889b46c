/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/cli/report.h"

static bool put_paths(struct new_file *file, const char *directory,
        const char *name, const char *suffix)
{
    int size = snprintf(file->path, sizeof(file->path), "%s/%s.%s", directory,
            name, suffix);
    int more = snprintf(file->temporary, sizeof(file->temporary),
            "%s/.%s.%s.XXXXXX", directory, name, suffix);

    if (size > 0 && more > 0 && (size_t)more < sizeof(file->temporary))
        return true;
    report("%s: the path is too long", directory);
    return false;
}

static bool cannot(const char *what, const struct new_file *file)
{
    report("cannot %s %s: %s%s", what, file->path, strerrordesc_np(errno),
            errno == EEXIST ? "; remove it, or choose another name" : "");
    return false;
}

bool new_file_begin(struct new_file *file, const char *directory,
        const char *name, const char *suffix, mode_t mode)
{
    int fd;

    if (!put_paths(file, directory, name, suffix))
        return false;
    if (access(file->path, F_OK) == 0) {
        errno = EEXIST; /* before any work is done */
        return cannot("make", file);
    }
    fd = mkostemp(file->temporary, O_CLOEXEC);
    if (fd < 0)
        return cannot("make", file);
    file->file = fchmod(fd, mode) == 0 ? fdopen(fd, "w") : NULL;
    if (file->file)
        return true;
    cannot("make", file);
    close(fd);
    unlink(file->temporary);
    return false;
}

bool new_file_finish(struct new_file *file, bool written)
{
    bool finished = written && fflush(file->file) == 0 &&
            fsync(fileno(file->file)) == 0;

    if (!finished)
        cannot("write", file);
    if (fclose(file->file) != 0 && finished)
        finished = cannot("write", file);
    file->file = NULL;
    return finished;
}

/* Not over anything. Some file systems know links and not this flag, others the
 * other way round. */
static bool rename_new(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL || link(from, to) < 0)
        return false;
    unlink(from);
    return true;
}

/* So that the name is there after a crash as well. Not every file system has
 * that, and none has more. */
static void sync_directory(const char *path)
{
    char directory[NEW_FILE_PATH_BYTES];
    int fd;

    snprintf(directory, sizeof(directory), "%s", path);
    *strrchr(directory, '/') = '\0';
    fd = open(
            directory[0] ? directory : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

bool new_file_place(struct new_file *file)
{
    if (!rename_new(file->temporary, file->path))
        return cannot("make", file);
    file->temporary[0] = '\0';
    sync_directory(file->path);
    return true;
}

void new_file_abandon(struct new_file *file)
{
    if (file->file)
        fclose(file->file);
    file->file = NULL;
    unlink(file->temporary[0] ? file->temporary : file->path);
}
