/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The runner's own test: it must notice what a case leaves behind, or its
 * silence about all the others would mean nothing. Those cases are meant to
 * fail, so they run in programs of their own: GLib leaves out a path with
 * "subprocess" in it unless it is asked for.
 */

#include "support/suite.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

/* Runs the /leaks case of that name, which must be stopped with that report. */
static void check_noticed(const char *leak, const char *report)
{
    char *path = g_strconcat("/leaks/subprocess/", leak, NULL);

    g_test_trap_subprocess(path, 0, 0);
    g_test_trap_assert_failed();
    g_test_trap_assert_stderr(report);
    g_free(path);
}

static pid_t start_child(void)
{
    pid_t child = fork();

    g_assert_cmpint(child, >=, 0);
    if (child == 0) {
        pause();
        _exit(0);
    }
    return child;
}

static void *wait_for_end_of_file(void *data)
{
    const int *pipe_end = data;
    char byte;

    g_assert_cmpint(read(*pipe_end, &byte, 1), ==, 0);
    return NULL;
}

static void leave_a_descriptor(void)
{
    g_assert_cmpint(open("/dev/null", O_RDONLY | O_CLOEXEC), >=, 0);
}

static void close_a_descriptor(void)
{
    g_assert_cmpint(close(STDIN_FILENO), ==, 0);
}

static void leave_a_child(void)
{
    pid_t child = start_child();

    /* The test does not outlive this case, and neither must its child: what
     * is left is a zombie. */
    g_assert_cmpint(kill(child, SIGKILL), ==, 0);
}

static void leave_a_thread(void)
{
    static int ends[2];
    pthread_t thread;

    g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
    g_assert_cmpint(
            pthread_create(&thread, NULL, wait_for_end_of_file, &ends[0]), ==,
            0);
    g_assert_cmpint(pthread_detach(thread), ==, 0);
}

static void a_lost_descriptor_is_noticed(void)
{
    check_noticed(
            "leave_a_descriptor", "*descriptors * and *children 0 and 0*");
}

static void a_closed_descriptor_is_noticed(void)
{
    check_noticed(
            "close_a_descriptor", "*descriptors * and *children 0 and 0*");
}

static void a_lost_child_is_noticed(void)
{
    check_noticed("leave_a_child", "*children 0 and 1*");
}

static void a_lost_thread_is_noticed(void)
{
    check_noticed("leave_a_thread", "*threads * and *children 0 and 0*");
}

static void what_is_put_away_is_no_leak(void)
{
    int ends[2];
    pthread_t thread;
    pid_t child = start_child();

    g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
    g_assert_cmpint(
            pthread_create(&thread, NULL, wait_for_end_of_file, &ends[0]), ==,
            0);
    g_assert_cmpint(close(ends[1]), ==, 0);
    g_assert_cmpint(pthread_join(thread, NULL), ==, 0);
    g_assert_cmpint(close(ends[0]), ==, 0);
    g_assert_cmpint(kill(child, SIGKILL), ==, 0);
    g_assert_cmpint(waitpid(child, NULL, 0), ==, child);
}

static void nng_is_no_leak_once_started(void)
{
    suite_start_nng();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    suite_start_nng();
    suite_set_patience(100); /* for here it is always in vain */
    SUITE_ADD("/leaks/subprocess", leave_a_descriptor);
    SUITE_ADD("/leaks/subprocess", close_a_descriptor);
    SUITE_ADD("/leaks/subprocess", leave_a_child);
    SUITE_ADD("/leaks/subprocess", leave_a_thread);
    SUITE_ADD("/suite", a_lost_descriptor_is_noticed);
    SUITE_ADD("/suite", a_closed_descriptor_is_noticed);
    SUITE_ADD("/suite", a_lost_child_is_noticed);
    SUITE_ADD("/suite", a_lost_thread_is_noticed);
    SUITE_ADD("/suite", what_is_put_away_is_no_leak);
    SUITE_ADD("/suite", nng_is_no_leak_once_started);
    return g_test_run();
}
