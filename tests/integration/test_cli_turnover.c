/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex run -t and attach -t, as a user at a terminal has them. ctest-timeout:
 * 180
 */

#include <signal.h>
#include <string.h>

#include <glib.h>

#include "support/cli.h"
#include "support/daemon.h"
#include "support/sanitizers.h"
#include "support/seat.h"
#include "support/suite.h"
#include "support/tree.h"

#define ROWS 33
#define COLUMNS 101
#define SECOND_MS 1000
#define PROGRAM REMEX_BIN_DIR "/remex"

/* Runs it as a job, tells its pid before and its status after. A shell whose
 * job was ended by SIGINT takes that as meant for itself. */
#define JOB \
    "trap : INT; /bin/sh -c 'echo \"<$$>\"; exec \"$@\"' sh \"$@\"; " TELL
#define TELL "echo \"[$?]\""

static struct daemon the_daemon;

#define AT "--at", the_daemon.address
#define RUN_T(...) CLI("run", AT, "-t", __VA_ARGS__)
#define SCRIPT(text) "--", "/bin/sh", "-c", text

/* Returns the pid of remex. */
static pid_t sit_down(struct seat *seat, const char *const *argv)
{
    seat_init(seat, ROWS, COLUMNS, JOB, argv);
    return seat_expect_pid(seat);
}

/* Its end, and the terminal after it. */
static void check_end(struct seat *seat, const char *status)
{
    seat_expect(seat, status);
    seat_expect_as_before(seat);
    seat_deinit(seat);
}

static void the_program_has_our_terminal(void)
{
    struct seat seat;

    g_setenv("TERM", "vt220", TRUE);
    sit_down(&seat, RUN_T(SCRIPT("stty size; echo $TERM; read x; exit 5")));
    seat_expect(&seat, "33 101\r\nvt220\r\n");
    seat_expect_raw(&seat);
    seat_type_text(&seat, "\r");
    check_end(&seat, "[5]");
}

static void every_byte_goes_both_ways(void)
{
    guint8 all[1024];
    struct seat seat;

    for (size_t i = 0; i < sizeof(all); i++)
        all[i] = (guint8)(i * 7);
    sit_down(&seat,
            RUN_T("--escape", "none",
                    SCRIPT("stty raw -echo; echo ready; head -c 1024; "
                           "stty sane; exit 6")));
    seat_expect(&seat, "ready\n");
    seat_expect_raw(&seat);
    seat_type(&seat, all, sizeof(all));
    seat_expect_bytes(&seat, all, sizeof(all));
    check_end(&seat, "[6]");
}

static void its_sizes_follow_ours(void)
{
    struct seat seat;

    sit_down(&seat,
            RUN_T(SCRIPT("trap 'stty size; exit 7' WINCH; echo ready; "
                         "while :; do sleep 0.01; done")));
    seat_expect(&seat, "ready");
    seat_expect_raw(&seat);
    seat_resize(&seat, 44, 132);
    seat_expect(&seat, "44 132");
    check_end(&seat, "[7]");
}

static void control_keys_are_the_programs(void)
{
    struct seat seat;

    sit_down(&seat,
            RUN_T(SCRIPT("trap 'echo int' INT; trap 'echo quit; exit 8' QUIT; "
                         "echo ready; while :; do sleep 0.01; done")));
    seat_expect(&seat, "ready");
    seat_expect_raw(&seat);
    seat_type_text(&seat, "\003");
    seat_expect(&seat, "int\r\n");
    seat_type_text(&seat, "\034");
    seat_expect(&seat, "quit\r\n");
    check_end(&seat, "[8]");
}

#define ENDLESS(marker) SCRIPT("echo ready; sleep 1000; : " marker)

static void an_escape_leaves(void)
{
    struct seat seat;

    sit_down(&seat, RUN_T(ENDLESS("turnover_left")));
    seat_expect(&seat, "ready");
    seat_expect_raw(&seat);
    seat_type_text(&seat, "x~.\r~?");
    seat_expect(&seat, "~. leaves");
    seat_expect_raw(&seat);
    seat_type_text(&seat, "~.");
    seat_expect(&seat, "ends with us");
    check_end(&seat, "[125]");
    g_assert_true(daemon_wait_none_marked("turnover_left", 5 * SECOND_MS));
}

static void what_is_kept_can_be_gone_back_to(void)
{
    struct seat seat;

    sit_down(&seat,
            RUN_T("--id", "back", "--keep", "1h", "--escape", "^b",
                    SCRIPT("echo ready; read x; stty size; exit 9")));
    seat_expect(&seat, "ready");
    seat_expect_raw(&seat);
    seat_type_text(&seat, "\002.");
    seat_expect(&seat, "goes on");
    check_end(&seat, "[125]");
    seat_init(&seat, 50, 60, JOB, CLI("attach", AT, "-t", "back"));
    seat_expect(&seat, "ready");
    seat_expect_raw(&seat);
    seat_type_text(&seat, "\r");
    seat_expect(&seat, "50 60");
    check_end(&seat, "[9]");
    cli_check(CLI("forget", AT, "back"), 0, "", "");
}

/* With a program that does what the shell's answer is then. */
static void check_signal(int number, const char *script, const char *status)
{
    struct seat seat;
    pid_t remex = sit_down(&seat, RUN_T(SCRIPT(script)));

    seat_expect(&seat, "ready");
    seat_expect_raw(&seat);
    g_assert_cmpint(kill(remex, number), ==, 0);
    check_end(&seat, status);
}

static void signals_to_us_give_it_back(void)
{
    check_signal(SIGTERM, "echo ready; exec sleep 1000", "[143]");
    check_signal(SIGHUP,
            "trap 'exit 3' HUP; echo ready; "
            "while :; do sleep 0.01; done",
            "[3]");
    check_signal(SIGINT, "echo ready; exec sleep 1000", "[130]");
    check_signal(SIGQUIT, "echo ready; exec sleep 1000", "[131]");
}

/* Of which we notice nothing, or which a fault of ours brings about. */
static void our_own_death_gives_it_back(void)
{
    check_signal(SIGKILL, "echo ready; exec sleep 1000", "[137]");
    if (!sanitizers_on()) /* they catch it, and end otherwise */
        check_signal(SIGSEGV, "echo ready; exec sleep 1000", "[139]");
    check_signal(SIGABRT, "echo ready; exec sleep 1000", "[134]");
    check_signal(SIGUSR1, "echo ready; exec sleep 1000", "[138]");
}

/* By `kill %1` of a shell, to each process of the job. */
static void our_group_may_be_told_to_end(void)
{
    struct seat seat;
    pid_t remex = sit_down(&seat, RUN_T(SCRIPT("echo ready; exec sleep 1000")));

    seat_expect(&seat, "ready");
    seat_expect_raw(&seat);
    g_assert_cmpint(kill(-remex, SIGTERM), ==, 0);
    check_end(&seat, "[143]");
}

static void a_third_interrupt_gives_it_back(void)
{
    pid_t executor = daemon_executor(&the_daemon);
    struct seat seat;
    pid_t remex = sit_down(&seat, RUN_T(ENDLESS("turnover_stopped")));

    seat_expect(&seat, "ready");
    seat_expect_raw(&seat);
    g_assert_cmpint(kill(executor, SIGSTOP), ==, 0);
    for (int i = 0; i < 3; i++) {
        g_assert_cmpint(kill(remex, SIGINT), ==, 0);
        g_assert_true(tree_wait_not_pending(remex, SIGINT, 10 * SECOND_MS));
    }
    check_end(&seat, "[130]");
    g_assert_cmpint(kill(executor, SIGCONT), ==, 0);
}

static void nobody_is_locked_in_by_a_silent_executor(void)
{
    pid_t executor = daemon_executor(&the_daemon);
    struct seat seat;

    sit_down(&seat, RUN_T(ENDLESS("turnover_silent")));
    seat_expect(&seat, "ready");
    seat_expect_raw(&seat);
    g_assert_cmpint(kill(executor, SIGSTOP), ==, 0);
    seat_type_text(&seat, "typed for nobody\r");
    seat_resize(&seat, 20, 20);
    seat_type_text(&seat, "~.");
    check_end(&seat, "[125]");
    g_assert_cmpint(kill(executor, SIGCONT), ==, 0);
}

/* A private one, whose end is known at once; the program's parent. */
static void a_killed_executor_gives_it_back(void)
{
    struct seat seat;

    sit_down(&seat,
            CLI("run", "--at", "local:", "-t",
                    SCRIPT("echo \"<$PPID>\"; sleep 1000")));
    seat_expect_raw(&seat);
    g_assert_cmpint(kill(seat_expect_pid(&seat), SIGKILL), ==, 0);
    seat_expect(&seat, "remex: lost the executor");
    check_end(&seat, "[125]");
}

/* Twice: by keys, and by a signal from outside. */
static void it_is_given_back_while_we_are_stopped(void)
{
    struct seat seat;
    pid_t remex;

    seat_init(&seat, ROWS, COLUMNS, JOB "; fg; " TELL "; fg; " TELL,
            RUN_T(SCRIPT("echo ready; read x; "
                         "while stty size | grep -q 33; do sleep 0.01; "
                         "done; stty size; read x; exit 4")));
    remex = seat_expect_pid(&seat);
    seat_expect(&seat, "ready");
    seat_expect_raw(&seat);
    seat_type_text(&seat, "~\032");
    seat_expect(&seat, "[");
    seat_expect_raw(&seat); /* by fg */
    seat_resize(&seat, 17, 71);
    seat_type_text(&seat, "\r");
    seat_expect(&seat, "17 71");
    g_assert_cmpint(kill(remex, SIGTSTP), ==, 0);
    seat_expect(&seat, "[");
    seat_expect_raw(&seat);
    seat_type_text(&seat, "\r");
    check_end(&seat, "[4]");
}

static void a_stopped_job_leaves_an_ordinary_terminal(void)
{
    struct seat seat;

    sit_down(&seat, RUN_T(SCRIPT("echo ready; read x; exit 4")));
    seat_expect(&seat, "ready");
    seat_expect_raw(&seat);
    seat_type_text(&seat, "~\032");
    check_end(&seat, "[");
}

static void what_is_no_terminal_is_told(void)
{
    char *id = cli_read_line(CLI("start", AT, "--", "sleep", "1000"));
    struct seat seat;

    cli_check_told(RUN_T("--", "true"), 125, "-t: our standard input is no");
    cli_check_told(CLI("attach", AT, "-t", id), 125, "is no terminal");
    cli_check_told(RUN_T("--pty", "24x80", "--", "true"), 125,
            "-t and --pty exclude each other");
    cli_check_told(CLI("attach", AT, "-t", "--no-stdin", id), 125,
            "exclude each other");
    cli_check_told(RUN_T("--escape", "", "--", "true"), 125, "--escape wants");
    sit_down(&seat, CLI("attach", AT, "-t", id));
    seat_expect(&seat, "has no terminal; leave -t out");
    check_end(&seat, "[125]");
    cli_check(CLI("stop", AT, id, "--wait"), 0, "", "");
    g_free(id);
}

static void a_program_that_cannot_start_leaves_it_alone(void)
{
    struct seat seat;

    sit_down(&seat, RUN_T("--", "/no/such/program"));
    seat_expect(&seat, "No such file");
    check_end(&seat, "[127]");
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    g_unsetenv("REMEX_EXECUTOR");
    daemon_start(&the_daemon);
    SUITE_ADD("/cli_turnover", the_program_has_our_terminal);
    SUITE_ADD("/cli_turnover", every_byte_goes_both_ways);
    SUITE_ADD("/cli_turnover", its_sizes_follow_ours);
    SUITE_ADD("/cli_turnover", control_keys_are_the_programs);
    SUITE_ADD("/cli_turnover", an_escape_leaves);
    SUITE_ADD("/cli_turnover", what_is_kept_can_be_gone_back_to);
    SUITE_ADD("/cli_turnover", signals_to_us_give_it_back);
    SUITE_ADD("/cli_turnover", our_own_death_gives_it_back);
    SUITE_ADD("/cli_turnover", our_group_may_be_told_to_end);
    SUITE_ADD("/cli_turnover", a_third_interrupt_gives_it_back);
    SUITE_ADD("/cli_turnover", nobody_is_locked_in_by_a_silent_executor);
    SUITE_ADD("/cli_turnover", a_killed_executor_gives_it_back);
    SUITE_ADD("/cli_turnover", it_is_given_back_while_we_are_stopped);
    SUITE_ADD("/cli_turnover", a_stopped_job_leaves_an_ordinary_terminal);
    SUITE_ADD("/cli_turnover", what_is_no_terminal_is_told);
    SUITE_ADD("/cli_turnover", a_program_that_cannot_start_leaves_it_alone);
    status = g_test_run();
    daemon_stop(&the_daemon);
    return status;
}
