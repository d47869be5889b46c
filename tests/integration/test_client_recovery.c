/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A link that breaks and comes back. ctest-timeout: 180
 */

#include <remex/process.h>

#include <signal.h>
#include <string.h>

#include <glib.h>

#include "support/children/pattern.h"
#include "support/daemon.h"
#include "support/echo.h"
#include "support/remote.h"
#include "support/suite.h"
#include "support/transcript.h"

#define MIB ((uint64_t)1024 * 1024)
#define BOTH_WAYS (64 * MIB)
#define PIECE 100000 /* no power of two, to be cut anywhere */

/* --- Both ways ----------------------------------------------------------- */

static void *feed_pattern(void *data)
{
    static uint8_t piece[PIECE];
    struct remex_process *process = data;

    for (uint64_t at = 0; at < BOTH_WAYS;) {
        size_t size = BOTH_WAYS - at < PIECE ? (size_t)(BOTH_WAYS - at) : PIECE;
        size_t written;
        struct remex_error error;

        pattern_fill(piece, size, at);
        if (remex_process_write(process, piece, size, REMEX_FOREVER, &written,
                    &error) != REMEX_OK)
            g_error("after %zu of %zu: %s", written, size, error.text);
        g_assert_cmpuint(written, ==, size);
        at += size;
    }
    g_assert_cmpint(remex_process_close_stdin(process, NULL), ==, REMEX_OK);
    return NULL;
}

static void killed_fronts_cost_no_byte_either_way(void)
{
    struct daemon daemon;
    struct remex_client *client;
    struct remex_process *process;
    struct remex_process_options options = remote_with_stdin();
    struct transcript story;
    GThread *feeder;

    daemon_start(&daemon);
    client = remote_connect_to(daemon.address);
    process = remote_start(client, REMOTE_ARGV("cat"), &options);
    transcript_init(&story);
    story.verify = true;
    feeder = g_thread_new("feed", feed_pattern, process);
    for (uint64_t part = 0; part < 8; part++) {
        transcript_follow_until(
                &story, process, REMEX_STDOUT, part * 7 * MIB + 1);
        daemon_kill_front(&daemon);
    }
    transcript_follow(&story, process);
    g_thread_join(feeder);
    transcript_check_exit(&story, 0);
    g_assert_null(strpbrk(story.order->str, "GF"));
    g_assert_cmpuint(story.bytes[0], ==, BOTH_WAYS);
    transcript_deinit(&story);
    remex_process_free(process);
    remex_client_free(client);
    daemon_stop(&daemon);
}

/* --- At most once -------------------------------------------------------- */

/* Says where it was started, once per start. */
#define STARTS 60

static void *start_many(void *data)
{
    struct remex_client *client = data;

    for (int i = 0; i < STARTS; i++) {
        struct remex_process *process = remote_shell(client, "echo once");
        struct transcript story;

        transcript_init(&story);
        transcript_follow(&story, process);
        transcript_check_text(&story, REMEX_STDOUT, "once\n");
        transcript_check_exit(&story, 0);
        g_assert_cmpuint(story.last_seq, ==, 3);
        transcript_deinit(&story);
        remex_process_free(process);
    }
    return NULL;
}

static void starts_amid_killed_fronts_happen_once(void)
{
    struct daemon daemon;
    struct remex_client *client;
    GThread *threads[4];

    daemon_start(&daemon);
    client = remote_connect_to(daemon.address);
    for (int i = 0; i < 4; i++)
        threads[i] = g_thread_new("start", start_many, client);
    for (int i = 0; i < 5; i++)
        daemon_kill_front(&daemon);
    for (int i = 0; i < 4; i++)
        g_thread_join(threads[i]);
    remex_client_free(client);
    daemon_stop(&daemon);
}

/* --- Standstills --------------------------------------------------------- */

/* Stops a part of the executor until the client must have noticed, and lets it
 * go on. */
static void check_standstill(pid_t (*part)(const struct daemon *daemon))
{
    struct daemon daemon;
    struct remex_client *client;
    struct remex_process_options options = remote_with_stdin();
    struct remex_process *process;
    struct remex_event event;
    pid_t pid;

    daemon_start(&daemon);
    client = remote_connect_to(daemon.address);
    process = remote_start(client, REMOTE_ARGV("cat"), &options);
    pid = part(&daemon);
    g_assert_cmpint(kill(pid, SIGSTOP), ==, 0);
    g_assert_cmpint(
            remex_process_next_event(process, 5000, &event), ==, REMEX_AGAIN);
    kill(pid, SIGCONT); /* unless it has been replaced */
    echo_once(process);
    remex_process_free(process);
    remex_client_free(client);
    daemon_stop(&daemon);
}

static void a_front_that_stands_still_is_replaced(void)
{
    check_standstill(daemon_front);
}

static void an_executor_may_stand_still_for_a_while(void)
{
    check_standstill(daemon_executor);
}

/* --- Another executor ---------------------------------------------------- */

static void after_a_restart_each_handle_fails_once(void)
{
    struct daemon daemon;
    struct remex_client *client;
    struct remex_process *processes[50];
    struct remex_event event;

    daemon_start(&daemon);
    client = remote_connect_to(daemon.address);
    for (int i = 0; i < 50; i++)
        processes[i] = remote_start(client, REMOTE_ARGV("sleep", "1000"), NULL);
    daemon_kill(&daemon);
    daemon_restart(&daemon);
    for (int i = 0; i < 50; i++) {
        g_assert_cmpint(remex_process_next_event(processes[i], 10000, &event),
                ==, REMEX_OK);
        g_assert_cmpint(event.kind, ==, REMEX_EVENT_FAILED);
        g_assert_cmpint(event.failure, ==, REMEX_FAILURE_EXECUTOR_RESTARTED);
        g_assert_cmpint(remex_process_next_event(processes[i], 0, &event), ==,
                REMEX_ENDED);
        remex_process_free(processes[i]);
    }
    remex_client_free(client);
    daemon_stop(&daemon);
}

static void a_client_of_a_dead_executor_is_freed_in_time(void)
{
    gint64 before;
    struct daemon daemon;
    struct remex_client *client;
    struct remex_process *process;

    daemon_start(&daemon);
    client = remote_connect_to(daemon.address);
    process = remote_start(client, REMOTE_ARGV("sleep", "1000"), NULL);
    g_assert_cmpint(kill(daemon_executor(&daemon), SIGSTOP), ==, 0);
    before = g_get_monotonic_time();
    remex_process_free(process);
    remex_client_free(client);
    g_assert_cmpint(g_get_monotonic_time() - before, <, 4 * G_USEC_PER_SEC);
    daemon_kill(&daemon);
    daemon_stop(&daemon);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/client_recovery", killed_fronts_cost_no_byte_either_way);
    SUITE_ADD("/client_recovery", starts_amid_killed_fronts_happen_once);
    SUITE_ADD("/client_recovery", a_front_that_stands_still_is_replaced);
    SUITE_ADD("/client_recovery", an_executor_may_stand_still_for_a_while);
    SUITE_ADD("/client_recovery", after_a_restart_each_handle_fails_once);
    SUITE_ADD("/client_recovery", a_client_of_a_dead_executor_is_freed_in_time);
    return g_test_run();
}
