/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/cgroup_leftovers.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_home_name(const char *name)
{
    const char *digits = name + strlen(CGROUP_HOME_PREFIX);

    return strncmp(name, CGROUP_HOME_PREFIX, strlen(CGROUP_HOME_PREFIX)) == 0 &&
            strlen(name) == CGROUP_NAME_BYTES - 1 &&
            strspn(digits, "0123456789abcdef") == strlen(digits);
}

static void visit_if_left(int place, const char *name,
        void (*visit)(void *user, int home, const char *name), void *user)
{
    struct stat info;
    int home = openat(place, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (home < 0)
        return;
    if (fstat(home, &info) == 0 && info.st_uid == geteuid() &&
            flock(home, LOCK_EX | LOCK_NB) == 0)
        visit(user, home, name);
    close(home);
}

void cgroup_leftovers_each(int place,
        void (*visit)(void *user, int home, const char *name), void *user)
{
    int fd = openat(place, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;

    if (!dir) {
        if (fd >= 0)
            close(fd);
        return;
    }
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): nobody else has this DIR */
    while ((entry = readdir(dir))) {
        if (is_home_name(entry->d_name))
            visit_if_left(place, entry->d_name, visit, user);
    }
    closedir(dir);
}
