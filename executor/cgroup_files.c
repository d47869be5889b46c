/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/cgroup_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "executor/cgroup_place.h"

/* Of groups within groups of groups, which members may have made. */
#define MAX_DEPTH 32

/* --- Words --------------------------------------------------------------- */

static bool says(int events, const char *one, const char *other)
{
    char text[256];
    ssize_t size = pread(events, text, sizeof(text) - 1, 0);

    text[size > 0 ? size : 0] = '\0';
    return strstr(text, one) && strstr(text, other);
}

bool cgroup_files_say_empty(int events)
{
    return says(events, "populated 0", "");
}

bool cgroup_files_say_idle(int events)
{
    return says(events, "populated 0", "frozen 0");
}

bool cgroup_files_write(int directory, const char *file, const char *word)
{
    int fd = openat(directory, file, O_WRONLY | O_CLOEXEC);
    size_t size = strlen(word);
    bool written;

    if (fd < 0)
        return false;
    written = write(fd, word, size) == (ssize_t)size;
    close(fd);
    return written;
}

/* --- Groups within ------------------------------------------------------- */

/* NULL, and errno, if it cannot be read. */
static DIR *open_group(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

    if (!dir && fd >= 0)
        close(fd);
    return dir;
}

/* The name of the next group in it, or NULL. */
static const char *next_group(DIR *dir)
{
    const struct dirent *entry;

    /* NOLINTNEXTLINE(concurrency-mt-unsafe): nobody else has this DIR */
    while ((entry = readdir(dir))) {
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
            return entry->d_name;
    }
    return NULL;
}

void cgroup_files_each_group(
        int directory, void (*visit)(void *user, int group), void *user)
{
    DIR *dir = open_group(directory, ".");
    const char *inner;

    while (dir && (inner = next_group(dir))) {
        int group =
                openat(directory, inner, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (group < 0)
            continue;
        visit(user, group);
        close(group);
    }
    if (dir)
        closedir(dir);
}

static bool remove_group(int parent, const char *name, int depth)
{
    const char *inner;
    DIR *dir;

    if (unlinkat(parent, name, AT_REMOVEDIR) == 0)
        return true;
    dir = open_group(parent, name);
    if (!dir)
        return errno == ENOENT;
    while (depth < MAX_DEPTH && (inner = next_group(dir)))
        remove_group(dirfd(dir), inner, depth + 1);
    closedir(dir);
    return unlinkat(parent, name, AT_REMOVEDIR) == 0;
}

bool cgroup_files_remove(int parent, const char *name)
{
    return remove_group(parent, name, 0);
}

/* --- Members ------------------------------------------------------------- */

static void visit_own(
        int directory, void (*visit)(void *user, pid_t pid), void *user)
{
    int fd = openat(directory, "cgroup.procs", O_RDONLY | O_CLOEXEC);
    FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
    char line[32];

    if (!file) {
        if (fd >= 0)
            close(fd);
        return;
    }
    while (fgets(line, sizeof(line), file)) {
        long pid = strtol(line, NULL, 10);

        if (pid > 0) /* 0: of another namespace */
            visit(user, (pid_t)pid);
    }
    fclose(file);
}

static void visit_all(int parent, const char *name, int depth,
        void (*visit)(void *user, pid_t pid), void *user)
{
    DIR *dir = open_group(parent, name);
    const char *inner;

    if (!dir)
        return;
    visit_own(dirfd(dir), visit, user);
    while (depth < MAX_DEPTH && (inner = next_group(dir)))
        visit_all(dirfd(dir), inner, depth + 1, visit, user);
    closedir(dir);
}

void cgroup_files_each_member(
        int directory, void (*visit)(void *user, pid_t pid), void *user)
{
    visit_all(directory, ".", 0, visit, user);
}

bool cgroup_files_hold(const char *controller, const char *name, pid_t pid)
{
    char path[64];
    char groups[8192];
    const char *shown;
    ssize_t size;
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    size = read(fd, groups, sizeof(groups) - 1);
    close(fd);
    groups[size > 0 ? size : 0] = '\0';
    shown = cgroup_place_shown(groups, controller);
    if (!shown || strncmp(shown, name, strlen(name)) != 0)
        return false;
    return shown[strlen(name)] == '/' || shown[strlen(name)] == '\n';
}
