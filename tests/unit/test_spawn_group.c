/* SPDX-License-Identifier: Apache-2.0 */

/* Children that are born in control groups. */

#include "executor/spawn.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "executor/cgroup.h"
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
        .candidates = argv, .argv = argv, .envp = argv + 1, .group_fd = group_fd
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
            spawner_run(&spawner, &order, &spawned, &failure), ==, REMEX_OK);
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

/* Neither be born in it nor join it. */
static void what_is_no_group_is_done_without(void)
{
    int directory = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int stdin_fd;
    pid_t pid = start_cat(directory, &stdin_fd);

    end_cat(pid, stdin_fd);
    close(directory);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/spawn_group", a_child_is_born_in_its_group);
    SUITE_ADD("/spawn_group", the_kills_of_earlier_lives_are_not_for_it);
    SUITE_ADD("/spawn_group", what_is_no_group_is_done_without);
    return g_test_run();
}
