/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/doctor_checks.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 4096
#define NAME_BYTES 64
#define MODE_BITS 07777U

/* False: there is nothing to look for in it. */
static bool check_directory(struct diagnosis *diagnosis, const char *path)
{
    struct stat found;
    char copy[PATH_BYTES];
    const char *directory;

    (void)snprintf(copy, sizeof(copy), "%s", path);
    directory = dirname(copy);
    if (stat(directory, &found) != 0) {
        finding_hint(diagnosis_add(diagnosis, "directory", VERDICT_FAIL,
                             "%s: %s", directory, strerror(errno)),
                errno == ENOENT
                        ? "check the address, or start an executor there: "
                          "mkdir -m 700 -p %s, then remexd --listen ..."
                        : "become a user who may look into %s",
                directory);
        return false;
    }
    if ((found.st_mode & S_IWOTH) && !(found.st_mode & S_ISVTX))
        finding_hint(diagnosis_add(diagnosis, "directory", VERDICT_WARN,
                             "%s: everybody may write there (mode %04o)",
                             directory, found.st_mode & MODE_BITS),
                "chmod 700 %s, or anybody can put his own socket there",
                directory);
    else if (access(directory, X_OK) != 0)
        finding_hint(
                diagnosis_add(diagnosis, "directory", VERDICT_FAIL,
                        "%s: closed to us (mode %04o, of user %u)", directory,
                        found.st_mode & MODE_BITS, (unsigned int)found.st_uid),
                "become a user who may look into %s", directory);
    else
        (void)diagnosis_add(diagnosis, "directory", VERDICT_OK,
                "%s, mode %04o, of user %u", directory,
                found.st_mode & MODE_BITS, (unsigned int)found.st_uid);
    return true;
}

static void check_socket(struct diagnosis *diagnosis, const char *path)
{
    struct stat found;

    if (stat(path, &found) != 0)
        finding_hint(diagnosis_add(diagnosis, "socket", VERDICT_FAIL, "%s: %s",
                             path, strerror(errno)),
                "start the executor: remexd --listen ipc://%s", path);
    else if (!S_ISSOCK(found.st_mode))
        finding_hint(diagnosis_add(diagnosis, "socket", VERDICT_FAIL,
                             "%s is no socket", path),
                "check the address: it is that of remexd --listen");
    else if (access(path, R_OK | W_OK) != 0)
        finding_hint(diagnosis_add(diagnosis, "socket", VERDICT_FAIL,
                             "closed to us: it is another user's, mode %04o",
                             found.st_mode & MODE_BITS),
                "become that user, or have the executor listen at tcp:// or "
                "tls:// for others");
    else if (found.st_mode & (S_IRWXG | S_IRWXO))
        finding_hint(
                diagnosis_add(diagnosis, "socket", VERDICT_WARN,
                        "open to others: mode %04o", found.st_mode & MODE_BITS),
                "chmod 600 %s", path);
    else
        (void)diagnosis_add(diagnosis, "socket", VERDICT_OK, "mode %04o",
                found.st_mode & MODE_BITS);
}

/* Who holds it, as the kernel lists locks; 0: it is not told. */
static pid_t find_holder(const struct stat *file)
{
    FILE *locks = fopen("/proc/locks", "re");
    char line[256];
    pid_t holder = 0;

    while (locks && holder == 0 && fgets(line, sizeof(line), locks)) {
        uintmax_t inode = 0;
        int pid = 0;

        if (sscanf(line, "%*d: FLOCK %*s %*s %d %*x:%*x:%ju", &pid, &inode) ==
                        2 &&
                inode == (uintmax_t)file->st_ino)
            holder = pid;
    }
    if (locks)
        (void)fclose(locks);
    return holder;
}

static void name_of(pid_t pid, char out[NAME_BYTES])
{
    char path[NAME_BYTES];
    FILE *file;

    (void)snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
    file = fopen(path, "re");
    if (!file || !fgets(out, NAME_BYTES, file))
        (void)snprintf(out, NAME_BYTES, "?");
    out[strcspn(out, "\n")] = '\0';
    if (file)
        (void)fclose(file);
}

static void tell_holder(struct diagnosis *diagnosis, int fd)
{
    struct stat file;
    pid_t holder = fstat(fd, &file) == 0 ? find_holder(&file) : 0;
    char name[NAME_BYTES];

    if (holder > 0) {
        name_of(holder, name);
        (void)diagnosis_add(diagnosis, "lock", VERDICT_OK,
                "held by process %d, %s", (int)holder, name);
    } else {
        (void)diagnosis_add(
                diagnosis, "lock", VERDICT_OK, "held, so an executor is alive");
    }
}

/* The kernel drops it when its holder dies, so it tells whether one lives. */
static void check_lock(struct diagnosis *diagnosis, const char *path)
{
    char lock[PATH_BYTES];
    int fd;

    (void)snprintf(lock, sizeof(lock), "%s.lock", path);
    fd = open(lock, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) {
        finding_hint(diagnosis_add(diagnosis, "lock", VERDICT_FAIL,
                             "nobody listens: there is no %s", lock),
                "start the executor: remexd --listen ipc://%s", path);
        return;
    }
    if (fd < 0) {
        (void)diagnosis_add(diagnosis, "lock", VERDICT_WARN,
                "not to be looked at: %s: %s", lock, strerror(errno));
        return;
    }
    if (flock(fd, LOCK_SH | LOCK_NB) == 0)
        finding_hint(diagnosis_add(diagnosis, "lock", VERDICT_FAIL,
                             "nobody holds it: the executor is dead"),
                "start it again: remexd --listen ipc://%s; its log tells why "
                "it ended",
                path);
    else
        tell_holder(diagnosis, fd);
    close(fd);
}

void doctor_path(struct diagnosis *diagnosis, const char *path)
{
    if (!check_directory(diagnosis, path))
        return;
    check_socket(diagnosis, path);
    check_lock(diagnosis, path);
}
