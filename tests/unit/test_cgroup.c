/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/cgroup.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "executor/cgroup_files.h"
#include "executor/cgroup_inside.h"
#include "executor/cgroup_place.h"
#include "executor/members.h"
#include "support/suite.h"

/* --- Where ---------------------------------------------------------------- */

static void check_place(const char *mounts, const char *groups,
        const char *directory, const char *shown)
{
    struct cgroup_place place;

    g_assert_true(cgroup_place_parse(mounts, groups, NULL, &place));
    g_assert_cmpstr(place.directory, ==, directory);
    g_assert_cmpstr(place.shown, ==, shown);
}

static void it_is_found_wherever_it_is_mounted(void)
{
    const char *pure = "22 1 0:21 / /proc rw - proc proc rw\n"
                       "30 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - "
                       "cgroup2 cgroup2 rw,nsdelegate\n";
    const char *hybrid = "30 22 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
                         "31 30 0:27 / /sys/fs/cgroup/pids rw - cgroup c "
                         "rw,pids\n"
                         "32 30 0:28 / /sys/fs/cgroup/unified rw - cgroup2 c "
                         "rw\n";
    const char *part = "9 1 0:26 /other /elsewhere rw - cgroup2 cgroup2 rw\n"
                       "30 22 0:26 /box/a /sys/fs/cgroup rw - cgroup2 c rw";

    check_place(pure, "0::/system.slice/remexd.service\n",
            "/sys/fs/cgroup/system.slice/remexd.service",
            "/system.slice/remexd.service");
    check_place(pure, "0::/\n", "/sys/fs/cgroup", "");
    check_place(hybrid, "8:pids:/x\n1:cpu:/\n0::/a/b\n",
            "/sys/fs/cgroup/unified/a/b", "/a/b");
    check_place(part, "0::/box/a/b\n", "/sys/fs/cgroup/b", "/box/a/b");
    check_place(part, "0::/box/a", "/sys/fs/cgroup", "/box/a");
}

static void check_old_place(const char *mounts, const char *groups,
        const char *controller, const char *directory, const char *shown)
{
    struct cgroup_place place;

    g_assert_true(cgroup_place_parse(mounts, groups, controller, &place));
    g_assert_cmpstr(place.directory, ==, directory);
    g_assert_cmpstr(place.shown, ==, shown);
}

static void that_of_a_controller_is_found_by_its_name(void)
{
    const char *mounts =
            "31 30 0:27 / /cg/cpu,cpuacct rw - cgroup c rw,cpu,cpuacct\n"
            "32 30 0:28 / /cg/cpuset rw - cgroup c rw,cpuset\n"
            "33 30 0:29 /box /cg/pids rw - cgroup c rw,pids\n"
            "34 30 0:30 / /cg/unified rw - cgroup2 c rw\n";
    const char *groups = "12:pids:/box/a\n4:cpuset:/x\n"
                         "3:cpu,cpuacct:/y:z\n2:name=systemd:/s\n0::/u\n";
    struct cgroup_place place;

    check_old_place(mounts, groups, "cpu", "/cg/cpu,cpuacct/y:z", "/y:z");
    check_old_place(mounts, groups, "cpuacct", "/cg/cpu,cpuacct/y:z", "/y:z");
    check_old_place(mounts, groups, "cpuset", "/cg/cpuset/x", "/x");
    check_old_place(mounts, groups, "pids", "/cg/pids/a", "/box/a");
    check_old_place(mounts, groups, NULL, "/cg/unified/u", "/u");
    g_assert_false(cgroup_place_parse(mounts, groups, "memory", &place));
    g_assert_false(cgroup_place_parse(mounts, groups, "set", &place));
    g_assert_false(cgroup_place_parse(mounts, "0::/u\n", "pids", &place));
    g_assert_false(cgroup_place_parse("", groups, "pids", &place));
}

static void what_does_not_fit_is_no_place(void)
{
    const char *part = "30 22 0:26 /box /sys/fs/cgroup rw - cgroup2 c rw\n";
    const char *odd = "30 22 0:26 / /sys/fs\\040x rw - cgroup2 c rw\n";
    const char *old = "30 22 0:26 / /sys/fs/cgroup rw - cgroup c rw,cpu\n";
    struct cgroup_place place;

    g_assert_false(cgroup_place_parse(part, "0::/boxer\n", NULL, &place));
    g_assert_false(cgroup_place_parse(part, "0::/\n", NULL, &place));
    g_assert_false(cgroup_place_parse(part, "0::/../x\n", NULL, &place));
    g_assert_false(cgroup_place_parse(part, "1:cpu:/box\n", NULL, &place));
    g_assert_false(cgroup_place_parse(odd, "0::/\n", NULL, &place));
    g_assert_false(cgroup_place_parse(old, "0::/\n", NULL, &place));
    g_assert_false(cgroup_place_parse("", "", NULL, &place));
}

/* --- Groups --------------------------------------------------------------- */

static struct cgroup_home *make_home(void)
{
    struct cgroup_home *home = cgroup_home_new();

    if (!home)
        g_test_skip("no control groups can be made here");
    return home;
}

/* A child of ours in a group, who waits for ever. */
static pid_t start_member(struct cgroup_home *home, uint64_t number)
{
    int door = cgroup_door(home, number);
    int ready[2];
    pid_t pid;
    char byte;

    g_assert_cmpint(door, >=, 0);
    g_assert_cmpint(pipe(ready), ==, 0);
    pid = fork();
    if (pid == 0) {
        cgroup_home_free(home); /* as exec would: it is ours to lock */
        if (!cgroup_files_write(door, "cgroup.procs", "0") ||
                write(ready[1], "r", 1) != 1)
            abort();
        for (;;)
            pause();
    }
    close(door);
    g_assert_cmpint(read(ready[0], &byte, 1), ==, 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static void *outlive_the_first_thread(void *ready)
{
    struct member member;

    do
        g_assert_true(member_look(getpid(), &member));
    while (member.state != 'Z');
    if (write(*(int *)ready, "r", 1) != 1)
        abort();
    for (;;)
        pause();
}

/* Joins by the directory's descriptor, and lets a thread live on that is not
 * its first: the kernel's kill of groups passes it by. */
static void lose_first_thread(int door, int ready)
{
    pthread_t thread;

    if (!cgroup_files_write(door, "cgroup.procs", "0") ||
            pthread_create(&thread, NULL, outlive_the_first_thread, &ready))
        abort();
    syscall(SYS_exit, 0);
    abort();
}

static pid_t start_leaderless(struct cgroup_home *home, uint64_t number)
{
    int door = cgroup_door(home, number);
    int ready[2];
    pid_t pid;
    char byte;

    g_assert_cmpint(pipe(ready), ==, 0);
    pid = fork();
    if (pid == 0) {
        cgroup_home_free(home);
        lose_first_thread(door, ready[1]);
    }
    close(door);
    g_assert_cmpint(read(ready[0], &byte, 1), ==, 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static void check_killed(pid_t pid)
{
    int status;

    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFSIGNALED(status));
    g_assert_cmpint(WTERMSIG(status), ==, SIGKILL);
}

static void find(void *user, pid_t pid)
{
    *(pid_t *)user = pid;
}

static void a_group_knows_its_members_and_kills_them(void)
{
    struct cgroup_home *home = make_home();
    uint64_t number = cgroup_add(home);
    uint64_t other = cgroup_add(home);
    pid_t found = 0;
    pid_t pid;

    if (!home)
        return;
    pid = start_member(home, number);
    cgroup_each_member(home, number, find, &found);
    g_assert_cmpint(found, ==, pid);
    g_assert_true(cgroup_holds(home, number, pid));
    g_assert_false(cgroup_holds(home, other, pid));
    g_assert_false(cgroup_holds(home, number, getpid()));
    g_assert_false(cgroup_is_empty(home, number));
    g_assert_true(cgroup_is_empty(home, other));
    g_assert_false(cgroup_remove(home, number));
    cgroup_kill(home, other);
    g_assert_false(cgroup_is_empty(home, number));
    cgroup_kill(home, number);
    check_killed(pid);
    g_assert_true(cgroup_is_empty(home, number));
    g_assert_true(cgroup_remove(home, number));
    g_assert_cmpint(cgroup_door(home, number), ==, -1);
    cgroup_home_remove(home);
    cgroup_home_free(home);
}

static void a_home_goes_with_all_that_is_in_it(void)
{
    struct cgroup_home *home = make_home();
    pid_t pid;

    if (!home)
        return;
    pid = start_member(home, cgroup_add(home));
    cgroup_home_remove(home);
    check_killed(pid);
    g_assert_cmpuint(cgroup_add(home), ==, 0);
    cgroup_home_free(home);
}

static void a_home_goes_with_who_lost_his_first_thread(void)
{
    struct cgroup_home *home = make_home();
    uint64_t number = cgroup_add(home);
    char inner[64];
    pid_t pid;
    int door;

    if (!home)
        return;
    door = cgroup_door(home, number);
    g_snprintf(inner, sizeof(inner), "/proc/self/fd/%d/inner", door);
    g_assert_cmpint(mkdir(inner, 0755), ==, 0);
    close(door);
    pid = start_leaderless(home, number);
    cgroup_kill(home, number);
    g_assert_false(cgroup_is_empty(home, number));
    cgroup_home_remove(home);
    check_killed(pid);
    cgroup_home_free(home);
}

static void an_empty_group_is_kept_for_the_next(void)
{
    struct cgroup_home *home = make_home();
    uint64_t number = cgroup_add(home);
    pid_t pid;

    if (!home)
        return;
    pid = start_member(home, number);
    g_assert_false(cgroup_reuse(home, number));
    kill(pid, SIGKILL);
    check_killed(pid);
    g_assert_true(cgroup_reuse(home, number));
    g_assert_cmpuint(cgroup_add(home), ==, number);
    g_assert_cmpuint(cgroup_add(home), !=, number);
    cgroup_home_remove(home);
    g_assert_false(cgroup_reuse(home, number));
    cgroup_home_free(home);
}

static void a_group_that_is_not_as_it_was_is_not_kept(void)
{
    struct cgroup_home *home = make_home();
    uint64_t number = cgroup_add(home);
    char inner[64];
    int door;

    if (!home)
        return;
    door = cgroup_door(home, number);
    g_assert_true(cgroup_files_write(door, "cgroup.freeze", "1"));
    g_assert_false(cgroup_reuse(home, number));
    g_assert_true(cgroup_files_write(door, "cgroup.freeze", "0"));
    g_snprintf(inner, sizeof(inner), "/proc/self/fd/%d/inner", door);
    g_assert_cmpint(mkdir(inner, 0755), ==, 0);
    g_assert_false(cgroup_reuse(home, number));
    g_assert_cmpint(rmdir(inner), ==, 0);
    g_assert_true(cgroup_reuse(home, number));
    close(door);
    cgroup_home_remove(home);
    cgroup_home_free(home);
}

static void only_so_many_are_kept(void)
{
    struct cgroup_home *home = make_home();
    uint64_t numbers[2 * CGROUP_IDLE];
    size_t kept = 0;

    if (!home)
        return;
    for (size_t i = 0; i < 2 * CGROUP_IDLE; i++)
        numbers[i] = cgroup_add(home);
    for (size_t i = 0; i < 2 * CGROUP_IDLE; i++)
        kept += cgroup_reuse(home, numbers[i]);
    g_assert_cmpuint(kept, ==, CGROUP_IDLE);
    cgroup_home_remove(home);
    cgroup_home_free(home);
}

static void without_a_home_there_is_no_group(void)
{
    pid_t found = 0;

    g_assert_cmpuint(cgroup_add(NULL), ==, 0);
    g_assert_cmpint(cgroup_door(NULL, 0), ==, -1);
    cgroup_kill(NULL, 0);
    cgroup_each_member(NULL, 0, find, &found);
    g_assert_cmpint(found, ==, 0);
    g_assert_true(cgroup_is_empty(NULL, 0));
    g_assert_false(cgroup_holds(NULL, 0, getpid()));
    g_assert_true(cgroup_remove(NULL, 0));
    cgroup_home_kill(NULL);
    cgroup_home_remove(NULL);
    cgroup_home_free(NULL);
}

/* A home, and who is in it. */
struct left {
    pid_t member;
    pid_t leaderless;
};

/* Makes them, tells of them, and dies of it. */
static void make_and_die(int report)
{
    struct cgroup_home *home = cgroup_home_new();
    struct left left = {
        .member = start_member(home, cgroup_add(home)),
        .leaderless = start_leaderless(home, cgroup_add(home)),
    };

    if (write(report, &left, sizeof(left)) == sizeof(left))
        raise(SIGKILL);
    abort();
}

static void what_the_dead_left_is_ended_and_the_living_let_be(void)
{
    struct cgroup_home *living = make_home();
    struct cgroup_home *home;
    int ends[2];
    struct left left;
    pid_t spared;
    pid_t maker;

    if (!living)
        return;
    spared = start_member(living, cgroup_add(living));
    g_assert_cmpint(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), ==, 0);
    g_assert_cmpint(pipe(ends), ==, 0);
    maker = fork();
    if (maker == 0) {
        cgroup_home_free(living);
        make_and_die(ends[1]);
    }
    g_assert_cmpint(read(ends[0], &left, sizeof(left)), ==, sizeof(left));
    check_killed(maker);
    g_assert_cmpint(waitpid(left.member, NULL, WNOHANG), ==, 0);
    home = make_home();
    check_killed(left.member);
    check_killed(left.leaderless);
    g_assert_cmpint(waitpid(spared, NULL, WNOHANG), ==, 0);
    cgroup_home_remove(living);
    check_killed(spared);
    cgroup_home_remove(home);
    cgroup_home_free(home);
    cgroup_home_free(living);
    close(ends[0]);
    close(ends[1]);
    prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/cgroup", it_is_found_wherever_it_is_mounted);
    SUITE_ADD("/cgroup", that_of_a_controller_is_found_by_its_name);
    SUITE_ADD("/cgroup", what_does_not_fit_is_no_place);
    SUITE_ADD("/cgroup", a_group_knows_its_members_and_kills_them);
    SUITE_ADD("/cgroup", a_home_goes_with_all_that_is_in_it);
    SUITE_ADD("/cgroup", a_home_goes_with_who_lost_his_first_thread);
    SUITE_ADD("/cgroup", an_empty_group_is_kept_for_the_next);
    SUITE_ADD("/cgroup", a_group_that_is_not_as_it_was_is_not_kept);
    SUITE_ADD("/cgroup", only_so_many_are_kept);
    SUITE_ADD("/cgroup", without_a_home_there_is_no_group);
    SUITE_ADD("/cgroup", what_the_dead_left_is_ended_and_the_living_let_be);
    return g_test_run();
}
