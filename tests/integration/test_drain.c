/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remexd --drain: asked to end, it starts nothing any more and lets what runs
 * end by itself.
 */

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include <glib.h>

#include "support/daemon.h"
#include "support/remote.h"
#include "support/suite.h"
#include "support/transcript.h"

#define MARK "remex-drain-mark"

/* Until a start is refused because it drains. */
static void ask_to_drain(
        const struct daemon *daemon, struct remex_client *client)
{
    struct remex_process *process;
    struct remex_error error;
    enum remex_status status;

    g_assert_cmpint(kill(daemon->pid, SIGTERM), ==, 0);
    while ((status = remex_process_start(client, REMOTE_ARGV("true"), NULL,
                    &process, &error)) == REMEX_OK)
        remex_process_free(process);
    g_assert_cmpint(status, ==, REMEX_UNAVAILABLE);
    g_assert_nonnull(strstr(error.text, "draining"));
}

/* It ends, and well, without being asked again. */
static void wait_for_end(const struct daemon *daemon)
{
    siginfo_t info;

    g_assert_cmpint(
            waitid(P_PID, (id_t)daemon->pid, &info, WEXITED | WNOWAIT), ==, 0);
    g_assert_cmpint(info.si_code, ==, CLD_EXITED);
    g_assert_cmpint(info.si_status, ==, 0);
}

static void what_runs_goes_on_to_its_end(void)
{
    struct remex_process_options options = remote_with_stdin();
    struct daemon daemon;
    struct remex_client *client;
    struct remex_client *newcomer;
    struct remex_process *process;
    struct transcript story;

    daemon_start_with(&daemon, NULL, REMOTE_ARGV("--drain", "600"));
    client = remote_connect_to(daemon.address);
    process = remote_start(client,
            REMOTE_ARGV("/bin/sh", "-c", "read x; echo $x; exit 5"), &options);
    ask_to_drain(&daemon, client);
    newcomer = remote_connect_to(daemon.address);
    g_assert_cmpint(remex_process_write(
                            process, "last\n", 5, REMEX_FOREVER, NULL, NULL),
            ==, REMEX_OK);
    transcript_init(&story);
    transcript_follow(&story, process);
    transcript_check_text(&story, REMEX_STDOUT, "last\n");
    transcript_check_exit(&story, 5);
    transcript_deinit(&story);
    wait_for_end(&daemon);
    remex_process_free(process);
    remex_client_free(newcomer);
    remex_client_free(client);
    daemon_stop(&daemon);
}

static void nothing_is_waited_for_if_nothing_runs(void)
{
    struct daemon daemon;
    struct remex_client *client;

    daemon_start_with(&daemon, NULL, REMOTE_ARGV("--drain", "600"));
    client = remote_connect_to(daemon.address);
    g_assert_cmpint(kill(daemon.pid, SIGTERM), ==, 0);
    wait_for_end(&daemon);
    remex_client_free(client);
    daemon_stop(&daemon);
}

static void the_deadline_ends_the_rest(void)
{
    struct daemon daemon;
    struct remex_client *client;
    struct remex_process *process;
    gint64 begun;

    daemon_start_with(&daemon, NULL, REMOTE_ARGV("--drain", "1"));
    client = remote_connect_to(daemon.address);
    process = remote_start(client,
            REMOTE_ARGV("/bin/sh", "-c", "exec sleep 1000", MARK), NULL);
    begun = g_get_monotonic_time();
    g_assert_cmpint(kill(daemon.pid, SIGTERM), ==, 0);
    wait_for_end(&daemon);
    g_assert_cmpint(g_get_monotonic_time() - begun, >=, 1000000);
    g_assert_cmpuint(daemon_count_marked(MARK), ==, 0);
    remex_process_free(process);
    remex_client_free(client);
    daemon_stop(&daemon);
}

static void who_asks_again_is_not_kept_waiting(void)
{
    struct daemon daemon;
    struct remex_client *client;
    struct remex_process *process;

    daemon_start_with(&daemon, NULL, REMOTE_ARGV("--drain", "600"));
    client = remote_connect_to(daemon.address);
    process = remote_start(
            client, REMOTE_ARGV("/bin/sh", "-c", "sleep 1000; :", MARK), NULL);
    ask_to_drain(&daemon, client);
    g_assert_cmpuint(daemon_count_marked(MARK), >=, 1);
    g_assert_cmpint(kill(daemon.pid, SIGTERM), ==, 0);
    wait_for_end(&daemon);
    g_assert_cmpuint(daemon_count_marked(MARK), ==, 0);
    remex_process_free(process);
    remex_client_free(client);
    daemon_stop(&daemon);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    suite_start_nng();
    SUITE_ADD("/drain", what_runs_goes_on_to_its_end);
    SUITE_ADD("/drain", nothing_is_waited_for_if_nothing_runs);
    SUITE_ADD("/drain", the_deadline_ends_the_rest);
    SUITE_ADD("/drain", who_asks_again_is_not_kept_waiting);
    return g_test_run();
}
