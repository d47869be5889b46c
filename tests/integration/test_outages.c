/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A link that is away for a while, or for too long; parts that stand still; an
 * executor that comes back as another. ctest-timeout: 240 ctest-long: 300
 */

#include <remex/process.h>

#include <signal.h>
#include <string.h>

#include <glib.h>

#include "support/both_ways.h"
#include "support/command.h"
#include "support/daemon.h"
#include "support/proxy.h"
#include "support/remote.h"
#include "support/suite.h"
#include "support/transcript.h"
#include "support/tree.h"

#define SECOND ((gint64)G_USEC_PER_SEC)
#define MIB ((uint64_t)1024 * 1024)
#define KIB ((uint64_t)1024)

enum { CLIENT_BYTES = 32 * 1024 * 1024, MANY = 1000, SOME = 100 };

struct scene {
    struct daemon daemon;
    struct proxy *proxy;
    struct remex_client *client;
};

static struct remex_client *connect_to(
        const char *address, int recovery_ms, int lease_ms)
{
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);
    struct remex_client *client = NULL;
    struct remex_error error;

    options.recovery_ms = recovery_ms;
    options.lease_ms = lease_ms;
    if (remex_client_connect(address, &options, &client, &error) != REMEX_OK)
        g_error("cannot connect: %s", error.text);
    return client;
}

/* `recovery_ms` 0: the default. */
static void scene_init(struct scene *scene, int recovery_ms)
{
    daemon_start(&scene->daemon);
    scene->proxy =
            proxy_new(scene->daemon.address, (uint32_t)g_test_rand_int());
    scene->client = connect_to(proxy_address(scene->proxy), recovery_ms, 0);
}

static void scene_deinit(struct scene *scene)
{
    remex_client_free(scene->client);
    proxy_free(scene->proxy);
    daemon_stop(&scene->daemon);
}

static void start_sleepers(
        struct remex_client *client, struct remex_process **out, int count)
{
    for (int i = 0; i < count; i++)
        out[i] = remote_start(client, REMOTE_ARGV("sleep", "1000"), NULL);
}

/* One Failed, and nothing after it. */
static void check_fails_once(
        struct remex_process *process, int within_ms, enum remex_failure reason)
{
    struct remex_event event;

    g_assert_cmpint(
            remex_process_next_event(process, within_ms, &event), ==, REMEX_OK);
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_FAILED);
    g_assert_cmpint(event.failure, ==, reason);
    g_assert_cmpint(
            remex_process_next_event(process, 0, &event), ==, REMEX_ENDED);
}

static void check_all_fail_and_free(struct remex_process **processes, int count,
        int within_ms, enum remex_failure reason)
{
    gint64 known;

    check_fails_once(processes[0], within_ms, reason);
    known = g_get_monotonic_time();
    for (int i = 1; i < count; i++)
        check_fails_once(processes[i], 1000, reason);
    g_assert_cmpint(g_get_monotonic_time() - known, <, SECOND);
    for (int i = 0; i < count; i++)
        remex_process_free(processes[i]);
}

/* Time that passes while nothing comes of this process. */
static void pass(struct remex_process *process, int ms)
{
    struct remex_event event;

    g_assert_cmpint(
            remex_process_next_event(process, ms, &event), ==, REMEX_AGAIN);
}

static void check_works(struct remex_client *client)
{
    struct remex_process *process = remote_shell(client, "echo works");
    struct transcript story;

    transcript_init(&story);
    transcript_follow(&story, process);
    transcript_check_text(&story, REMEX_STDOUT, "works\n");
    transcript_check_exit(&story, 0);
    transcript_deinit(&story);
    remex_process_free(process);
}

/* --- Another executor ----------------------------------------------------- */

static void a_thousand_handles_learn_of_a_restart(void)
{
    static struct remex_process *processes[MANY];
    struct remex_client *client;
    struct remex_client *newcomer;
    struct daemon daemon;
    gint64 before;

    daemon_start_with(&daemon, NULL, REMOTE_ARGV("--limit", "processes=1000"));
    client = connect_to(daemon.address, 0, 0);
    start_sleepers(client, processes, MANY);
    daemon_kill(&daemon);
    daemon_restart(&daemon);
    before = g_get_monotonic_time();
    newcomer = remote_connect_to(daemon.address);
    check_works(newcomer);
    g_assert_cmpint(g_get_monotonic_time() - before, <, 2 * SECOND);
    check_all_fail_and_free(
            processes, MANY, 5000, REMEX_FAILURE_EXECUTOR_RESTARTED);
    remex_client_free(newcomer);
    remex_client_free(client);
    daemon_stop(&daemon);
}

/* --- Outages -------------------------------------------------------------- */

static void an_outage_beyond_the_deadline_fails_each_handle_once(void)
{
    struct remex_process *processes[SOME];
    gint64 before;
    struct scene scene;

    scene_init(&scene, 1500);
    start_sleepers(scene.client, processes, SOME);
    proxy_refuse(scene.proxy, true);
    before = g_get_monotonic_time();
    proxy_cut_all(scene.proxy);
    check_all_fail_and_free(processes, SOME, 5000, REMEX_FAILURE_LINK_LOST);
    g_assert_cmpint(g_get_monotonic_time() - before, >, SECOND * 14 / 10);
    g_assert_cmpint(g_get_monotonic_time() - before, <, 4 * SECOND);
    scene_deinit(&scene);
}

static void without_a_deadline_the_first_break_is_the_last(void)
{
    struct remex_process *processes[SOME];
    gint64 before;
    struct scene scene;

    scene_init(&scene, REMEX_AT_ONCE);
    start_sleepers(scene.client, processes, SOME);
    before = g_get_monotonic_time();
    proxy_cut_all(scene.proxy);
    check_all_fail_and_free(processes, SOME, 5000, REMEX_FAILURE_LINK_LOST);
    g_assert_cmpint(g_get_monotonic_time() - before, <, 2 * SECOND);
    scene_deinit(&scene);
}

static uint64_t count_opens(struct proxy *proxy)
{
    return proxy_statistics(proxy).messages[PROXY_REQUESTS][PROXY_OPEN];
}

static void many_processes_are_recovered_by_one_resume(void)
{
    struct remex_process *processes[SOME];
    struct scene scene;
    uint64_t opens;

    scene_init(&scene, 0);
    start_sleepers(scene.client, processes, SOME);
    opens = count_opens(scene.proxy);
    proxy_refuse(scene.proxy, true);
    proxy_cut_all(scene.proxy);
    pass(processes[0], 500);
    proxy_refuse(scene.proxy, false);
    check_works(scene.client);
    for (int i = 0; i < SOME; i++) {
        pass(processes[i], 0);
        remex_process_free(processes[i]);
    }
    g_assert_cmpuint(count_opens(scene.proxy), ==, opens + 1);
    scene_deinit(&scene);
}

static void short_outages_cost_nothing(void)
{
    struct remex_process *sleeper;
    struct both_ways both;
    struct scene scene;

    scene_init(&scene, 0);
    sleeper = remote_start(scene.client, REMOTE_ARGV("sleep", "1000"), NULL);
    both_ways_begin(&both, scene.client, 16 * MIB);
    for (uint64_t part = 1; part <= 3; part++) {
        both_ways_reach(&both, part * 4 * MIB);
        proxy_refuse(scene.proxy, true);
        proxy_cut_all(scene.proxy);
        pass(sleeper, 500);
        proxy_refuse(scene.proxy, false);
    }
    both_ways_end(&both);
    remex_process_free(sleeper);
    scene_deinit(&scene);
}

static void handshakes_that_break_are_tried_again(void)
{
    struct both_ways both;
    struct scene scene;

    scene_init(&scene, 0);
    both_ways_begin(&both, scene.client, 8 * MIB);
    both_ways_reach(&both, 1 * MIB);
    proxy_cut_handshakes(scene.proxy, 6);
    proxy_cut_all(scene.proxy);
    both_ways_end(&both);
    scene_deinit(&scene);
}

/* --- Silence -------------------------------------------------------------- */

static void check_calls_keep_their_time(struct remex_process *process)
{
    gint64 before = g_get_monotonic_time();
    struct remex_exit ended;
    struct remex_log *log;

    g_assert_cmpint(
            remex_process_read(process, 0, 0, 500, &log, NULL), !=, REMEX_OK);
    g_assert_cmpint(remex_process_write(process, "x", 1, 500, NULL, NULL), !=,
            REMEX_OK);
    g_assert_cmpint(remex_process_wait(process, 500, &ended), ==,
            REMEX_DEADLINE_EXCEEDED);
    g_assert_cmpint(g_get_monotonic_time() - before, <, SECOND * 5 / 2);
}

static void a_black_hole_is_noticed_and_fails_in_time(void)
{
    struct remex_process_options options = remote_with_stdin();
    struct remex_process *cat;
    gint64 before;
    struct scene scene;

    scene_init(&scene, 2000);
    cat = remote_start(scene.client, REMOTE_ARGV("cat"), &options);
    proxy_black_hole(scene.proxy, true);
    before = g_get_monotonic_time();
    check_calls_keep_their_time(cat);
    check_fails_once(cat, 10000, REMEX_FAILURE_LINK_LOST);
    /* Three heartbeats, and the time to recover. */
    g_assert_cmpint(g_get_monotonic_time() - before, >, 4 * SECOND);
    g_assert_cmpint(g_get_monotonic_time() - before, <, 8 * SECOND);
    remex_process_free(cat);
    scene_deinit(&scene);
}

static void a_black_hole_that_ends_costs_nothing(void)
{
    struct remex_process *sleeper;
    struct both_ways both;
    struct scene scene;

    scene_init(&scene, 0);
    sleeper = remote_start(scene.client, REMOTE_ARGV("sleep", "1000"), NULL);
    both_ways_begin(&both, scene.client, 8 * MIB);
    both_ways_reach(&both, 1 * MIB);
    proxy_black_hole(scene.proxy, true);
    pass(sleeper, 4000);
    proxy_black_hole(scene.proxy, false);
    both_ways_end(&both);
    remex_process_free(sleeper);
    scene_deinit(&scene);
}

static void a_stall_costs_nothing(void)
{
    struct remex_process *sleeper;
    struct both_ways both;
    struct scene scene;

    scene_init(&scene, 0);
    sleeper = remote_start(scene.client, REMOTE_ARGV("sleep", "1000"), NULL);
    both_ways_begin(&both, scene.client, 8 * MIB);
    both_ways_reach(&both, 1 * MIB);
    proxy_stall(scene.proxy, true);
    pass(sleeper, 4000);
    proxy_stall(scene.proxy, false);
    both_ways_end(&both);
    remex_process_free(sleeper);
    scene_deinit(&scene);
}

/* --- Slowness ------------------------------------------------------------- */

static void single_bytes_and_delays_change_nothing(void)
{
    struct both_ways both;
    struct scene scene;

    scene_init(&scene, 0);
    proxy_slice(scene.proxy, 1, 0);
    both_ways_begin(&both, scene.client, 48 * KIB);
    both_ways_end(&both);
    proxy_slice(scene.proxy, 1000, 2000);
    both_ways_begin(&both, scene.client, 256 * KIB);
    both_ways_end(&both);
    scene_deinit(&scene);
}

static void cuts_without_any_hint_cost_nothing(void)
{
    struct both_ways both;
    struct scene scene;

    scene_init(&scene, 0);
    proxy_withhold_hints(scene.proxy, true);
    proxy_cut_every(scene.proxy, 128 * KIB, 50);
    both_ways_begin(&both, scene.client, 8 * MIB);
    both_ways_end(&both);
    scene_deinit(&scene);
}

/* --- Standstills ---------------------------------------------------------- */

/* This program in another role: a client that sends and gets its bytes. */
static int be_a_client(const char *address, int lease_ms)
{
    struct remex_client *client = connect_to(address, 0, lease_ms);
    struct both_ways both;

    both_ways_begin(&both, client, CLIENT_BYTES);
    both_ways_reach(&both, CLIENT_BYTES / 4);
    g_print("on the way\n");
    both_ways_end(&both);
    remex_client_free(client);
    return 0;
}

/* Stops a process for so long, unless it is replaced before. */
static void freeze(pid_t pid, int ms)
{
    g_assert_cmpint(kill(pid, SIGSTOP), ==, 0);
    if (!tree_wait_gone(pid, ms))
        kill(pid, SIGCONT);
}

static void check_frozen_client(int ms, const char *lease_ms)
{
    char *self = g_file_read_link("/proc/self/exe", NULL);
    struct command command;
    struct command_result result;
    struct daemon daemon;
    char *line;

    daemon_start(&daemon);
    command_start(&command,
            REMOTE_ARGV(self, "--client", daemon.address, lease_ms), NULL);
    line = command_read_line(command.out);
    g_assert_cmpstr(line, ==, "on the way");
    freeze(command.pid, ms);
    command_finish(&command, NULL, 0, &result);
    g_assert_cmpint(result.status, ==, 0);
    command_result_deinit(&result);
    daemon_stop(&daemon);
    g_free(line);
    g_free(self);
}

static void a_client_may_stand_still_within_its_lease(void)
{
    check_frozen_client(4000, "8000");
    if (g_test_slow())
        check_frozen_client(10000, "0");
}

static void check_frozen_part(pid_t (*part)(const struct daemon *), int ms)
{
    struct both_ways both;
    struct scene scene;

    scene_init(&scene, 0);
    both_ways_begin(&both, scene.client, 32 * MIB);
    both_ways_reach(&both, 4 * MIB);
    freeze(part(&scene.daemon), ms);
    both_ways_end(&both);
    scene_deinit(&scene);
}

static void an_executor_and_a_front_may_stand_still(void)
{
    int ms = g_test_slow() ? 10000 : 4000;

    check_frozen_part(daemon_executor, ms);
    check_frozen_part(daemon_front, ms);
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "--client") == 0)
        return be_a_client(argv[2], (int)g_ascii_strtoll(argv[3], NULL, 10));
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/outages", a_thousand_handles_learn_of_a_restart);
    SUITE_ADD("/outages", an_outage_beyond_the_deadline_fails_each_handle_once);
    SUITE_ADD("/outages", without_a_deadline_the_first_break_is_the_last);
    SUITE_ADD("/outages", many_processes_are_recovered_by_one_resume);
    SUITE_ADD("/outages", short_outages_cost_nothing);
    SUITE_ADD("/outages", handshakes_that_break_are_tried_again);
    SUITE_ADD("/outages", a_black_hole_is_noticed_and_fails_in_time);
    SUITE_ADD("/outages", a_black_hole_that_ends_costs_nothing);
    SUITE_ADD("/outages", a_stall_costs_nothing);
    SUITE_ADD("/outages", single_bytes_and_delays_change_nothing);
    SUITE_ADD("/outages", cuts_without_any_hint_cost_nothing);
    SUITE_ADD("/outages", a_client_may_stand_still_within_its_lease);
    SUITE_ADD("/outages", an_executor_and_a_front_may_stand_still);
    return g_test_run();
}
