/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The executor dies at a system call of its own choice, or is refused it, while
 * it starts, feeds, signals and kills trees that do not want to die: nothing is
 * left of them. By strace, which need not be there.
 *
 * ctest-timeout: 120
 * ctest-long: 1800
 */

#include <signal.h>
#include <string.h>

#include <glib.h>

#include "support/command.h"
#include "support/daemon.h"
#include "support/remote.h"
#include "support/suite.h"

#define PATIENCE_MS 20000
#define RECOVERY_MS 500

/* What each of the children bears as an argument. */
#define MARKER "remex-any-moment"

/* Those of its loop, of its starts, and of its kills. */
static const char *const calls[] = { "epoll_wait", "epoll_ctl", "recvfrom",
    "sendmsg", "read", "write", "close", "pipe2", "openat", "fcntl", "dup3",
    "clone3", "rt_sigprocmask", "waitid", "prlimit64", "pidfd_open",
    "pidfd_send_signal", "kill", "getdents64", "mkdirat", "unlinkat",
    "newfstatat", "readlink", "inotify_add_watch", "getrandom", "ioctl" };

static const char *const shapes[] = { "deaf", "own-session", "daemon" };

/* A tracer that has got hold of the executor. */
static void trace(struct command *tracer, pid_t executor, const char *call,
        const char *fault, unsigned int nth)
{
    char *pid = g_strdup_printf("%d", (int)executor);
    char *filter = g_strdup_printf("trace=%s", call);
    char *inject = g_strdup_printf("inject=%s:%s:when=%u", call, fault, nth);
    const char *const argv[] = { "strace", "-o", "/dev/null", "-e", filter,
        "-e", inject, "-p", pid, NULL };
    char *attached;

    command_start(tracer, argv, NULL);
    attached = command_read_line(tracer->err);
    if (!strstr(attached, "attached"))
        g_error("strace says: %s", attached);
    g_free(attached);
    g_free(inject);
    g_free(filter);
    g_free(pid);
}

/* It is no matter which of this succeeds. */
static void play(struct remex_client *client, const char *marker)
{
    struct remex_process_options options = remote_with_stdin();
    struct remex_process *processes[G_N_ELEMENTS(shapes)] = { NULL };

    for (size_t i = 0; i < G_N_ELEMENTS(shapes); i++)
        if (remex_process_start(client,
                    REMOTE_ARGV(REMOTE_CHILD("hostile"), shapes[i], marker),
                    &options, &processes[i], NULL) != REMEX_OK)
            processes[i] = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(shapes); i++) {
        if (!processes[i])
            continue;
        (void)!remex_process_write(processes[i], "x", 1, 100, NULL, NULL);
        (void)!remex_process_signal(
                processes[i], SIGUSR1, REMEX_SIGNAL_TREE, NULL, NULL);
        (void)!remex_process_terminate(processes[i], NULL, NULL);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(shapes); i++)
        remex_process_free(processes[i]);
}

static struct remex_client *connect_impatiently(const struct daemon *daemon)
{
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);
    struct remex_client *client;

    options.recovery_ms = RECOVERY_MS;
    options.call_timeout_ms = RECOVERY_MS;
    g_assert_cmpint(
            remex_client_connect(daemon->address, &options, &client, NULL), ==,
            REMEX_OK);
    return client;
}

/* Whatever the fault has come to, the executor is killed in the end. */
static void check_nothing_left(
        const char *call, const char *fault, unsigned int nth)
{
    char *marker = g_strdup_printf(MARKER "-%08x", g_random_int());
    struct command_result traced;
    struct remex_client *client;
    struct command tracer;
    struct daemon daemon;
    pid_t executor;

    daemon_start(&daemon);
    client = connect_impatiently(&daemon);
    executor = daemon_executor(&daemon);
    g_assert_cmpint(executor, >, 1);
    trace(&tracer, executor, call, fault, nth);
    play(client, marker);
    kill(executor, SIGKILL);
    daemon_wait_lost(&daemon);
    command_finish(&tracer, NULL, 0, &traced);
    command_result_deinit(&traced);
    if (!daemon_wait_none_marked(marker, PATIENCE_MS))
        g_error("%s %u, %s: somebody is left", call, nth, fault);
    remex_client_free(client);
    daemon_stop(&daemon);
    g_free(marker);
}

/* Each of the calls, and of each the first so many; one of each if it is quick.
 */
static void check_all(const char *fault)
{
    unsigned int most = g_test_slow() ? 4 : 1;
    size_t step = g_test_slow() ? 1 : 9;
    char *strace = g_find_program_in_path("strace");

    for (size_t i = 0; strace && i < G_N_ELEMENTS(calls); i += step)
        for (unsigned int nth = 1; nth <= most; nth++)
            check_nothing_left(calls[i], fault, nth);
    if (!strace)
        g_test_skip("strace is not there");
    g_free(strace);
}

static void it_dies_there(void)
{
    check_all("signal=KILL");
}

static void it_has_no_memory_there(void)
{
    check_all("error=ENOMEM");
}

static void it_has_no_descriptor_there(void)
{
    check_all("error=EMFILE");
}

static void it_is_interrupted_there(void)
{
    check_all("error=EINTR");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    suite_start_nng();
    SUITE_ADD("/any_moment", it_dies_there);
    SUITE_ADD("/any_moment", it_has_no_memory_there);
    SUITE_ADD("/any_moment", it_has_no_descriptor_there);
    SUITE_ADD("/any_moment", it_is_interrupted_there);
    return g_test_run();
}
