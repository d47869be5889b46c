/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a dead executor has left is found, however much it is. Two thousand
 * forks take a minute and more under the address sanitizer.
 *
 * ctest-timeout: 180
 */

#include "executor/sweep.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <glib.h>

#include "support/kernel.h"
#include "support/sanitizers.h"
#include "support/suite.h"

#define MANY 2000
#define WATCHED_MANY 100 /* the thread sanitizer's forks take so long */
#define DEPTH 30

/* Of processor time, which does not depend on who else is busy. Looking again
 * after every death would take several times as long. */
#define BOUND_NS INT64_C(400000000)

static int64_t cpu_time_ns(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void wait_for_ever(void)
{
    signal(SIGTERM, SIG_IGN);
    for (;;)
        pause();
}

/* Runs `grow` and then the sweep in a subreaper of its own, for the sweep takes
 * every child there is. */
static void check_sweeps(void (*grow)(void))
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        int64_t before;

        prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
        grow();
        before = cpu_time_ns();
        sweep_children();
        if (waitpid(-1, NULL, WNOHANG) != -1)
            _exit(1);
        _exit(cpu_time_ns() - before < BOUND_NS ? 0 : 2);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 0);
}

static void grow_nothing(void)
{
}

static void without_children_it_returns_at_once(void)
{
    check_sweeps(grow_nothing);
}

static void grow_many(void)
{
    const int many = sanitizers_watch_threads() ? WATCHED_MANY : MANY;

    for (int i = 0; i < many; i++) {
        if (sanitizers_plain_fork() == 0)
            wait_for_ever();
    }
}

static void thousands_are_gone_without_much_ado(void)
{
    check_sweeps(grow_many);
}

/* Each the child of the one before, in a session of its own. */
static void grow_deep(void)
{
    int ends[2];
    char byte;

    if (pipe(ends) < 0)
        abort();
    if (sanitizers_plain_fork() == 0) {
        for (int i = 0; i < DEPTH; i++) {
            setsid();
            if (sanitizers_plain_fork() > 0)
                wait_for_ever();
        }
        if (write(ends[1], "x", 1) != 1)
            abort();
        wait_for_ever();
    }
    if (read(ends[0], &byte, 1) != 1)
        abort();
}

static void descendants_are_gone_whatever_their_session(void)
{
    check_sweeps(grow_deep);
}

/* A list of our own that is refused once is no list without entries. */
static void grow_behind_a_refusal(void)
{
    if (sanitizers_plain_fork() == 0)
        wait_for_ever();
    kernel_refuse(KERNEL_OPENAT, 1, EACCES);
}

static void who_could_not_be_listed_at_first_is_gone(void)
{
    check_sweeps(grow_behind_a_refusal);
}

static void give_descriptors(int signal_number)
{
    const struct rlimit enough = { 64, 64 };

    (void)signal_number;
    setrlimit(RLIMIT_NOFILE, &enough);
}

/* The list of children cannot be opened, at first. */
static void grow_without_descriptors(void)
{
    const struct rlimit none = { 0, 64 };
    const struct itimerval soon = { .it_value = { .tv_usec = 50000 } };

    if (sanitizers_plain_fork() == 0)
        wait_for_ever();
    signal(SIGALRM, give_descriptors);
    setrlimit(RLIMIT_NOFILE, &none);
    setitimer(ITIMER_REAL, &soon, NULL);
}

static void nobody_is_waited_for_who_was_not_killed(void)
{
    check_sweeps(grow_without_descriptors);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/sweep", who_could_not_be_listed_at_first_is_gone);
    SUITE_ADD("/sweep", without_children_it_returns_at_once);
    SUITE_ADD("/sweep", thousands_are_gone_without_much_ado);
    SUITE_ADD("/sweep", descendants_are_gone_whatever_their_session);
    SUITE_ADD("/sweep", nobody_is_waited_for_who_was_not_killed);
    return g_test_run();
}
