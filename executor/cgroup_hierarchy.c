/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/cgroup_hierarchy.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "executor/cgroup_control.h"
#include "executor/cgroup_files.h"
#include "executor/cgroup_leftovers.h"

#define NUMBER_BYTES 32

/* For the end of who is in a home; nobody tells of it. */
#define PATIENCE_MS 1000
#define PAUSE_MS 5

static int open_directory(int parent, const char *name)
{
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void name_group(char out[NUMBER_BYTES], uint64_t number)
{
    snprintf(out, NUMBER_BYTES, "%" PRIu64, number);
}

/* --- Ending -------------------------------------------------------------- */

/* A home, and how /proc shows that somebody is in it. */
struct ending {
    const struct cgroup_hierarchy *hierarchy;
    int64_t deadline;
    char shown[CGROUP_PATH_BYTES + CGROUP_NAME_BYTES];
};

static void begin_ending(
        struct ending *ending, const struct cgroup_hierarchy *hierarchy)
{
    ending->hierarchy = hierarchy;
    ending->deadline =
            clock_after(clock_monotonic_ns(), clock_from_ms(PATIENCE_MS));
}

/* Opened before it is judged: what is judged is what is killed. */
static void kill_member(void *user, pid_t pid)
{
    const struct ending *ending = user;
    int pidfd = pidfd_open(pid, 0);

    if (pidfd < 0)
        return;
    if (cgroup_files_hold(ending->hierarchy->controller, ending->shown, pid))
        pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
    close(pidfd);
}

/* Who is there has left the group of version 2, where all others were killed at
 * once; he is killed by himself. */
static void end_home(void *user, int home, const char *name)
{
    struct ending *ending = user;
    const struct cgroup_hierarchy *hierarchy = ending->hierarchy;

    snprintf(ending->shown, sizeof(ending->shown), "%s/%.22s",
            hierarchy->where.shown, name);
    while (!cgroup_files_remove(hierarchy->place, name)) {
        if (clock_monotonic_ns() >= ending->deadline)
            break;
        cgroup_files_each_member(home, kill_member, ending);
        poll(NULL, 0, PAUSE_MS);
    }
}

/* --- Coming and going ---------------------------------------------------- */

static bool make_home(struct cgroup_hierarchy *hierarchy, const char *name)
{
    if (mkdirat(hierarchy->place, name, 0755) < 0)
        return false;
    hierarchy->home = open_directory(hierarchy->place, name);
    return hierarchy->home >= 0 &&
            flock(hierarchy->home, LOCK_EX | LOCK_NB) == 0;
}

/* A new one, or one that has another controller as well. NULL: there is none.
 */
static struct cgroup_hierarchy *find(
        struct cgroup_hierarchies *hierarchies, enum tree_limit limit)
{
    struct cgroup_hierarchy *next = &hierarchies->each[hierarchies->count];

    if (!cgroup_place_find(cgroup_control_name(limit), &next->where))
        return NULL;
    for (size_t i = 0; i < hierarchies->count; i++) {
        struct cgroup_hierarchy *one = &hierarchies->each[i];

        if (strcmp(one->where.directory, next->where.directory) == 0)
            return one;
    }
    next->place =
            open(next->where.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    next->controller = cgroup_control_name(limit);
    next->home = -1;
    next->limits = 0;
    if (next->place < 0)
        return NULL;
    hierarchies->count++;
    return next;
}

static void hurry_left(void *user, int home, const char *name)
{
    (void)user;
    (void)name;
    cgroup_control_hurry_all(home, CGROUP_OLD);
}

void cgroup_hierarchies_find(struct cgroup_hierarchies *hierarchies)
{
    for (enum tree_limit i = 0; i < TREE_LIMITS; i++) {
        struct cgroup_hierarchy *hierarchy = find(hierarchies, i);

        if (!hierarchy)
            continue;
        hierarchy->limits |= TREE_LIMIT(i);
        if (i == TREE_CPU)
            cgroup_leftovers_each(hierarchy->place, hurry_left, NULL);
    }
}

static void make_one(struct cgroup_hierarchy *hierarchy, const char *name)
{
    struct ending ending;

    begin_ending(&ending, hierarchy);
    cgroup_leftovers_each(hierarchy->place, end_home, &ending);
    if (hierarchy->limits == 0 || !make_home(hierarchy, name)) {
        hierarchy->limits = 0;
        return;
    }
    for (enum tree_limit i = 0; i < TREE_LIMITS; i++)
        if (!cgroup_control_is_there(hierarchy->home, CGROUP_OLD, i))
            hierarchy->limits &= ~TREE_LIMIT(i);
}

void cgroup_hierarchies_make(struct cgroup_hierarchies *hierarchies,
        unsigned int wanted, const char *name)
{
    for (size_t i = 0; i < hierarchies->count; i++) {
        hierarchies->each[i].limits &= wanted;
        make_one(&hierarchies->each[i], name);
    }
}

void cgroup_hierarchies_close(struct cgroup_hierarchies *hierarchies)
{
    for (size_t i = 0; i < hierarchies->count; i++) {
        if (hierarchies->each[i].home >= 0)
            close(hierarchies->each[i].home);
        close(hierarchies->each[i].place);
    }
    hierarchies->count = 0;
}

unsigned int cgroup_hierarchies_limits(
        const struct cgroup_hierarchies *hierarchies)
{
    unsigned int limits = 0;

    for (size_t i = 0; i < hierarchies->count; i++)
        limits |= hierarchies->each[i].limits;
    return limits;
}

void cgroup_hierarchies_remove(
        struct cgroup_hierarchies *hierarchies, const char *name)
{
    for (size_t i = 0; i < hierarchies->count; i++) {
        struct cgroup_hierarchy *hierarchy = &hierarchies->each[i];
        struct ending ending;

        if (hierarchy->home < 0)
            continue;
        begin_ending(&ending, hierarchy);
        end_home(&ending, hierarchy->home, name);
    }
}

/* --- A group ------------------------------------------------------------- */

static bool set_limits(const struct cgroup_hierarchy *hierarchy, int group,
        const struct tree_limits *limits)
{
    unsigned int those = hierarchy->limits & tree_limits_set(limits);

    for (enum tree_limit i = 0; i < TREE_LIMITS; i++)
        if (those & TREE_LIMIT(i) &&
                !cgroup_control_set(
                        group, CGROUP_OLD, i, tree_limits_get(limits, i)))
            return false;
    return true;
}

/* Its door, or -1 and errno. */
static int add_one(struct cgroup_hierarchy *hierarchy, uint64_t number,
        const struct tree_limits *limits)
{
    char name[NUMBER_BYTES];
    int door = -1;
    int os_error;
    int group;

    name_group(name, number);
    if (mkdirat(hierarchy->home, name, 0755) < 0)
        return -1;
    group = open_directory(hierarchy->home, name);
    if (group < 0)
        return -1;
    if (set_limits(hierarchy, group, limits))
        door = openat(group, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    os_error = errno;
    close(group);
    errno = os_error;
    return door;
}

int cgroup_hierarchies_add(struct cgroup_hierarchies *hierarchies,
        uint64_t number, const struct tree_limits *limits,
        int doors[TREE_LIMITS])
{
    unsigned int those = tree_limits_set(limits);
    int count = 0;

    for (size_t i = 0; i < hierarchies->count; i++) {
        if (!(hierarchies->each[i].limits & those))
            continue;
        doors[count] = add_one(&hierarchies->each[i], number, limits);
        if (doors[count] < 0) {
            int os_error = errno;

            while (count > 0)
                close(doors[--count]);
            errno = os_error;
            return -1;
        }
        count++;
    }
    return count;
}

void cgroup_hierarchies_drop(
        struct cgroup_hierarchies *hierarchies, uint64_t number)
{
    char name[NUMBER_BYTES];

    name_group(name, number);
    for (size_t i = 0; i < hierarchies->count; i++)
        cgroup_files_remove(hierarchies->each[i].home, name);
}

/* The group of that number in the hierarchy that keeps the limit, to be closed;
 * -1: there is none. */
static int open_limited(const struct cgroup_hierarchies *hierarchies,
        uint64_t number, enum tree_limit limit)
{
    char name[NUMBER_BYTES];

    name_group(name, number);
    for (size_t i = 0; i < hierarchies->count; i++)
        if (hierarchies->each[i].limits & TREE_LIMIT(limit))
            return open_directory(hierarchies->each[i].home, name);
    return -1;
}

bool cgroup_hierarchies_throttle(const struct cgroup_hierarchies *hierarchies,
        uint64_t number, const struct tree_limits *cpu)
{
    int group;
    int os_error;
    bool set;

    if (!(cgroup_hierarchies_limits(hierarchies) & TREE_LIMIT(TREE_CPU)))
        return true; /* kept elsewhere */
    group = open_limited(hierarchies, number, TREE_CPU);
    set = group >= 0 &&
            cgroup_control_set(group, CGROUP_OLD, TREE_CPU, cpu->cpu_millis);
    os_error = errno;
    if (group >= 0)
        close(group);
    errno = os_error;
    return set;
}

void cgroup_hierarchies_hurry_all(const struct cgroup_hierarchies *hierarchies)
{
    for (size_t i = 0; i < hierarchies->count; i++)
        if (hierarchies->each[i].limits & TREE_LIMIT(TREE_CPU))
            cgroup_control_hurry_all(hierarchies->each[i].home, CGROUP_OLD);
}

void cgroup_hierarchies_hurry(
        const struct cgroup_hierarchies *hierarchies, uint64_t number)
{
    int group = open_limited(hierarchies, number, TREE_CPU);

    if (group < 0)
        return;
    cgroup_control_hurry(group, CGROUP_OLD);
    close(group);
}

bool cgroup_hierarchies_are_out_of_memory(
        const struct cgroup_hierarchies *hierarchies, uint64_t number)
{
    int group = open_limited(hierarchies, number, TREE_MEMORY);
    bool are_out;

    if (group < 0)
        return false;
    are_out = cgroup_control_is_out_of_memory(group, CGROUP_OLD);
    close(group);
    return are_out;
}
