/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Parts of remexd are killed at random moments, amid the growing of trees that
 * do not want to die: nothing is left of them. The seed that GLib prints
 * repeats the choices.
 *
 * ctest-timeout: 120
 * ctest-long: 900
 */

#include <poll.h>

#include <glib.h>

#include "support/daemon.h"
#include "support/remote.h"
#include "support/suite.h"

#define THOROUGH_ROUNDS 40
#define PATIENCE_MS 20000
#define TREES 6
#define LATEST_MS 60
#define RECOVERY_MS 500
#define LEASE_MS 1000

/* What each of them bears as an argument; not those that exec. */
#define MARKER "remex-drill"

static const char *const shapes[] = { "deaf", "own-session", "double-fork",
    "daemon", "stopper", "storm", "hopper", "leaderless", "child-of-thread",
    "subreaper", "renamed", "uninterruptible", "deep-chain", "reviver",
    "blocked" };

/* Kills one part, when its time has come. */
struct drill {
    struct daemon daemon;
    void (*kill_part)(struct daemon *daemon);
    int at_ms;
};

static void *run_drill(void *user)
{
    struct drill *drill = user;

    poll(NULL, 0, drill->at_ms); /* a moment is what the drill is about */
    drill->kill_part(&drill->daemon);
    return NULL;
}

/* It is no matter whether a start succeeds. */
static void start_trees(struct remex_client *client, const char *marker,
        struct remex_process *processes[TREES])
{
    for (int i = 0; i < TREES; i++) {
        int shape = g_test_rand_int_range(0, G_N_ELEMENTS(shapes));

        if (remex_process_start(client,
                    REMOTE_ARGV(REMOTE_CHILD("hostile"), shapes[shape], marker),
                    NULL, &processes[i], NULL) != REMEX_OK)
            processes[i] = NULL;
    }
}

static struct remex_client *connect_for_drill(const char *address)
{
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);
    struct remex_client *client = NULL;

    options.recovery_ms = RECOVERY_MS;
    options.lease_ms = LEASE_MS; /* for those who do not recover */
    g_assert_cmpint(remex_client_connect(address, &options, &client, NULL), ==,
            REMEX_OK);
    return client;
}

static void check_drill(void (*kill_part)(struct daemon *daemon))
{
    struct drill drill = { .kill_part = kill_part };
    struct remex_process *processes[TREES];
    struct remex_client *client;
    GThread *thread;
    char *marker;

    marker = g_strdup_printf("%s-%d", MARKER, g_test_rand_int());
    daemon_start(&drill.daemon);
    client = connect_for_drill(drill.daemon.address);
    drill.at_ms = g_test_rand_int_range(0, LATEST_MS);
    thread = g_thread_new("drill", run_drill, &drill);
    start_trees(client, marker, processes);
    g_thread_join(thread);
    for (int i = 0; i < TREES; i++)
        remex_process_free(processes[i]);
    remex_client_free(client);
    g_assert_true(daemon_wait_none_marked(marker, PATIENCE_MS));
    daemon_stop(&drill.daemon);
    g_free(marker);
}

static void check_drills(void (*kill_part)(struct daemon *daemon))
{
    int rounds = g_test_slow() ? THOROUGH_ROUNDS : 2;

    for (int i = 0; i < rounds; i++)
        check_drill(kill_part);
}

static void a_killed_supervisor_leaves_nothing(void)
{
    check_drills(daemon_kill);
}

static void a_killed_executor_leaves_nothing(void)
{
    check_drills(daemon_kill_executor);
}

static void kill_front(struct daemon *daemon)
{
    daemon_kill_front(daemon);
}

static void a_killed_front_leaves_nothing(void)
{
    check_drills(kill_front);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    suite_set_patience(PATIENCE_MS);
    SUITE_ADD("/drills", a_killed_supervisor_leaves_nothing);
    SUITE_ADD("/drills", a_killed_executor_leaves_nothing);
    SUITE_ADD("/drills", a_killed_front_leaves_nothing);
    return g_test_run();
}
