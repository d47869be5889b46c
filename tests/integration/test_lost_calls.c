/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The rarer calls, whose requests and replies never arrive: each is done once,
 * and answered truthfully. test_lost_messages.c has the others.
 */

#include <remex/inspect.h>
#include <remex/process.h>
#include <remex/run.h>

#include <signal.h>
#include <string.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "support/loss.h"
#include "support/remote.h"
#include "support/suite.h"
#include "support/transcript.h"

#define PATIENCE_MS 20000

/* The output so far, to the byte: what came twice would be seen. */
static void read_until(struct transcript *story, struct remex_process *process,
        enum remex_stream stream, const char *text)
{
    transcript_follow_until(story, process, stream, strlen(text));
    transcript_check_text(story, stream, text);
}

/* A plan whose step was taken twice would be told twice. */
static void stop_one(struct loss_scene *scene, const struct loss *loss)
{
    static const char script[] = "trap 'echo term' TERM; echo up; "
                                 "until read x; do :; done; exit 5";
    const struct remex_stop_step plan = { SIGTERM, 60000 };
    struct remex_process_options options = remote_with_stdin();
    uint64_t cuts = proxy_statistics(scene->proxy).cuts;
    struct remex_process *shell = remote_start(
            scene->client, REMOTE_ARGV("/bin/sh", "-c", script), &options);
    struct transcript story;
    bool running = false;

    transcript_init(&story);
    read_until(&story, shell, REMEX_STDOUT, "up\n");
    loss_next(scene, PROXY_TERMINATE, loss);
    g_assert_cmpint(
            remex_process_stop(shell, &plan, 1, &running, NULL), ==, REMEX_OK);
    g_assert_true(running);
    loss_check(scene, &cuts);
    read_until(&story, shell, REMEX_STDOUT, "up\nterm\n");
    g_assert_cmpint(
            remex_process_write(shell, "go\n", 3, PATIENCE_MS, NULL, NULL), ==,
            REMEX_OK);
    transcript_follow(&story, shell);
    g_assert_false(story.exit.by_signal);
    g_assert_cmpint(story.exit.code, ==, 5);
    transcript_check_text(&story, REMEX_STDOUT, "up\nterm\n");
    transcript_deinit(&story);
    remex_process_free(shell);
}

/* The kernel tells a new size once. */
static void resize_one(struct loss_scene *scene, const struct loss *loss)
{
    static const char script[] =
            "trap 'stty size' WINCH; stty -echo; stty size;"
            " until read x; do :; done";
    struct remex_pty_options pty = { .rows = 20, .columns = 30 };
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    uint64_t cuts = proxy_statistics(scene->proxy).cuts;
    struct remex_process *shell;
    struct transcript story;

    options.pty = &pty;
    shell = remote_start(
            scene->client, REMOTE_ARGV("/bin/sh", "-c", script), &options);
    transcript_init(&story);
    read_until(&story, shell, REMEX_TERMINAL, "20 30\r\n");
    loss_next(scene, PROXY_RESIZE, loss);
    g_assert_cmpint(remex_process_resize(shell, 40, 50, NULL), ==, REMEX_OK);
    loss_check(scene, &cuts);
    read_until(&story, shell, REMEX_TERMINAL, "20 30\r\n40 50\r\n");
    g_assert_cmpint(
            remex_process_write(shell, "go\n", 3, PATIENCE_MS, NULL, NULL), ==,
            REMEX_OK);
    transcript_follow(&story, shell);
    transcript_check_text(&story, REMEX_TERMINAL, "20 30\r\n40 50\r\n");
    transcript_check_exit(&story, 0);
    transcript_deinit(&story);
    remex_process_free(shell);
}

static void check_sealed(struct remex_process *process)
{
    struct remex_process_status *status;

    g_assert_cmpint(
            remex_process_inspect(process, &status, NULL), ==, REMEX_OK);
    g_assert_true(status->streams[0].sealed);
    g_assert_cmpuint(status->streams[0].bytes, ==, 3);
    g_assert_cmpuint(status->streams[0].retained_bytes, ==, 0);
    remex_process_status_free(status);
}

static void seal_wait_and_forget_one(
        struct loss_scene *scene, const struct loss *loss)
{
    struct remex_process_options options = remote_with_stdin();
    uint64_t cuts = proxy_statistics(scene->proxy).cuts;
    struct remex_process *shell = remote_start(scene->client,
            REMOTE_ARGV("/bin/sh", "-c", "echo up; read x; exit 6"), &options);
    char *id = g_strdup(remex_process_id(shell));
    struct remex_process_status *status;
    struct transcript story;

    transcript_init(&story);
    read_until(&story, shell, REMEX_STDOUT, "up\n");
    g_assert_cmpint(
            remex_process_write(shell, "go\n", 3, PATIENCE_MS, NULL, NULL), ==,
            REMEX_OK);
    transcript_follow(&story, shell);
    transcript_check_exit(&story, 6);
    loss_next(scene, PROXY_SEAL, loss);
    g_assert_cmpint(remex_process_seal(shell, NULL), ==, REMEX_OK);
    loss_check(scene, &cuts);
    check_sealed(shell);
    loss_next(scene, PROXY_FORGET, loss);
    g_assert_cmpint(remex_client_forget(scene->client, id, NULL), ==, REMEX_OK);
    loss_check(scene, &cuts);
    g_assert_cmpint(remex_client_inspect(scene->client, id, &status, NULL), ==,
            REMEX_NOT_FOUND);
    transcript_deinit(&story);
    remex_process_free(shell);
    g_free(id);
}

/* Who follows nothing asks for the exit, with a call. */
static void wait_for_one(struct loss_scene *scene, const struct loss *loss)
{
    struct remex_attach_options options = REMEX_DEFAULTS(remex_attach_options);
    uint64_t cuts = proxy_statistics(scene->proxy).cuts;
    struct remex_process *process = remote_shell(scene->client, "exit 9");
    struct remex_process *beside;
    struct remex_exit ended;

    options.no_events = true;
    g_assert_cmpint(remex_process_attach(scene->client,
                            remex_process_id(process), &options, &beside, NULL),
            ==, REMEX_OK);
    loss_next(scene, PROXY_WAIT, loss);
    g_assert_cmpint(
            remex_process_wait(beside, PATIENCE_MS, &ended), ==, REMEX_OK);
    g_assert_cmpint(ended.code, ==, 9);
    loss_check(scene, &cuts);
    remex_process_free(beside);
    remex_process_free(process);
}

/* It leaves a line in a file each time that it runs. */
static void run_one(
        struct loss_scene *scene, const struct loss *loss, const char *path)
{
    uint64_t cuts = proxy_statistics(scene->proxy).cuts;
    struct remex_run_result *result;
    char *text;

    g_assert_true(g_file_set_contents(path, "", 0, NULL));
    loss_next(scene, PROXY_RUN, loss);
    g_assert_cmpint(remex_client_run(scene->client,
                            REMOTE_ARGV("/bin/sh", "-c",
                                    "echo ran >>\"$0\"; cat; exit 7", path),
                            NULL, "in", 2, 0, PATIENCE_MS, &result, NULL),
            ==, REMEX_OK);
    loss_check(scene, &cuts);
    g_assert_false(result->truncated);
    g_assert_cmpint(result->exit.code, ==, 7);
    g_assert_cmpuint(result->count, ==, 3);
    g_assert_cmpuint(result->events[0].output.data.size, ==, 2);
    remex_run_result_free(result);
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "ran\n");
    g_free(text);
}

static void each_is_done_once_and_answered_truthfully(void)
{
    char *directory = g_dir_make_tmp("remex-ledger-XXXXXX", NULL);
    char *path = g_build_filename(directory, "lines", NULL);
    struct loss_scene scene;

    loss_scene_init(&scene);
    for (size_t i = 0; i < LOSSES; i++) {
        stop_one(&scene, &losses[i]);
        resize_one(&scene, &losses[i]);
        seal_wait_and_forget_one(&scene, &losses[i]);
        wait_for_one(&scene, &losses[i]);
        run_one(&scene, &losses[i], path);
    }
    loss_scene_deinit(&scene);
    g_unlink(path);
    g_rmdir(directory);
    g_free(path);
    g_free(directory);
}

/* --- What may have been forgotten ------------------------------------------
 */

/* Longer than half of the retention: what was asked for may be forgotten. */
enum { OUTAGE_MS = 1500 };

#define MARKER "remex-lost-call"
#define MARKED(script) REMOTE_ARGV("/bin/sh", "-c", script, MARKER)

static void *let_back(void *data)
{
    struct loss_scene *scene = data;

    g_assert_true(proxy_wait_cuts(scene->proxy, 1, PATIENCE_MS));
    g_assert_false(proxy_wait_cuts(scene->proxy, 2, OUTAGE_MS));
    proxy_refuse(scene->proxy, false);
    return NULL;
}

static enum remex_status start_once(struct remex_client *client)
{
    struct remex_process *process = NULL;
    enum remex_status status = remex_process_start(
            client, MARKED("sleep 1000; :"), NULL, &process, NULL);

    g_assert_null(process);
    return status;
}

static enum remex_status run_once(struct remex_client *client)
{
    struct remex_run_result *result = NULL;
    enum remex_status status = remex_client_run(
            client, MARKED(":"), NULL, NULL, 0, 0, PATIENCE_MS, &result, NULL);

    g_assert_null(result);
    return status;
}

/* Asking again might do it twice. */
static void check_not_asked_again(enum proxy_method method,
        enum remex_status (*call)(struct remex_client *client))
{
    struct loss_scene scene;
    uint64_t asked;
    GThread *thread;

    daemon_start_with(&scene.daemon, NULL, REMOTE_ARGV("--retention", "2"));
    scene.proxy = proxy_new(scene.daemon.address, (uint32_t)g_test_rand_int());
    scene.client = remote_connect_to(proxy_address(scene.proxy));
    proxy_fate(scene.proxy, PROXY_REPLIES, method, PROXY_CUT_BEFORE, 1);
    proxy_refuse(scene.proxy, true);
    thread = g_thread_new("let back", let_back, &scene);
    g_assert_cmpint(call(scene.client), ==, REMEX_OUTCOME_UNKNOWN);
    g_thread_join(thread);
    /* What was done is undone. */
    g_assert_true(daemon_wait_none_marked(MARKER, PATIENCE_MS));
    asked = proxy_statistics(scene.proxy).messages[PROXY_REQUESTS][method];
    g_assert_cmpuint(asked, ==, 1);
    loss_scene_deinit(&scene);
}

static void what_may_be_forgotten_is_not_asked_again(void)
{
    check_not_asked_again(PROXY_START, start_once);
    check_not_asked_again(PROXY_RUN, run_once);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/lost_calls", each_is_done_once_and_answered_truthfully);
    SUITE_ADD("/lost_calls", what_may_be_forgotten_is_not_asked_again);
    return g_test_run();
}
