/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/members.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define PATH_BYTES 64

/* There is nothing to see, also another time: it is gone, or not for us. What
 * is our own is for us, whatever was said once. */
static bool is_final(pid_t pid, int error)
{
    bool refused = error == EACCES || error == EPERM;

    return error == ENOENT || error == ESRCH || (refused && pid != getpid());
}

/* --- Children ------------------------------------------------------------ */

/* Numbers, each with a blank behind it; `number` is what was read of the next.
 */
static pid_t visit_numbers(const char *text, size_t size, pid_t number,
        void (*visit)(void *user, pid_t child), void *user)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] >= '0' && text[i] <= '9') {
            number = number * 10 + (text[i] - '0');
        } else {
            if (number > 0)
                visit(user, number);
            number = 0;
        }
    }
    return number;
}

/* False: it could not be seen for want of something. */
static bool visit_thread(pid_t pid, int task, const char *thread,
        void (*visit)(void *user, pid_t child), void *user)
{
    char path[PATH_BYTES];
    char text[4096];
    pid_t number = 0;
    bool complete;
    ssize_t size;
    int fd;

    snprintf(path, sizeof(path), "%.20s/children", thread);
    fd = openat(task, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return is_final(pid, errno);
    while ((size = read(fd, text, sizeof(text))) > 0)
        number = visit_numbers(text, (size_t)size, number, visit, user);
    complete = size == 0 || is_final(pid, errno);
    close(fd);
    return complete;
}

bool members_each_child(
        pid_t pid, void (*visit)(void *user, pid_t child), void *user)
{
    char path[PATH_BYTES];
    const struct dirent *entry;
    bool complete = true;
    DIR *task;

    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    task = opendir(path);
    if (!task)
        return is_final(pid, errno);
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): nobody else has this DIR */
    while ((entry = readdir(task))) {
        if (entry->d_name[0] != '.' &&
                !visit_thread(pid, dirfd(task), entry->d_name, visit, user))
            complete = false;
    }
    closedir(task);
    return complete;
}

/* --- One of them --------------------------------------------------------- */

/* The beginning of a file, as a string; false if there is none. */
static bool read_text(pid_t pid, const char *name, char *out, size_t size)
{
    char path[PATH_BYTES];
    ssize_t got;
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    got = read(fd, out, size - 1);
    close(fd); /* keeps errno: it cannot fail */
    out[got > 0 ? got : 0] = '\0';
    return got > 0;
}

/* ") S PARENT GROUP SESSION ...", and 13 further on the number of threads. */
static bool parse_stat(const char *text, struct member *out)
{
    char *at;
    long threads = 0;

    if (strncmp(text, ") ", 2) != 0 || !text[2])
        return false;
    strtol(text + 3, &at, 10); /* the parent */
    out->group = (pid_t)strtol(at, &at, 10);
    out->session = (pid_t)strtol(at, &at, 10);
    for (int i = 0; i < 14; i++)
        threads = strtol(at, &at, 10);
    out->state = text[2];
    out->ended = text[2] == 'X' || (text[2] == 'Z' && threads <= 1);
    return *at == ' ';
}

bool member_look(pid_t pid, struct member *out)
{
    char text[1024];
    const char *behind_name;

    /* The name, in parentheses, is whatever the program likes. */
    if (!read_text(pid, "stat", text, sizeof(text)))
        return false;
    behind_name = strrchr(text, ')');
    return behind_name && parse_stat(behind_name, out);
}

/* For processes of other users, which may be looked at only so. */
static uint64_t mark_shown(const char *limits)
{
    static const char title[] = "Max file locks";
    char *soft_end;
    char *hard_end;
    uint64_t hard;
    const char *line = strstr(limits, title);

    if (!line)
        return UINT64_MAX;
    strtoull(line + strlen(title), &soft_end, 10);
    hard = strtoull(soft_end, &hard_end, 10);
    return hard_end == soft_end ? UINT64_MAX : hard; /* "unlimited" */
}

/* Some twenty times faster than /proc: bombs have thousands of members. */
bool member_mark(pid_t pid, uint64_t *out)
{
    struct rlimit64 limit;
    char limits[4096];

    *out = UINT64_MAX;
    if (prlimit64(pid, RLIMIT_LOCKS, NULL, &limit) == 0)
        *out = limit.rlim_max; /* UINT64_MAX: unlimited */
    else if (errno == EPERM && read_text(pid, "limits", limits, sizeof(limits)))
        *out = mark_shown(limits);
    else
        return is_final(pid, errno);
    return true;
}
