/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "executor/cgroup_control.h"
#include "executor/cgroup_files.h"
#include "executor/cgroup_inside.h"

/* "NUMBER/FILE" */
#define FILE_BYTES 64

/* Links to the directory of a group in which no other was made. */
#define LEAF_LINKS 2

static void name_group(char *out, uint64_t number)
{
    snprintf(out, FILE_BYTES, "%" PRIu64, number);
}

static int open_file(const struct cgroup_home *home, uint64_t number,
        const char *file, int flags)
{
    char name[FILE_BYTES];

    if (number == 0)
        return -1;
    snprintf(name, sizeof(name), "%" PRIu64 "/%s", number, file);
    return openat(home->fd, name, flags | O_CLOEXEC);
}

/* --- Coming and going ---------------------------------------------------- */

uint64_t cgroup_add(struct cgroup_home *home)
{
    char name[FILE_BYTES];

    if (!home)
        return 0;
    if (home->idle_count > 0)
        return home->idle[--home->idle_count];
    name_group(name, home->last + 1);
    if (mkdirat(home->fd, name, 0755) < 0)
        return 0;
    return ++home->last;
}

/* Whoever has the right to write to other files of the group has it for all
 * groups of ours: they are not read again. */
static bool is_idle(const struct cgroup_home *home, uint64_t number)
{
    int events = open_file(home, number, "cgroup.events", O_RDONLY);
    char name[FILE_BYTES];
    struct stat info;
    bool idle;

    if (events < 0)
        return false;
    idle = cgroup_files_say_idle(events);
    close(events);
    name_group(name, number);
    return idle && fstatat(home->fd, name, &info, 0) == 0 &&
            info.st_nlink == LEAF_LINKS;
}

bool cgroup_reuse(struct cgroup_home *home, uint64_t number)
{
    if (number == 0)
        return true;
    if (home->idle_count == CGROUP_IDLE || !is_idle(home, number))
        return false;
    home->idle[home->idle_count++] = number;
    return true;
}

bool cgroup_remove(struct cgroup_home *home, uint64_t number)
{
    char name[FILE_BYTES];

    if (number == 0)
        return true;
    name_group(name, number);
    return cgroup_files_remove(home->fd, name);
}

/* --- A group ------------------------------------------------------------- */

int cgroup_door(const struct cgroup_home *home, uint64_t number)
{
    return open_file(home, number, ".", O_PATH | O_DIRECTORY);
}

void cgroup_kill(const struct cgroup_home *home, uint64_t number)
{
    int door = cgroup_door(home, number);

    if (door < 0)
        return;
    cgroup_files_write(door, "cgroup.kill", "1");
    close(door);
}

bool cgroup_is_empty(const struct cgroup_home *home, uint64_t number)
{
    int events = open_file(home, number, "cgroup.events", O_RDONLY);
    bool empty;

    if (events < 0)
        return number == 0 || errno == ENOENT;
    empty = cgroup_files_say_empty(events);
    close(events);
    return empty;
}

void cgroup_each_member(const struct cgroup_home *home, uint64_t number,
        void (*visit)(void *user, pid_t pid), void *user)
{
    int door = cgroup_door(home, number);

    if (door < 0)
        return;
    cgroup_files_each_member(door, visit, user);
    close(door);
}

bool cgroup_holds(const struct cgroup_home *home, uint64_t number, pid_t pid)
{
    char name[sizeof(home->shown) + FILE_BYTES];

    if (number == 0)
        return false;
    snprintf(name, sizeof(name), "%s/%" PRIu64, home->shown, number);
    return cgroup_files_hold(NULL, name, pid);
}

/* inotify has no calls that begin at a directory of ours but by /proc. */
int cgroup_watch(const struct cgroup_home *home, uint64_t number, int inotify)
{
    char path[FILE_BYTES + FILE_BYTES];

    if (number == 0)
        return -1;
    snprintf(path, sizeof(path), "/proc/self/fd/%d/%" PRIu64 "/cgroup.events",
            home->fd, number);
    return inotify_add_watch(inotify, path, IN_MODIFY);
}

/* --- Limits -------------------------------------------------------------- */

unsigned int cgroup_limits(const struct cgroup_home *home)
{
    return home
            ? home->delegation.limits | cgroup_hierarchies_limits(&home->old)
            : 0;
}

/* Those that the group itself keeps. */
static bool set_own(const struct cgroup_home *home, int group,
        const struct tree_limits *limits)
{
    unsigned int those = home->delegation.limits & tree_limits_set(limits);

    for (enum tree_limit i = 0; i < TREE_LIMITS; i++)
        if (those & TREE_LIMIT(i) &&
                !cgroup_control_set(
                        group, CGROUP_NEW, i, tree_limits_get(limits, i)))
            return false;
    return true;
}

static int limit(struct cgroup_home *home, uint64_t number,
        const struct tree_limits *limits, int doors[TREE_LIMITS])
{
    int group = cgroup_door(home, number);
    int os_error;
    bool set;

    if (group < 0) {
        errno = ENOSPC; /* one could not be made */
        return -1;
    }
    set = set_own(home, group, limits);
    os_error = errno;
    close(group);
    errno = os_error;
    return set ? cgroup_hierarchies_add(&home->old, number, limits, doors) : -1;
}

/* All are set, so that what cannot be is known before anybody is there. */
int cgroup_limit(struct cgroup_home *home, uint64_t number,
        const struct tree_limits *limits, int doors[TREE_LIMITS])
{
    int count = limit(home, number, limits, doors);

    if (count >= 0 && limits->cpu_millis > 0)
        cgroup_hurry(home, number);
    return count;
}

bool cgroup_throttle(const struct cgroup_home *home, uint64_t number,
        const struct tree_limits *limits)
{
    const struct tree_limits cpu = { .cpu_millis = limits->cpu_millis };
    int group = cgroup_door(home, number);
    int os_error;
    bool set;

    if (group < 0)
        return false;
    set = set_own(home, group, &cpu);
    os_error = errno;
    close(group);
    errno = os_error;
    return set && cgroup_hierarchies_throttle(&home->old, number, &cpu);
}

void cgroup_unlimit(struct cgroup_home *home, uint64_t number)
{
    if (number > 0)
        cgroup_hierarchies_drop(&home->old, number);
}

void cgroup_hurry(const struct cgroup_home *home, uint64_t number)
{
    int group = cgroup_door(home, number);

    if (group < 0)
        return;
    if (home->delegation.limits & TREE_LIMIT(TREE_CPU))
        cgroup_control_hurry(group, CGROUP_NEW);
    close(group);
    cgroup_hierarchies_hurry(&home->old, number);
}

bool cgroup_is_out_of_memory(const struct cgroup_home *home, uint64_t number)
{
    int group = cgroup_door(home, number);
    bool is_out;

    if (group < 0)
        return false;
    is_out = home->delegation.limits & TREE_LIMIT(TREE_MEMORY)
            ? cgroup_control_is_out_of_memory(group, CGROUP_NEW)
            : cgroup_hierarchies_are_out_of_memory(&home->old, number);
    close(group);
    return is_out;
}
