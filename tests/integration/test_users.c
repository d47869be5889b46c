/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What other users of the host, and programs of the same user, can do to an
 * executor: nothing, and not look into it either. Only root can become others.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "support/command.h"
#include "support/daemon.h"
#include "support/suite.h"

#define PROGRAM REMEX_BIN_DIR "/remexd"
#define NOBODY 65534
#define NOBODY_TEXT "65534"

enum { PARTS = 3 };

/* What is attacked, and by what means; an attack returns whether it got
 * somewhere. */
struct target {
    const char *directory;
    pid_t parts[PARTS]; /* supervisor, executor, front */
};

typedef bool attack(const struct target *target);

static bool can_connect(const char *directory, const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", directory,
            name);
    return connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
}

static bool connects(const struct target *target)
{
    return can_connect(target->directory, "socket") ||
            can_connect(target->directory, "socket.hints");
}

static bool locks(const struct target *target)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/socket.lock", target->directory);
    return open(path, O_RDONLY) >= 0 || unlink(path) == 0;
}

static bool can_open(pid_t pid, const char *name, int flags)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    return open(path, flags) >= 0;
}

/* "status" and the like are for everybody. */
static bool looks(const struct target *target)
{
    for (size_t i = 0; i < PARTS; i++) {
        pid_t pid = target->parts[i];

        if (can_open(pid, "environ", O_RDONLY) ||
                can_open(pid, "maps", O_RDONLY) ||
                can_open(pid, "mem", O_RDWR) ||
                can_open(pid, "fd", O_RDONLY | O_DIRECTORY) ||
                can_open(pid, "fd/0", O_RDONLY))
            return true;
    }
    return false;
}

static bool traces(const struct target *target)
{
    static char byte;
    struct iovec own = { &byte, 1 };

    for (size_t i = 0; i < PARTS; i++) {
        pid_t pid = target->parts[i];
        struct iovec theirs = { &byte, 1 };

        if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0 ||
                process_vm_readv(pid, &own, 1, &theirs, 1, 0) > 0 ||
                errno != EPERM)
            return true;
    }
    return false;
}

static bool signals(const struct target *target)
{
    static const int numbers[] = { 0, SIGKILL, SIGSTOP, SIGTERM };

    for (size_t i = 0; i < PARTS * G_N_ELEMENTS(numbers); i++) {
        if (kill(target->parts[i % PARTS], numbers[i / PARTS]) == 0 ||
                errno != EPERM)
            return true;
    }
    return false;
}

/* By a process of user `uid`; whether it got somewhere. */
static bool succeeds(attack *means, const struct target *target, uid_t uid)
{
    pid_t pid = fork();
    int status;

    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        if (setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0)
            _exit(99);
        _exit(means(target) ? 1 : 0);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), <=, 1);
    return WEXITSTATUS(status) == 1;
}

static struct target target_of(const struct daemon *daemon)
{
    return (struct target){
        .directory = daemon->directory,
        .parts = { daemon->pid, daemon_executor(daemon), daemon_front(daemon) },
    };
}

static void check_strangers(const struct daemon *daemon)
{
    struct target target = target_of(daemon);

    /* So that it is the socket that refuses, and not the directory. */
    g_assert_cmpint(chmod(daemon->directory, 0755), ==, 0);
    g_assert_false(succeeds(connects, &target, NOBODY));
    g_assert_false(succeeds(locks, &target, NOBODY));
    g_assert_false(succeeds(looks, &target, NOBODY));
    g_assert_false(succeeds(traces, &target, NOBODY));
    g_assert_false(succeeds(signals, &target, NOBODY));
    /* And these attacks are some: root's come through. */
    g_assert_true(succeeds(connects, &target, 0));
    g_assert_true(succeeds(looks, &target, 0));
    g_assert_true(succeeds(traces, &target, 0));
}

static void another_user_gets_nowhere(void)
{
    struct daemon daemon;

    if (geteuid() != 0) {
        g_test_skip("only root can become another user");
        return;
    }
    daemon_start(&daemon);
    check_strangers(&daemon);
    daemon_stop(&daemon);
}

/* As a program is that it started, where no other user was configured. */
static void the_same_user_cannot_look_inside(void)
{
    char *directory = g_dir_make_tmp("remex-test-XXXXXX", NULL);
    char *address = g_strdup_printf("ipc://%s/socket", directory);
    const char *argv[] = { "setpriv", "--reuid=" NOBODY_TEXT,
        "--regid=" NOBODY_TEXT, "--clear-groups", PROGRAM, "--listen", address,
        "--ready-fd", "1", NULL };
    struct daemon daemon = { .directory = directory, .address = address };
    struct command command;
    struct command_result result;
    struct target target;
    char *told;

    if (geteuid() != 0 || access(PROGRAM, X_OK) < 0) {
        g_test_skip("only root can become another user");
        g_assert_cmpint(g_rmdir(directory), ==, 0);
        g_free(address);
        g_free(directory);
        return;
    }
    g_assert_cmpint(chown(directory, NOBODY, NOBODY), ==, 0);
    command_start(&command, argv, NULL);
    told = command_read_line(command.out);
    g_assert_cmpstr(told, ==, address);
    daemon.pid = command.pid;
    target = target_of(&daemon);
    g_assert_false(succeeds(looks, &target, NOBODY));
    g_assert_false(succeeds(traces, &target, NOBODY));
    g_assert_true(succeeds(connects, &target, NOBODY));
    kill(command.pid, SIGTERM);
    command_finish(&command, NULL, 0, &result);
    g_assert_cmpint(result.status, ==, 0);
    command_result_deinit(&result);
    g_assert_cmpint(g_rmdir(directory), ==, 0);
    g_free(told);
    g_free(address);
    g_free(directory);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/users", another_user_gets_nowhere);
    SUITE_ADD("/users", the_same_user_cannot_look_inside);
    return g_test_run();
}
