/* SPDX-License-Identifier: Apache-2.0 */

/*
 * When the executor cannot be asked any more.
 */

#include <remex/inspect.h>
#include <remex/process.h>
#include <remex/run.h>
#include <remex/subscription.h>

#include <signal.h>
#include <string.h>

#include <glib.h>

#include "support/daemon.h"
#include "support/remote.h"
#include "support/suite.h"
#include "support/tree.h"

#define SECOND ((gint64)G_USEC_PER_SEC)

/* Says something, and then nothing for long. */
static struct remex_process *start_speaker(struct remex_client *client)
{
    struct remex_process_options options = remote_with_stdin();
    struct remex_process *process = remote_start(client,
            REMOTE_ARGV("/bin/sh", "-c", "echo one; sleep 1000"), &options);
    struct remex_event event;

    g_assert_cmpint(
            remex_process_next_event(process, 60000, &event), ==, REMEX_OK);
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_OUTPUT);
    return process;
}

static void expect_failed(
        struct remex_process *process, enum remex_failure reason)
{
    struct remex_event event;

    g_assert_cmpint(
            remex_process_next_event(process, 60000, &event), ==, REMEX_OK);
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_FAILED);
    g_assert_cmpint(event.failure, ==, reason);
    g_assert_cmpint(
            remex_process_next_event(process, 60000, &event), ==, REMEX_ENDED);
}

/* Reads answer from memory, everything else is told apart at once. */
static void check_dead(
        struct remex_client *client, struct remex_process *process)
{
    gint64 before = g_get_monotonic_time();
    struct remex_process_status *status;
    struct remex_process *another;
    struct remex_run_result *result;
    struct remex_exit exited;
    struct remex_log *log;

    g_assert_cmpint(
            remex_process_read(process, 0, 0, REMEX_FOREVER, &log, NULL), ==,
            REMEX_OK);
    g_assert_cmpuint(log->count, ==, 1);
    g_assert_cmpuint(log->events[0].output.data.size, ==, 4);
    g_assert_cmpint(memcmp(log->events[0].output.data.data, "one\n", 4), ==, 0);
    g_assert_false(log->closed);
    remex_log_free(log);
    g_assert_cmpint(
            remex_process_read(process, 1, 0, REMEX_FOREVER, &log, NULL), ==,
            REMEX_DISCONNECTED);
    g_assert_cmpint(remex_process_wait(process, REMEX_FOREVER, &exited), ==,
            REMEX_DISCONNECTED);
    g_assert_cmpint(remex_process_wake(process, 1, REMEX_FOREVER, NULL), ==,
            REMEX_DISCONNECTED);
    g_assert_cmpint(
            remex_process_write(process, "x", 1, REMEX_FOREVER, NULL, NULL), ==,
            REMEX_DISCONNECTED);
    g_assert_cmpint(
            remex_process_close_stdin(process, NULL), ==, REMEX_DISCONNECTED);
    g_assert_cmpint(remex_process_signal(
                            process, SIGTERM, REMEX_SIGNAL_LEADER, NULL, NULL),
            ==, REMEX_DISCONNECTED);
    g_assert_cmpint(remex_process_terminate(process, NULL, NULL), ==,
            REMEX_DISCONNECTED);
    g_assert_cmpint(remex_process_stop(process, NULL, 0, NULL, NULL), ==,
            REMEX_DISCONNECTED);
    g_assert_cmpint(
            remex_process_resize(process, 1, 1, NULL), ==, REMEX_DISCONNECTED);
    g_assert_cmpint(remex_process_seal(process, NULL), ==, REMEX_DISCONNECTED);
    g_assert_cmpint(remex_process_inspect(process, &status, NULL), ==,
            REMEX_DISCONNECTED);
    g_assert_cmpint(remex_process_start(
                            client, REMOTE_ARGV("true"), NULL, &another, NULL),
            ==, REMEX_DISCONNECTED);
    g_assert_cmpint(remex_process_attach(client, remex_process_id(process),
                            NULL, &another, NULL),
            ==, REMEX_DISCONNECTED);
    g_assert_cmpint(remex_client_run(client, REMOTE_ARGV("true"), NULL, NULL, 0,
                            0, REMEX_FOREVER, &result, NULL),
            ==, REMEX_DISCONNECTED);
    g_assert_cmpint(g_get_monotonic_time() - before, <, SECOND);
}

/* One who comes when all is over is told the same. */
static void check_late_subscriber(
        struct remex_process *process, enum remex_failure reason)
{
    struct remex_subscription *late;
    struct remex_event event;

    g_assert_cmpint(
            remex_process_subscribe(process, REMEX_FROM_OLDEST, 0, &late, NULL),
            ==, REMEX_OK);
    g_assert_cmpint(remex_subscription_next(late, 60000, &event), ==, REMEX_OK);
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_OUTPUT);
    g_assert_cmpint(remex_subscription_next(late, 60000, &event), ==, REMEX_OK);
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_FAILED);
    g_assert_cmpint(event.failure, ==, reason);
    g_assert_cmpint(
            remex_subscription_next(late, 60000, &event), ==, REMEX_ENDED);
    remex_subscription_free(late);
}

/* --- A private executor -------------------------------------------------- */

static void check_private_end(bool supervisor)
{
    struct remex_client *client = remote_connect();
    struct remex_process *process = start_speaker(client);
    pid_t pid = tree_parent((pid_t)remex_process_pid(process));
    gint64 before = g_get_monotonic_time();

    if (supervisor)
        pid = tree_parent(pid);
    g_assert_cmpint(kill(pid, SIGKILL), ==, 0);
    expect_failed(process, REMEX_FAILURE_LINK_LOST);
    g_assert_cmpint(g_get_monotonic_time() - before, <, 10 * SECOND);
    check_dead(client, process);
    check_late_subscriber(process, REMEX_FAILURE_LINK_LOST);
    remex_process_free(process);
    remex_client_free(client);
}

static void the_end_of_a_private_executor_is_known_at_once(void)
{
    check_private_end(false);
}

static void so_is_the_end_of_its_supervisor(void)
{
    check_private_end(true);
}

/* --- What waits ---------------------------------------------------------- */

struct waiter {
    struct remex_process *process;
    enum remex_status (*wait)(struct remex_process *process);
    enum remex_status status;
};

static enum remex_status wait_exit(struct remex_process *process)
{
    struct remex_exit exited;

    return remex_process_wait(process, REMEX_FOREVER, &exited);
}

static enum remex_status wait_newer(struct remex_process *process)
{
    return remex_process_wake(process, 1, REMEX_FOREVER, NULL);
}

static enum remex_status wait_read(struct remex_process *process)
{
    struct remex_log *log;

    return remex_process_read(process, 1, 0, REMEX_FOREVER, &log, NULL);
}

/* More than its stdin holds. */
static enum remex_status wait_write(struct remex_process *process)
{
    static const char data[4 * 1024 * 1024];

    return remex_process_write(
            process, data, sizeof(data), REMEX_FOREVER, NULL, NULL);
}

static enum remex_status wait_event(struct remex_process *process)
{
    struct remex_event event;
    enum remex_status status =
            remex_process_next_event(process, REMEX_FOREVER, &event);

    g_assert_cmpint(status, ==, REMEX_OK);
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_FAILED);
    return REMEX_DISCONNECTED;
}

static void *wait_for(void *data)
{
    struct waiter *waiter = data;

    waiter->status = waiter->wait(waiter->process);
    return NULL;
}

static void what_waits_comes_back(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process *process = start_speaker(client);
    struct waiter waiters[] = {
        { process, wait_exit, REMEX_OK },
        { process, wait_newer, REMEX_OK },
        { process, wait_read, REMEX_OK },
        { process, wait_write, REMEX_OK },
        { process, wait_event, REMEX_OK },
    };
    GThread *threads[G_N_ELEMENTS(waiters)];
    struct remex_process_status *status;

    for (size_t i = 0; i < G_N_ELEMENTS(waiters); i++)
        threads[i] = g_thread_new("wait", wait_for, &waiters[i]);
    /* One of them is known to be under way when its stdin has filled up. */
    for (bool full = false; !full;) {
        g_assert_cmpint(
                remex_process_inspect(process, &status, NULL), ==, REMEX_OK);
        full = status->stdin_room == 0;
        remex_process_status_free(status);
    }
    g_assert_cmpint(
            kill(tree_parent((pid_t)remex_process_pid(process)), SIGKILL), ==,
            0);
    for (size_t i = 0; i < G_N_ELEMENTS(waiters); i++) {
        g_thread_join(threads[i]);
        g_assert_true(waiters[i].status == REMEX_DISCONNECTED ||
                waiters[i].status == REMEX_OUTCOME_UNKNOWN);
    }
    remex_process_free(process);
    remex_client_free(client);
}

/* --- Others -------------------------------------------------------------- */

static void a_restarted_executor_is_another_one(void)
{
    struct daemon daemon;
    struct remex_client *client;
    struct remex_process *process;

    daemon_start(&daemon);
    client = remote_connect_to(daemon.address);
    process = start_speaker(client);
    daemon_kill(&daemon);
    daemon_restart(&daemon);
    expect_failed(process, REMEX_FAILURE_EXECUTOR_RESTARTED);
    check_dead(client, process);
    check_late_subscriber(process, REMEX_FAILURE_EXECUTOR_RESTARTED);
    remex_process_free(process);
    remex_client_free(client);
    daemon_stop(&daemon);
}

static void closed_handles_never_fail(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process *done = remote_shell(client, "echo out; exit 2");
    struct remex_process *process = start_speaker(client);
    struct remex_event event;
    struct remex_log *log;

    do {
        g_assert_cmpint(
                remex_process_next_event(done, 60000, &event), ==, REMEX_OK);
    } while (event.kind != REMEX_EVENT_CLOSED);
    g_assert_cmpint(
            kill(tree_parent((pid_t)remex_process_pid(process)), SIGKILL), ==,
            0);
    expect_failed(process, REMEX_FAILURE_LINK_LOST);
    g_assert_cmpint(remex_process_next_event(done, 0, &event), ==, REMEX_ENDED);
    g_assert_cmpint(
            remex_process_read(done, 0, 1, 0, &log, NULL), ==, REMEX_OK);
    g_assert_cmpuint(log->count, ==, 1); /* as seen from there, it runs */
    g_assert_false(log->exited);
    g_assert_false(log->closed);
    remex_log_free(log);
    g_assert_cmpint(
            remex_process_read(done, 0, 0, 0, &log, NULL), ==, REMEX_OK);
    g_assert_cmpuint(log->count, ==, 3);
    g_assert_true(log->exited);
    g_assert_true(log->closed);
    remex_log_free(log);
    g_assert_cmpint(
            remex_process_read(done, 3, 0, 0, &log, NULL), ==, REMEX_ENDED);
    remex_process_free(done);
    remex_process_free(process);
    remex_client_free(client);
}

/* Nobody there is no verdict on the address. */
static void an_executor_may_come_later(void)
{
    struct daemon daemon;
    struct remex_client *client;

    daemon_start(&daemon);
    daemon_kill(&daemon);
    for (int i = 0; i < 2; i++) {
        struct remex_client_options options =
                REMEX_DEFAULTS(remex_client_options);

        options.connect_timeout_ms = 300;
        g_assert_cmpint(
                remex_client_connect(daemon.address, &options, &client, NULL),
                !=, REMEX_OK);
    }
    daemon_restart(&daemon);
    client = remote_connect_to(daemon.address);
    remex_client_free(client);
    daemon_stop(&daemon);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/client_failed", the_end_of_a_private_executor_is_known_at_once);
    SUITE_ADD("/client_failed", so_is_the_end_of_its_supervisor);
    SUITE_ADD("/client_failed", what_waits_comes_back);
    SUITE_ADD("/client_failed", a_restarted_executor_is_another_one);
    SUITE_ADD("/client_failed", closed_handles_never_fail);
    SUITE_ADD("/client_failed", an_executor_may_come_later);
    return g_test_run();
}
