/* SPDX-License-Identifier: Apache-2.0 */

/* Children that are born in control groups, and groups that see many lives. */

#include "executor/spawn.h"

#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "executor/cgroup.h"
#include "executor/cgroup_files.h"
#include "support/nursery.h"
#include "support/stage.h"
#include "support/suite.h"

static struct cgroup_home *make_home(void)
{
    struct cgroup_home *home = cgroup_home_new();

    if (!home)
        g_test_skip("no control groups can be made here");
    return home;
}

/* A cat that waits for the end of its stdin, which is a pipe. */
static pid_t start_cat(int group_fd, int *stdin_fd)
{
    char program[] = "/bin/cat";
    char *const argv[] = { program, NULL };
    struct spawn_failure failure = { REMEX_STAGE_NONE, 0 };
    struct spawn_order order = {
        .candidates = argv,
        .program_fd = -1,
        .argv = argv,
        .envp = argv + 1,
        .group_fd = group_fd,
    };
    struct spawned spawned;
    struct spawner spawner;
    int ends[2];

    g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
    g_assert_cmpint(spawner_init(&spawner), ==, REMEX_OK);
    order.stdio[0] = ends[0];
    order.stdio[1] = spawner.null_fd;
    order.stdio[2] = spawner.null_fd;
    g_assert_cmpint(
            nursery_run(&spawner, &order, &spawned, &failure), ==, REMEX_OK);
    spawner_deinit(&spawner);
    close(ends[0]);
    close(spawned.pidfd);
    *stdin_fd = ends[1];
    return spawned.pid;
}

static void end_cat(pid_t pid, int stdin_fd)
{
    int status;

    close(stdin_fd);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 0);
}

static void check_lives_in(struct cgroup_home *home, uint64_t number)
{
    int door = cgroup_door(home, number);
    int stdin_fd;
    pid_t pid = start_cat(door, &stdin_fd);

    g_assert_true(cgroup_holds(home, number, pid));
    end_cat(pid, stdin_fd);
    close(door);
}

static void a_child_is_born_in_its_group(void)
{
    struct cgroup_home *home = make_home();

    if (!home)
        return;
    check_lives_in(home, cgroup_add(home));
    cgroup_home_remove(home);
    cgroup_home_free(home);
}

/* Some kernels would have it born dead. */
static void the_kills_of_earlier_lives_are_not_for_it(void)
{
    struct cgroup_home *home = make_home();
    uint64_t number = cgroup_add(home);

    if (!home)
        return;
    for (int i = 0; i < 3; i++) {
        cgroup_kill(home, number);
        check_lives_in(home, number);
    }
    cgroup_home_remove(home);
    cgroup_home_free(home);
}

/* Whoever was born dead first is another one by then. */
static void check_pid_told(struct cgroup_home *home)
{
    struct stage stage;
    struct actor *actor;

    stage_open_in(&stage, home);
    actor = stage_sh(&stage, "echo $$; exec sleep 1000");
    stage_until_said(actor, "\n");
    g_assert_cmpint(process_pid(actor->process), ==, stage_pid_said(actor));
    stage_close(&stage);
}

/* In a group of ours, which saw a kill, makes a home of its own. */
static void live_in(struct cgroup_home *outer, uint64_t number)
{
    int door = cgroup_door(outer, number);
    struct cgroup_home *home;

    g_assert_true(cgroup_files_write(door, "cgroup.procs", "0"));
    home = cgroup_home_new();
    g_assert_nonnull(home);
    check_lives_in(home, cgroup_add(home));
    check_pid_told(home);
    cgroup_home_remove(home);
    _exit(0);
}

static void neither_are_the_kills_of_our_own_group(void)
{
    struct cgroup_home *home = make_home();
    uint64_t number = cgroup_add(home);
    int status;
    pid_t pid;

    if (!home)
        return;
    cgroup_kill(home, number);
    pid = fork();
    if (pid == 0)
        live_in(home, number);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_cmpint(status, ==, 0);
    cgroup_home_remove(home);
    cgroup_home_free(home);
}

/* Neither be born in it nor join it. */
static void what_is_no_group_is_done_without(void)
{
    int directory = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int stdin_fd;
    pid_t pid = start_cat(directory, &stdin_fd);

    end_cat(pid, stdin_fd);
    close(directory);
}

/* Where it was born, as it says. */
static char *group_of_a_life(struct stage *stage)
{
    const char *const argv[] = { "grep", "^0::", "/proc/self/cgroup", NULL };
    struct actor *actor = stage_run(stage, argv);

    stage_until_closed(actor);
    stage_free_process(actor);
    return g_strdup(actor->out->str);
}

/* One of them comes back, after no more lives than groups are kept and as many
 * as end before they are looked at. */
static void groups_see_many_lives(void)
{
    struct cgroup_home *home = make_home();
    GHashTable *seen =
            g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    struct stage stage;
    char *group;

    if (home) {
        stage_open_in(&stage, home);
        do {
            group = group_of_a_life(&stage);
            g_assert_nonnull(strstr(group, "/remex-"));
            g_assert_cmpuint(g_hash_table_size(seen), <, 2000);
        } while (g_hash_table_add(seen, group));
        g_test_message("%u groups", g_hash_table_size(seen));
        stage_close(&stage);
    }
    cgroup_home_remove(home);
    cgroup_home_free(home);
    g_hash_table_unref(seen);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/spawn_group", a_child_is_born_in_its_group);
    SUITE_ADD("/spawn_group", the_kills_of_earlier_lives_are_not_for_it);
    SUITE_ADD("/spawn_group", neither_are_the_kills_of_our_own_group);
    SUITE_ADD("/spawn_group", what_is_no_group_is_done_without);
    SUITE_ADD("/spawn_group", groups_see_many_lives);
    return g_test_run();
}
