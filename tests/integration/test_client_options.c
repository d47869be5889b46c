/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What can be asked of a process at its start, and how it is stopped.
 */

#include <remex/process.h>

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <glib.h>

#include "support/daemon.h"
#include "support/remote.h"
#include "support/suite.h"
#include "support/transcript.h"

/* Ignores SIGTERM, and ends well for SIGINT. */
#define STUBBORN \
    "trap '' TERM; trap 'echo int; exit 7' INT; echo ready; " \
    "while :; do sleep 0.02; done"

static const struct remex_stop_step PLAN[] = { { SIGTERM, 20 },
    { SIGINT, 30000 } };

static struct remex_process *start_stubborn(struct remex_client *client,
        const struct remex_process_options *options)
{
    struct remex_process *process = remote_start(
            client, REMOTE_ARGV("/bin/sh", "-c", STUBBORN), options);
    struct remex_event event;

    g_assert_cmpint(remex_process_next_event(process, REMEX_FOREVER, &event),
            ==, REMEX_OK);
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_OUTPUT);
    return process;
}

static void check_code(struct remex_process *process, int code)
{
    struct remex_exit exited;

    g_assert_cmpint(
            remex_process_wait(process, REMEX_FOREVER, &exited), ==, REMEX_OK);
    g_assert_false(exited.by_signal);
    g_assert_cmpint(exited.code, ==, code);
}

static void a_plan_is_run_step_by_step(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process *process = start_stubborn(client, NULL);
    bool running = false;

    g_assert_cmpint(
            remex_process_stop(process, PLAN, 2, &running, NULL), ==, REMEX_OK);
    g_assert_true(running);
    check_code(process, 7);
    remex_process_free(process);
    remex_client_free(client);
}

static void the_plan_of_the_start_is_the_default(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_process *process;

    options.stop_plan = PLAN;
    options.stop_step_count = 2;
    process = start_stubborn(client, &options);
    g_assert_cmpint(
            remex_process_stop(process, NULL, 0, NULL, NULL), ==, REMEX_OK);
    check_code(process, 7);
    remex_process_free(process);
    remex_client_free(client);
}

static void a_kill_cuts_a_plan_short(void)
{
    static const struct remex_stop_step patient = { SIGTERM, 100000 };
    struct remex_client *client = remote_connect();
    struct remex_process *process = start_stubborn(client, NULL);
    struct remex_exit exited;

    g_assert_cmpint(
            remex_process_stop(process, &patient, 1, NULL, NULL), ==, REMEX_OK);
    g_assert_cmpint(remex_process_terminate(process, NULL, NULL), ==, REMEX_OK);
    g_assert_cmpint(
            remex_process_wait(process, REMEX_FOREVER, &exited), ==, REMEX_OK);
    g_assert_true(exited.by_signal);
    g_assert_cmpint(exited.code, ==, SIGKILL);
    remex_process_free(process);
    remex_client_free(client);
}

static void a_plan_of_nonsense_is_refused(void)
{
    static const struct remex_stop_step wrong[] = { { 0, 1 }, { 99, 1 },
        { SIGTERM, -1 } };
    struct remex_client *client = remote_connect();
    struct remex_process *process = start_stubborn(client, NULL);

    for (size_t i = 0; i < 3; i++)
        g_assert_cmpint(remex_process_stop(process, &wrong[i], 1, NULL, NULL),
                ==, REMEX_INVALID_ARGUMENT);
    g_assert_cmpint(remex_process_stop(process, wrong, 1000, NULL, NULL), ==,
            REMEX_INVALID_ARGUMENT);
    remex_process_free(process);
    remex_client_free(client);
}

/* The session ends, and the executor runs the plan for it. */
static void a_lost_owner_may_mean_the_plan(void)
{
    static const struct remex_stop_step step = { SIGTERM, 30000 };
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    char *path = g_strdup_printf(
            "%s/remex-plan-%d", g_get_tmp_dir(), g_random_int());
    const char *script = "trap 'echo end >\"$0\"; exit 0' TERM; echo ready; "
                         "while :; do sleep 0.02; done";
    struct daemon daemon;
    struct remex_client *client;
    struct remex_process *process;
    struct remex_event event;

    daemon_start(&daemon);
    client = remote_connect_to(daemon.address);
    options.owner_loss = REMEX_OWNER_LOSS_TERMINATE;
    options.stop_plan = &step;
    options.stop_step_count = 1;
    process = remote_start(
            client, REMOTE_ARGV("/bin/sh", "-c", script, path), &options);
    g_assert_cmpint(remex_process_next_event(process, REMEX_FOREVER, &event),
            ==, REMEX_OK);
    remex_process_detach(process);
    remex_process_free(process);
    remex_client_free(client);
    g_assert_true(daemon_wait_none_marked(path, 10000));
    daemon_stop(&daemon);
    g_assert_cmpint(unlink(path), ==, 0);
    g_free(path);
}

static void resource_limits_are_set(void)
{
    static const struct remex_rlimit limit = { RLIMIT_NOFILE, 33, 44 };
    struct remex_client *client = remote_connect();
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_process *process;
    struct transcript story;

    options.rlimits = &limit;
    options.rlimit_count = 1;
    process = remote_start(client,
            REMOTE_ARGV("/bin/sh", "-c", "ulimit -Sn; ulimit -Hn"), &options);
    transcript_init(&story);
    transcript_follow(&story, process);
    transcript_check_text(&story, REMEX_STDOUT, "33\n44\n");
    transcript_deinit(&story);
    remex_process_free(process);
    remex_client_free(client);
}

/* A window of its own, the smallest: far less than the output. */
static void a_small_window_holds_all_the_same(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_process *process;
    struct transcript story;

    options.window_bytes = 1;
    process = remote_start(client,
            REMOTE_ARGV("/bin/sh", "-c", "head -c 1000000 /dev/zero"),
            &options);
    transcript_init(&story);
    transcript_follow(&story, process);
    transcript_check_exit(&story, 0);
    g_assert_cmpuint(story.bytes[0], ==, 1000000);
    transcript_deinit(&story);
    remex_process_free(process);
    remex_client_free(client);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/client_options", a_plan_is_run_step_by_step);
    SUITE_ADD("/client_options", the_plan_of_the_start_is_the_default);
    SUITE_ADD("/client_options", a_kill_cuts_a_plan_short);
    SUITE_ADD("/client_options", a_plan_of_nonsense_is_refused);
    SUITE_ADD("/client_options", a_lost_owner_may_mean_the_plan);
    SUITE_ADD("/client_options", resource_limits_are_set);
    SUITE_ADD("/client_options", a_small_window_holds_all_the_same);
    return g_test_run();
}
