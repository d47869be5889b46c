/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Limits of a process and all that it starts, as a user meets them. They take
 * control groups, which not every host has, and not everybody may make.
 *
 * ctest-timeout: 120
 * ctest-long: 300
 */

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include <remex/inspect.h>

#include "common/clock.h"
#include "support/cli.h"
#include "support/command.h"
#include "support/daemon.h"
#include "support/remote.h"
#include "support/suite.h"
#include "support/transcript.h"

#define MIB (UINT64_C(1) << 20)
#define NOBODY 65534

enum { BOMB = 2000, SMALL_BOMB = 200, PATIENCE_MS = 30000 };

/* An executor, and a client of it. */
struct scene {
    struct daemon daemon;
    struct remex_client *client;
};

static void scene_init(struct scene *scene, const char *const *arguments)
{
    daemon_start_with(&scene->daemon, NULL, arguments);
    scene->client = remote_connect_to(scene->daemon.address);
}

static void scene_deinit(struct scene *scene)
{
    remex_client_free(scene->client);
    daemon_stop(&scene->daemon);
}

static struct remex_process_options with(struct remex_tree_limits limits)
{
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);

    options.tree_limits = limits;
    return options;
}

static enum remex_status try_start(struct remex_client *client,
        struct remex_tree_limits limits, struct remex_error *error)
{
    struct remex_process_options options = with(limits);
    struct remex_process *process = NULL;
    enum remex_status status = remex_process_start(
            client, REMOTE_ARGV("true"), &options, &process, error);

    remex_process_free(process);
    return status;
}

/* Whether such limits can be had at all; skips the case if not. */
static bool are_had(
        struct remex_client *client, struct remex_tree_limits limits)
{
    struct remex_error error;
    enum remex_status status = try_start(client, limits, &error);

    if (status == REMEX_UNIMPLEMENTED)
        g_test_skip("there are no control groups for this limit here");
    else
        g_assert_cmpint(status, ==, REMEX_OK);
    return status == REMEX_OK;
}

/* Starts it and takes all its events. */
static void see(struct remex_client *client, const char *const *argv,
        struct remex_tree_limits limits, struct transcript *story)
{
    struct remex_process_options options = with(limits);
    struct remex_process *process = remote_start(client, argv, &options);

    transcript_init(story);
    transcript_follow(story, process);
    remex_process_free(process);
}

/* --- Processes ------------------------------------------------------------ */

/* How large a bomb tries to become, in words of our own. Yours to g_free. */
static char *bound_of(unsigned int bound)
{
    return g_strdup_printf("%0*u", 10 + (int)(getpid() % 200), bound);
}

/* Tries to be twice as many as it may, for as long as it lives. */
static void check_bomb(struct remex_client *client, unsigned int most)
{
    struct remex_process_options options =
            with((struct remex_tree_limits){ .pids = most });
    char *marker = bound_of(2 * most);
    struct remex_process *bomb = remote_start(client,
            REMOTE_ARGV(REMOTE_CHILD("hostile"), "bomb", marker), &options);
    int64_t before;

    g_assert_true(daemon_wait_marked(marker, most * 9 / 10, PATIENCE_MS));
    for (int i = 0; i < 20; i++)
        g_assert_cmpuint(daemon_count_marked(marker), <=, most);
    before = clock_monotonic_ns();
    g_assert_cmpint(remex_process_terminate(bomb, NULL, NULL), ==, REMEX_OK);
    g_assert_true(daemon_wait_none_marked(marker, 2000));
    g_test_message("%u are ended in %d ms", most,
            (int)((clock_monotonic_ns() - before) / 1000000));
    remex_process_free(bomb);
    g_free(marker);
}

static void a_bomb_stays_small_and_is_ended(void)
{
    const struct remex_tree_limits limits = { .pids = BOMB };
    struct scene scene;

    scene_init(&scene, REMOTE_ARGV("--retention", "1"));
    if (are_had(scene.client, limits)) {
        check_bomb(scene.client, SMALL_BOMB);
        if (g_test_slow())
            check_bomb(scene.client, BOMB);
    }
    scene_deinit(&scene);
}

static void who_forks_too_much_is_told(void)
{
    const struct remex_tree_limits limits = { .pids = 1 };
    struct transcript story;
    struct scene scene;

    scene_init(&scene, REMOTE_ARGV("--retention", "1"));
    if (are_had(scene.client, limits)) {
        see(scene.client, REMOTE_ARGV("sh", "-c", "true; (true) && exit 7"),
                limits, &story);
        g_assert_false(story.exit.by_signal);
        g_assert_cmpint(story.exit.code, !=, 7);
        g_assert_false(story.exit.out_of_memory);
        transcript_deinit(&story);
    }
    scene_deinit(&scene);
}

/* --- Memory --------------------------------------------------------------- */

static void a_hog_dies_and_others_live(void)
{
    const struct remex_tree_limits limits = { .memory_bytes = 48 * MIB };
    struct transcript story;
    struct scene scene;

    scene_init(&scene, REMOTE_ARGV("--retention", "1"));
    if (are_had(scene.client, limits)) {
        struct remex_process_options options = with(limits);
        struct remex_process *other = remote_start(
                scene.client, REMOTE_ARGV("sleep", "1000"), &options);
        struct remex_exit ended;

        see(scene.client, REMOTE_ARGV(REMOTE_CHILD("hog"), "200"), limits,
                &story);
        g_assert_true(story.exit.by_signal);
        g_assert_cmpint(story.exit.code, ==, SIGKILL);
        g_assert_cmpint(story.exit.reason, ==, REMEX_EXIT_OWN);
        g_assert_true(story.exit.out_of_memory);
        transcript_check_text(&story, REMEX_STDOUT, "");
        transcript_deinit(&story);
        see(scene.client, REMOTE_ARGV(REMOTE_CHILD("hog"), "20"), limits,
                &story);
        transcript_check_exit(&story, 0);
        g_assert_false(story.exit.out_of_memory);
        transcript_deinit(&story);
        g_assert_cmpint(remex_process_wait(other, 0, &ended), ==,
                REMEX_DEADLINE_EXCEEDED);
        remex_process_free(other);
    }
    scene_deinit(&scene);
}

static void run_says_what_it_died_of(void)
{
    struct command_result result;
    struct scene scene;

    scene_init(&scene, REMOTE_ARGV("--retention", "1"));
    if (are_had(scene.client,
                (struct remex_tree_limits){ .memory_bytes = 48 * MIB })) {
        command_run(REMOTE_ARGV(REMEX_BIN_DIR "/remex", "run", "--at",
                            scene.daemon.address, "--memory=48M",
                            REMOTE_CHILD("hog"), "200"),
                &result);
        g_assert_cmpint(result.status, ==, 128 + SIGKILL);
        g_assert_nonnull(
                strstr(result.err_text, "more than its limit of memory"));
        command_result_deinit(&result);
    }
    scene_deinit(&scene);
}

/* --- Processor time ------------------------------------------------------- */

/* For a second, of one processor: a fifth. */
static void a_spinner_gets_its_share(void)
{
    const struct remex_tree_limits limits = { .cpu_millis = 200 };
    struct remex_process_options options = with(limits);
    struct transcript story;
    struct scene scene;

    scene_init(&scene, REMOTE_ARGV("--retention", "1"));
    if (are_had(scene.client, limits)) {
        struct remex_process *process;
        uint64_t used;

        options.wall_time_ms = 1000;
        process = remote_start(scene.client,
                REMOTE_ARGV("sh", "-c", "while :; do :; done"), &options);
        transcript_init(&story);
        transcript_follow(&story, process);
        g_assert_cmpint(story.exit.reason, ==, REMEX_EXIT_WALL_TIME);
        used = story.exit.user_us + story.exit.system_us;
        g_test_message("%u of 200 ms", (unsigned int)(used / 1000));
        g_assert_cmpuint(used, <, 450000);
        g_assert_cmpuint(used, >, 20000);
        transcript_deinit(&story);
        remex_process_free(process);
    }
    scene_deinit(&scene);
}

/* Somebody else's program is as quick as ever. */
static void check_undisturbed(struct remex_client *client)
{
    struct transcript story;

    see(client, REMOTE_ARGV("sh", "-c", "echo here"),
            (struct remex_tree_limits){ 0 }, &story);
    transcript_check_text(&story, REMEX_STDOUT, "here\n");
    transcript_check_exit(&story, 0);
    transcript_deinit(&story);
}

/* Who is killed has to run to die, and would be at it for long. That they have
 * grown they have to tell themselves: to read an argument of theirs is to wait
 * for a lock that they hold while they fork, and have no time to. */
static void the_killed_die_at_full_speed(void)
{
    enum { FEW = 40 };
    const struct remex_tree_limits limits = { .pids = SMALL_BOMB,
        .cpu_millis = 50 };
    struct remex_process_options options = with(limits);
    struct scene scene;

    scene_init(&scene, REMOTE_ARGV("--retention", "1"));
    if (are_had(scene.client, limits)) {
        char *marker = bound_of(FEW);
        struct remex_process *bomb = remote_start(scene.client,
                REMOTE_ARGV(REMOTE_CHILD("hostile"), "bomb", marker), &options);
        struct transcript story;

        transcript_init(&story);
        transcript_follow_until(&story, bomb, REMEX_STDOUT, strlen("grown\n"));
        transcript_deinit(&story);
        check_undisturbed(scene.client);
        g_assert_cmpint(
                remex_process_terminate(bomb, NULL, NULL), ==, REMEX_OK);
        g_assert_true(daemon_wait_none_marked(marker, 2000));
        remex_process_free(bomb);
        g_free(marker);
    }
    scene_deinit(&scene);
}

/* --- Who may ask for what ------------------------------------------------- */

static void check_too_much(struct remex_client *client,
        struct remex_tree_limits limits, const char *name)
{
    struct remex_error error;

    g_assert_cmpint(
            try_start(client, limits, &error), ==, REMEX_INVALID_ARGUMENT);
    g_assert_cmpint(error.kind, ==, REMEX_ERROR_LIMIT_HIT);
    g_assert_cmpstr(error.name, ==, name);
}

static void check_no_value(struct remex_client *client,
        struct remex_tree_limits limits, const char *name)
{
    struct remex_error error;

    g_assert_cmpint(
            try_start(client, limits, &error), ==, REMEX_INVALID_ARGUMENT);
    g_assert_cmpint(error.kind, ==, REMEX_ERROR_BAD_FIELD);
    g_assert_cmpstr(error.name, ==, name);
}

static void what_is_no_limit_is_refused(void)
{
    struct scene scene;

    scene_init(&scene, REMOTE_ARGV("--retention", "1"));
    check_no_value(scene.client,
            (struct remex_tree_limits){ .memory_bytes = 1 },
            "start.tree_limits.memory_bytes");
    check_no_value(scene.client,
            (struct remex_tree_limits){ .memory_bytes = UINT64_MAX },
            "start.tree_limits.memory_bytes");
    check_no_value(scene.client,
            (struct remex_tree_limits){ .pids = UINT64_MAX },
            "start.tree_limits.pids");
    check_no_value(scene.client, (struct remex_tree_limits){ .cpu_millis = 1 },
            "start.tree_limits.cpu_millis");
    scene_deinit(&scene);
}

static struct remex_tree_limits limits_of(
        struct remex_client *client, struct remex_tree_limits asked)
{
    struct remex_process_options options = with(asked);
    struct remex_process *process =
            remote_start(client, REMOTE_ARGV("sleep", "1000"), &options);
    struct remex_process_status *status;
    struct remex_tree_limits limits;

    g_assert_cmpint(
            remex_process_inspect(process, &status, NULL), ==, REMEX_OK);
    limits = status->tree_limits;
    remex_process_status_free(status);
    remex_process_free(process);
    return limits;
}

static void inspect_shows_them(void)
{
    struct scene scene;
    char *text;

    scene_init(&scene, REMOTE_ARGV("--retention", "60"));
    if (are_had(scene.client, (struct remex_tree_limits){ 8 * MIB, 5, 500 })) {
        cli_check(CLI("start", "--at", scene.daemon.address, "--id=limited",
                          "--memory=64M", "--pids=5", "--cpu=1.5", "--",
                          "sleep", "1000"),
                0, "limited\n", "");
        text = cli_read(
                CLI("inspect", "--at", scene.daemon.address, "limited"));
        g_assert_nonnull(strstr(text, "\nlimit       64 MiB of memory\n"));
        g_assert_nonnull(strstr(text, "\nlimit       5 processes and threads"));
        g_assert_nonnull(strstr(text, "\nlimit       1.500 processors\n"));
        g_free(text);
        text = cli_read(CLI(
                "inspect", "--at", scene.daemon.address, "--json", "limited"));
        g_assert_nonnull(strstr(text, "\"memory_bytes\": 67108864"));
        g_assert_nonnull(strstr(text, "\"pids\": 5"));
        g_assert_nonnull(strstr(text, "\"cpu_millis\": 1500"));
        g_free(text);
    }
    scene_deinit(&scene);
}

/* One for this principal, in the place of what is for all. */
static char *write_policy(const struct daemon *daemon)
{
    char *path = g_strdup_printf("%s.policy", daemon->directory);
    char *text = g_strdup_printf("for uid:%u\n"
                                 "  allow /usr/bin/* ...\n"
                                 "  allow /bin/* ...\n"
                                 "  limit pids=40 memory_bytes=0\n",
            (unsigned int)getuid());

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_free(text);
    return path;
}

static void an_operator_sets_the_most_for_all_and_for_some(void)
{
    struct scene scene;
    struct remex_tree_limits limits;
    char *policy;

    scene_init(&scene, REMOTE_ARGV("--retention", "1"));
    if (!are_had(scene.client, (struct remex_tree_limits){ 8 * MIB, 5, 500 })) {
        scene_deinit(&scene);
        return;
    }
    policy = write_policy(&scene.daemon);
    scene_deinit(&scene);
    scene_init(&scene,
            REMOTE_ARGV("--policy", policy, "--limit", "memory_bytes=99999999",
                    "--limit", "cpu_millis=700", "--limit", "pids=9"));
    check_too_much(
            scene.client, (struct remex_tree_limits){ .pids = 41 }, "pids");
    check_too_much(scene.client,
            (struct remex_tree_limits){ .cpu_millis = 701 }, "cpu_millis");
    limits = limits_of(scene.client, (struct remex_tree_limits){ .pids = 40 });
    g_assert_cmpuint(limits.pids, ==, 40);
    g_assert_cmpuint(limits.cpu_millis, ==, 700);
    g_assert_cmpuint(limits.memory_bytes, ==, 0);
    limits = limits_of(scene.client,
            (struct remex_tree_limits){ .memory_bytes = 64 * MIB });
    g_assert_cmpuint(limits.pids, ==, 40);
    g_assert_cmpuint(limits.memory_bytes, ==, 64 * MIB);
    scene_deinit(&scene);
    g_assert_cmpint(g_unlink(policy), ==, 0);
    g_free(policy);
}

static void who_runs_as_another_is_limited_too(void)
{
    const struct remex_tree_limits limits = { .pids = 1 };
    struct transcript story;
    struct scene scene;

    if (getuid() != 0) {
        g_test_skip("only root can run programs as others");
        return;
    }
    scene_init(&scene, REMOTE_ARGV("--run-as", "65534:65534"));
    if (are_had(scene.client, limits)) {
        struct remex_process_options options = with(limits);
        struct remex_process *process;

        options.cwd = "/";
        process = remote_start(scene.client,
                REMOTE_ARGV("sh", "-c", "id -u; exit 7"), &options);
        transcript_init(&story);
        transcript_follow(&story, process);
        transcript_check_text(&story, REMEX_STDOUT, "");
        g_assert_cmpint(story.exit.code, !=, 7);
        transcript_deinit(&story);
        remex_process_free(process);
    }
    scene_deinit(&scene);
}

/* --- Where there are none ------------------------------------------------- */

/* As somebody who may make no groups. */
static void what_cannot_be_had_is_told(void)
{
    const char *const remexd = REMEX_BIN_DIR "/remexd";
    struct command_result result;

    if (getuid() != 0) {
        g_test_skip("only root can become somebody who may nothing");
        return;
    }
    command_run(REMOTE_ARGV("setpriv", "--reuid=65534", "--regid=65534",
                        "--clear-groups", remexd, "--limit", "pids=5",
                        "--listen", "ipc:///nonexistent/socket"),
            &result);
    g_assert_cmpint(result.status, ==, 1);
    if (!strstr(result.err_text, "the limit pids takes a control group"))
        g_error("it says: %s", result.err_text);
    command_result_deinit(&result);
    command_run(REMOTE_ARGV("setpriv", "--reuid=65534", "--regid=65534",
                        "--clear-groups", "--reset-env", REMEX_BIN_DIR "/remex",
                        "run", "--pids=5", "--", "true"),
            &result);
    g_assert_cmpint(result.status, ==, 125);
    if (!strstr(result.err_text, "cannot start 'true'") ||
            !strstr(result.err_text, "can limit pids") ||
            !strstr(result.err_text, "see --pids"))
        g_error("it says: %s", result.err_text);
    command_result_deinit(&result);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/tree_limits", a_bomb_stays_small_and_is_ended);
    SUITE_ADD("/tree_limits", who_forks_too_much_is_told);
    SUITE_ADD("/tree_limits", a_hog_dies_and_others_live);
    SUITE_ADD("/tree_limits", run_says_what_it_died_of);
    SUITE_ADD("/tree_limits", a_spinner_gets_its_share);
    SUITE_ADD("/tree_limits", the_killed_die_at_full_speed);
    SUITE_ADD("/tree_limits", what_is_no_limit_is_refused);
    SUITE_ADD("/tree_limits", an_operator_sets_the_most_for_all_and_for_some);
    SUITE_ADD("/tree_limits", inspect_shows_them);
    SUITE_ADD("/tree_limits", who_runs_as_another_is_limited_too);
    SUITE_ADD("/tree_limits", what_cannot_be_had_is_told);
    return g_test_run();
}
