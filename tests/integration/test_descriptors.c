/* SPDX-License-Identifier: Apache-2.0 */

/*
 * An executor that may not have many descriptors: with too few it does not
 * begin, and says so; with any more it serves, tells whoever asks for one too
 * many, works on without getting excited, and goes on when some are back.
 *
 * ctest-timeout: 120
 * ctest-long: 900
 */

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <glib.h>

#include <remex/inspect.h>

#include "support/command.h"
#include "support/daemon.h"
#include "support/remote.h"
#include "support/stranger.h"
#include "support/suite.h"
#include "support/tree.h"

#define PROGRAM REMEX_BIN_DIR "/remexd"

enum {
    LEAST = 20,
    ENOUGH = 33, /* with one address */
    MOST = 200,
    MOST_PROCESSES = 100,
    REPEATS = 5,
    QUIET_MS = 300,
    PATIENCE_MS = 10 * 1000,
};

/* A twentieth of the time would be much for doing nothing; half of it is a
 * loop that does not wait. */
enum { MOST_CPU_MS = QUIET_MS / 2 };

static const unsigned int few_steps[] = { LEAST, ENOUGH - 1, ENOUGH, ENOUGH + 1,
    41, 64, MOST };

struct scene {
    struct daemon daemon;
    struct remex_client *client;
    struct remex_process *processes[MOST_PROCESSES];
    size_t count;
};

/* REMEX_OK, or that there are no more descriptors. */
static enum remex_status start_one(struct scene *scene)
{
    struct remex_process *process;
    struct remex_error error;
    enum remex_status status = remex_process_start(scene->client,
            REMOTE_ARGV("/bin/sleep", "1000"), NULL, &process, &error);

    if (status == REMEX_OK) {
        g_assert_cmpuint(scene->count, <, MOST_PROCESSES);
        scene->processes[scene->count++] = process;
        return REMEX_OK;
    }
    if (status != REMEX_RESOURCE_EXHAUSTED ||
            error.kind != REMEX_ERROR_LAUNCH_FAILED || error.os_error != EMFILE)
        g_error("%s: %s", remex_status_name(status), error.text);
    return status;
}

static size_t start_all(struct scene *scene)
{
    size_t before = scene->count;

    while (start_one(scene) == REMEX_OK)
        ;
    return scene->count - before;
}

/* When it is closed, what it had of descriptors is back. */
static void end_one(struct scene *scene)
{
    struct remex_process *process = scene->processes[--scene->count];
    enum remex_status status;
    struct remex_event event;

    g_assert_cmpint(remex_process_terminate(process, NULL, NULL), ==, REMEX_OK);
    while ((status = remex_process_next_event(process, PATIENCE_MS, &event)) ==
            REMEX_OK)
        g_assert_cmpint(event.kind, !=, REMEX_EVENT_FAILED);
    g_assert_cmpint(status, ==, REMEX_ENDED);
    remex_process_free(process);
}

static uint64_t cpu_of(const struct daemon *daemon)
{
    return tree_cpu_ms(daemon->pid) + tree_cpu_ms(daemon_executor(daemon)) +
            tree_cpu_ms(daemon_front(daemon));
}

/* With none left it has nothing to do. */
static void check_calm(const struct scene *scene)
{
    uint64_t before = cpu_of(&scene->daemon);
    struct remex_event event;

    g_assert_cmpint(
            remex_process_next_event(scene->processes[0], QUIET_MS, &event), ==,
            REMEX_AGAIN);
    g_assert_cmpuint(cpu_of(&scene->daemon) - before, <, MOST_CPU_MS);
}

static void check_serves(struct scene *scene)
{
    struct remex_process_list *list;
    struct remex_error error;

    for (int i = 0; i < REPEATS; i++)
        g_assert_cmpint(start_one(scene), !=, REMEX_OK);
    if (remex_client_list(scene->client, NULL, &list, &error) != REMEX_OK)
        g_error("list: %s", error.text);
    g_assert_cmpuint(list->count, >=, scene->count);
    remex_process_list_free(list);
}

/* What came back is enough for as many as before, at least. */
static void check_step(unsigned int descriptors)
{
    struct scene scene = { .count = 0 };
    size_t first;

    daemon_start_limited(&scene.daemon, descriptors);
    scene.client = remote_connect_to(scene.daemon.address);
    first = start_all(&scene);
    g_assert_cmpuint(first, >, 0);
    check_serves(&scene);
    check_calm(&scene);
    for (size_t i = 0; i < (first + 1) / 2; i++)
        end_one(&scene);
    g_assert_cmpuint(start_all(&scene), >=, (first + 1) / 2);
    while (scene.count > 0)
        end_one(&scene);
    remex_client_free(scene.client);
    daemon_stop(&scene.daemon);
}

static unsigned int limit_of_child;

static void limit_child(void)
{
    const struct rlimit limit = { limit_of_child, limit_of_child };

    setrlimit(RLIMIT_NOFILE, &limit);
}

static void check_too_few(unsigned int descriptors)
{
    char *directory = g_dir_make_tmp("remex-XXXXXX", NULL);
    char *listen = g_strdup_printf("ipc://%s/socket", directory);
    struct command command;
    struct command_result result;

    limit_of_child = descriptors;
    command_start(
            &command, REMOTE_ARGV(PROGRAM, "--listen", listen), limit_child);
    command_finish(&command, NULL, 0, &result);
    g_assert_cmpint(result.status, ==, 1);
    g_assert_true(g_str_has_prefix(
            result.err_text, "remexd: the limit of open files is "));
    g_assert_nonnull(strstr(result.err_text, "raise it"));
    g_assert_cmpstr(strchr(result.err_text, '\n'), ==, "\n");
    command_result_deinit(&result);
    g_assert_cmpint(rmdir(directory), ==, 0); /* nothing is left there */
    g_free(listen);
    g_free(directory);
}

static void check(unsigned int descriptors)
{
    if (descriptors < ENOUGH)
        check_too_few(descriptors);
    else
        check_step(descriptors);
}

static void each_step_serves_or_says_why_not(void)
{
    for (size_t i = 0; !g_test_slow() && i < G_N_ELEMENTS(few_steps); i++)
        check(few_steps[i]);
    for (unsigned int i = LEAST; g_test_slow() && i <= MOST; i++)
        check(i);
}

/* --- The front ------------------------------------------------------------ */

/* Strangers that say nothing have all that the front may have. Whatever it
 * does about it, whoever was served is so again, and so is the next. */
static void strangers_who_take_all_of_the_front_let_others_in_when_they_go(void)
{
    enum { STRANGERS = 60 };
    struct scene scene = { .count = 0 };
    int fds[STRANGERS];

    daemon_start_limited(&scene.daemon, ENOUGH);
    scene.client = remote_connect_to(scene.daemon.address);
    g_assert_cmpint(start_one(&scene), ==, REMEX_OK);
    for (size_t i = 0; i < STRANGERS; i++)
        fds[i] = stranger_connect(scene.daemon.address);
    check_calm(&scene);
    for (size_t i = 0; i < STRANGERS; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
    stranger_wait_served(scene.daemon.address, PATIENCE_MS);
    end_one(&scene);
    remex_client_free(scene.client);
    daemon_stop(&scene.daemon);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    suite_start_nng();
    SUITE_ADD("/descriptors", each_step_serves_or_says_why_not);
    SUITE_ADD("/descriptors",
            strangers_who_take_all_of_the_front_let_others_in_when_they_go);
    return g_test_run();
}
