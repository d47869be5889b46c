/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One client under many threads, under a loop, and in a fork.
 */

#include <remex/process.h>

#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "support/echo.h"
#include "support/remote.h"
#include "support/suite.h"
#include "support/transcript.h"

#define THREADS 8
#define LIVES 25
#define SOON_MS 10000

/* --- Many threads -------------------------------------------------------- */

static void *live_often(void *data)
{
    struct remex_client *client = data;

    for (int i = 0; i < LIVES; i++) {
        char *script = g_strdup_printf(
                "echo %d; echo %d >&2; exit %d", i, i + 1, i % 3);
        char *out = g_strdup_printf("%d\n", i);
        struct remex_process *process = remote_shell(client, script);
        struct transcript story;

        transcript_init(&story);
        transcript_follow(&story, process);
        transcript_check_text(&story, REMEX_STDOUT, out);
        transcript_check_exit(&story, i % 3);
        transcript_deinit(&story);
        remex_process_free(process);
        g_free(out);
        g_free(script);
    }
    return NULL;
}

static void eight_threads_start_and_read_at_once(void)
{
    struct remex_client *client = remote_connect();
    GThread *threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        threads[i] = g_thread_new("lives", live_often, client);
    for (int i = 0; i < THREADS; i++)
        g_thread_join(threads[i]);
    remex_client_free(client);
}

static void *wait_for_exit(void *data)
{
    struct remex_exit ended;

    g_assert_cmpint(
            remex_process_wait(data, REMEX_FOREVER, &ended), ==, REMEX_OK);
    g_assert_cmpint(ended.code, ==, 5);
    return NULL;
}

static void many_may_wait_for_the_same_exit(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process_options options = remote_with_stdin();
    struct remex_process *process = remote_start(
            client, REMOTE_ARGV("/bin/sh", "-c", "read x; exit 5"), &options);
    GThread *threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        threads[i] = g_thread_new("wait", wait_for_exit, process);
    g_assert_cmpint(remex_process_close_stdin(process, NULL), ==, REMEX_OK);
    for (int i = 0; i < THREADS; i++)
        g_thread_join(threads[i]);
    remex_process_free(process);
    remex_client_free(client);
}

static void *write_a_line(void *data)
{
    static const char line[] = "0123456789abcdef0123456789abcde\n";

    for (int i = 0; i < 50; i++)
        g_assert_cmpint(remex_process_write(data, line, sizeof(line) - 1,
                                REMEX_FOREVER, NULL, NULL),
                ==, REMEX_OK);
    return NULL;
}

static void writes_of_several_threads_stay_whole(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process_options options = remote_with_stdin();
    struct remex_process *process =
            remote_start(client, REMOTE_ARGV("sort", "-u"), &options);
    GThread *threads[THREADS];
    struct transcript story;

    for (int i = 0; i < THREADS; i++)
        threads[i] = g_thread_new("write", write_a_line, process);
    for (int i = 0; i < THREADS; i++)
        g_thread_join(threads[i]);
    g_assert_cmpint(remex_process_close_stdin(process, NULL), ==, REMEX_OK);
    transcript_init(&story);
    transcript_follow(&story, process);
    transcript_check_text(
            &story, REMEX_STDOUT, "0123456789abcdef0123456789abcde\n");
    transcript_deinit(&story);
    remex_process_free(process);
    remex_client_free(client);
}

/* --- One loop ------------------------------------------------------------ */

static bool is_readable(const struct remex_client *client, int timeout_ms)
{
    struct pollfd poll_fd = {
        .fd = remex_client_fd(client),
        .events = POLLIN,
    };

    return poll(&poll_fd, 1, timeout_ms) == 1;
}

/* Takes all that is ready; how many endings were among it. */
static int drain(struct remex_client *client)
{
    struct remex_process *process;
    struct remex_event event;
    int endings = 0;

    while ((process = remex_client_next_ready(client))) {
        while (remex_process_next_event(process, 0, &event) == REMEX_OK)
            endings += event.kind == REMEX_EVENT_CLOSED;
    }
    return endings;
}

static void one_descriptor_drives_many_processes(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process *processes[40];
    int endings = 0;

    g_assert_false(is_readable(client, 0));
    for (int i = 0; i < 40; i++)
        processes[i] = remote_shell(client, "echo out; echo err >&2");
    while (endings < 40) {
        g_assert_true(is_readable(client, SOON_MS));
        endings += drain(client);
    }
    g_assert_false(is_readable(client, 0));
    g_assert_null(remex_client_next_ready(client));
    for (int i = 0; i < 40; i++)
        remex_process_free(processes[i]);
    remex_client_free(client);
}

static void who_is_named_and_not_heard_is_not_named_again(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process *process = remote_shell(client, "echo hello");
    struct remex_event event;
    struct remex_exit ended;

    g_assert_cmpint(remex_process_wait(process, SOON_MS, &ended), ==, REMEX_OK);
    g_assert_true(is_readable(client, SOON_MS));
    g_assert_true(remex_client_next_ready(client) == process);
    g_assert_null(remex_client_next_ready(client));
    g_assert_true(is_readable(client, 0));
    g_assert_cmpint(
            remex_process_next_event(process, SOON_MS, &event), ==, REMEX_OK);
    g_assert_true(remex_client_next_ready(client) == process);
    remex_process_free(process);
    g_assert_false(is_readable(client, 0));
    remex_client_free(client);
}

/* --- Odd lifetimes ------------------------------------------------------- */

static void a_handle_may_outlive_its_client(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process *process =
            remote_start(client, REMOTE_ARGV("sleep", "1000"), NULL);
    struct remex_event event;
    struct remex_exit ended;

    remex_client_free(client);
    g_assert_cmpint(remex_process_next_event(process, 0, &event), ==, REMEX_OK);
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_FAILED);
    g_assert_cmpint(remex_process_wait(process, REMEX_FOREVER, &ended), ==,
            REMEX_DISCONNECTED);
    g_assert_cmpint(remex_process_terminate(process, NULL, NULL), ==,
            REMEX_DISCONNECTED);
    remex_process_free(process);
}

/* In the child of a fork: every call is refused, and none hangs or harms. */
static int use_in_child(
        struct remex_client *client, struct remex_process *process)
{
    struct remex_process *other;
    struct remex_event event;

    if (remex_process_next_event(process, REMEX_FOREVER, &event) !=
            REMEX_FAILED_PRECONDITION)
        return 1;
    if (remex_process_write(process, "x", 1, REMEX_FOREVER, NULL, NULL) !=
            REMEX_FAILED_PRECONDITION)
        return 2;
    if (remex_process_start(client, REMOTE_ARGV("true"), NULL, &other, NULL) !=
            REMEX_FAILED_PRECONDITION)
        return 3;
    if (remex_client_next_ready(client))
        return 4;
    remex_process_free(process);
    remex_client_free(client);
    return 0;
}

static void in_a_forked_child_handles_are_dead(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process_options options = remote_with_stdin();
    struct remex_process *process =
            remote_start(client, REMOTE_ARGV("cat"), &options);
    pid_t child = fork();
    int status;

    if (child == 0)
        _exit(use_in_child(client, process));
    g_assert_cmpint(child, >, 0);
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_cmpint(status, ==, 0);
    /* And the parent's are not. */
    echo_once(process);
    remex_process_free(process);
    remex_client_free(client);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/client_threads", eight_threads_start_and_read_at_once);
    SUITE_ADD("/client_threads", many_may_wait_for_the_same_exit);
    SUITE_ADD("/client_threads", writes_of_several_threads_stay_whole);
    SUITE_ADD("/client_threads", one_descriptor_drives_many_processes);
    SUITE_ADD("/client_threads", who_is_named_and_not_heard_is_not_named_again);
    SUITE_ADD("/client_threads", a_handle_may_outlive_its_client);
    SUITE_ADD("/client_threads", in_a_forked_child_handles_are_dead);
    return g_test_run();
}
