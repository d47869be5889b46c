/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is asked of real children, and what they make of it.
 */

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <glib.h>

#include "common/clock.h"
#include "executor/members.h"
#include "support/stage.h"
#include "support/suite.h"

#define CHILDREN REMEX_BIN_DIR "/children/"

static bool has_exited(void *user)
{
    const struct actor *actor = user;

    return process_exit(actor->process) != NULL;
}

static void check_reason(
        const struct actor *actor, enum remex_exit_reason reason)
{
    g_assert_cmpint(process_exit(actor->process)->reason, ==, reason);
}

static void check_ending(const struct actor *actor, const char *ending)
{
    if (!g_str_has_suffix(actor->told->str, ending))
        g_error("told %s instead of %s", actor->told->str, ending);
}

/* --- Signals ------------------------------------------------------------- */

/* Also those that libc keeps for itself, and those of the real-time kind. */
static void any_signal_ends_as_itself(void)
{
    static const int numbers[] = { SIGHUP, SIGKILL, SIGTERM, 32, 33, 34, 40,
        64 };

    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        const char *const argv[] = { "sleep", "1000", NULL };
        char *ending =
                g_strdup_printf("signal %d\nclosed eof eof\n", numbers[i]);
        struct stage stage;
        struct actor *actor;

        stage_open(&stage);
        actor = stage_run(&stage, argv);
        g_assert_cmpint(stage_signal(actor, numbers[i],
                                (enum signal_target)(i % 3 + 1)),
                ==, SIGNAL_DELIVERED);
        stage_until_closed(actor);
        check_ending(actor, ending);
        check_reason(actor, REMEX_EXIT_TERMINATED);
        stage_close(&stage);
        g_free(ending);
    }
}

static void a_signal_that_reaches_nobody_says_so(void)
{
    struct stage stage;
    struct actor *actor;

    stage_open(&stage);
    actor = stage_sh(&stage, "exit 3");
    stage_until_closed(actor);
    for (int target = SIGNAL_LEADER; target <= SIGNAL_TREE; target++)
        g_assert_cmpint(
                stage_signal(actor, SIGTERM, (enum signal_target)target), ==,
                SIGNAL_EXITED);
    stage_close(&stage);
}

static void a_group_is_reached_when_its_leader_is_gone(void)
{
    struct stage stage;
    struct actor *actor;

    stage_open(&stage);
    actor = stage_sh(&stage, "sleep 1000 & echo $!");
    stage_until(&stage, has_exited, actor);
    g_assert_cmpint(
            stage_signal(actor, SIGTERM, SIGNAL_LEADER), ==, SIGNAL_EXITED);
    g_assert_cmpint(
            stage_signal(actor, SIGTERM, SIGNAL_GROUP), ==, SIGNAL_DELIVERED);
    stage_until_closed(actor); /* nobody holds the streams any more */
    check_ending(actor, "exit 0\nclosed eof eof\n");
    stage_until_dead(&stage, stage_pid_said(actor));
    g_assert_cmpint(
            stage_signal(actor, SIGTERM, SIGNAL_GROUP), ==, SIGNAL_EXITED);
    stage_close(&stage);
}

struct watching {
    pid_t pid;
    bool stopped;
};

static bool is_as_watched(void *user)
{
    const struct watching *watching = user;
    struct member member;

    return member_look(watching->pid, &member) &&
            (member.state == 'T') == watching->stopped;
}

/* One that waits, and ends in order when it is told to. */
static struct actor *start_polite(struct stage *stage)
{
    const char *const argv[] = { CHILDREN "polite", NULL };
    struct process_spec spec = stage_spec(argv);
    struct actor *actor = stage_start(stage, &spec, NULL);

    g_assert_nonnull(actor);
    stage_spec_free(&spec);
    stage_until_said(actor, "ready");
    return actor;
}

static void stop(struct actor *actor, enum signal_target target)
{
    struct watching watching = { (pid_t)process_pid(actor->process), true };

    g_assert_cmpint(stage_signal(actor, SIGSTOP, target), ==, SIGNAL_DELIVERED);
    stage_poll_until(actor->stage, is_as_watched, &watching);
}

static void a_stopped_process_goes_on_when_told(void)
{
    struct watching watching = { .stopped = false };
    struct stage stage;
    struct actor *actor;

    stage_open(&stage);
    actor = start_polite(&stage);
    stop(actor, SIGNAL_TREE);
    watching.pid = (pid_t)process_pid(actor->process);
    g_assert_cmpint(
            stage_signal(actor, SIGCONT, SIGNAL_TREE), ==, SIGNAL_DELIVERED);
    stage_poll_until(&stage, is_as_watched, &watching);
    stage_signal(actor, SIGTERM, SIGNAL_LEADER);
    stage_until_closed(actor);
    check_ending(actor, "exit 5\nclosed eof eof\n");
    stage_close(&stage);
}

/* --- Plans --------------------------------------------------------------- */

static void terminate(
        struct actor *actor, const struct stop_step *plan, size_t count)
{
    g_assert_true(process_terminate(actor->process, plan, count,
            REMEX_EXIT_TERMINATED, loop_now(actor->stage->loop)));
    loop_defer(actor->stage->loop, &actor->stage->look);
}

static void a_stopped_process_can_act_on_a_plan(void)
{
    const struct stop_step plan[] = { { SIGTERM, 100000 } };
    struct stage stage;
    struct actor *actor;

    stage_open(&stage);
    actor = start_polite(&stage);
    stop(actor, SIGNAL_GROUP);
    terminate(actor, plan, 1);
    stage_until_closed(actor);
    check_ending(actor, "exit 5\nclosed eof eof\n");
    check_reason(actor, REMEX_EXIT_TERMINATED);
    stage_close(&stage);
}

static void a_stopped_tree_can_be_killed(void)
{
    struct stage stage;
    struct actor *actor;

    stage_open(&stage);
    actor = start_polite(&stage);
    stop(actor, SIGNAL_TREE);
    terminate(actor, NULL, 0);
    stage_until_closed(actor);
    check_ending(actor, "signal 9\nclosed eof eof\n");
    stage_close(&stage);
}

static void steps_without_a_wait_escalate_at_once(void)
{
    const struct stop_step plan[] = { { SIGINT, 0 }, { SIGTERM, 0 } };
    const char *const argv[] = { CHILDREN "deaf", NULL };
    struct stage stage;
    struct actor *actor;

    stage_open(&stage);
    actor = stage_run(&stage, argv);
    stage_until_said(actor, "\n");
    terminate(actor, plan, 2);
    g_assert_cmpint(process_due(actor->process), ==, CLOCK_NEVER);
    stage_until_closed(actor);
    check_ending(actor, "signal 9\nclosed eof eof\n");
    stage_until_dead(&stage, stage_pid_said(actor));
    stage_close(&stage);
}

static void an_empty_plan_cuts_a_long_one_short(void)
{
    const struct stop_step plan[] = { { SIGTERM, 1000000 } };
    const char *const argv[] = { CHILDREN "deaf", NULL };
    struct stage stage;
    struct actor *actor;

    stage_open(&stage);
    actor = stage_run(&stage, argv);
    stage_until_said(actor, "\n");
    terminate(actor, plan, 1);
    terminate(actor, NULL, 0);
    stage_until_closed(actor);
    check_ending(actor, "signal 9\nclosed eof eof\n");
    stage_until_dead(&stage, stage_pid_said(actor));
    stage_close(&stage);
}

/* The leader ends in time; whom it left behind does not. */
static void an_exit_in_a_plan_spares_nobody_else(void)
{
    const struct stop_step plan[] = { { SIGTERM, 1000000 } };
    struct stage stage;
    struct actor *actor;

    stage_open(&stage);
    actor = stage_sh(&stage,
            CHILDREN "deaf leave; trap 'exit 5' TERM; echo ready;"
                     "while :; do sleep 0.01; done");
    stage_until_said(actor, "ready");
    terminate(actor, plan, 1);
    stage_until_closed(actor);
    check_ending(actor, "exit 5\nclosed eof eof\n");
    stage_until_dead(&stage, stage_pid_said(actor));
    stage_close(&stage);
}

/* --- Limits -------------------------------------------------------------- */

static struct actor *start_limited(struct stage *stage, const char *const *argv,
        uint64_t wall_time_ms, const struct pty_spec *pty)
{
    struct process_spec spec = stage_spec(argv);
    struct actor *actor;

    spec.stdin_kind = STDIN_PIPE;
    spec.wall_time_ms = wall_time_ms;
    spec.has_eof_linger = true; /* for ever */
    if (pty)
        spec.err = (struct stream_spec){ .chunk_bytes = 0 };
    spec.pty = pty;
    actor = stage_start(stage, &spec, NULL);
    g_assert_nonnull(actor);
    stage_spec_free(&spec);
    return actor;
}

static void wall_time_ends_who_forked_away(void)
{
    const char *const argv[] = { CHILDREN "deaf", NULL };
    struct stage stage;
    struct actor *actor;

    stage_open(&stage);
    actor = start_limited(&stage, argv, 200, NULL);
    stage_until_closed(actor);
    check_ending(actor, "signal 9\nclosed eof eof\n");
    check_reason(actor, REMEX_EXIT_WALL_TIME);
    stage_until_dead(&stage, stage_pid_said(actor));
    stage_close(&stage);
}

static const struct pty_spec terminal = { 24, 80, { NULL, 0 } };

/* Its own end was its own, and is told as that. */
static void check_wall_time_after_the_exit(
        const struct pty_spec *pty, const char *ending)
{
    const char *const argv[] = { "sh", "-c",
        "setsid sh -c 'trap \"\" HUP; echo $$; exec sleep 1000' & read line",
        NULL };
    struct stage stage;
    struct actor *actor;

    stage_open(&stage);
    actor = start_limited(&stage, argv, 500, pty);
    stage_until_said(actor, "\n");
    stage_write(actor, 0, "\n", 1, false);
    stage_until(&stage, has_exited, actor);
    check_reason(actor, REMEX_EXIT_OWN);
    stage_until_closed(actor);
    check_ending(actor, ending);
    stage_until_dead(&stage, stage_pid_said(actor));
    stage_close(&stage);
}

static void wall_time_ends_who_holds_the_streams_of_the_dead(void)
{
    check_wall_time_after_the_exit(NULL, "closed eof eof\n");
    check_wall_time_after_the_exit(&terminal, "closed eof\n");
}

static void limits_are_set_in_their_order(void)
{
    const struct rlimit_spec rlimits[] = { { RLIMIT_NOFILE, 60, 60 },
        { RLIMIT_CPU, 77, 88 }, { RLIMIT_NOFILE, 50, 55 } };
    const char *const argv[] = { "sh", "-c",
        "ulimit -Sn; ulimit -Hn; ulimit -St; ulimit -Ht", NULL };
    struct process_spec spec = stage_spec(argv);
    struct stage stage;
    struct actor *actor;

    spec.rlimits = rlimits;
    spec.rlimit_count = G_N_ELEMENTS(rlimits);
    stage_open(&stage);
    actor = stage_start(&stage, &spec, NULL);
    stage_until_closed(actor);
    g_assert_cmpstr(actor->out->str, ==, "50\n55\n77\n88\n");
    stage_close(&stage);
    stage_spec_free(&spec);
}

/* --- Leftovers ----------------------------------------------------------- */

/* It holds the streams, in a session of its own and with no parent left; what
 * is freed takes it along. */
static void check_leftover(const struct pty_spec *pty, const char *ending)
{
    const char *const argv[] = { "sh", "-c",
        "setsid sh -c 'trap \"\" HUP; sleep 1000 &' & wait;"
        "exit 4",
        NULL };
    struct process_spec spec = stage_spec(argv);
    struct stage stage;
    struct actor *actor;

    if (pty)
        spec.err = (struct stream_spec){ .chunk_bytes = 0 };
    spec.pty = pty;
    spec.has_eof_linger = true;
    spec.eof_linger_ms = 30;
    stage_open(&stage);
    actor = stage_start(&stage, &spec, NULL);
    stage_until_closed(actor);
    check_ending(actor, ending);
    g_assert_cmpint(
            stage_signal(actor, SIGWINCH, SIGNAL_TREE), ==, SIGNAL_DELIVERED);
    stage_free_process(actor);
    stage_close(&stage);
    stage_spec_free(&spec);
}

static void who_holds_the_streams_does_not_outlive_the_entry(void)
{
    check_leftover(NULL, "exit 4\nclosed abandoned abandoned\n");
    check_leftover(&terminal, "closed abandoned\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/control", any_signal_ends_as_itself);
    SUITE_ADD("/control", a_signal_that_reaches_nobody_says_so);
    SUITE_ADD("/control", a_group_is_reached_when_its_leader_is_gone);
    SUITE_ADD("/control", a_stopped_process_goes_on_when_told);
    SUITE_ADD("/control", a_stopped_process_can_act_on_a_plan);
    SUITE_ADD("/control", a_stopped_tree_can_be_killed);
    SUITE_ADD("/control", steps_without_a_wait_escalate_at_once);
    SUITE_ADD("/control", an_empty_plan_cuts_a_long_one_short);
    SUITE_ADD("/control", an_exit_in_a_plan_spares_nobody_else);
    SUITE_ADD("/control", wall_time_ends_who_forked_away);
    SUITE_ADD("/control", wall_time_ends_who_holds_the_streams_of_the_dead);
    SUITE_ADD("/control", limits_are_set_in_their_order);
    SUITE_ADD("/control", who_holds_the_streams_does_not_outlive_the_entry);
    return g_test_run();
}
