/* SPDX-License-Identifier: Apache-2.0 */

/*
 * An executor and a client that are stopped for ten seconds, as a laptop's lid
 * or a swapping host would: with the settings that everybody has, nothing is
 * lost, repeated or failed. Both at once, beside other tests, because it is all
 * waiting.
 */

#include <remex/process.h>

#include <signal.h>

#include <glib.h>

#include "support/both_ways.h"
#include "support/command.h"
#include "support/daemon.h"
#include "support/remote.h"
#include "support/suite.h"
#include "support/tree.h"

#define MIB ((uint64_t)1024 * 1024)
#define BYTES (16 * MIB)

enum { STOPPED_MS = 10000 };

/* This program in another role: a client that sends and gets its bytes. */
static int be_a_client(const char *address)
{
    struct remex_client *client = remote_connect_to(address);
    struct both_ways both;

    both_ways_begin(&both, client, BYTES);
    both_ways_reach(&both, BYTES / 4);
    g_print("on the way\n");
    both_ways_end(&both);
    remex_client_free(client);
    return 0;
}

static void start_client(struct command *command, const char *address)
{
    char *self = g_file_read_link("/proc/self/exe", NULL);
    char *line;

    command_start(command, REMOTE_ARGV(self, "--client", address), NULL);
    line = command_read_line(command->out);
    g_assert_cmpstr(line, ==, "on the way");
    g_free(line);
    g_free(self);
}

/* Neither goes away in that time. */
static void stop_both(pid_t one, pid_t other)
{
    g_assert_cmpint(kill(one, SIGSTOP), ==, 0);
    g_assert_cmpint(kill(other, SIGSTOP), ==, 0);
    g_assert_false(tree_wait_gone(one, STOPPED_MS));
    g_assert_true(tree_is_there(other));
    g_assert_cmpint(kill(one, SIGCONT), ==, 0);
    g_assert_cmpint(kill(other, SIGCONT), ==, 0);
}

static void check_sleeps_on(struct remex_process *sleeper)
{
    struct remex_event event;

    g_assert_cmpint(
            remex_process_next_event(sleeper, 0, &event), ==, REMEX_AGAIN);
    g_assert_cmpint(remex_process_signal(
                            sleeper, SIGCONT, REMEX_SIGNAL_LEADER, NULL, NULL),
            ==, REMEX_OK);
}

static void ten_seconds_cost_neither_executor_nor_client_anything(void)
{
    struct daemon stopped;
    struct daemon running;
    struct command command;
    struct command_result result;
    struct remex_client *client;
    struct remex_process *sleeper;
    struct both_ways both;

    daemon_start(&stopped);
    daemon_start(&running);
    client = remote_connect_to(stopped.address);
    sleeper = remote_start(client, REMOTE_ARGV("sleep", "1000"), NULL);
    both_ways_begin(&both, client, BYTES);
    both_ways_reach(&both, BYTES / 4);
    start_client(&command, running.address);
    stop_both(daemon_executor(&stopped), command.pid);
    both_ways_end(&both);
    command_finish(&command, NULL, 0, &result);
    g_assert_cmpint(result.status, ==, 0);
    check_sleeps_on(sleeper);
    command_result_deinit(&result);
    remex_process_free(sleeper);
    remex_client_free(client);
    daemon_stop(&running);
    daemon_stop(&stopped);
}

int main(int argc, char **argv)
{
    if (argc == 3 && g_str_equal(argv[1], "--client"))
        return be_a_client(argv[2]);
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/standstill",
            ten_seconds_cost_neither_executor_nor_client_anything);
    return g_test_run();
}
