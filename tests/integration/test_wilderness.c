/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A link that loses packets, swallows them for seconds, and breaks connections
 * by resets: real packets between two network namespaces. What the link gets
 * over costs no byte, what it does not ends each handle once. That there were
 * such packets is told by the filter.
 *
 * ctest-timeout: 120
 * ctest-long: 900
 */

#include <poll.h>
#include <string.h>

#include <glib.h>

#include "support/both_ways.h"
#include "support/daemon.h"
#include "support/remote.h"
#include "support/secret.h"
#include "support/suite.h"
#include "support/transcript.h"
#include "support/wilderness.h"

#define MIB ((uint64_t)1024 * 1024)

enum { HANDLES = 10, SKIPPED = 77 };

#define TOKEN "wild"

struct scene {
    struct wilderness wilderness;
    char *directory; /* of its tokens */
    struct daemon daemon;
    struct remex_client *client;
};

static struct remex_client *connect_for(struct scene *scene, int recovery_ms)
{
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);
    struct remex_client *client;
    struct remex_error error;

    options.recovery_ms = recovery_ms;
    options.token = TOKEN;
    if (remex_client_connect(
                scene->daemon.address, &options, &client, &error) != REMEX_OK)
        g_error("%s", error.text);
    return client;
}

static char *write_tokens(struct scene *scene)
{
    char *line = secret_token_line("joe", "run", TOKEN);
    char *path;

    scene->directory = g_dir_make_tmp("remex-test-XXXXXX", NULL);
    path = g_build_filename(scene->directory, "tokens", NULL);
    g_assert_true(g_file_set_contents_full(
            path, line, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    g_free(line);
    return path;
}

static void scene_init(struct scene *scene, int recovery_ms)
{
    char *tokens = write_tokens(scene);

    wilderness_init(&scene->wilderness);
    wilderness_go_far(&scene->wilderness);
    daemon_start_with(&scene->daemon, "tcp://" WILDERNESS_FAR ":0",
            REMOTE_ARGV("--insecure-tcp", "--tokens", tokens));
    wilderness_go_near(&scene->wilderness);
    g_free(tokens);
    scene->client = connect_for(scene, recovery_ms);
}

static void scene_deinit(struct scene *scene)
{
    remex_client_free(scene->client);
    daemon_stop(&scene->daemon);
    wilderness_deinit(&scene->wilderness);
    secret_free(scene->directory);
}

/* --- What it gets over ---------------------------------------------------- */

static gpointer take_rest(gpointer user)
{
    both_ways_end(user);
    return NULL;
}

/* Much goes both ways while the rule holds, and is exact. */
static void check_exact(
        const char *which, const char *fate, int seconds, uint64_t size)
{
    struct both_ways both;
    struct scene scene;
    GThread *rest;

    scene_init(&scene, 0);
    both_ways_begin(&both, scene.client, size);
    both_ways_reach(&both, size / 4);
    wilderness_rule(&scene.wilderness, which, fate);
    rest = g_thread_new("rest", take_rest, &both);
    poll(NULL, 0, seconds * 1000); /* so long the rule holds */
    g_assert_cmpuint(wilderness_no_rule(&scene.wilderness), >, 0);
    g_thread_join(rest);
    scene_deinit(&scene);
}

static void five_seconds_of_nothing_cost_nothing(void)
{
    check_exact("", "drop", 5, 16 * MIB);
}

static void lost_packets_cost_nothing(void)
{
    check_exact("numgen random mod 100 < 10", "drop", g_test_slow() ? 60 : 3,
            g_test_slow() ? 64 * MIB : 8 * MIB);
}

static void a_storm_of_resets_costs_nothing(void)
{
    check_exact("meta l4proto tcp numgen random mod 40 == 0",
            "reject with tcp reset", g_test_slow() ? 60 : 3,
            g_test_slow() ? 256 * MIB : 64 * MIB);
}

/* --- What it does not ------------------------------------------------------
 */

static void check_lost(int recovery_ms, int seconds)
{
    struct remex_process *processes[HANDLES];
    struct remex_process *process;
    struct remex_error error;
    struct scene scene;
    gint64 begun;

    scene_init(&scene, recovery_ms);
    for (size_t i = 0; i < HANDLES; i++)
        processes[i] =
                remote_start(scene.client, REMOTE_ARGV("sleep", "1000"), NULL);
    wilderness_rule(&scene.wilderness, "", "drop");
    begun = g_get_monotonic_time();
    for (size_t i = 0; i < HANDLES; i++) {
        struct transcript story;

        transcript_init(&story); /* minds that there is one ending */
        transcript_follow(&story, processes[i]);
        g_assert_cmpstr(story.order->str, ==, "F");
        g_assert_cmpint(story.ending.failure, ==, REMEX_FAILURE_LINK_LOST);
        transcript_deinit(&story);
    }
    g_assert_cmpint(
            g_get_monotonic_time() - begun, <, seconds * G_USEC_PER_SEC);
    g_assert_cmpint(remex_process_start(scene.client, REMOTE_ARGV("true"), NULL,
                            &process, &error),
            ==, REMEX_DISCONNECTED);
    for (size_t i = 0; i < HANDLES; i++)
        remex_process_free(processes[i]);
    g_assert_cmpuint(wilderness_no_rule(&scene.wilderness), >, 0);
    scene_deinit(&scene);
}

static void a_link_that_stays_away_fails_each_handle_once(void)
{
    check_lost(2000, 10);
}

static void so_does_one_that_stays_away_for_long(void)
{
    if (g_test_slow())
        check_lost(0, 45);
    else
        g_test_skip("it takes long");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (!wilderness_is_possible())
        return SKIPPED;
    SUITE_ADD("/wilderness", five_seconds_of_nothing_cost_nothing);
    SUITE_ADD("/wilderness", lost_packets_cost_nothing);
    SUITE_ADD("/wilderness", a_storm_of_resets_costs_nothing);
    SUITE_ADD("/wilderness", a_link_that_stays_away_fails_each_handle_once);
    SUITE_ADD("/wilderness", so_does_one_that_stays_away_for_long);
    return g_test_run();
}
