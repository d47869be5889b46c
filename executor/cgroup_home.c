/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/cgroup.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/random.h"
#include "executor/cgroup_control.h"
#include "executor/cgroup_files.h"
#include "executor/cgroup_inside.h"
#include "executor/cgroup_leftovers.h"

/* For the end of what is in a home, or of all that was left. */
#define PATIENCE_MS 1000

/* Those whom the kernel kills go sooner, and are told. */
#define ROUND_MS 20

/* --- Ending -------------------------------------------------------------- */

/* Opened before it is judged: what is judged is what is killed. */
static void kill_member(void *shown, pid_t pid)
{
    int pidfd = pidfd_open(pid, 0);

    if (pidfd < 0)
        return;
    if (cgroup_files_hold(NULL, shown, pid))
        pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
    close(pidfd);
}

/* The kernel tells of the change, once for each. */
static void wait_empty(int events, int64_t deadline)
{
    struct pollfd poller = { .fd = events, .events = POLLPRI };
    int64_t left = deadline - clock_monotonic_ns();

    while (!cgroup_files_say_empty(events) && left > 0) {
        poll(&poller, 1, (int)(left / clock_from_ms(1)) + 1);
        left = deadline - clock_monotonic_ns();
    }
}

/* `home` is its directory, `shown` its name in /proc. The kernel's kill misses
 * processes whose first thread has ended while others live: who is still there
 * after it gets his own. */
static void kill_all(int home, char *shown, int64_t deadline)
{
    int events = openat(home, "cgroup.events", O_RDONLY | O_CLOEXEC);

    if (events < 0)
        return;
    cgroup_control_hurry_all(home, CGROUP_NEW);
    while (!cgroup_files_say_empty(events)) {
        int64_t now = clock_monotonic_ns();
        int64_t round = clock_after(now, clock_from_ms(ROUND_MS));

        if (now >= deadline)
            break;
        cgroup_files_write(home, "cgroup.kill", "1");
        wait_empty(events, round < deadline ? round : deadline);
        if (!cgroup_files_say_empty(events))
            cgroup_files_each_member(home, kill_member, shown);
    }
    close(events);
}

static int64_t patience(void)
{
    return clock_after(clock_monotonic_ns(), clock_from_ms(PATIENCE_MS));
}

/* --- What was left ------------------------------------------------------- */

struct leftovers {
    int place;
    const struct cgroup_place *where;
    int64_t deadline;
};

static void end_left(void *user, int home, const char *name)
{
    const struct leftovers *left = user;
    char shown[CGROUP_PATH_BYTES + CGROUP_NAME_BYTES];

    snprintf(shown, sizeof(shown), "%s/%.22s", left->where->shown, name);
    kill_all(home, shown, left->deadline);
    cgroup_files_remove(left->place, name);
}

static void remove_leftovers(int place, const struct cgroup_place *where)
{
    struct leftovers left = { place, where, patience() };

    cgroup_leftovers_each(place, end_left, &left);
}

/* --- Making -------------------------------------------------------------- */

/* Between its making and the lock, somebody may have taken it for left. */
static bool make_home(struct cgroup_home *home)
{
    uint64_t id;

    random_bytes(&id, sizeof(id));
    snprintf(home->name, sizeof(home->name), CGROUP_HOME_PREFIX "%016" PRIx64,
            id);
    if (mkdirat(home->place, home->name, 0755) < 0)
        return false;
    home->fd =
            openat(home->place, home->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (home->fd < 0)
        return false;
    return flock(home->fd, LOCK_EX | LOCK_NB) == 0 &&
            faccessat(home->fd, "cgroup.kill", W_OK, AT_EACCESS) == 0;
}

static pid_t fork_into(int door)
{
    struct clone_args args = {
        .flags = CLONE_INTO_CGROUP,
        .exit_signal = SIGCHLD,
        .cgroup = (unsigned int)door,
    };
    pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));

    if (pid == 0)
        _exit(0);
    return pid;
}

static pid_t fork_to_walk_in(int door)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(cgroup_files_write(door, "cgroup.procs", "0") ? 0 : 1);
    return pid;
}

static bool ends_well(pid_t pid)
{
    int status;

    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* Whether a child can be had in a group, in one of the two ways that the
 * spawner has: that takes more rights than making one. The kernel makes those
 * who walk in wait for milliseconds. */
static bool try_group(struct cgroup_home *home)
{
    uint64_t number = cgroup_add(home);
    int door = cgroup_door(home, number);
    bool works = false;

    if (door >= 0) {
        works = ends_well(fork_into(door)) || ends_well(fork_to_walk_in(door));
        close(door);
    }
    if (!cgroup_reuse(home, number))
        cgroup_remove(home, number);
    return works;
}

/* Cuts the leaf off, if it is one and the group around it is not the root's,
 * which needs none. True: we are in it. */
static bool leave_leaf(struct cgroup_place *place)
{
    static const char leaf[] = "/" CGROUP_LEAF;
    const size_t size = sizeof(leaf) - 1;
    size_t shown = strlen(place->shown);
    size_t directory = strlen(place->directory);
    char type[CGROUP_PATH_BYTES + 32];

    if (shown < size || strcmp(place->shown + shown - size, leaf) != 0 ||
            directory < size ||
            strcmp(place->directory + directory - size, leaf) != 0)
        return false;
    snprintf(type, sizeof(type), "%.*s/cgroup.type", (int)(directory - size),
            place->directory);
    if (access(type, F_OK) < 0)
        return false;
    place->shown[shown - size] = '\0';
    place->directory[directory - size] = '\0';
    return true;
}

static bool open_place(struct cgroup_home *home, struct cgroup_place *place)
{
    if (!cgroup_place_find(NULL, place))
        return false;
    home->in_leaf = leave_leaf(place);
    home->place = open(place->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return home->place >= 0;
}

/* Limits by version 2, and where that cannot be by version 1. */
static void have_limits(struct cgroup_home *home)
{
    unsigned int all = TREE_LIMIT(TREE_LIMITS) - 1;

    cgroup_delegate(home->place, home->fd, home->in_leaf, &home->delegation);
    cgroup_hierarchies_make(
            &home->old, all & ~home->delegation.limits, home->name);
}

struct cgroup_home *cgroup_home_new(void)
{
    struct cgroup_home *home = calloc(1, sizeof(*home));
    struct cgroup_place place;

    if (!home)
        return NULL;
    home->place = -1;
    home->fd = -1;
    if (open_place(home, &place)) {
        cgroup_hierarchies_find(&home->old);
        remove_leftovers(home->place, &place);
        if (make_home(home) && try_group(home)) {
            snprintf(home->shown, sizeof(home->shown), "%s/%s", place.shown,
                    home->name);
            have_limits(home);
            return home;
        }
        if (home->name[0])
            cgroup_files_remove(home->place, home->name);
    }
    cgroup_home_free(home);
    return NULL;
}

/* --- Life ---------------------------------------------------------------- */

void cgroup_home_free(struct cgroup_home *home)
{
    if (!home)
        return;
    cgroup_hierarchies_close(&home->old);
    if (home->fd >= 0)
        close(home->fd);
    if (home->place >= 0)
        close(home->place);
    free(home);
}

void cgroup_home_kill(const struct cgroup_home *home)
{
    if (!home)
        return;
    cgroup_control_hurry_all(home->fd, CGROUP_NEW);
    cgroup_hierarchies_hurry_all(&home->old);
    cgroup_files_write(home->fd, "cgroup.kill", "1");
}

void cgroup_home_remove(struct cgroup_home *home)
{
    if (!home)
        return;
    home->idle_count = 0;
    cgroup_hierarchies_hurry_all(&home->old);
    kill_all(home->fd, home->shown, patience());
    cgroup_files_remove(home->place, home->name);
    cgroup_hierarchies_remove(&home->old, home->name);
    cgroup_undelegate(home->place, &home->delegation);
}
