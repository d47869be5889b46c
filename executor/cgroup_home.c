/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/cgroup.h"

#include <dirent.h>
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
#include "executor/cgroup_files.h"
#include "executor/cgroup_inside.h"
#include "executor/cgroup_place.h"

#define PREFIX "remex-"

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
    if (cgroup_files_hold(shown, pid))
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

/* A home that its makers died of. */
static void remove_if_left(int place, const struct cgroup_place *where,
        const char *name, int64_t deadline)
{
    char shown[CGROUP_PATH_BYTES + CGROUP_NAME_BYTES];
    struct stat info;
    int fd = openat(place, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return;
    if (fstat(fd, &info) == 0 && info.st_uid == geteuid() &&
            flock(fd, LOCK_EX | LOCK_NB) == 0) {
        snprintf(shown, sizeof(shown), "%s/%.22s", where->shown, name);
        kill_all(fd, shown, deadline);
        cgroup_files_remove(place, name);
    }
    close(fd);
}

static bool is_home_name(const char *name)
{
    return strncmp(name, PREFIX, strlen(PREFIX)) == 0 &&
            strlen(name) == CGROUP_NAME_BYTES - 1 &&
            strspn(name + strlen(PREFIX), "0123456789abcdef") ==
            strlen(name) - strlen(PREFIX);
}

static void remove_leftovers(int place, const struct cgroup_place *where)
{
    int fd = openat(place, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    int64_t deadline = patience();
    const struct dirent *entry;

    if (!dir) {
        if (fd >= 0)
            close(fd);
        return;
    }
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): nobody else has this DIR */
    while ((entry = readdir(dir))) {
        if (is_home_name(entry->d_name))
            remove_if_left(place, where, entry->d_name, deadline);
    }
    closedir(dir);
}

/* --- Making -------------------------------------------------------------- */

/* Between its making and the lock, somebody may have taken it for left. */
static bool make_home(struct cgroup_home *home)
{
    uint64_t id;

    random_bytes(&id, sizeof(id));
    snprintf(home->name, sizeof(home->name), PREFIX "%016" PRIx64, id);
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

static bool open_place(struct cgroup_home *home, struct cgroup_place *place)
{
    if (!cgroup_place_find(place))
        return false;
    home->place = open(place->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return home->place >= 0;
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
        remove_leftovers(home->place, &place);
        if (make_home(home) && try_group(home)) {
            snprintf(home->shown, sizeof(home->shown), "%s/%s", place.shown,
                    home->name);
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
    if (home->fd >= 0)
        close(home->fd);
    if (home->place >= 0)
        close(home->place);
    free(home);
}

void cgroup_home_kill(const struct cgroup_home *home)
{
    if (home)
        cgroup_files_write(home->fd, "cgroup.kill", "1");
}

void cgroup_home_remove(struct cgroup_home *home)
{
    if (!home)
        return;
    home->idle_count = 0;
    kill_all(home->fd, home->shown, patience());
    cgroup_files_remove(home->place, home->name);
}
