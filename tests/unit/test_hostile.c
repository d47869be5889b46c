/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Trees that do not want to die, of every shape of tests/support/children/
 * hostile.c, by the marks alone and by control groups: nobody is left.
 *
 * ctest-timeout: 120
 * ctest-long: 1200
 */

#include "executor/containment.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "common/clock.h"
#include "executor/cgroup.h"
#include "executor/members.h"
#include "support/stage.h"
#include "support/suite.h"
#include "support/tree.h"

#define HOSTILE REMEX_BIN_DIR "/children/hostile"

/* How long a tree may take to die, all of it, on a busy machine. */
#define BOUND_MS 2000

/* A thousand and more, one by one. */
#define BOMB_BY_MARKS_MS 10000

/* With both means, a thousand trees at least. */
#define THOROUGH_RUNS 22

/* The last is for groups only: no member of it bears the mark. */
static const char *const shapes[] = { "deaf", "own-session", "own-group",
    "double-fork", "daemon", "no-descriptors", "vfork-chain", "stopped",
    "stopper", "storm", "hopper", "threads", "leaderless", "child-of-thread",
    "zombies", "subreaper", "renamed", "spinner", "uninterruptible",
    "deep-chain", "reviver", "blocked", "undumpable", "unmarked" };

#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))

static void count_child(void *user, pid_t child)
{
    unsigned int *count = user;

    (void)child;
    *count += 1;
}

/* This process is a subreaper: whoever is left is a child of it, or a
 * descendant of one. */
static bool is_childless(void *user)
{
    unsigned int count = 0;

    (void)user;
    members_each_child(getpid(), count_child, &count);
    return count == 0;
}

static struct actor *grow(
        struct stage *stage, const char *shape, const char *word)
{
    const char *const argv[] = { HOSTILE, shape, word, NULL };
    struct actor *actor = stage_run(stage, argv);

    stage_until_said(actor, "grown");
    return actor;
}

static void check_dies(
        struct stage *stage, const char *shape, const char *word, uint64_t ms)
{
    struct actor *actor = grow(stage, shape, word);
    int64_t before = clock_monotonic_ns();
    int64_t taken;

    stage_free_process(actor);
    stage_poll_until(stage, is_childless, NULL);
    taken = clock_monotonic_ns() - before;
    g_test_message("%s: %d ms", shape, (int)(taken / 1000000));
    g_assert_cmpint(taken, <, clock_from_ms(ms));
}

static void check_all_die(struct cgroup_home *groups, size_t count)
{
    int runs = g_test_slow() ? THOROUGH_RUNS : 1;
    struct stage stage;

    stage_open_in(&stage, groups);
    for (int run = 0; run < runs; run++) {
        for (size_t i = 0; i < count; i++)
            check_dies(&stage, shapes[i], NULL, BOUND_MS);
    }
    stage_close(&stage);
}

static struct cgroup_home *make_home(void)
{
    struct cgroup_home *home = cgroup_home_new();

    if (!home)
        g_test_skip("no control groups can be made here");
    return home;
}

static void all_die_by_their_marks(void)
{
    check_all_die(NULL, SHAPES - 1);
}

/* All that were ever made are gone, or empty and kept for the next. */
static void check_empty(struct cgroup_home *home, uint64_t last)
{
    for (uint64_t number = 1; number <= last; number++)
        g_assert_true(cgroup_is_empty(home, number));
}

static void all_die_by_their_groups_of_which_nothing_is_left(void)
{
    struct cgroup_home *home = make_home();

    if (!home)
        return;
    check_all_die(home, SHAPES);
    check_empty(home, (uint64_t)SHAPES * THOROUGH_RUNS);
    cgroup_home_remove(home);
    cgroup_home_free(home);
}

/* Killed while it still grows. */
static void check_bomb_ends(struct cgroup_home *groups, uint64_t ms)
{
    const char *bound = g_test_slow() ? "2000" : "300";
    struct stage stage;

    stage_open_in(&stage, groups);
    check_dies(&stage, "bomb", bound, ms);
    stage_close(&stage);
}

static void a_bomb_ends_by_its_marks(void)
{
    check_bomb_ends(NULL, BOMB_BY_MARKS_MS);
}

static void a_bomb_ends_by_its_group(void)
{
    struct cgroup_home *home = make_home();

    if (!home)
        return;
    check_bomb_ends(home, BOUND_MS);
    cgroup_home_remove(home);
    cgroup_home_free(home);
}

/* Beside the others they are killed one by one; a stranger, who is of no tree,
 * is not. */
static void check_others_live(struct cgroup_home *groups)
{
    pid_t stranger = fork();
    struct stage stage;
    struct actor *spared;
    int status;

    if (stranger == 0) {
        for (;;)
            pause();
    }
    stage_open_in(&stage, groups);
    spared = grow(&stage, "subreaper", NULL);
    for (size_t i = 0; i < 4; i++) {
        struct actor *actor = grow(&stage, shapes[i], NULL);
        pid_t leader = (pid_t)process_pid(actor->process);

        stage_free_process(actor);
        stage_until_dead(&stage, leader);
    }
    g_assert_true(stage_is_alive((pid_t)process_pid(spared->process)));
    g_assert_true(stage_is_alive(stranger));
    kill(stranger, SIGKILL);
    g_assert_cmpint(waitpid(stranger, &status, 0), ==, stranger);
    stage_close(&stage);
}

static void others_live_by_marks(void)
{
    check_others_live(NULL);
}

static void others_live_by_groups(void)
{
    struct cgroup_home *home = make_home();

    if (!home)
        return;
    check_others_live(home);
    cgroup_home_remove(home);
    cgroup_home_free(home);
}

/* It has neither the session nor the mark of the leader. */
static void a_signal_finds_who_is_only_in_the_group(void)
{
    struct cgroup_home *home = make_home();
    enum signal_outcome outcome;
    struct stage stage;
    struct actor *actor;

    if (!home)
        return;
    stage_open_in(&stage, home);
    actor = stage_sh(&stage,
            "setsid sh -c 'ulimit -w 7 || ulimit -x 7; trap \"echo got it; "
            "exit\" TERM;"
            "              echo ready; while :; do sleep 0.01; done' &\n"
            "exit 0");
    stage_until_said(actor, "ready");
    g_assert_cmpint(process_signal(actor->process, SIGTERM, SIGNAL_TREE,
                            &outcome, NULL),
            ==, REMEX_OK);
    g_assert_cmpint(outcome, ==, SIGNAL_DELIVERED);
    stage_until_said(actor, "got it");
    stage_close(&stage);
    cgroup_home_remove(home);
    cgroup_home_free(home);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/hostile", all_die_by_their_marks);
    SUITE_ADD("/hostile", all_die_by_their_groups_of_which_nothing_is_left);
    SUITE_ADD("/hostile", a_bomb_ends_by_its_marks);
    SUITE_ADD("/hostile", a_bomb_ends_by_its_group);
    SUITE_ADD("/hostile", others_live_by_marks);
    SUITE_ADD("/hostile", others_live_by_groups);
    SUITE_ADD("/hostile", a_signal_finds_who_is_only_in_the_group);
    return g_test_run();
}
