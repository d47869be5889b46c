/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Controllers of version 2 down to a home, from a group that we are alone in:
 * one of a home that has them, where there is one.
 */

#include "executor/cgroup.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "executor/cgroup_files.h"
#include "executor/cgroup_inside.h"
#include "support/suite.h"

#define FILE_BYTES 4096

/* A group to begin in, of a home that can hand controllers on. */
struct scene {
    struct cgroup_home *outer;
    uint64_t number;
    int group;
};

/* False, and the case is skipped: there is none. */
static bool scene_init(struct scene *scene)
{
    scene->outer = cgroup_home_new();
    if (scene->outer && scene->outer->delegation.limits > 0) {
        scene->number = cgroup_add(scene->outer);
        scene->group = cgroup_door(scene->outer, scene->number);
        return true;
    }
    g_test_skip("version 2 has no controllers to hand on here");
    cgroup_home_remove(scene->outer);
    cgroup_home_free(scene->outer);
    return false;
}

static void scene_deinit(struct scene *scene)
{
    close(scene->group);
    cgroup_home_remove(scene->outer);
    cgroup_home_free(scene->outer);
}

static bool has(int group, const char *file)
{
    return faccessat(group, file, F_OK, 0) == 0;
}

/* Of a file of the group; what is longer is cut. */
static void read_file(int group, const char *file, char text[FILE_BYTES])
{
    int fd = openat(group, file, O_RDONLY | O_CLOEXEC);
    ssize_t size = read(fd, text, FILE_BYTES - 1);

    text[size > 0 ? size : 0] = '\0';
    close(fd);
}

static bool is_member(int group)
{
    char text[FILE_BYTES];
    char own[32];

    read_file(group, "cgroup.procs", text);
    snprintf(own, sizeof(own), "%d\n", (int)getpid());
    return strcmp(text, own) == 0;
}

/* Runs `act` in a child that is in the group, or in one in it; it ends with
 * what that returns. */
static void check_in(
        const struct scene *scene, const char *file, int (*act)(int group))
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        if (!cgroup_files_write(scene->group, file, "0"))
            _exit(99);
        _exit(act(scene->group));
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_cmpint(status, ==, 0);
}

/* Each returns where it has failed. */
#define EXPECT(that) \
    do { \
        if (!(that)) \
            return __LINE__ % 97 + 1; \
    } while (0)

static int make_and_end(int group)
{
    const struct tree_limits limits = { .pids = 77 };
    struct cgroup_home *home = cgroup_home_new();
    uint64_t number = cgroup_add(home);
    char text[FILE_BYTES];
    int doors[TREE_LIMITS];
    int limited;

    EXPECT(home && home->delegation.moved);
    EXPECT(home->delegation.limits & TREE_LIMIT(TREE_PIDS));
    EXPECT(!is_member(group) && has(group, CGROUP_LEAF));
    EXPECT(cgroup_limit(home, number, &limits, doors) == 0);
    limited = cgroup_door(home, number);
    read_file(limited, "pids.max", text);
    EXPECT(strcmp(text, "77\n") == 0);
    close(limited);
    cgroup_home_remove(home);
    EXPECT(is_member(group) && !has(group, CGROUP_LEAF));
    EXPECT(!has(group, home->name));
    read_file(group, "cgroup.subtree_control", text);
    EXPECT(strcmp(text, "\n") == 0 || text[0] == '\0');
    cgroup_home_free(home);
    return 0;
}

static void who_is_alone_goes_into_a_leaf_and_comes_back(void)
{
    struct scene scene;

    if (!scene_init(&scene))
        return;
    check_in(&scene, "cgroup.procs", make_and_end);
    check_in(&scene, "cgroup.procs", make_and_end);
    scene_deinit(&scene);
}

static int make_beside_others(int group)
{
    pid_t other = fork();
    struct cgroup_home *home;

    if (other == 0)
        for (;;)
            pause();
    home = cgroup_home_new();
    EXPECT(home && home->delegation.limits == 0);
    EXPECT(!home->delegation.moved && !has(group, CGROUP_LEAF));
    kill(other, SIGKILL);
    EXPECT(waitpid(other, NULL, 0) == other);
    cgroup_home_remove(home);
    EXPECT(is_member(group));
    cgroup_home_free(home);
    return 0;
}

static void who_is_not_alone_stays_and_has_none(void)
{
    struct scene scene;

    if (!scene_init(&scene))
        return;
    check_in(&scene, "cgroup.procs", make_beside_others);
    scene_deinit(&scene);
}

static int make_in_leaf(int group)
{
    struct cgroup_home *home = cgroup_home_new();

    EXPECT(home && home->in_leaf && !home->delegation.moved);
    EXPECT(home->delegation.limits & TREE_LIMIT(TREE_PIDS));
    EXPECT(has(group, home->name));
    cgroup_home_remove(home);
    EXPECT(!has(group, home->name) && has(group, CGROUP_LEAF));
    cgroup_home_free(home);
    return 0;
}

static void who_was_put_into_a_leaf_is_content(void)
{
    struct scene scene;

    if (!scene_init(&scene))
        return;
    g_assert_cmpint(mkdirat(scene.group, CGROUP_LEAF, 0755), ==, 0);
    check_in(&scene, CGROUP_LEAF "/cgroup.procs", make_in_leaf);
    scene_deinit(&scene);
}

static int make_and_leave(int group)
{
    struct cgroup_home *home = cgroup_home_new();

    EXPECT(home && has(group, home->name));
    cgroup_home_free(home);
    return 0;
}

static size_t count_groups(int group)
{
    struct stat info;

    g_assert_cmpint(fstatat(group, ".", &info, 0), ==, 0);
    return (size_t)info.st_nlink - 2;
}

/* Nobody can be put into the group itself then. */
static void what_the_dead_left_is_found_from_the_leaf(void)
{
    struct scene scene;

    if (!scene_init(&scene))
        return;
    check_in(&scene, "cgroup.procs", make_and_leave);
    g_assert_cmpuint(count_groups(scene.group), ==, 2);
    g_assert_false(cgroup_files_write(scene.group, "cgroup.procs", "0"));
    check_in(&scene, CGROUP_LEAF "/cgroup.procs", make_in_leaf);
    g_assert_cmpuint(count_groups(scene.group), ==, 1);
    scene_deinit(&scene);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/cgroup_delegate", who_is_alone_goes_into_a_leaf_and_comes_back);
    SUITE_ADD("/cgroup_delegate", who_is_not_alone_stays_and_has_none);
    SUITE_ADD("/cgroup_delegate", who_was_put_into_a_leaf_is_content);
    SUITE_ADD("/cgroup_delegate", what_the_dead_left_is_found_from_the_leaf);
    return g_test_run();
}
