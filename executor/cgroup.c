/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/random.h"
#include "executor/cgroup_place.h"

#define PREFIX "remex-"
#define NAME_BYTES 23 /* with the prefix, 16 digits and NUL */

/* "NUMBER/FILE" */
#define FILE_BYTES 64

/* Of groups within groups of groups, which members may have made. */
#define MAX_DEPTH 32

/* For the end of what is in a home. */
#define PATIENCE_MS 1000

struct cgroup_home {
    int place; /* the directory that it is in */
    int fd;    /* its own, locked */
    char name[NAME_BYTES];
    char shown[CGROUP_PATH_BYTES + NAME_BYTES]; /* in /proc/PID/cgroup */
    uint64_t last;                              /* number given away */
};

/* --- Files of groups ----------------------------------------------------- */

static void name_file(char *out, uint64_t number, const char *file)
{
    snprintf(out, FILE_BYTES, "%" PRIu64 "/%s", number, file);
}

static bool write_word(int directory, const char *file, const char *word)
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

static bool says_empty(int events)
{
    char text[256];
    ssize_t size = pread(events, text, sizeof(text) - 1, 0);

    text[size > 0 ? size : 0] = '\0';
    return strstr(text, "populated 0") != NULL;
}

/* --- Removing ------------------------------------------------------------ */

static bool remove_group(int parent, const char *name, int depth)
{
    const struct dirent *entry;
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

    if (!dir) {
        if (fd >= 0)
            close(fd);
        return errno == ENOENT;
    }
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): nobody else has this DIR */
    while (depth < MAX_DEPTH && (entry = readdir(dir))) {
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
            remove_group(fd, entry->d_name, depth + 1);
    }
    closedir(dir);
    return unlinkat(parent, name, AT_REMOVEDIR) == 0;
}

/* `home` is its directory. The kernel tells of the change, once for each. */
static void wait_empty(int home)
{
    int64_t deadline = clock_monotonic_ns() + clock_from_ms(PATIENCE_MS);
    int events = openat(home, "cgroup.events", O_RDONLY | O_CLOEXEC);
    struct pollfd poller = { .fd = events, .events = POLLPRI };
    int64_t left = deadline - clock_monotonic_ns();

    if (events < 0)
        return;
    while (!says_empty(events) && left > 0) {
        poll(&poller, 1, (int)(left / clock_from_ms(1)) + 1);
        left = deadline - clock_monotonic_ns();
    }
    close(events);
}

static void remove_home(int place, const char *name, int home)
{
    write_word(home, "cgroup.kill", "1");
    wait_empty(home);
    remove_group(place, name, 0);
}

/* A home that its makers died of. */
static void remove_if_left(int place, const char *name)
{
    struct stat info;
    int fd = openat(place, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return;
    if (fstat(fd, &info) == 0 && info.st_uid == geteuid() &&
            flock(fd, LOCK_EX | LOCK_NB) == 0)
        remove_home(place, name, fd);
    close(fd);
}

static bool is_home_name(const char *name)
{
    return strncmp(name, PREFIX, strlen(PREFIX)) == 0 &&
            strlen(name) == NAME_BYTES - 1 &&
            strspn(name + strlen(PREFIX), "0123456789abcdef") ==
            strlen(name) - strlen(PREFIX);
}

static void remove_leftovers(int place)
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
            remove_if_left(place, entry->d_name);
    }
    closedir(dir);
}

/* --- The home ------------------------------------------------------------ */

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

/* Whether a child can be had in a group: that takes more rights than making
 * one. */
static bool try_group(struct cgroup_home *home)
{
    uint64_t number = cgroup_add(home);
    int door = cgroup_door(home, number);
    int status = -1;
    pid_t pid;

    if (door >= 0) {
        pid = fork();
        if (pid == 0)
            _exit(write(door, "0", 1) == 1 ? 0 : 1);
        if (pid > 0)
            waitpid(pid, &status, 0);
        close(door);
    }
    cgroup_remove(home, number);
    return status == 0;
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
        remove_leftovers(home->place);
        if (make_home(home) && try_group(home)) {
            snprintf(home->shown, sizeof(home->shown), "%s/%s", place.shown,
                    home->name);
            return home;
        }
        if (home->name[0])
            remove_group(home->place, home->name, 0);
    }
    cgroup_home_free(home);
    return NULL;
}

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
        write_word(home->fd, "cgroup.kill", "1");
}

void cgroup_home_remove(const struct cgroup_home *home)
{
    if (home)
        remove_home(home->place, home->name, home->fd);
}

/* --- A group ------------------------------------------------------------- */

uint64_t cgroup_add(struct cgroup_home *home)
{
    char name[FILE_BYTES];

    if (!home)
        return 0;
    snprintf(name, sizeof(name), "%" PRIu64, home->last + 1);
    if (mkdirat(home->fd, name, 0755) < 0)
        return 0;
    return ++home->last;
}

bool cgroup_remove(const struct cgroup_home *home, uint64_t number)
{
    char name[FILE_BYTES];

    if (number == 0)
        return true;
    snprintf(name, sizeof(name), "%" PRIu64, number);
    return unlinkat(home->fd, name, AT_REMOVEDIR) == 0 ||
            remove_group(home->fd, name, 0);
}

static int open_file(const struct cgroup_home *home, uint64_t number,
        const char *file, int flags)
{
    char name[FILE_BYTES];

    if (number == 0)
        return -1;
    name_file(name, number, file);
    return openat(home->fd, name, flags | O_CLOEXEC);
}

int cgroup_door(const struct cgroup_home *home, uint64_t number)
{
    return open_file(home, number, "cgroup.procs", O_WRONLY);
}

void cgroup_kill(const struct cgroup_home *home, uint64_t number)
{
    char name[FILE_BYTES];

    if (number == 0)
        return;
    name_file(name, number, "cgroup.kill");
    write_word(home->fd, name, "1");
}

bool cgroup_is_empty(const struct cgroup_home *home, uint64_t number)
{
    int events = open_file(home, number, "cgroup.events", O_RDONLY);
    bool empty;

    if (events < 0)
        return number == 0 || errno == ENOENT;
    empty = says_empty(events);
    close(events);
    return empty;
}

void cgroup_each_member(const struct cgroup_home *home, uint64_t number,
        void (*visit)(void *user, pid_t pid), void *user)
{
    int fd = open_file(home, number, "cgroup.procs", O_RDONLY);
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

/* The line "0::NAME". */
static bool is_below(const char *groups, const char *name)
{
    const char *line =
            strncmp(groups, "0::", 3) == 0 ? groups : strstr(groups, "\n0::");
    size_t size = strlen(name);

    if (!line)
        return false;
    line = strchr(line, '0') + strlen("0::");
    return strncmp(line, name, size) == 0 &&
            (line[size] == '/' || line[size] == '\n');
}

bool cgroup_holds(const struct cgroup_home *home, uint64_t number, pid_t pid)
{
    char name[sizeof(home->shown) + FILE_BYTES];
    char path[FILE_BYTES];
    char groups[8192];
    ssize_t size;
    int fd;

    if (number == 0)
        return false;
    snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    size = read(fd, groups, sizeof(groups) - 1);
    close(fd);
    groups[size > 0 ? size : 0] = '\0';
    snprintf(name, sizeof(name), "%s/%" PRIu64, home->shown, number);
    return is_below(groups, name);
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
