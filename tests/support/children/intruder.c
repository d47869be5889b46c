/* SPDX-License-Identifier: Apache-2.0 */

/*
 * intruder DIRECTORY FILE PID...: does all that a program could do to who
 * started it, to its sockets and secrets, and to others. DIRECTORY is where the
 * executor listens; what is in FILE is secret; the PIDs are not to be touched.
 * Tells each attempt in a line, with its errno, or DONE.
 */

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

static void tell(const char *whom, const char *what, long result)
{
    printf("%s %s: %s\n", whom, what,
            result < 0 ? strerrorname_np(errno) : "DONE");
}

/* --- A process ------------------------------------------------------------ */

static void open_of(const char *pid, const char *name, int flags)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%s/%s", pid, name);
    tell(pid, path + strlen("/proc/"), open(path, flags));
}

static void look(const char *pid)
{
    open_of(pid, "mem", O_RDONLY);
    open_of(pid, "mem", O_RDWR);
    open_of(pid, "environ", O_RDONLY);
    open_of(pid, "maps", O_RDONLY);
    open_of(pid, "fd", O_RDONLY | O_DIRECTORY);
    open_of(pid, "fd/0", O_RDWR);
    open_of(pid, "exe", O_RDWR);
    open_of(pid, "root", O_RDONLY);
    open_of(pid, "cwd", O_RDONLY);
    open_of(pid, "oom_score_adj", O_RDWR);
}

static void reach_into(const char *name)
{
    static char byte;
    pid_t pid = (pid_t)atoi(name);
    struct iovec own = { &byte, 1 };
    struct iovec theirs = { &byte, 1 };
    int pidfd = pidfd_open(pid, 0);

    tell(name, "ptrace", ptrace(PTRACE_SEIZE, pid, NULL, NULL));
    tell(name, "attach", ptrace(PTRACE_ATTACH, pid, NULL, NULL));
    tell(name, "read memory", process_vm_readv(pid, &own, 1, &theirs, 1, 0));
    tell(name, "write memory", process_vm_writev(pid, &own, 1, &theirs, 1, 0));
    if (pidfd < 0)
        return;
    for (int fd = 0; fd < 16; fd++)
        tell(name, "take a descriptor", pidfd_getfd(pidfd, fd, 0));
    tell(name, "pidfd signal", pidfd_send_signal(pidfd, SIGKILL, NULL, 0));
}

static void disturb(const char *name)
{
    static const int signals[] = { 0, SIGKILL, SIGSTOP, SIGTERM, SIGCONT,
        SIGCHLD };
    const struct rlimit none = { 0, 0 };
    pid_t pid = (pid_t)atoi(name);
    cpu_set_t first;

    CPU_ZERO(&first);
    CPU_SET(0, &first);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        tell(name, "kill", kill(pid, signals[i]));
    if (kill(-pid, SIGKILL) == 0 || errno != ESRCH) /* it leads a group */
        tell(name, "kill the group", kill(-pid, SIGKILL));
    tell(name, "limit", prlimit(pid, RLIMIT_NOFILE, &none, NULL));
    tell(name, "priority", setpriority(PRIO_PROCESS, (id_t)pid, 19));
    tell(name, "affinity", sched_setaffinity(pid, sizeof(first), &first));
}

/* --- Files ---------------------------------------------------------------- */

static void use(const char *directory, const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    char path[sizeof(address.sun_path)];

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    memcpy(address.sun_path, path, sizeof(path));
    tell(name, "connect",
            connect(fd, (const struct sockaddr *)&address, sizeof(address)));
    tell(name, "unlink", unlink(path));
    tell(name, "chmod", chmod(path, 0777));
    tell(name, "chown", chown(path, getuid(), getgid()));
    close(fd);
}

static void open_file(const char *path)
{
    tell(path, "read", open(path, O_RDONLY));
    tell(path, "write", open(path, O_WRONLY));
    tell(path, "unlink", unlink(path));
}

/* --- Groups --------------------------------------------------------------- */

static void open_in(const char *group, const char *name)
{
    char path[8192];

    snprintf(path, sizeof(path), "%s/%s", group, name);
    tell(name, "write", open(path, O_WRONLY));
}

/* Ours, and the one that all are in. `mount` is where version 2 is. */
static void leave_group(const char *mount)
{
    char line[4096];
    char group[6000];
    FILE *file = fopen("/proc/self/cgroup", "r");

    while (file && fgets(line, sizeof(line), file)) {
        if (strncmp(line, "0::", 3) != 0 || !strstr(line, "/remex-"))
            continue;
        line[strcspn(line, "\n")] = '\0';
        snprintf(group, sizeof(group), "%s%s", mount, line + 3);
        if (access(group, F_OK) < 0)
            continue; /* it is mounted elsewhere */
        open_in(group, "cgroup.procs");
        open_in(group, "cgroup.kill");
        open_in(group, "../cgroup.procs");
        open_in(group, "../cgroup.kill");
        open_in(group, "../../cgroup.procs");
        tell("group", "mkdir", mkdir(strcat(group, "/x"), 0700));
    }
}

/* --- Oneself -------------------------------------------------------------- */

static void rise(void)
{
    const gid_t root = 0;

    tell("self", "setuid", setresuid(0, 0, 0));
    tell("self", "setgid", setresgid(0, 0, 0));
    tell("self", "setgroups", setgroups(1, &root));
    tell("self", "chroot", chroot("/"));
    tell("self", "mount", mount("none", "/mnt", "tmpfs", 0, NULL));
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    for (int i = 3; i < argc; i++) {
        look(argv[i]);
        reach_into(argv[i]);
        disturb(argv[i]);
    }
    use(argv[1], "socket");
    use(argv[1], "socket.hints");
    use(argv[1], "socket.lock");
    open_file(argv[2]);
    leave_group("/sys/fs/cgroup");
    leave_group("/sys/fs/cgroup/unified");
    rise();
    return 0;
}
