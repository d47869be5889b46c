/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A program whose file does not come, and who else wants something meanwhile.
 */

#include <errno.h>
#include <string.h>

#include <glib.h>

#include <remex/inspect.h>
#include <remex/run.h>

#include "support/daemon.h"
#include "support/far.h"
#include "support/remote.h"
#include "support/suite.h"

/* More than an executor has on their way at a time. */
enum { LIVES = 50, LIVE_MS = 5000, ASK_MS = 500, CROWD = 12 };

struct scene {
    struct daemon daemon;
    struct far far;
};

static void scene_open(struct scene *scene)
{
    daemon_start(&scene->daemon);
    far_init(&scene->far);
}

static void scene_close(struct scene *scene)
{
    far_deinit(&scene->far);
    daemon_stop(&scene->daemon);
}

/* --- Who has to do with it ------------------------------------------------ */

struct part {
    GThread *thread;
    struct remex_client *client;
    const struct far *far;
    const char *id; /* NULL: any */
    enum remex_status status;
};

static gpointer start(gpointer user)
{
    struct part *part = user;
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_process *process = NULL;
    struct remex_exit exited = { 0 };

    options.id = part->id;
    part->status = remex_process_start(part->client,
            REMOTE_ARGV(part->far->path), &options, &process, NULL);
    if (part->status == REMEX_OK)
        part->status = remex_process_wait(process, REMEX_FOREVER, &exited);
    remex_process_free(process);
    return NULL;
}

static gpointer inspect(gpointer user)
{
    struct part *part = user;
    struct remex_process_status *status = NULL;

    part->status = remex_client_inspect(part->client, "far", &status, NULL);
    remex_process_status_free(status);
    return NULL;
}

static gpointer inspect_when_wanted(gpointer user)
{
    struct part *part = user;

    far_until_wanted(part->far);
    return inspect(part);
}

static void begin(struct part *part, const struct scene *scene, const char *id,
        GThreadFunc what)
{
    part->client = remote_connect_to(scene->daemon.address);
    part->far = &scene->far;
    part->id = id;
    part->status = REMEX_UNKNOWN;
    part->thread = g_thread_new("part", what, part);
}

static void finish(struct part *part)
{
    g_thread_join(part->thread);
    g_assert_cmpint(part->status, ==, REMEX_OK);
    remex_client_free(part->client);
}

/* --- The others ----------------------------------------------------------- */

static void check_lives(const struct scene *scene)
{
    struct remex_client *client = remote_connect_to(scene->daemon.address);

    for (int i = 0; i < LIVES; i++) {
        struct remex_run_result *result = NULL;
        struct remex_error error = { 0 };

        if (remex_client_run(client, REMOTE_ARGV("/bin/true"), NULL, NULL, 0, 0,
                    LIVE_MS, &result, &error) != REMEX_OK)
            g_error("%s", error.text);
        remex_run_result_free(result);
    }
    remex_client_free(client);
}

static void whoever_asks_for_it_holds_up_nobody(void)
{
    struct scene scene;
    struct part starter;
    struct part asker;

    scene_open(&scene);
    begin(&starter, &scene, "far", start);
    far_until_wanted(&scene.far);
    begin(&asker, &scene, NULL, inspect);
    check_lives(&scene);
    far_come(&scene.far);
    finish(&starter);
    finish(&asker);
    scene_close(&scene);
}

static void whoever_has_no_time_is_told_that_nothing_was_done(void)
{
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);
    struct remex_process_status *status = NULL;
    struct remex_client *client = NULL;
    struct remex_error error = { 0 };
    struct part starter;
    struct scene scene;

    scene_open(&scene);
    begin(&starter, &scene, "far", start);
    far_until_wanted(&scene.far);
    options.call_timeout_ms = ASK_MS;
    g_assert_cmpint(
            remex_client_connect(scene.daemon.address, &options, &client, NULL),
            ==, REMEX_OK);
    g_assert_cmpint(remex_client_inspect(client, "far", &status, &error), ==,
            REMEX_DEADLINE_EXCEEDED);
    g_assert_nonnull(strstr(error.text, "nothing was done"));
    far_come(&scene.far);
    finish(&starter);
    remex_client_free(client);
    scene_close(&scene);
}

/* Which takes the ten seconds that the protocol states: who started it and who
 * asks have more time than that. */
static void one_that_never_comes_is_given_up(void)
{
    struct remex_process_status *status = NULL;
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_process *process = NULL;
    struct remex_error error = { 0 };
    struct part asker;
    struct scene scene;
    struct remex_client *client;

    scene_open(&scene);
    client = remote_connect_to(scene.daemon.address);
    begin(&asker, &scene, NULL, inspect_when_wanted);
    options.id = "far";
    g_assert_cmpint(remex_process_start(client, REMOTE_ARGV(scene.far.path),
                            &options, &process, &error),
            !=, REMEX_OK);
    g_assert_cmpint(error.kind, ==, REMEX_ERROR_LAUNCH_FAILED);
    g_assert_cmpint(error.os_error, ==, ETIMEDOUT);
    g_thread_join(asker.thread);
    g_assert_cmpint(asker.status, ==, REMEX_NOT_FOUND);
    g_assert_cmpint(remex_client_inspect(client, "far", &status, NULL), ==,
            REMEX_NOT_FOUND);
    remex_client_free(asker.client);
    remex_client_free(client);
    far_come(&scene.far);
    scene_close(&scene);
}

/* What he has running can be looked at, and ends; what he starts waits. */
static void whoever_has_too_many_of_them_holds_up_himself(void)
{
    struct remex_list_options options = REMEX_DEFAULTS(remex_list_options);
    struct remex_process_list *list = NULL;
    struct remex_client *client;
    struct part crowd[CROWD];
    struct remex_process *cat;
    struct remex_process_options piped = remote_with_stdin();
    struct remex_exit exited = { 0 };
    struct scene scene;

    scene_open(&scene);
    client = remote_connect_to(scene.daemon.address);
    cat = remote_start(client, REMOTE_ARGV("cat"), &piped);
    for (int i = 0; i < CROWD; i++)
        begin(&crowd[i], &scene, NULL, start);
    far_until_wanted(&scene.far);
    g_assert_cmpint(
            remex_client_list(client, &options, &list, NULL), ==, REMEX_OK);
    remex_process_list_free(list);
    g_assert_cmpint(remex_process_close_stdin(cat, NULL), ==, REMEX_OK);
    g_assert_cmpint(remex_process_wait(cat, LIVE_MS, &exited), ==, REMEX_OK);
    remex_process_free(cat);
    far_come(&scene.far);
    for (int i = 0; i < CROWD; i++)
        finish(&crowd[i]);
    remex_client_free(client);
    check_lives(&scene);
    scene_close(&scene);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/far_program", whoever_asks_for_it_holds_up_nobody);
    SUITE_ADD(
            "/far_program", whoever_has_no_time_is_told_that_nothing_was_done);
    SUITE_ADD("/far_program", whoever_has_too_many_of_them_holds_up_himself);
    SUITE_ADD("/far_program", one_that_never_comes_is_given_up);
    return g_test_run();
}
