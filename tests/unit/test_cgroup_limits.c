/* SPDX-License-Identifier: Apache-2.0 */

/* Groups with limits, by whichever version of control groups has them here. */

#include "executor/cgroup.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <glib.h>

#include "executor/cgroup_files.h"
#include "executor/cgroup_inside.h"
#include "support/sanitizers.h"
#include "support/stage.h"
#include "support/suite.h"

#define MIB ((uint64_t)1 << 20)

/* One that can have these; skips the case if there is none. */
static struct cgroup_home *make_home(unsigned int wanted)
{
    struct cgroup_home *home = cgroup_home_new();

    if ((cgroup_limits(home) & wanted) == wanted)
        return home;
    g_test_skip("no control groups with that limit can be made here");
    cgroup_home_remove(home);
    cgroup_home_free(home);
    return NULL;
}

static void end_home(struct cgroup_home *home)
{
    cgroup_home_remove(home);
    cgroup_home_free(home);
}

static void count(void *user, int group)
{
    (void)group;
    ++*(size_t *)user;
}

/* In all hierarchies, but for those that are kept for the next. */
static size_t count_groups(const struct cgroup_home *home)
{
    size_t groups = 0;

    cgroup_files_each_group(home->fd, count, &groups);
    groups -= home->idle_count;
    for (size_t i = 0; i < home->old.count; i++)
        if (home->old.each[i].home >= 0)
            cgroup_files_each_group(home->old.each[i].home, count, &groups);
    return groups;
}

/* In a child: into the group, then `act`, whose result is the exit code. */
static void join_and_act(struct cgroup_home *home, int group, const int *doors,
        int count, int (*act)(void))
{
    bool joined = cgroup_files_write(group, "cgroup.procs", "0");

    for (int i = 0; i < count; i++)
        joined = joined && write(doors[i], "0", 1) == 1;
    cgroup_home_free(home); /* as exec would: it is ours to lock */
    _exit(joined ? act() : 99);
}

/* A child in that group, as limited as it. */
static pid_t start_member(struct cgroup_home *home, uint64_t number,
        const struct tree_limits *limits, int (*act)(void))
{
    int doors[TREE_LIMITS];
    int count = cgroup_limit(home, number, limits, doors);
    int group = cgroup_door(home, number);
    pid_t pid;

    g_assert_cmpint(count, >=, 0);
    if (limits->cpu_millis > 0)
        g_assert_true(cgroup_throttle(home, number, limits));
    pid = sanitizers_plain_fork();
    if (pid == 0)
        join_and_act(home, group, doors, count, act);
    for (int i = 0; i < count; i++)
        close(doors[i]);
    close(group);
    return pid;
}

static int status_of(pid_t pid)
{
    int status;

    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    return status;
}

static void end_group(struct cgroup_home *home, uint64_t number)
{
    g_assert_true(cgroup_remove(home, number));
    cgroup_unlimit(home, number);
    g_assert_cmpuint(count_groups(home), ==, 0);
}

/* --- Each of them ----------------------------------------------------------
 */

/* How many children can be had at a time. */
static int count_forks(void)
{
    int forks = 0;

    while (forks < 50) {
        pid_t pid = sanitizers_plain_fork();

        if (pid < 0)
            break;
        if (pid == 0) {
            pause();
            _exit(0);
        }
        forks++;
    }
    signal(SIGTERM, SIG_IGN);
    kill(0, SIGTERM);
    while (wait(NULL) > 0)
        continue;
    return forks;
}

static int count_forks_alone(void)
{
    setsid();
    return count_forks();
}

static void there_are_no_more_processes_than_the_limit(void)
{
    const struct tree_limits limits = { .pids = 5 };
    struct cgroup_home *home = make_home(TREE_LIMIT(TREE_PIDS));
    uint64_t number = cgroup_add(home);

    if (!home)
        return;
    g_assert_cmpint(
            status_of(start_member(home, number, &limits, count_forks_alone)),
            ==, W_EXITCODE(4, 0));
    end_group(home, number);
    end_home(home);
}

/* A compiler that sees nobody look at them takes none. */
static int eat(void)
{
    static char *volatile pieces[100];

    for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++) {
        char *piece = malloc(MIB);

        if (!piece)
            return 1;
        memset(piece, 1, MIB);
        pieces[i] = piece;
    }
    return 0;
}

static void who_needs_more_memory_is_killed_and_told(void)
{
    const struct tree_limits little = { .memory_bytes = 20 * MIB };
    /* Of each byte the thread sanitizer remembers who touched it. */
    const uint64_t times = sanitizers_watch_threads() ? 10 : 1;
    const struct tree_limits much = { .memory_bytes = times * 300 * MIB };
    struct cgroup_home *home = make_home(TREE_LIMIT(TREE_MEMORY));
    uint64_t number = cgroup_add(home);

    if (!home)
        return;
    g_assert_cmpint(status_of(start_member(home, number, &little, eat)), ==,
            W_EXITCODE(0, SIGKILL));
    g_assert_true(cgroup_is_out_of_memory(home, number));
    end_group(home, number);
    number = cgroup_add(home);
    g_assert_cmpint(status_of(start_member(home, number, &much, eat)), ==, 0);
    g_assert_false(cgroup_is_out_of_memory(home, number));
    end_group(home, number);
    end_home(home);
}

/* A tenth of a second of a processor's time. */
static int spin(void)
{
    while (clock() < CLOCKS_PER_SEC / 10)
        continue;
    return 0;
}

static int64_t time_of_spin(
        struct cgroup_home *home, uint64_t cpu_millis, bool hurries)
{
    const struct tree_limits limits = { .cpu_millis = cpu_millis };
    uint64_t number = cgroup_add(home);
    int64_t begin = g_get_monotonic_time();
    pid_t pid = start_member(home, number, &limits, spin);

    if (hurries)
        cgroup_hurry(home, number);
    g_assert_cmpint(status_of(pid), ==, 0);
    end_group(home, number);
    return g_get_monotonic_time() - begin;
}

static void who_hurries_is_held_no_longer(void)
{
    struct cgroup_home *home = make_home(TREE_LIMIT(TREE_CPU));

    if (!home)
        return;
    g_assert_cmpint(time_of_spin(home, 100, false), >, 600 * 1000);
    g_assert_cmpint(time_of_spin(home, 10, true), <, 5 * 1000 * 1000);
    end_home(home);
}

static void one_that_the_kernel_does_not_take_is_told(void)
{
    const struct tree_limits limits = { .pids = UINT64_MAX };
    struct cgroup_home *home = make_home(TREE_LIMIT(TREE_PIDS));
    uint64_t number = cgroup_add(home);
    int doors[TREE_LIMITS];

    if (!home)
        return;
    g_assert_cmpint(cgroup_limit(home, number, &limits, doors), ==, -1);
    end_group(home, number);
    end_home(home);
}

static void without_a_group_there_is_no_limit(void)
{
    const struct tree_limits limits = { .pids = 5 };
    int doors[TREE_LIMITS];

    g_assert_cmpuint(cgroup_limits(NULL), ==, 0);
    g_assert_cmpint(cgroup_limit(NULL, 0, &limits, doors), ==, -1);
    g_assert_false(cgroup_is_out_of_memory(NULL, 0));
    g_assert_false(cgroup_throttle(NULL, 0, &limits));
    cgroup_hurry(NULL, 0);
    cgroup_unlimit(NULL, 0);
}

/* --- Many of them -----------------------------------------------------------
 */

/* Stopped once it is there. */
static int wait_for_ever(void)
{
    raise(SIGSTOP);
    while (pause() < 0)
        continue;
    return 0;
}

/* A home, and who is in it with all the limits. */
struct left {
    char name[CGROUP_NAME_BYTES];
    pid_t member;
};

/* Makes them, tells of them, and dies. */
static void make_and_die(int report)
{
    const struct tree_limits limits = { 50 * MIB, 5, 10 };
    struct cgroup_home *home = cgroup_home_new();
    struct left left = {
        .member = start_member(home, cgroup_add(home), &limits, wait_for_ever),
    };

    g_assert_cmpint(waitpid(left.member, NULL, WUNTRACED), ==, left.member);
    memcpy(left.name, home->name, sizeof(left.name));
    if (write(report, &left, sizeof(left)) == sizeof(left))
        raise(SIGKILL);
    abort();
}

static void check_gone(const struct cgroup_home *home, const char *name)
{
    for (size_t i = 0; i < home->old.count; i++)
        g_assert_cmpint(
                faccessat(home->old.each[i].place, name, F_OK, 0), <, 0);
    g_assert_cmpint(faccessat(home->place, name, F_OK, 0), <, 0);
}

static void what_the_dead_left_goes_with_its_limits(void)
{
    const unsigned int all = TREE_LIMIT(TREE_LIMITS) - 1;
    struct cgroup_home *home = make_home(all);
    struct left left;
    int ends[2];
    pid_t maker;

    if (!home)
        return;
    end_home(home);
    g_assert_cmpint(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), ==, 0);
    g_assert_cmpint(pipe(ends), ==, 0);
    maker = fork();
    if (maker == 0)
        make_and_die(ends[1]);
    g_assert_cmpint(read(ends[0], &left, sizeof(left)), ==, sizeof(left));
    g_assert_cmpint(status_of(maker), ==, W_EXITCODE(0, SIGKILL));
    g_assert_cmpint(waitpid(left.member, NULL, WNOHANG), ==, 0);
    home = make_home(all);
    g_assert_cmpint(status_of(left.member), ==, W_EXITCODE(0, SIGKILL));
    check_gone(home, left.name);
    end_home(home);
    close(ends[0]);
    close(ends[1]);
    prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
}

static void check_life(struct stage *stage, uint64_t pids, bool forks)
{
    const char *const argv[] = { "sh", "-c", "(true) && exit 7", NULL };
    struct process_spec spec = stage_spec(argv);
    struct remex_error error;
    struct actor *actor;

    spec.tree_limits.pids = pids;
    actor = stage_start(stage, &spec, &error);
    g_assert_nonnull(actor);
    stage_spec_free(&spec);
    stage_until_closed(actor);
    g_assert_cmpint(process_exit(actor->process)->code == 7, ==, forks);
    stage_free_process(actor);
}

static bool is_clean(void *home)
{
    return count_groups(home) == 0;
}

static void limits_are_not_for_the_next_and_nothing_is_left(void)
{
    struct cgroup_home *home = make_home(TREE_LIMIT(TREE_PIDS));
    int lives = g_test_slow() ? 500 : 50;
    struct stage stage;

    if (!home)
        return;
    stage_open_in(&stage, home);
    for (int i = 0; i < lives; i++) {
        check_life(&stage, 1, false);
        check_life(&stage, 0, true);
    }
    stage_poll_until(&stage, is_clean, home);
    stage_close(&stage);
    end_home(home);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/cgroup_limits", there_are_no_more_processes_than_the_limit);
    SUITE_ADD("/cgroup_limits", who_needs_more_memory_is_killed_and_told);
    SUITE_ADD("/cgroup_limits", who_hurries_is_held_no_longer);
    SUITE_ADD("/cgroup_limits", one_that_the_kernel_does_not_take_is_told);
    SUITE_ADD("/cgroup_limits", without_a_group_there_is_no_limit);
    SUITE_ADD("/cgroup_limits", what_the_dead_left_goes_with_its_limits);
    SUITE_ADD(
            "/cgroup_limits", limits_are_not_for_the_next_and_nothing_is_left);
    return g_test_run();
}
