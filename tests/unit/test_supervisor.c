/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "common/clock.h"
#include "executor/lifeline.h"
#include "executor/list.h"
#include "support/stage.h"
#include "support/suite.h"
#include "support/tree.h"

#define CHILDREN REMEX_BIN_DIR "/children/"
#define TREES 50

/* What the executor of these tests tells the test: its pid, then the pids of
 * what it started. */
struct report {
    pid_t executor;
    pid_t leaders[TREES];
    pid_t hidden[TREES];
};

static const struct supervisor_settings plain = { .notify = NOTIFY_NONE };

struct play {
    struct stage stage;
    struct loop_watch lifeline;
    struct cgroup_home *groups; /* NULL: without */
    int report;                 /* pipe */
    int trees;
};

static void on_lifeline(struct loop_watch *watch, uint32_t epoll_events)
{
    struct play *play = CONTAINER_OF(watch, struct play, lifeline);

    (void)epoll_events;
    loop_stop(play->stage.loop);
}

static void start_trees(struct play *play)
{
    const char *const argv[] = { CHILDREN "deaf", NULL };
    struct report report = { .executor = getpid() };

    for (int i = 0; i < play->trees; i++) {
        struct actor *actor = stage_run(&play->stage, argv);

        stage_until_said(actor, "\n");
        report.leaders[i] = (pid_t)process_pid(actor->process);
        report.hidden[i] = stage_pid_said(actor);
    }
    if (write(play->report, &report, sizeof(report)) != sizeof(report))
        abort();
}

/* Runs until it is asked to end, then in order. */
static int run_executor(void *user, int lifeline_fd)
{
    struct play *play = user;

    stage_open_in(&play->stage, play->groups);
    start_trees(play);
    play->lifeline.ready = on_lifeline;
    if (loop_add(play->stage.loop, &play->lifeline, lifeline_fd, EPOLLIN) !=
            REMEX_OK)
        abort();
    loop_run(play->stage.loop);
    loop_remove(play->stage.loop, &play->lifeline);
    stage_close(&play->stage);
    return 7;
}

/* Starts a supervisor with so many trees; what it started is in `out`. */
static pid_t start_supervisor(int trees, bool grouped, struct report *out)
{
    int ends[2];
    pid_t supervisor;

    g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
    supervisor = fork();
    if (supervisor == 0) {
        struct play play = { .report = ends[1], .trees = trees };

        close(ends[0]);
        play.groups = grouped ? cgroup_home_new() : NULL;
        _exit(supervisor_run(
                &(struct supervisor_settings){
                        .groups = play.groups, .notify = NOTIFY_NONE },
                run_executor, &play));
    }
    close(ends[1]);
    g_assert_cmpint(read(ends[0], out, sizeof(*out)), ==, sizeof(*out));
    close(ends[0]);
    return supervisor;
}

static int wait_status(pid_t pid)
{
    int status;

    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    return status;
}

static unsigned int count_alive(const struct report *report, int trees)
{
    unsigned int alive = 0;

    for (int i = 0; i < trees; i++)
        alive += (unsigned int)stage_is_alive(report->leaders[i]) +
                (unsigned int)stage_is_alive(report->hidden[i]);
    return alive;
}

static void check_ends_within_a_second(
        const struct report *report, int trees, pid_t last)
{
    int64_t before = clock_monotonic_ns();

    g_assert_true(tree_wait_gone(last, 1000));
    g_assert_cmpuint(count_alive(report, trees), ==, 0);
    g_assert_cmpint(clock_monotonic_ns() - before, <, clock_from_ms(1000));
}

static void check_the_executors_sudden_death(bool grouped)
{
    struct report report;
    pid_t supervisor = start_supervisor(TREES, grouped, &report);
    int64_t before;
    int status;

    g_assert_cmpuint(count_alive(&report, TREES), ==, TREES + TREES);
    before = clock_monotonic_ns();
    kill(report.executor, SIGKILL);
    status = wait_status(supervisor);
    g_assert_cmpuint(count_alive(&report, TREES), ==, 0);
    g_assert_cmpint(clock_monotonic_ns() - before, <, clock_from_ms(1000));
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 128 + SIGKILL);
}

static void after_the_executors_sudden_death_nothing_is_left(void)
{
    check_the_executors_sudden_death(false);
    check_the_executors_sudden_death(true);
}

/* The test is the supervisor's parent, and so gets to see its executor go. */
static void check_the_supervisors_sudden_death(bool grouped)
{
    struct report report;
    pid_t supervisor;

    g_assert_cmpint(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), ==, 0);
    supervisor = start_supervisor(TREES, grouped, &report);
    kill(supervisor, SIGKILL);
    g_assert_true(WIFSIGNALED(wait_status(supervisor)));
    g_assert_cmpint(WEXITSTATUS(wait_status(report.executor)), ==, 7);
    check_ends_within_a_second(&report, TREES, report.executor);
    g_assert_cmpint(prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0), ==, 0);
}

static void after_the_supervisors_sudden_death_nothing_is_left(void)
{
    check_the_supervisors_sudden_death(false);
    check_the_supervisors_sudden_death(true);
}

static void check_ends_in_order(int signal_number)
{
    struct report report;
    pid_t supervisor = start_supervisor(2, true, &report);
    int status;

    kill(supervisor, signal_number);
    status = wait_status(supervisor);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 7);
    g_assert_cmpuint(count_alive(&report, 2), ==, 0);
}

static void a_request_to_end_is_passed_on(void)
{
    check_ends_in_order(SIGTERM);
    check_ends_in_order(SIGINT);
    check_ends_in_order(SIGHUP);
}

static int hang(void *user, int lifeline_fd)
{
    const int *report = user;
    pid_t pid = getpid();

    (void)lifeline_fd;
    if (write(*report, &pid, sizeof(pid)) != sizeof(pid))
        abort();
    for (;;)
        pause();
}

static void whoever_asks_twice_is_heard(void)
{
    int ends[2];
    pid_t supervisor;
    pid_t executor;
    int status;

    g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
    supervisor = fork();
    if (supervisor == 0)
        _exit(supervisor_run(&plain, hang, &ends[1]));
    g_assert_cmpint(
            read(ends[0], &executor, sizeof(executor)), ==, sizeof(executor));
    kill(supervisor, SIGTERM);
    kill(supervisor, SIGINT);
    status = wait_status(supervisor);
    g_assert_cmpint(WEXITSTATUS(status), ==, 128 + SIGKILL);
    close(ends[0]);
    close(ends[1]);
}

/* An executor that forgets somebody. */
static int forget(void *user, int lifeline_fd)
{
    const int *report = user;
    char byte;
    pid_t pid = fork();

    if (pid == 0) {
        signal(SIGTERM, SIG_IGN);
        setsid();
        for (;;)
            pause();
    }
    if (write(*report, &pid, sizeof(pid)) != sizeof(pid))
        abort();
    return (int)read(lifeline_fd, &byte, 1);
}

static void an_executor_whose_supervisor_died_sweeps_for_itself(void)
{
    int ends[2];
    pid_t supervisor;
    pid_t forgotten;

    g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
    supervisor = fork();
    if (supervisor == 0)
        _exit(supervisor_run(&plain, forget, &ends[1]));
    g_assert_cmpint(read(ends[0], &forgotten, sizeof(forgotten)), ==,
            sizeof(forgotten));
    kill(supervisor, SIGKILL);
    wait_status(supervisor);
    g_assert_true(tree_wait_gone(forgotten, 1000));
    close(ends[0]);
    close(ends[1]);
}

/* An executor that tells what it hears, and answers when it is told to. */
struct hearer {
    int told;   /* to the test */
    int answer; /* from it: what to say to the supervisor */
};

static int hear(void *user, int lifeline_fd)
{
    const struct hearer *hearer = user;
    char byte = 0;

    if (write(hearer->told, &byte, 1) != 1)
        abort();
    while (read(lifeline_fd, &byte, 1) == 1 &&
            write(hearer->told, &byte, 1) == 1 && byte != LIFELINE_END)
        if (read(hearer->answer, &byte, 1) != 1 ||
                write(lifeline_fd, &byte, 1) != 1)
            abort();
    return 9;
}

static char heard(int fd)
{
    char byte = 0;

    g_assert_cmpint(read(fd, &byte, 1), ==, 1);
    return byte;
}

/* Until a signal does not wait for that process any more. */
static void until_taken(pid_t pid, int signal_number)
{
    char *path = g_strdup_printf("/proc/%d/status", pid);
    guint64 pending;

    do {
        char *text = NULL;

        g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
        pending = g_ascii_strtoull(
                strstr(text, "ShdPnd:") + strlen("ShdPnd:"), NULL, 16);
        g_free(text);
    } while (pending >> (signal_number - 1) & 1);
    g_free(path);
}

/* Those that come before the answer are one more. */
static void a_reload_is_asked_for_one_at_a_time(void)
{
    const struct supervisor_settings settings = { .notify = NOTIFY_NONE,
        .reloads = true };
    int told[2];
    int answer[2];
    pid_t supervisor;

    g_assert_cmpint(pipe2(told, O_CLOEXEC), ==, 0);
    g_assert_cmpint(pipe2(answer, O_CLOEXEC), ==, 0);
    supervisor = fork();
    if (supervisor == 0) {
        struct hearer hearer = { told[1], answer[0] };

        setsid(); /* no terminal is to hang up */
        _exit(supervisor_run(&settings, hear, &hearer));
    }
    close(told[1]);
    g_assert_cmpint(heard(told[0]), ==, 0); /* it lives */
    kill(supervisor, SIGHUP);
    g_assert_cmpint(heard(told[0]), ==, LIFELINE_RELOAD);
    for (unsigned int i = 0; i < 5; i++) {
        kill(supervisor, SIGHUP);
        until_taken(supervisor, SIGHUP);
    }
    g_assert_cmpint(write(answer[1], "K", 1), ==, 1);
    g_assert_cmpint(heard(told[0]), ==, LIFELINE_RELOAD);
    g_assert_cmpint(write(answer[1], "L", 1), ==, 1);
    kill(supervisor, SIGTERM);
    g_assert_cmpint(heard(told[0]), ==, LIFELINE_END);
    g_assert_cmpint(WEXITSTATUS(wait_status(supervisor)), ==, 9);
    close(told[0]);
    close(answer[0]);
    close(answer[1]);
}

static int leave(void *user, int lifeline_fd)
{
    (void)user;
    (void)lifeline_fd;
    return 42;
}

static void the_exit_code_is_the_executors(void)
{
    pid_t supervisor = fork();

    if (supervisor == 0)
        _exit(supervisor_run(&plain, leave, NULL));
    g_assert_cmpint(WEXITSTATUS(wait_status(supervisor)), ==, 42);
}

/* As a program of its user's may have it stop. */
static int stand_still(void *user, int lifeline_fd)
{
    (void)user;
    (void)lifeline_fd;
    raise(SIGSTOP);
    raise(SIGSTOP);
    return 42;
}

static void an_executor_that_is_stopped_has_to_go_on(void)
{
    const struct supervisor_settings settings = { .notify = NOTIFY_NONE,
        .most_stopped_ms = 100 };
    int64_t before = clock_monotonic_ns();
    pid_t supervisor = fork();

    if (supervisor == 0)
        _exit(supervisor_run(&settings, stand_still, NULL));
    g_assert_cmpint(WEXITSTATUS(wait_status(supervisor)), ==, 42);
    g_assert_cmpint(clock_monotonic_ns() - before, >=, clock_from_ms(200));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/supervisor", after_the_executors_sudden_death_nothing_is_left);
    SUITE_ADD(
            "/supervisor", after_the_supervisors_sudden_death_nothing_is_left);
    SUITE_ADD("/supervisor", a_request_to_end_is_passed_on);
    SUITE_ADD("/supervisor", whoever_asks_twice_is_heard);
    SUITE_ADD(
            "/supervisor", an_executor_whose_supervisor_died_sweeps_for_itself);
    SUITE_ADD("/supervisor", a_reload_is_asked_for_one_at_a_time);
    SUITE_ADD("/supervisor", an_executor_that_is_stopped_has_to_go_on);
    SUITE_ADD("/supervisor", the_exit_code_is_the_executors);
    return g_test_run();
}
