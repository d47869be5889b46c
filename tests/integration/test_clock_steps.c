/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The clock on the wall is set, by hours, and nobody of ours goes by it. On a
 * machine of the test's own, for it is everybody's clock.
 *
 * ctest-timeout: 60
 * ctest-long: 600
 */

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include <glib.h>

#include <remex/process.h>

#include "support/cli.h"
#include "support/daemon.h"
#include "support/echo.h"
#include "support/machine.h"
#include "support/proxy.h"
#include "support/remote.h"
#include "support/suite.h"
#include "support/transcript.h"

/* What is to end after WAIT_MS may be late, for the machine is slow; but not by
 * hours. The clock is set amid it. */
enum {
    WAIT_MS = 1500,
    STEP_AT_MS = 500,
    LATE_MS = 5000,
    PATIENCE_MS = 30000,
    LIVES = 20
};

#define SECOND ((gint64)G_USEC_PER_SEC)
#define MS ((gint64)1000)

static const int hours[] = { 7, -7, 24 * 400, -24 * 400 };

struct scene {
    struct daemon daemon;
    pid_t executor; /* as they were at first */
    pid_t front;
    struct proxy *proxy;
    struct remex_client *client;
};

static void scene_init(struct scene *scene, int lease_ms)
{
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);

    daemon_start_with(&scene->daemon, NULL, REMOTE_ARGV("--retention", "2"));
    scene->executor = daemon_executor(&scene->daemon);
    scene->front = daemon_front(&scene->daemon);
    scene->proxy = proxy_new(scene->daemon.address, 1);
    options.lease_ms = lease_ms;
    g_assert_cmpint(remex_client_connect(proxy_address(scene->proxy), &options,
                            &scene->client, NULL),
            ==, REMEX_OK);
}

/* Nobody was taken for one who stands still. */
static void scene_deinit(struct scene *scene)
{
    g_assert_cmpint(daemon_executor(&scene->daemon), ==, scene->executor);
    g_assert_cmpint(daemon_front(&scene->daemon), ==, scene->front);
    remex_client_free(scene->client);
    proxy_free(scene->proxy);
    daemon_stop(&scene->daemon);
}

/* --- The clock ------------------------------------------------------------ */

static void set_clock(int by_hours)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    now.tv_sec += (time_t)by_hours * 3600;
    g_assert_cmpint(clock_settime(CLOCK_REALTIME, &now), ==, 0);
}

static void *set_later(void *data)
{
    poll(NULL, 0, STEP_AT_MS);
    set_clock(GPOINTER_TO_INT(data));
    return NULL;
}

/* A wait amid which the clock is set, and put back after it. */
struct wait {
    GThread *setter;
    int hours;
    gint64 began;
};

static struct wait wait_begin(const int *by_hours)
{
    return (struct wait){
        .setter = g_thread_new("set", set_later, GINT_TO_POINTER(*by_hours)),
        .hours = *by_hours,
        .began = g_get_monotonic_time(),
    };
}

static void wait_end(struct wait *wait, int at_least_ms)
{
    gint64 took = g_get_monotonic_time() - wait->began;

    g_thread_join(wait->setter);
    set_clock(-wait->hours);
    g_test_message("%d ms, for %d", (int)(took / MS), at_least_ms);
    g_assert_cmpint(took, >=, at_least_ms * MS);
    g_assert_cmpint(took, <, (at_least_ms + LATE_MS) * MS);
}

/* --- Calls ---------------------------------------------------------------- */

static void calls_wait_as_long_as_told(const void *by_hours)
{
    struct remex_event event;
    struct remex_exit ended;
    struct remex_log *log;
    struct scene scene;
    struct remex_process *process;
    struct wait wait;

    scene_init(&scene, 0);
    process = remote_start(scene.client, REMOTE_ARGV("sleep", "1000"), NULL);
    wait = wait_begin(by_hours);
    g_assert_cmpint(remex_process_next_event(process, WAIT_MS, &event), ==,
            REMEX_AGAIN);
    wait_end(&wait, WAIT_MS);
    wait = wait_begin(by_hours);
    g_assert_cmpint(remex_process_wait(process, WAIT_MS, &ended), ==,
            REMEX_DEADLINE_EXCEEDED);
    wait_end(&wait, WAIT_MS);
    wait = wait_begin(by_hours);
    g_assert_cmpint(remex_process_read(process, 0, 0, WAIT_MS, &log, NULL), ==,
            REMEX_AGAIN);
    wait_end(&wait, WAIT_MS);
    remex_process_free(process);
    scene_deinit(&scene);
}

static void remex_run_takes_its_time(const void *by_hours)
{
    struct command_result result;
    struct scene scene;
    struct wait wait;

    scene_init(&scene, 0);
    wait = wait_begin(by_hours);
    command_run(CLI("run", "--at", scene.daemon.address, "--timeout", "1500ms",
                        "--", "sleep", "1000"),
            &result);
    wait_end(&wait, WAIT_MS);
    g_assert_cmpint(result.status, ==, 124);
    command_result_deinit(&result);
    scene_deinit(&scene);
}

/* --- Processes ------------------------------------------------------------ */

static struct remex_exit end_of(struct remex_process *process)
{
    struct transcript story;
    struct remex_exit ended;

    transcript_init(&story);
    transcript_follow(&story, process);
    g_assert_cmpint(story.ending.kind, ==, REMEX_EVENT_CLOSED);
    ended = story.exit;
    transcript_deinit(&story);
    return ended;
}

static void a_limit_of_time_holds(const void *by_hours)
{
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_exit ended;
    struct scene scene;
    struct remex_process *process;
    struct wait wait;

    scene_init(&scene, 0);
    options.wall_time_ms = WAIT_MS;
    wait = wait_begin(by_hours);
    process =
            remote_start(scene.client, REMOTE_ARGV("sleep", "1000"), &options);
    ended = end_of(process);
    wait_end(&wait, WAIT_MS);
    g_assert_cmpint(ended.reason, ==, REMEX_EXIT_WALL_TIME);
    g_assert_cmpuint(ended.wall_us, >=, WAIT_MS * 1000);
    g_assert_cmpuint(ended.wall_us, <, (WAIT_MS + LATE_MS) * 1000);
    remex_process_free(process);
    scene_deinit(&scene);
}

/* And his heir has his time to let the streams go. */
static void who_is_stopped_has_his_time(const void *by_hours)
{
    static const struct remex_stop_step plan[] = { { 15, WAIT_MS } };
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct transcript story;
    struct scene scene;
    struct remex_process *process;
    struct wait wait;

    scene_init(&scene, 0);
    process = remote_shell(scene.client,
            "trap '' TERM; echo deaf; while :; do sleep 1000; done");
    transcript_init(&story);
    transcript_follow_until(&story, process, REMEX_STDOUT, strlen("deaf\n"));
    wait = wait_begin(by_hours);
    g_assert_cmpint(
            remex_process_stop(process, plan, 1, NULL, NULL), ==, REMEX_OK);
    transcript_follow(&story, process);
    wait_end(&wait, WAIT_MS);
    transcript_deinit(&story);
    remex_process_free(process);

    options.eof_linger_ms = WAIT_MS;
    wait = wait_begin(by_hours);
    process = remote_start(scene.client,
            REMOTE_ARGV("sh", "-c", "setsid sleep 1000 &"), &options);
    transcript_init(&story);
    transcript_follow(&story, process);
    wait_end(&wait, WAIT_MS);
    g_assert_cmpint(story.ending.closed.ends[0].kind, ==, REMEX_END_ABANDONED);
    transcript_deinit(&story);
    remex_process_free(process);
    scene_deinit(&scene);
}

/* --- Sessions ------------------------------------------------------------- */

static bool is_known(struct remex_client *client, const char *id)
{
    struct remex_process *process;
    enum remex_status status =
            remex_process_attach(client, id, NULL, &process, NULL);

    if (status == REMEX_OK)
        remex_process_free(process);
    else
        g_assert_cmpint(status, ==, REMEX_NOT_FOUND);
    return status == REMEX_OK;
}

/* Its lease is shorter than the wait, and its client renews it. */
static void a_quiet_session_goes_on(const void *by_hours)
{
    struct remex_event event;
    struct scene scene;
    struct remex_process *process;
    struct wait wait;

    scene_init(&scene, 2 * WAIT_MS);
    process = remote_start(scene.client, REMOTE_ARGV("sleep", "1000"), NULL);
    wait = wait_begin(by_hours);
    g_assert_cmpint(remex_process_next_event(process, 4 * WAIT_MS, &event), ==,
            REMEX_AGAIN);
    wait_end(&wait, 4 * WAIT_MS);
    g_assert_cmpint(remex_process_signal(
                            process, SIGCONT, REMEX_SIGNAL_LEADER, NULL, NULL),
            ==, REMEX_OK);
    remex_process_free(process);
    scene_deinit(&scene);
}

/* Its process is there as long as the lease may last, and not much longer. */
static void a_session_that_is_cut_off_ends_by_its_lease(const void *by_hours)
{
    char *marker = g_strdup_printf("%d", 1000 + g_test_rand_int_range(0, 9999));
    struct scene scene;
    struct remex_process *process;
    struct remex_event event;
    struct wait wait;

    scene_init(&scene, 2 * WAIT_MS);
    process = remote_start(scene.client, REMOTE_ARGV("sleep", marker), NULL);
    g_assert_true(daemon_wait_marked(marker, 1, PATIENCE_MS));
    proxy_black_hole(scene.proxy, true);
    wait = wait_begin(by_hours);
    g_assert_true(daemon_wait_none_marked(marker, PATIENCE_MS));
    wait_end(&wait, WAIT_MS);
    proxy_black_hole(scene.proxy, false);
    proxy_cut_all(scene.proxy);
    g_assert_cmpint(remex_process_next_event(process, PATIENCE_MS, &event), ==,
            REMEX_OK);
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_FAILED);
    g_assert_cmpint(event.failure, ==, REMEX_FAILURE_SESSION_EXPIRED);
    remex_process_free(process);
    scene_deinit(&scene);
    g_free(marker);
}

/* For longer than heartbeats may be away, and shorter than what is given to
 * recover. */
static void an_outage_costs_nothing(const void *by_hours)
{
    struct remex_process_options options = remote_with_stdin();
    struct remex_event event;
    struct scene scene;
    struct remex_process *process;
    struct wait wait;

    scene_init(&scene, 0);
    process = remote_start(scene.client, REMOTE_ARGV("cat"), &options);
    proxy_refuse(scene.proxy, true);
    proxy_cut_all(scene.proxy);
    wait = wait_begin(by_hours);
    g_assert_cmpint(remex_process_next_event(process, 4 * WAIT_MS, &event), ==,
            REMEX_AGAIN);
    wait_end(&wait, 4 * WAIT_MS);
    proxy_refuse(scene.proxy, false);
    echo_once(process);
    remex_process_free(process);
    scene_deinit(&scene);
}

/* Two seconds, as scene_init has told it. */
static void what_has_ended_is_kept_for_its_time(const void *by_hours)
{
    struct scene scene;
    struct remex_process *process;
    struct wait wait;
    char *id;

    scene_init(&scene, 0);
    process = remote_shell(scene.client, "exit 0");
    id = g_strdup(remex_process_id(process));
    wait = wait_begin(by_hours);
    (void)end_of(process);
    remex_process_free(process);
    while (is_known(scene.client, id))
        continue;
    wait_end(&wait, 2000);
    g_free(id);
    scene_deinit(&scene);
}

/* --- All the time --------------------------------------------------------- */

struct restless {
    gint over;
    unsigned int steps;
};

static void *set_again_and_again(void *data)
{
    struct restless *restless = data;

    while (!g_atomic_int_get(&restless->over)) {
        int by_hours = hours[restless->steps++ % G_N_ELEMENTS(hours)];

        set_clock(by_hours);
        poll(NULL, 0, 20);
    }
    return NULL;
}

static void live(struct remex_client *client)
{
    struct remex_process_options options = remote_with_stdin();
    struct remex_process *process = remote_start(client,
            REMOTE_ARGV("sh", "-c", "cat; echo err >&2; exit 3"), &options);
    struct transcript story;

    g_assert_cmpint(
            remex_process_write(process, "in\n", 3, PATIENCE_MS, NULL, NULL),
            ==, REMEX_OK);
    g_assert_cmpint(remex_process_close_stdin(process, NULL), ==, REMEX_OK);
    transcript_init(&story);
    transcript_follow(&story, process);
    transcript_check_text(&story, REMEX_STDOUT, "in\n");
    transcript_check_text(&story, REMEX_STDERR, "err\n");
    transcript_check_exit(&story, 3);
    transcript_deinit(&story);
    remex_process_free(process);
}

static void lives_go_on_while_it_is_set_all_the_time(void)
{
    struct restless restless = { 0 };
    struct remex_process *sleeper;
    struct remex_event event;
    struct scene scene;
    GThread *setter;

    scene_init(&scene, 2 * WAIT_MS);
    sleeper = remote_start(scene.client, REMOTE_ARGV("sleep", "1000"), NULL);
    setter = g_thread_new("set", set_again_and_again, &restless);
    for (int i = 0; i < LIVES; i++) {
        live(scene.client);
        if (i % 2 == 0)
            proxy_cut_all(scene.proxy);
    }
    g_assert_cmpint(remex_process_next_event(sleeper, 4 * WAIT_MS, &event), ==,
            REMEX_AGAIN);
    g_atomic_int_set(&restless.over, 1);
    g_thread_join(setter);
    g_test_message("set %u times", restless.steps);
    g_assert_cmpuint(restless.steps, >, 100);
    remex_process_free(sleeper);
    scene_deinit(&scene);
}

/* --- All of them ---------------------------------------------------------- */

static void add_each(const char *name, void (*function)(const void *by_hours))
{
    for (size_t i = 0; i < G_N_ELEMENTS(hours); i++) {
        char *path =
                g_strdup_printf("/clock_steps/%s/by_%d_hours", name, hours[i]);

        suite_add_with(path, function, &hours[i]);
        g_free(path);
    }
}

#define ADD_EACH(function) add_each(#function, function)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (!machine_is_ours()) {
        if (g_test_slow())
            return machine_run_this();
        g_print("skipped: a machine of its own takes long\n");
        return 77;
    }
    ADD_EACH(calls_wait_as_long_as_told);
    ADD_EACH(remex_run_takes_its_time);
    ADD_EACH(a_limit_of_time_holds);
    ADD_EACH(who_is_stopped_has_his_time);
    ADD_EACH(a_quiet_session_goes_on);
    ADD_EACH(a_session_that_is_cut_off_ends_by_its_lease);
    ADD_EACH(an_outage_costs_nothing);
    ADD_EACH(what_has_ended_is_kept_for_its_time);
    SUITE_ADD("/clock_steps", lives_go_on_while_it_is_set_all_the_time);
    return g_test_run();
}
