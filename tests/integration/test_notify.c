/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What remexd tells the service manager that started it: when it is ready, that
 * it is alive, that it ends.
 */

#include <signal.h>
#include <sys/wait.h>

#include <glib.h>

#include "support/daemon.h"
#include "support/manager.h"
#include "support/remote.h"
#include "support/suite.h"
#include "support/transcript.h"

#define MARK "remex-notify-mark"

#define WATCHDOG_US "300000"

enum { SILENCE_MS = 1000 };

struct scene {
    struct manager manager;
    struct daemon daemon;
};

static void scene_init(struct scene *scene)
{
    manager_init(&scene->manager);
    g_setenv("WATCHDOG_USEC", WATCHDOG_US, TRUE);
    daemon_start(&scene->daemon);
    g_unsetenv("WATCHDOG_USEC");
    manager_starts_no_more();
}

static void scene_deinit(struct scene *scene)
{
    daemon_stop(&scene->daemon);
    manager_deinit(&scene->manager);
}

static void expect(const struct scene *scene, const char *word)
{
    g_free(manager_expect(&scene->manager, scene->daemon.pid, word));
}

/* The exit status that the supervisor ends with. */
static int wait_for_end(struct scene *scene)
{
    int status;

    g_assert_cmpint(
            waitpid(scene->daemon.pid, &status, 0), ==, scene->daemon.pid);
    g_assert_true(WIFEXITED(status));
    scene->daemon.pid = 0;
    return WEXITSTATUS(status);
}

static void it_is_told_ready_alive_and_at_its_end(void)
{
    struct scene scene;

    scene_init(&scene);
    expect(&scene, "READY=1");
    expect(&scene, "WATCHDOG=1");
    expect(&scene, "WATCHDOG=1");
    g_assert_cmpint(kill(scene.daemon.pid, SIGTERM), ==, 0);
    expect(&scene, "STOPPING=1");
    g_assert_cmpint(wait_for_end(&scene), ==, 0);
    scene_deinit(&scene);
}

static void programs_cannot_speak_for_it(void)
{
    struct scene scene;
    struct remex_client *client;
    struct remex_process *process;
    struct transcript story;

    scene_init(&scene);
    client = remote_connect_to(scene.daemon.address);
    process = remote_shell(
            client, "echo \"$NOTIFY_SOCKET$WATCHDOG_USEC$WATCHDOG_PID\"");
    transcript_init(&story);
    transcript_follow(&story, process);
    transcript_check_text(&story, REMEX_STDOUT, "\n");
    transcript_deinit(&story);
    remex_process_free(process);
    remex_client_free(client);
    scene_deinit(&scene);
}

/* And the watchdog's signal ends all of it, whatever state it is in. */
static void one_that_stands_still_is_not_called_alive(void)
{
    struct scene scene;
    struct remex_client *client;
    struct remex_process *process;
    char *heard;

    scene_init(&scene);
    client = remote_connect_to(scene.daemon.address);
    process = remote_start(
            client, REMOTE_ARGV("/bin/sh", "-c", "sleep 1000; :", MARK), NULL);
    g_assert_cmpint(kill(daemon_executor(&scene.daemon), SIGSTOP), ==, 0);
    while ((heard = manager_hear(&scene.manager, scene.daemon.pid, SILENCE_MS)))
        g_free(heard); /* said before */
    g_assert_cmpint(kill(scene.daemon.pid, SIGABRT), ==, 0);
    g_assert_cmpint(wait_for_end(&scene), ==, 128 + SIGKILL);
    g_assert_cmpuint(daemon_count_marked(MARK), ==, 0);
    remex_process_free(process);
    remex_client_free(client);
    scene_deinit(&scene);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    suite_start_nng();
    SUITE_ADD("/notify", it_is_told_ready_alive_and_at_its_end);
    SUITE_ADD("/notify", programs_cannot_speak_for_it);
    SUITE_ADD("/notify", one_that_stands_still_is_not_called_alive);
    return g_test_run();
}
