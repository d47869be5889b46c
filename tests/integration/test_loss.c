/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is left when a part is killed: no process, no call that hangs, and one
 * Failed for every handle.
 */

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "support/command.h"
#include "support/daemon.h"
#include "support/deaf.h"
#include "support/remote.h"
#include "support/suite.h"
#include "support/transcript.h"
#include "support/tree.h"

#define SECOND_MS 1000
#define RECOVERY_MS 500
#define LEASE_MS 1000

static struct remex_client *connect_with_recovery(
        const char *address, int recovery_ms)
{
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);
    struct remex_client *client = NULL;
    struct remex_error error;

    options.recovery_ms = recovery_ms;
    if (remex_client_connect(address, &options, &client, &error) != REMEX_OK)
        g_error("cannot connect: %s", error.text);
    return client;
}

static void check_failed(const struct deaf *deaf, enum remex_failure failure)
{
    g_assert_cmpstr(deaf->story.order->str, ==, "OF");
    g_assert_cmpint(deaf->story.ending.failure, ==, failure);
}

/* --- Calls that wait while the executor dies ------------------------------ */

/* What each call said that waited. */
struct waiting {
    struct remex_process *process;
    enum remex_status waited;
    enum remex_status written;
    enum remex_status read;
};

static void *wait_for_exit(void *data)
{
    struct waiting *waiting = data;
    struct remex_exit ended;

    waiting->waited =
            remex_process_wait(waiting->process, REMEX_FOREVER, &ended);
    return NULL;
}

static void *write_for_ever(void *data)
{
    static const char bytes[65536];
    struct waiting *waiting = data;

    do
        waiting->written = remex_process_write(waiting->process, bytes,
                sizeof(bytes), REMEX_FOREVER, NULL, NULL);
    while (waiting->written == REMEX_OK);
    return NULL;
}

static void *read_the_log(void *data)
{
    struct waiting *waiting = data;
    struct remex_log *log;
    uint64_t seq = 0;

    while ((waiting->read = remex_process_read(waiting->process, seq, 0,
                    REMEX_FOREVER, &log, NULL)) == REMEX_OK) {
        seq = log->next_seq - 1;
        remex_log_free(log);
    }
    return NULL;
}

/* What was told is read again, from memory, to the byte; after it comes the
 * truth that nobody can be asked any more. */
static void check_remembers(const struct deaf *deaf)
{
    const GByteArray *told = deaf->story.streams[0];
    GByteArray *read = g_byte_array_new();
    enum remex_status status;
    struct remex_error error;
    struct remex_log *log;
    uint64_t seq = 0;

    while ((status = remex_process_read(deaf->process, seq, 1, REMEX_FOREVER,
                    &log, &error)) == REMEX_OK) {
        g_assert_cmpuint(log->count, ==, 1); /* at least one, and no more */
        g_assert_cmpint(log->events[0].kind, ==, REMEX_EVENT_OUTPUT);
        g_assert_cmpuint(log->events[0].seq, ==, seq + 1);
        g_assert_false(log->exited || log->closed);
        g_byte_array_append(read, log->events[0].output.data.data,
                (guint)log->events[0].output.data.size);
        seq = log->events[0].seq;
        remex_log_free(log);
    }
    g_assert_cmpint(status, ==, REMEX_DISCONNECTED);
    g_assert_cmpint(error.status, ==, REMEX_DISCONNECTED);
    g_assert_cmpuint(seq, ==, deaf->story.last_seq);
    g_assert_cmpuint(read->len, ==, told->len);
    g_assert_true(memcmp(read->data, told->data, told->len) == 0);
    g_byte_array_free(read, TRUE);
}

static void check_refuses_all(
        struct remex_client *client, const struct deaf *deaf)
{
    struct remex_process *process = deaf->process;
    struct remex_process *other = NULL;
    struct remex_exit ended;
    gint64 before = g_get_monotonic_time();

    g_assert_cmpint(remex_process_start(
                            client, REMOTE_ARGV("true"), NULL, &other, NULL),
            ==, REMEX_DISCONNECTED);
    g_assert_null(other);
    g_assert_cmpint(remex_process_wait(process, REMEX_FOREVER, &ended), ==,
            REMEX_DISCONNECTED);
    g_assert_cmpint(
            remex_process_write(process, "x", 1, REMEX_FOREVER, NULL, NULL), ==,
            REMEX_DISCONNECTED);
    g_assert_cmpint(remex_process_signal(
                            process, SIGTERM, REMEX_SIGNAL_TREE, NULL, NULL),
            ==, REMEX_DISCONNECTED);
    g_assert_cmpint(remex_process_terminate(process, NULL, NULL), ==,
            REMEX_DISCONNECTED);
    check_remembers(deaf);
    g_assert_cmpint(g_get_monotonic_time() - before, <, SECOND_MS * 1000 / 2);
}

/* Has a part of a remexd killed that has work, and judges what is left. */
static void check_loss(void (*kill_part)(struct daemon *))
{
    struct daemon daemon;
    struct remex_client *client;
    struct remex_process_options options = remote_with_stdin();
    struct deaf first;
    struct deaf second;
    struct waiting waiting;
    GThread *threads[3];
    gint64 before;

    daemon_start(&daemon);
    client = connect_with_recovery(daemon.address, RECOVERY_MS);
    deaf_init(&first, client, NULL);
    deaf_init(&second, client, &options);
    waiting = (struct waiting){ .process = second.process };
    threads[0] = g_thread_new("wait", wait_for_exit, &waiting);
    threads[1] = g_thread_new("write", write_for_ever, &waiting);
    threads[2] = g_thread_new("read", read_the_log, &waiting);

    before = g_get_monotonic_time();
    kill_part(&daemon);
    deaf_check_gone(&first, SECOND_MS);
    deaf_check_gone(&second, SECOND_MS);
    g_assert_cmpint(g_get_monotonic_time() - before, <, SECOND_MS * 1000);
    transcript_follow(&first.story, first.process);
    transcript_follow(&second.story, second.process);
    check_failed(&first, REMEX_FAILURE_LINK_LOST);
    check_failed(&second, REMEX_FAILURE_LINK_LOST);
    for (int i = 0; i < 3; i++)
        g_thread_join(threads[i]);
    g_assert_cmpint(waiting.waited, ==, REMEX_DISCONNECTED);
    g_assert_cmpint(waiting.written, ==, REMEX_DISCONNECTED);
    g_assert_cmpint(waiting.read, ==, REMEX_DISCONNECTED);
    check_refuses_all(client, &first);
    deaf_deinit(&first);
    deaf_deinit(&second);
    remex_client_free(client);
    daemon_stop(&daemon);
}

static void nothing_outlives_a_killed_executor(void)
{
    check_loss(daemon_kill_executor);
}

static void nothing_outlives_a_killed_supervisor(void)
{
    check_loss(daemon_kill);
}

static void an_orderly_end_leaves_nothing_either(void)
{
    struct daemon daemon;
    struct remex_client *client;
    struct deaf deaf;

    daemon_start(&daemon);
    client = connect_with_recovery(daemon.address, RECOVERY_MS);
    deaf_init(&deaf, client, NULL);
    daemon_stop(&daemon);
    deaf_check_gone(&deaf, 0);
    transcript_follow(&deaf.story, deaf.process);
    g_assert_nonnull(strpbrk(deaf.story.order->str, "FC"));
    deaf_deinit(&deaf);
    remex_client_free(client);
}

static void a_client_may_give_up_at_once(void)
{
    struct daemon daemon;
    struct remex_client *client;
    struct deaf deaf;
    gint64 before;

    daemon_start(&daemon);
    client = connect_with_recovery(daemon.address, REMEX_AT_ONCE);
    deaf_init(&deaf, client, NULL);
    before = g_get_monotonic_time();
    daemon_kill(&daemon);
    transcript_follow(&deaf.story, deaf.process);
    g_assert_cmpint(g_get_monotonic_time() - before, <, 5 * SECOND_MS * 1000);
    check_failed(&deaf, REMEX_FAILURE_LINK_LOST);
    deaf_check_gone(&deaf, SECOND_MS);
    deaf_deinit(&deaf);
    remex_client_free(client);
    daemon_stop(&daemon);
}

static void a_killed_front_costs_nothing(void)
{
    struct daemon daemon;
    struct remex_client *client;
    struct remex_process *process;
    struct transcript story;

    daemon_start(&daemon);
    client = remote_connect_to(daemon.address);
    process = remote_start(
            client, REMOTE_ARGV(REMOTE_CHILD("spew"), "50000000"), NULL);
    transcript_init(&story);
    story.verify = true;
    transcript_follow_until(&story, process, REMEX_STDOUT, 1);
    for (uint64_t part = 1; part <= 3; part++) {
        daemon_kill_front(&daemon);
        transcript_follow_until(&story, process, REMEX_STDOUT, part * 12000000);
    }
    transcript_follow(&story, process);
    transcript_check_exit(&story, 0);
    g_assert_null(strpbrk(story.order->str, "GF"));
    g_assert_cmpuint(story.bytes[0], ==, 50000000);
    transcript_deinit(&story);
    remex_process_free(process);
    remex_client_free(client);
    daemon_stop(&daemon);
}

/* --- The client's end ------------------------------------------------------
 */

/* This program in another role: a client with a short lease that starts a deaf
 * child, passes on what it says, and waits to be killed. */
static void be_a_client(const char *address)
{
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);
    struct remex_client *client;
    struct remex_error error;
    struct deaf deaf;

    options.lease_ms = LEASE_MS;
    if (remex_client_connect(address, &options, &client, &error) != REMEX_OK)
        g_error("cannot connect: %s", error.text);
    deaf_init(&deaf, client, NULL);
    printf("%d\n", (int)deaf.grandchild);
    fflush(stdout);
    for (;;)
        pause();
}

static pid_t start_client(struct command *command, const char *address)
{
    char *self = g_file_read_link("/proc/self/exe", NULL);
    char *line;
    pid_t left;

    command_start(command, REMOTE_ARGV(self, "--client", address), NULL);
    line = command_read_line(command->out);
    left = (pid_t)g_ascii_strtoll(line, NULL, 10);
    g_assert_cmpint(left, >, 1);
    g_assert_true(tree_is_there(left));
    g_free(line);
    g_free(self);
    return left;
}

/* `ms`: until when what it had started must be gone. */
static void check_killed_client(const char *address, int ms)
{
    struct command command;
    struct command_result result;
    pid_t left = start_client(&command, address);

    g_assert_cmpint(kill(command.pid, SIGKILL), ==, 0);
    g_assert_true(tree_wait_gone(left, ms));
    command_finish(&command, NULL, 0, &result);
    command_result_deinit(&result);
}

static void the_lease_ends_what_a_killed_client_started(void)
{
    struct daemon daemon;

    daemon_start(&daemon);
    check_killed_client(daemon.address, 20 * SECOND_MS);
    daemon_stop(&daemon);
}

static void a_private_executor_ends_with_its_client(void)
{
    check_killed_client("local:", SECOND_MS);
}

static void a_live_client_keeps_its_lease(void)
{
    struct daemon daemon;
    struct command command;
    struct command_result result;
    pid_t left;

    daemon_start(&daemon);
    left = start_client(&command, daemon.address);
    /* Nothing to wait for: the test is that nothing happens. */
    g_assert_false(tree_wait_gone(left, 4 * LEASE_MS));
    g_assert_cmpint(kill(command.pid, SIGKILL), ==, 0);
    command_finish(&command, NULL, 0, &result);
    command_result_deinit(&result);
    daemon_stop(&daemon);
    g_assert_false(tree_is_there(left));
}

static void a_session_closed_in_order_ends_its_processes(void)
{
    struct daemon daemon;
    struct remex_client *client;
    struct deaf deaf;

    daemon_start(&daemon);
    client = remote_connect_to(daemon.address);
    deaf_init(&deaf, client, NULL);
    remex_process_detach(deaf.process);
    deaf_deinit(&deaf);
    g_assert_true(tree_is_there(deaf.child));
    remex_client_free(client);
    deaf_check_gone(&deaf, SECOND_MS);
    daemon_stop(&daemon);
}

static void what_was_to_be_kept_is_kept_for_its_time(void)
{
    struct daemon daemon;
    struct remex_client *client;
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct deaf deaf;

    daemon_start(&daemon);
    client = remote_connect_to(daemon.address);
    options.owner_loss = REMEX_OWNER_LOSS_KEEP;
    options.keep_ms = 1500;
    deaf_init(&deaf, client, &options);
    remex_process_detach(deaf.process);
    deaf_deinit(&deaf);
    remex_client_free(client);
    g_assert_false(tree_wait_gone(deaf.child, 700));
    deaf_check_gone(&deaf, 10 * SECOND_MS);
    daemon_stop(&daemon);
}

/* --- Hints -------------------------------------------------------------------
 */

static void all_works_while_hints_are_lost(void)
{
    struct daemon daemon;
    struct remex_client *client;
    struct remex_process *process;
    struct transcript story;
    char *hints;

    daemon_start(&daemon);
    hints = g_strconcat(daemon.address + strlen("ipc://"), ".hints", NULL);
    g_assert_cmpint(g_unlink(hints), ==, 0);
    client = connect_with_recovery(daemon.address, RECOVERY_MS);
    /* Longer than what makes a link suspect. */
    process = remote_shell(client, "echo a; sleep 5; echo b >&2; exit 3");
    transcript_init(&story);
    transcript_follow(&story, process);
    transcript_check_text(&story, REMEX_STDOUT, "a\n");
    transcript_check_text(&story, REMEX_STDERR, "b\n");
    transcript_check_exit(&story, 3);
    transcript_deinit(&story);
    remex_process_free(process);
    remex_client_free(client);
    daemon_stop(&daemon);
    g_free(hints);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--client") == 0)
        be_a_client(argv[2]);
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/loss", nothing_outlives_a_killed_executor);
    SUITE_ADD("/loss", nothing_outlives_a_killed_supervisor);
    SUITE_ADD("/loss", an_orderly_end_leaves_nothing_either);
    SUITE_ADD("/loss", a_client_may_give_up_at_once);
    SUITE_ADD("/loss", a_killed_front_costs_nothing);
    SUITE_ADD("/loss", the_lease_ends_what_a_killed_client_started);
    SUITE_ADD("/loss", a_private_executor_ends_with_its_client);
    SUITE_ADD("/loss", a_live_client_keeps_its_lease);
    SUITE_ADD("/loss", a_session_closed_in_order_ends_its_processes);
    SUITE_ADD("/loss", what_was_to_be_kept_is_kept_for_its_time);
    SUITE_ADD("/loss", all_works_while_hints_are_lost);
    return g_test_run();
}
