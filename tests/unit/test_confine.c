/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "support/sanitizers.h"
#include "support/suite.h"

/* --- Users ---------------------------------------------------------------- */

static void a_user_is_two_numbers_or_none(void)
{
    static const char *const wrong[] = { "1", "1:", ":1", "0:1", "1:0", "a:b",
        "1:2:3", "4294967295:1", "1:4294967295", "99999999999999999999:1",
        "1 :1" };
    struct confine_user user;

    g_assert_true(confine_parse("", &user));
    g_assert_false(user.another);
    g_assert_true(confine_parse("4294967294:1234", &user));
    g_assert_true(user.another);
    g_assert_cmpuint(user.uid, ==, 4294967294);
    g_assert_cmpuint(user.gid, ==, 1234);
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
        g_assert_false(confine_parse(wrong[i], &user));
}

/* --- Calls ---------------------------------------------------------------- */

/* The wait status of a process that does this, confined. */
static int status_of(void (*function)(void))
{
    pid_t pid = fork();
    int status;

    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        if (!confine_calls())
            _exit(99);
        function();
        _exit(0);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    return status;
}

static void relay(void)
{
    const size_t size = 64 * 1024 * 1024;
    char byte = 'x';
    char *memory;

    /* malloc's larger pieces, too. */
    memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        _exit(1);
    munmap(memory, size);
    if (send(-1, &byte, 1, MSG_NOSIGNAL) >= 0 || errno != EBADF)
        _exit(2);
    getpid();
    raise(SIGCONT);
}

static void what_a_front_does_is_let_through(void)
{
    g_assert_cmpint(status_of(relay), ==, 0);
}

static void execute(void)
{
    execl("/bin/true", "true", (char *)NULL);
}

static void open_file(void)
{
    syscall(SYS_openat, AT_FDCWD, "/etc/passwd", 0);
}

static void have_child(void)
{
    if (syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) == 0)
        syscall(SYS_exit_group, 0);
}

static void map_code(void)
{
    mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void write_code(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static void signal_others(void)
{
    syscall(SYS_kill, getppid(), 0);
}

static void become_dumpable(void)
{
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static void trace(void)
{
    syscall(SYS_ptrace, 0, 0, 0, 0);
}

static void listen_elsewhere(void)
{
    syscall(SYS_bind, 0, NULL, 0);
}

static void become_root(void)
{
    syscall(SYS_setresuid, 0, 0, 0);
}

static void remove_file(void)
{
    syscall(SYS_unlinkat, AT_FDCWD, "/no/such/file", 0);
}

static void mount_something(void)
{
    syscall(SYS_mount, "none", "/mnt", "tmpfs", 0, NULL);
}

static void load_program(void)
{
    syscall(SYS_bpf, 0, NULL, 0);
}

static void dial(void)
{
    socket(AF_UNIX, SOCK_STREAM, 0);
}

/* By the numbers of another ABI, or by one that nobody has. */
static void call_foreign(void)
{
    syscall(SYS_getpid | 0x40000000);
}

static void check_killed(void (*function)(void))
{
    int status = status_of(function);

    g_assert_true(WIFSIGNALED(status));
    g_assert_cmpint(WTERMSIG(status), ==, SIGSYS);
}

static void all_else_is_the_end(void)
{
    check_killed(trace);
    check_killed(listen_elsewhere);
    check_killed(become_root);
    check_killed(remove_file);
    check_killed(mount_something);
    check_killed(load_program);
    check_killed(call_foreign);
    check_killed(dial);
    if (sanitizers_on())
        return; /* these do the rest */
    check_killed(execute);
    check_killed(open_file);
    check_killed(have_child);
    check_killed(map_code);
    check_killed(write_code);
    check_killed(signal_others);
    check_killed(become_dumpable);
}

static pthread_barrier_t confined;

static void *wait_and_trace(void *user)
{
    pthread_barrier_wait(&confined);
    trace();
    return user;
}

static void threads_of_before_are_confined_as_well(void)
{
    pid_t pid = fork();
    pthread_t thread;
    int status;

    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        pthread_barrier_init(&confined, NULL, 2);
        if (pthread_create(&thread, NULL, wait_and_trace, NULL) != 0 ||
                !confine_calls())
            _exit(99);
        pthread_barrier_wait(&confined);
        for (;;)
            pause();
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFSIGNALED(status));
    g_assert_cmpint(WTERMSIG(status), ==, SIGSYS);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/confine", a_user_is_two_numbers_or_none);
    SUITE_ADD("/confine", what_a_front_does_is_let_through);
    SUITE_ADD("/confine", all_else_is_the_end);
    SUITE_ADD("/confine", threads_of_before_are_confined_as_well);
    return g_test_run();
}
