/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/containment.h"

#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "executor/cgroup.h"
#include "executor/members.h"
#include "support/stage.h"
#include "support/suite.h"
#include "support/tree.h"

#define CHILDREN REMEX_BIN_DIR "/children/"

/* A process whose grandchild has a session of its own, no living parent but us,
 * and no ear for signals. */
static struct actor *start_deaf(struct stage *stage, const char *leave)
{
    const char *const argv[] = { CHILDREN "deaf", leave, NULL };
    struct actor *actor = stage_run(stage, argv);

    stage_until_said(actor, "\n");
    return actor;
}

static bool has_exited(void *user)
{
    const struct actor *actor = user;

    return process_exit(actor->process) != NULL;
}

static void kill_tree(struct actor *actor)
{
    process_terminate(actor->process, NULL, 0, REMEX_EXIT_TERMINATED,
            loop_now(actor->stage->loop));
}

static enum signal_outcome send_signal(
        struct actor *actor, int number, enum signal_target target)
{
    enum signal_outcome outcome;

    g_assert_cmpint(
            process_signal(actor->process, number, target, &outcome, NULL), ==,
            REMEX_OK);
    return outcome;
}

static bool at_once(void *user)
{
    (void)user;
    return true;
}

static void turn_once(struct stage *stage)
{
    stage_until(stage, at_once, NULL);
}

static void a_kill_finds_those_who_left_session_group_and_parent(void)
{
    struct stage stage;
    struct actor *actor;

    stage_open(&stage);
    actor = start_deaf(&stage, NULL);
    kill_tree(actor);
    stage_until_closed(actor);
    stage_until_dead(&stage, stage_pid_said(actor));
    stage_close(&stage);
}

static void a_kill_works_after_the_leaders_exit(void)
{
    struct stage stage;
    struct actor *actor;

    stage_open(&stage);
    actor = start_deaf(&stage, "leave");
    stage_until(&stage, has_exited, actor);
    g_assert_true(stage_is_alive(stage_pid_said(actor)));
    g_assert_false(process_terminate(actor->process, NULL, 0,
            REMEX_EXIT_TERMINATED, loop_now(stage.loop)));
    stage_until_dead(&stage, stage_pid_said(actor));
    stage_close(&stage);
}

static bool is_later(void *user)
{
    return g_get_monotonic_time() > *(const gint64 *)user;
}

/* Nobody can be seen then, which does not mean that there is nobody. */
static void a_kill_goes_on_when_descriptors_come_back(void)
{
    struct rlimit before;
    struct rlimit none;
    struct stage stage;
    struct actor *actor;
    gint64 until;

    stage_open(&stage);
    actor = start_deaf(&stage, "leave");
    stage_until(&stage, has_exited, actor);
    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &before), ==, 0);
    none = before;
    none.rlim_cur = 0;
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &none), ==, 0);
    kill_tree(actor);
    until = g_get_monotonic_time() + 50000;
    stage_poll_until(&stage, is_later, &until);
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &before), ==, 0);
    g_assert_true(stage_is_alive(stage_pid_said(actor)));
    stage_until_dead(&stage, stage_pid_said(actor));
    stage_close(&stage);
}

static void without_a_descriptor_nobody_is_told_to_have_left(void)
{
    struct rlimit before;
    struct rlimit none;
    struct stage stage;
    struct actor *actor;
    enum signal_outcome outcome;
    enum remex_status status;

    stage_open(&stage);
    actor = start_deaf(&stage, "leave");
    stage_until(&stage, has_exited, actor);
    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &before), ==, 0);
    none = before;
    none.rlim_cur = 0;
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &none), ==, 0);
    status = process_signal(
            actor->process, SIGUSR1, SIGNAL_TREE, &outcome, NULL);
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &before), ==, 0);
    g_assert_cmpint(status, ==, REMEX_RESOURCE_EXHAUSTED);
    stage_close(&stage);
}

static void a_kill_leaves_other_trees_alone(void)
{
    struct stage stage;
    struct actor *killed;
    struct actor *spared;

    stage_open(&stage);
    killed = start_deaf(&stage, "leave");
    spared = start_deaf(&stage, "leave");
    kill_tree(killed);
    stage_until_dead(&stage, stage_pid_said(killed));
    g_assert_true(stage_is_alive(stage_pid_said(spared)));
    stage_free_process(spared);
    stage_until_dead(&stage, stage_pid_said(spared));
    stage_close(&stage);
}

static void a_signal_to_the_tree_reaches_other_sessions(void)
{
    struct stage stage;
    struct actor *actor;

    stage_open(&stage);
    actor = stage_sh(&stage,
            "trap : TERM\n"
            "setsid sh -c 'trap \"echo got it; exit\" TERM; echo ready;"
            "              while :; do sleep 0.01; done' &\n"
            "wait; wait; echo waited; sleep 1000");
    stage_until_said(actor, "ready");
    g_assert_cmpint(
            send_signal(actor, SIGTERM, SIGNAL_GROUP), ==, SIGNAL_DELIVERED);
    g_assert_null(strstr(actor->out->str, "got it"));
    g_assert_cmpint(
            send_signal(actor, SIGTERM, SIGNAL_TREE), ==, SIGNAL_DELIVERED);
    stage_until_said(actor, "got it");
    stage_close(&stage);
}

static void a_signal_to_a_tree_stays_in_it(void)
{
    const char *script = "setsid sh -c 'trap \"echo got it\" TERM; echo ready;"
                         "              while :; do sleep 0.01; done' & exit 0";
    struct stage stage;
    struct actor *signalled;
    struct actor *spared;

    stage_open(&stage);
    signalled = stage_sh(&stage, script);
    spared = stage_sh(&stage, script);
    stage_until_said(signalled, "ready");
    stage_until_said(spared, "ready");
    stage_until(&stage, has_exited, signalled);
    stage_until(&stage, has_exited, spared);
    for (int i = 0; i < 5; i++) {
        g_assert_cmpint(send_signal(signalled, SIGTERM, SIGNAL_TREE), ==,
                SIGNAL_DELIVERED);
        stage_until_said(signalled, "got it");
        g_string_truncate(signalled->out, 0);
        signalled->gaps = 1; /* offsets no longer match */
    }
    g_assert_cmpstr(spared->out->str, ==, "ready\n");
    stage_close(&stage);
}

static void a_group_outlives_its_leader(void)
{
    struct stage stage;
    struct actor *actor;

    stage_open(&stage);
    actor = stage_sh(&stage,
            "sh -c 'trap \"echo got it; exit\" TERM; echo ready;"
            "       while :; do sleep 0.01; done' & exit 0");
    stage_until_said(actor, "ready");
    stage_until(&stage, has_exited, actor);
    g_assert_cmpint(
            send_signal(actor, SIGTERM, SIGNAL_LEADER), ==, SIGNAL_EXITED);
    g_assert_cmpint(
            send_signal(actor, SIGTERM, SIGNAL_GROUP), ==, SIGNAL_DELIVERED);
    stage_until_closed(actor);
    g_assert_nonnull(strstr(actor->out->str, "got it"));
    while (send_signal(actor, SIGTERM, SIGNAL_GROUP) == SIGNAL_DELIVERED)
        turn_once(&stage); /* somebody is just dying */
    g_assert_cmpint(
            send_signal(actor, SIGTERM, SIGNAL_TREE), ==, SIGNAL_EXITED);
    stage_close(&stage);
}

static void a_stranger_is_never_touched(void)
{
    pid_t stranger = fork();
    struct stage stage;
    struct actor *actor;
    uint64_t mark;
    int status;

    if (stranger == 0) {
        for (;;)
            pause();
    }
    stage_open(&stage);
    actor = start_deaf(&stage, NULL);
    kill_tree(actor);
    stage_until_closed(actor);
    stage_until_dead(&stage, stage_pid_said(actor));
    g_assert_true(stage_is_alive(stranger));
    g_assert_true(member_mark(stranger, &mark));
    g_assert_cmpuint(mark, ==, UINT64_MAX);
    kill(stranger, SIGKILL);
    g_assert_cmpint(waitpid(stranger, &status, 0), ==, stranger);
    stage_close(&stage);
}

/* A child of ours who has this number, if nobody has it, and a group of that
 * number. -1: that cannot be had. */
static pid_t start_stranger(pid_t number)
{
    struct clone_args args = {
        .exit_signal = SIGCHLD,
        .set_tid = (uintptr_t)&number,
        .set_tid_size = 1,
    };
    pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));

    if (pid == 0) {
        for (;;)
            pause();
    }
    if (pid > 0)
        g_assert_cmpint(setpgid(pid, pid), ==, 0);
    return pid;
}

/* What is asked of a process whose leader has been reaped does not reach the
 * next who gets his number, while it reaches who is left of the tree. */
static void check_spares_namesake(struct stage *stage)
{
    struct actor *actor = start_deaf(stage, "leave");
    pid_t stranger;
    int status;

    stage_until(stage, has_exited, actor);
    stranger = start_stranger((pid_t)process_pid(actor->process));
    if (stranger < 0) {
        g_test_skip("no process can be given a number here");
        return;
    }
    g_assert_cmpint(
            send_signal(actor, SIGKILL, SIGNAL_LEADER), ==, SIGNAL_EXITED);
    g_assert_cmpint(
            send_signal(actor, SIGKILL, SIGNAL_GROUP), ==, SIGNAL_EXITED);
    g_assert_cmpint(
            send_signal(actor, SIGTERM, SIGNAL_TREE), ==, SIGNAL_DELIVERED);
    kill_tree(actor);
    stage_until_dead(stage, stage_pid_said(actor));
    stage_free_process(actor);
    turn_once(stage);
    g_assert_cmpint(waitpid(stranger, &status, WNOHANG), ==, 0);
    kill(stranger, SIGKILL);
    g_assert_cmpint(waitpid(stranger, &status, 0), ==, stranger);
}

static void a_namesake_of_the_leader_is_a_stranger(void)
{
    struct stage stage;

    stage_open(&stage);
    check_spares_namesake(&stage);
    stage_close(&stage);
}

static void a_namesake_is_no_member_of_the_group(void)
{
    struct cgroup_home *home = cgroup_home_new();
    struct stage stage;

    stage_open_in(&stage, home); /* as it is, where there are none */
    check_spares_namesake(&stage);
    stage_close(&stage);
    cgroup_home_remove(home);
    cgroup_home_free(home);
}

static bool has_no_zombies(void *user)
{
    (void)user;
    return tree_zombies(getpid()) == 0;
}

static void orphans_are_reaped_as_they_end(void)
{
    struct stage stage;
    struct actor *actor;

    stage_open(&stage);
    actor = stage_sh(&stage,
            "for i in 1 2 3 4 5; do (true & ) ; done;"
            "echo done; sleep 1000");
    stage_until_said(actor, "done");
    stage_poll_until(&stage, has_no_zombies, NULL);
    stage_close(&stage);
}

/* Members who fork as fast as they can, each child in a session of its own. */
static void forkers_are_outrun(void)
{
    struct stage stage;
    struct actor *actor;

    stage_open(&stage);
    actor = stage_sh(&stage,
            "f() { while :; do (setsid sleep 1000 & ) ; sleep 0.001; done; }\n"
            "f & f & f & f & sleep 0.2; echo grown; wait");
    stage_until_said(actor, "grown");
    kill_tree(actor);
    stage_until_closed(actor);
    stage_close(&stage);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/containment",
            a_kill_finds_those_who_left_session_group_and_parent);
    SUITE_ADD("/containment", a_kill_works_after_the_leaders_exit);
    SUITE_ADD("/containment", a_kill_goes_on_when_descriptors_come_back);
    SUITE_ADD("/containment", without_a_descriptor_nobody_is_told_to_have_left);
    SUITE_ADD("/containment", a_kill_leaves_other_trees_alone);
    SUITE_ADD("/containment", a_signal_to_the_tree_reaches_other_sessions);
    SUITE_ADD("/containment", a_signal_to_a_tree_stays_in_it);
    SUITE_ADD("/containment", a_group_outlives_its_leader);
    SUITE_ADD("/containment", a_stranger_is_never_touched);
    SUITE_ADD("/containment", a_namesake_of_the_leader_is_a_stranger);
    SUITE_ADD("/containment", a_namesake_is_no_member_of_the_group);
    SUITE_ADD("/containment", orphans_are_reaped_as_they_end);
    SUITE_ADD("/containment", forkers_are_outrun);
    return g_test_run();
}
