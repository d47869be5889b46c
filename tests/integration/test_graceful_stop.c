/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Stopping a process step by step, and what is told of it.
 */

#include <signal.h>

#include <glib.h>

#include <remex/graceful_stop.h>

#include "support/daemon.h"
#include "support/deaf.h"
#include "support/remote.h"
#include "support/suite.h"
#include "support/transcript.h"

#define PATIENCE_MS (60 * 1000)

static const struct remex_stop_step int_then_term[] = {
    { .signal_number = SIGINT, .wait_ms = 100 },
    { .signal_number = SIGTERM, .wait_ms = PATIENCE_MS },
};

static void check_attempt(const struct remex_stop_report *report, size_t index,
        int signal_number, enum remex_stop_result result)
{
    const struct remex_stop_attempt *attempt = &report->attempts[index];

    g_assert_cmpuint(index, <, report->count);
    g_assert_cmpint(attempt->signal_number, ==, signal_number);
    g_assert_cmpint(attempt->result, ==, result);
    g_assert_cmpint(attempt->at_ms, >=, 0);
    g_assert_cmpint(attempt->waited_ms, >=, 0);
    g_assert_cmpint(attempt->target, ==,
            index + 1 == report->count ? REMEX_SIGNAL_TREE
                                       : REMEX_SIGNAL_GROUP);
    if (index > 0)
        g_assert_cmpint(attempt->at_ms, >=, report->attempts[index - 1].at_ms);
}

/* A shell that has run `script` up to its "go". */
static struct remex_process *start_and_go(
        struct remex_client *client, const char *script)
{
    struct remex_process *process = remote_shell(client, script);
    struct transcript story;

    transcript_init(&story);
    transcript_follow_until(&story, process, REMEX_STDOUT, 3);
    transcript_deinit(&story);
    return process;
}

static void it_goes_on_to_the_step_that_works(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process *process = start_and_go(client,
            "trap '' INT; trap 'exit 7' TERM; echo go;"
            "while :; do sleep 0.02; done");
    struct remex_stop_report report;

    g_assert_cmpint(remex_graceful_stop(
                            process, int_then_term, 2, PATIENCE_MS, &report),
            ==, REMEX_OK);
    g_assert_cmpuint(report.count, ==, 3);
    check_attempt(&report, 0, SIGINT, REMEX_STOP_RUNNING);
    g_assert_true(report.attempts[0].delivered);
    g_assert_cmpint(report.attempts[0].waited_ms, >=, 100);
    check_attempt(&report, 1, SIGTERM, REMEX_STOP_EXITED);
    check_attempt(&report, 2, SIGKILL, REMEX_STOP_GONE);
    g_assert_false(report.attempts[2].delivered);
    g_assert_true(report.has_exit);
    g_assert_false(report.exit.by_signal);
    g_assert_cmpint(report.exit.code, ==, 7);
    remex_process_free(process);
    remex_client_free(client);
}

static void the_default_is_a_sigterm(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process *process =
            start_and_go(client, "echo go; exec sleep 1000");
    struct remex_stop_report report;

    g_assert_cmpint(remex_graceful_stop(process, NULL, 0, PATIENCE_MS, &report),
            ==, REMEX_OK);
    g_assert_cmpuint(report.count, ==, 2);
    check_attempt(&report, 0, SIGTERM, REMEX_STOP_EXITED);
    g_assert_true(report.exit.by_signal);
    g_assert_cmpint(report.exit.code, ==, SIGTERM);
    remex_process_free(process);
    remex_client_free(client);
}

static void who_hears_nothing_is_killed(void)
{
    const struct remex_stop_step plan[] = {
        { .signal_number = SIGTERM, .wait_ms = 0 },
        { .signal_number = SIGINT, .wait_ms = 50 },
    };
    struct remex_client *client = remote_connect();
    struct remex_stop_report report;
    struct deaf deaf;

    deaf_init(&deaf, client, NULL);
    g_assert_cmpint(
            remex_graceful_stop(deaf.process, plan, 2, PATIENCE_MS, &report),
            ==, REMEX_OK);
    g_assert_cmpuint(report.count, ==, 3);
    check_attempt(&report, 0, SIGTERM, REMEX_STOP_RUNNING);
    check_attempt(&report, 1, SIGINT, REMEX_STOP_RUNNING);
    check_attempt(&report, 2, SIGKILL, REMEX_STOP_EXITED);
    g_assert_true(report.attempts[2].delivered);
    g_assert_true(report.exit.by_signal);
    deaf_check_gone(&deaf, 10000);
    deaf_deinit(&deaf);
    remex_client_free(client);
}

static void h9_a_leader_that_ends_leaves_nobody(void)
{
    struct remex_client *client = remote_connect();
    struct remex_stop_report report;
    struct remex_exit ended;
    struct deaf deaf;

    deaf_init_and_leave(&deaf, client);
    g_assert_cmpint(remex_process_wait(deaf.process, PATIENCE_MS, &ended), ==,
            REMEX_OK);
    g_assert_cmpint(remex_graceful_stop(deaf.process, int_then_term, 2,
                            PATIENCE_MS, &report),
            ==, REMEX_OK);
    deaf_check_gone(&deaf, 10000);
    g_assert_cmpuint(report.count, ==, 1);
    check_attempt(&report, 0, SIGKILL, REMEX_STOP_GONE);
    deaf_deinit(&deaf);
    remex_client_free(client);
}

static void what_is_closed_may_be_stopped(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process *process = remote_shell(client, "exit 5");
    struct remex_stop_report report;
    struct transcript story;

    transcript_init(&story);
    transcript_follow(&story, process);
    g_assert_cmpint(
            remex_graceful_stop(process, NULL, 0, 0, &report), ==, REMEX_OK);
    g_assert_cmpuint(report.count, ==, 1);
    g_assert_cmpint(report.exit.code, ==, 5);
    transcript_deinit(&story);
    remex_process_free(process);
    remex_client_free(client);
}

static void without_a_step_it_is_killed(void)
{
    const struct remex_stop_step none = { 0 };
    struct remex_client *client = remote_connect();
    struct remex_process *process = remote_shell(client, "exec sleep 1000");
    struct remex_stop_report report;

    g_assert_cmpint(
            remex_graceful_stop(process, &none, 0, PATIENCE_MS, &report), ==,
            REMEX_OK);
    g_assert_cmpuint(report.count, ==, 1);
    check_attempt(&report, 0, SIGKILL, REMEX_STOP_EXITED);
    g_assert_cmpint(report.exit.reason, ==, REMEX_EXIT_TERMINATED);
    remex_process_free(process);
    remex_client_free(client);
}

static void a_lost_link_is_told_at_once(void)
{
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);
    struct daemon daemon;
    struct remex_client *client = NULL;
    struct remex_process *process;
    struct remex_stop_report report;
    struct transcript story;

    daemon_start(&daemon);
    options.recovery_ms = REMEX_AT_ONCE;
    g_assert_cmpint(
            remex_client_connect(daemon.address, &options, &client, NULL), ==,
            REMEX_OK);
    process = remote_shell(client, "exec sleep 1000");
    daemon_kill_executor(&daemon);
    /* Lost while it waits, or before: either way it returns, and says so. */
    g_assert_cmpint(remex_graceful_stop(
                            process, int_then_term, 2, REMEX_FOREVER, &report),
            ==, REMEX_DISCONNECTED);
    g_assert_false(report.has_exit);
    g_assert_cmpint(report.status, ==, REMEX_DISCONNECTED);
    g_assert_cmpuint(report.count, <=, 2);

    transcript_init(&story);
    transcript_follow(&story, process);
    g_assert_cmpint(remex_graceful_stop(
                            process, int_then_term, 2, REMEX_FOREVER, &report),
            ==, REMEX_DISCONNECTED);
    g_assert_cmpuint(report.count, ==, 0);
    transcript_deinit(&story);
    remex_process_free(process);
    remex_client_free(client);
    daemon_stop(&daemon);
}

static void a_plan_that_is_wrong_does_nothing(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process *process = remote_shell(client, "exec sleep 1000");
    struct remex_stop_step plan[REMEX_STOP_STEPS + 1] = {
        { .signal_number = SIGTERM, .wait_ms = -1 },
    };
    struct remex_stop_report report;
    struct remex_exit ended;

    g_assert_cmpint(remex_graceful_stop(process, plan, 1, 0, &report), ==,
            REMEX_INVALID_ARGUMENT);
    plan[0].wait_ms = 0;
    plan[0].signal_number = 1000;
    g_assert_cmpint(remex_graceful_stop(process, plan, 1, 0, &report), ==,
            REMEX_INVALID_ARGUMENT);
    for (size_t i = 0; i < G_N_ELEMENTS(plan); i++)
        plan[i].signal_number = SIGTERM;
    g_assert_cmpint(
            remex_graceful_stop(process, plan, G_N_ELEMENTS(plan), 0, &report),
            ==, REMEX_INVALID_ARGUMENT);
    g_assert_cmpint(remex_graceful_stop(process, NULL, 1, 0, &report), ==,
            REMEX_INVALID_ARGUMENT);
    g_assert_cmpuint(report.count, ==, 0);
    g_assert_cmpint(remex_process_wait(process, 0, &ended), ==,
            REMEX_DEADLINE_EXCEEDED);
    remex_process_free(process);
    remex_client_free(client);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/graceful_stop", it_goes_on_to_the_step_that_works);
    SUITE_ADD("/graceful_stop", the_default_is_a_sigterm);
    SUITE_ADD("/graceful_stop", who_hears_nothing_is_killed);
    SUITE_ADD("/graceful_stop", h9_a_leader_that_ends_leaves_nobody);
    SUITE_ADD("/graceful_stop", what_is_closed_may_be_stopped);
    SUITE_ADD("/graceful_stop", without_a_step_it_is_killed);
    SUITE_ADD("/graceful_stop", a_lost_link_is_told_at_once);
    SUITE_ADD("/graceful_stop", a_plan_that_is_wrong_does_nothing);
    return g_test_run();
}
