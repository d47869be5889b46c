/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/terminal.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include <glib.h>

#include "common/clock.h"
#include "executor/process_host.h"
#include "executor/spawn.h"
#include "support/children/pattern.h"
#include "support/fault.h"
#include "support/gate.h"
#include "support/kernel.h"
#include "support/nursery.h"
#include "support/stage.h"
#include "support/suite.h"

#define CHILDREN REMEX_BIN_DIR "/children/"

static const struct pty_spec ordinary = { 25, 81, { "dumb", 4 } };

static struct process_spec terminal_spec(const char *const *argv)
{
    struct process_spec spec = stage_spec(argv);

    spec.pty = &ordinary;
    spec.stdin_kind = STDIN_PIPE;
    spec.err = (struct stream_spec){ .chunk_bytes = 0 };
    return spec;
}

static struct actor *start_for(
        struct stage *stage, const char *const *argv, uint64_t linger_ms)
{
    struct process_spec spec = terminal_spec(argv);
    struct remex_error error = { 0 };
    struct actor *actor;

    spec.has_eof_linger = true;
    spec.eof_linger_ms = linger_ms;
    actor = stage_start(stage, &spec, &error);
    if (!actor)
        g_error("%s", error.text);
    stage_spec_free(&spec);
    return actor;
}

static struct actor *start_sh(
        struct stage *stage, const char *script, uint64_t linger_ms)
{
    const char *const argv[] = { "sh", "-c", script, NULL };

    return start_for(stage, argv, linger_ms);
}

static void check_ending(const struct actor *actor, const char *ending)
{
    size_t told = actor->told->len;
    size_t size = strlen(ending) < told ? strlen(ending) : told;

    g_assert_cmpstr(actor->told->str + told - size, ==, ending);
}

/* Types `input` and the end of file when it says that it is ready; checks what
 * was said and told. */
static void check_sh(const char *script, const char *input, const char *said,
        const char *ending)
{
    struct stage stage;
    struct actor *actor;

    stage_open(&stage);
    actor = start_sh(&stage, script, 10000);
    if (input) {
        stage_until_said(actor, "ready");
        stage_write(actor, 0, input, strlen(input), true);
    }
    stage_until_closed(actor);
    g_assert_cmpstr(actor->out->str, ==, said);
    check_ending(actor, ending);
    g_assert_cmpuint(actor->err->len, ==, 0);
    stage_close(&stage);
}

static bool has_exited(void *user)
{
    const struct actor *actor = user;

    return process_exit(actor->process) != NULL;
}

/* --- What a child gets --------------------------------------------------- */

static void a_terminal_is_all_three_streams_and_controls(void)
{
    const char *const argv[] = { CHILDREN "state", NULL };
    struct process_spec spec = terminal_spec(argv);
    struct stage stage;
    struct actor *actor;

    spec.env_base = ENV_EMPTY;
    spec.cwd = (struct remex_bytes){ "/usr", 4 };
    stage_open(&stage);
    actor = stage_start(&stage, &spec, NULL);
    stage_until_closed(actor);
    g_assert_cmpstr(actor->out->str, ==,
            "fd 0 blocking\r\nfd 1 blocking\r\nfd 2 blocking\r\n"
            "session own\r\ngroup own\r\nterminal yes\r\ncwd /usr\r\n"
            "argument " CHILDREN "state\r\nvariable TERM=dumb\r\n");
    stage_close(&stage);
    stage_spec_free(&spec);
}

static void output_of_both_kinds_is_one_stream(void)
{
    check_sh("echo out; echo err >&2; exit 7", NULL, "out\r\nerr\r\n",
            "exit 7\nclosed eof\n");
}

static void a_terminal_has_its_size_and_leads_the_foreground(void)
{
    check_sh("stty size; [ $(ps -o tpgid= -p $$) = $$ ] && echo foreground",
            NULL, "25 81\r\nforeground\r\n", "exit 0\nclosed eof\n");
}

static void check_term(const struct pty_spec *pty, enum env_base base,
        const char *env, const char *term)
{
    const char *const argv[] = { "/bin/sh", "-c", "echo ${TERM-none}", NULL };
    const struct remex_bytes entry = { env, env ? strlen(env) : 0 };
    struct process_spec spec = terminal_spec(argv);
    char *said = g_strdup_printf("%s\r\n", term);
    struct stage stage;
    struct actor *actor;

    spec.pty = pty;
    spec.env_base = base;
    spec.env = &entry;
    spec.env_count = env ? 1 : 0;
    stage_open(&stage);
    actor = stage_start(&stage, &spec, NULL);
    stage_until_closed(actor);
    g_assert_cmpstr(actor->out->str, ==, said);
    stage_close(&stage);
    stage_spec_free(&spec);
    g_free(said);
}

static void what_env_states_about_term_counts_more(void)
{
    const struct pty_spec termless = { 24, 80, { NULL, 0 } };

    g_setenv("TERM", "of-the-executor", TRUE);
    check_term(&ordinary, ENV_EMPTY, NULL, "dumb");
    check_term(&ordinary, ENV_EXECUTOR, NULL, "dumb");
    check_term(&ordinary, ENV_EMPTY, "TERM=mine", "mine");
    check_term(&ordinary, ENV_EXECUTOR, "TERM=mine", "mine");
    check_term(&ordinary, ENV_EXECUTOR, "TERM", "none");
    check_term(&ordinary, ENV_EXECUTOR, "TERMINAL=other", "dumb");
    check_term(&termless, ENV_EXECUTOR, NULL, "none");
    check_term(&termless, ENV_EXECUTOR, "TERM=mine", "mine");
    g_unsetenv("TERM");
}

/* --- Stdin --------------------------------------------------------------- */

#define QUIET "stty -echo; echo ready; "

static void the_end_of_stdin_is_an_end_of_file(void)
{
    check_sh("echo ready; exec cat", "", "ready\r\n", "exit 0\nclosed eof\n");
    check_sh(QUIET "exec cat", "hello\n", "ready\r\nhello\r\n",
            "exit 0\nclosed eof\n");
}

static void behind_an_unfinished_line_too(void)
{
    check_sh(QUIET "exec cat", "two\nlines", "ready\r\ntwo\r\nlines",
            "exit 0\nclosed eof\n");
}

/* It is one: who reads on after it is not at the end again. */
static void one_end_of_file_is_typed_behind_whole_lines(void)
{
    check_sh(QUIET "cat; stty -icanon min 0 time 1;"
                   "[ -z \"$(cat)\" ] && echo no more",
            "line\r", "ready\r\nline\r\nno more\r\n", "exit 0\nclosed eof\n");
}

static void a_terminal_that_nobody_types_at_is_at_its_end(void)
{
    const char *const argv[] = { "sh", "-c", "cat; echo end", NULL };
    struct process_spec spec = terminal_spec(argv);
    struct write_reply reply;
    struct stage stage;
    struct actor *actor;

    spec.stdin_kind = STDIN_CLOSED;
    stage_open(&stage);
    actor = stage_start(&stage, &spec, NULL);
    reply = stage_write(actor, 0, "x", 1, false);
    g_assert_cmpint(reply.outcome, ==, WRITE_STDIN_CLOSED);
    stage_until_closed(actor);
    g_assert_cmpstr(actor->told->str, ==, "tty:end\r\nexit 0\nclosed eof\n");
    stage_close(&stage);
    stage_spec_free(&spec);
}

static void raw_mode_knows_no_end_of_file(void)
{
    struct write_reply reply;
    struct stage stage;
    struct actor *actor;

    stage_open(&stage);
    actor = start_sh(&stage, "stty raw -echo; echo ready; exec cat", 0);
    stage_until_said(actor, "ready");
    reply = stage_write(actor, 0, "typed\4", 6, true);
    g_assert_true(reply.eof);
    stage_until_said(actor, "typed\4");
    reply = stage_write(actor, 6, "x", 1, false);
    g_assert_cmpint(reply.outcome, ==, WRITE_STDIN_CLOSED);
    g_assert_cmpint(process_state(actor->process), ==, PROCESS_RUNNING);
    stage_close(&stage);
}

#define BULK ((size_t)1048576)

struct feeding {
    struct actor *actor;
    uint8_t *data;
    uint64_t next;
};

static bool fed_all(void *user)
{
    struct feeding *feeding = user;
    struct write_reply reply = stage_write(feeding->actor, feeding->next,
            feeding->data + feeding->next, BULK - feeding->next, false);

    feeding->next = reply.next_offset;
    return process_state(feeding->actor->process) == PROCESS_CLOSED;
}

static void raw_mode_is_exact_to_the_byte_both_ways(void)
{
    struct feeding feeding = { .data = g_malloc(BULK) };
    struct stage stage;

    pattern_fill(feeding.data, BULK, 0);
    stage_open(&stage);
    feeding.actor = start_sh(
            &stage, "stty raw -echo; printf ready; exec head -c 1048576", 0);
    stage_until_said(feeding.actor, "ready");
    stage_until(&stage, fed_all, &feeding);
    g_assert_cmpuint(feeding.actor->out->len, ==, BULK + strlen("ready"));
    g_assert_true(memcmp(feeding.actor->out->str + strlen("ready"),
                          feeding.data, BULK) == 0);
    check_ending(feeding.actor, "exit 0\nclosed eof\n");
    stage_close(&stage);
    g_free(feeding.data);
}

static void who_never_reads_the_terminal_holds_its_bound(void)
{
    struct write_reply reply = { .room = 1 };
    char *data = g_malloc0(65536);
    struct stage stage;
    struct actor *actor;
    struct actor *other;

    stage_open(&stage);
    actor = start_sh(&stage, "stty raw -echo; echo ready; exec sleep 1000", 0);
    stage_until_said(actor, "ready");
    while (reply.room > 0)
        reply = stage_write(actor, reply.next_offset, data, 65536, false);
    g_assert_cmpuint(reply.next_offset, >=, 262144);
    g_assert_cmpuint(reply.next_offset, <=, 1048576);
    other = stage_sh(&stage, "echo not delayed");
    stage_until_closed(other);
    process_terminate(actor->process, NULL, 0, REMEX_EXIT_TERMINATED,
            loop_now(stage.loop));
    stage_until_closed(actor);
    check_ending(actor, "signal 9\nclosed eof\n");
    g_free(data);
    stage_close(&stage);
}

/* --- Signals and size ---------------------------------------------------- */

static void a_typed_interrupt_is_a_death_by_signal(void)
{
    struct stage stage;
    struct actor *actor;

    stage_open(&stage);
    actor = start_sh(&stage, "echo ready; exec sleep 1000", 0);
    stage_until_said(actor, "ready");
    stage_write(actor, 0, "\3", 1, false);
    stage_until_closed(actor);
    check_ending(actor, "signal 2\nclosed eof\n");
    stage_close(&stage);
}

static void a_new_size_reaches_the_foreground(void)
{
    struct remex_error error = { 0 };
    struct stage stage;
    struct actor *actor;

    stage_open(&stage);
    actor = start_sh(&stage,
            "trap 'stty size; exit' WINCH; echo ready;"
            "while :; do sleep 0.01; done",
            0);
    stage_until_said(actor, "ready");
    g_assert_cmpint(
            process_resize(actor->process, 1, 65535, NULL), ==, REMEX_OK);
    stage_until_closed(actor);
    g_assert_true(g_str_has_suffix(actor->out->str, "1 65535\r\n"));
    g_assert_cmpint(process_resize(actor->process, 2, 2, &error), ==,
            REMEX_FAILED_PRECONDITION);
    g_assert_nonnull(strstr(error.text, "closed"));
    stage_close(&stage);
}

static void pipes_have_no_size(void)
{
    struct remex_error error = { 0 };
    struct stage stage;
    struct actor *actor;

    stage_open(&stage);
    actor = stage_sh(&stage, "sleep 1000");
    g_assert_cmpint(process_resize(actor->process, 2, 2, &error), ==,
            REMEX_FAILED_PRECONDITION);
    g_assert_nonnull(strstr(error.text, "no terminal"));
    stage_close(&stage);
}

/* --- Endings ------------------------------------------------------------- */

static void what_was_said_last_comes_before_the_exit(void)
{
    struct stage stage;
    struct actor *actor;

    stage_open(&stage);
    actor = start_sh(&stage, "stty raw; exec " CHILDREN "spew 60000", 0);
    stage_until_closed(actor);
    g_assert_cmpuint(actor->out->len, ==, 60000);
    check_ending(actor, "tty...\nexit 0\nclosed eof\n");
    stage_close(&stage);
}

#define OUTLIVE(TRAP) \
    "(" TRAP "; echo ready; read line <$0; echo late) & read line; exit 3"

/* The leader exits when its descendant is ready. */
static struct actor *start_outlived(struct stage *stage,
        const struct gate *gate, const char *script, uint64_t linger_ms)
{
    const char *const argv[] = { "sh", "-c", script, gate->path, NULL };
    struct actor *actor = start_for(stage, argv, linger_ms);

    stage_until_said(actor, "ready");
    stage_write(actor, 0, "\n", 1, false);
    stage_until(stage, has_exited, actor);
    return actor;
}

static void late_output_of_a_descendant_is_kept(void)
{
    struct gate gate;
    struct stage stage;
    struct actor *actor;

    gate_init(&gate);
    stage_open(&stage);
    actor = start_outlived(&stage, &gate, OUTLIVE("trap '' HUP"), 0);
    g_assert_cmpint(process_state(actor->process), ==, PROCESS_EXITED);
    g_assert_cmpint(process_resize(actor->process, 2, 2, NULL), ==, REMEX_OK);
    gate_open(&gate);
    stage_until_closed(actor);
    check_ending(actor, "exit 3\ntty:late\r\nclosed eof\n");
    stage_close(&stage);
    gate_deinit(&gate);
}

static void descendants_hang_up_with_the_leader(void)
{
    struct gate gate;
    struct stage stage;
    struct actor *actor;

    gate_init(&gate);
    stage_open(&stage);
    actor = start_outlived(&stage, &gate,
            OUTLIVE("exec 2>/dev/null; trap 'echo hung up; exit' HUP"), 0);
    stage_until_closed(actor);
    g_assert_nonnull(strstr(actor->out->str, "hung up\r\n"));
    check_ending(actor, "closed eof\n");
    stage_close(&stage);
    gate_deinit(&gate);
}

static void check_abandoned(const char *script)
{
    struct gate gate;
    struct stage stage;
    struct actor *actor;
    int64_t before = clock_monotonic_ns();

    gate_init(&gate);
    stage_open(&stage);
    actor = start_outlived(&stage, &gate, script, 50);
    stage_until_closed(actor);
    check_ending(actor, "exit 3\nclosed abandoned\n");
    g_assert_cmpint(clock_monotonic_ns() - before, <, clock_from_ms(10000));
    g_assert_cmpint(process_resize(actor->process, 2, 2, NULL), ==,
            REMEX_FAILED_PRECONDITION);
    stage_close(&stage);
    gate_deinit(&gate);
}

static void a_terminal_that_descendants_hold_is_abandoned(void)
{
    check_abandoned(OUTLIVE("trap '' HUP"));
}

static void a_session_of_its_own_does_not_hold_the_terminal_for_ever(void)
{
    check_abandoned(
            "setsid sh -c 'setsid sh -c \"echo ready; read line <$0\" $0 &' $0"
            " & read line; exit 3");
}

/* More than the log takes, and little enough for the terminal to take the rest:
 * it holds no more than 8 KiB. */
#define TOO_MUCH 264000
#define TOO_MUCH_TEXT "264000"

/* Output that nobody read in time is not abandoned with the terminal. */
static void what_is_in_the_terminal_comes_before_the_end(void)
{
    const char *const argv[] = { "sh", "-c",
        "stty raw; trap '' HUP; sleep 1000 & exec " CHILDREN
        "spew " TOO_MUCH_TEXT,
        NULL };
    struct stage stage;
    struct actor *actor;

    stage_open(&stage);
    actor = start_for(&stage, argv, 1);
    actor->reads = false;
    process_set_consumed(actor->process, 0);
    stage_until(&stage, has_exited, actor);
    g_assert_cmpuint(
            process_stream_bytes(actor->process, REMEX_TERMINAL), <, TOO_MUCH);
    process_tick(actor->process, clock_monotonic_ns() + clock_from_ms(1000));
    actor->reads = true;
    stage_until_closed(actor);
    g_assert_cmpuint(actor->out->len, ==, TOO_MUCH);
    check_ending(actor, "closed abandoned\n");
    stage_close(&stage);
}

static bool has_let_go(void *user)
{
    const struct actor *actor = user;
    char *path =
            g_strdup_printf("/proc/%d/fd/2", (int)process_pid(actor->process));
    char *target = g_file_read_link(path, NULL);
    bool let_go = g_strcmp0(target, "/dev/null") == 0;

    g_free(target);
    g_free(path);
    return let_go;
}

/* As a program does that logs elsewhere and then asks for a password. */
static void a_terminal_that_is_open_nowhere_for_a_while_has_not_ended(void)
{
    struct gate gate;
    struct stage stage;
    struct actor *actor;
    const char *argv[] = { "sh", "-c",
        "echo ready; exec </dev/null >/dev/null 2>&1; read line <$0;"
        "echo again >/dev/tty",
        NULL, NULL };

    gate_init(&gate);
    argv[3] = gate.path;
    stage_open(&stage);
    actor = start_for(&stage, argv, 0);
    stage_poll_until(&stage, has_let_go, actor);
    stage_until_closed(stage_sh(&stage, "true"));
    gate_open(&gate);
    stage_until_closed(actor);
    g_assert_cmpstr(actor->out->str, ==, "ready\r\nagain\r\n");
    stage_close(&stage);
    gate_deinit(&gate);
}

/* --- Failures ------------------------------------------------------------ */

static void check_launch_fails(struct stage *stage, enum remex_status status,
        enum remex_launch_stage launch_stage, int os_error)
{
    const char *const argv[] = { "true", NULL };
    struct process_spec spec = terminal_spec(argv);
    struct remex_error error = { 0 };

    g_assert_null(stage_start(stage, &spec, &error));
    g_assert_cmpint(error.status, ==, status);
    g_assert_cmpint(error.kind, ==, REMEX_ERROR_LAUNCH_FAILED);
    g_assert_cmpint(error.stage, ==, launch_stage);
    g_assert_cmpint(error.os_error, ==, os_error);
    stage_spec_free(&spec);
}

/* Each call that makes a terminal is the one that fails once. */
static void a_host_without_terminals_says_so(void)
{
    struct stage stage;

    stage_open(&stage);
    kernel_refuse(KERNEL_OPEN, 1, ENOENT);
    check_launch_fails(&stage, REMEX_NOT_FOUND, REMEX_STAGE_SESSION, ENOENT);
    g_assert_true(kernel_refused());
    kernel_refuse(KERNEL_OPEN, 1, ENOSPC); /* as many as the host may have */
    check_launch_fails(
            &stage, REMEX_RESOURCE_EXHAUSTED, REMEX_STAGE_RESOURCES, ENOSPC);
    g_assert_true(kernel_refused());
    for (unsigned int nth = 1; nth <= 3; nth++) {
        kernel_refuse(KERNEL_IOCTL, nth, EIO);
        check_launch_fails(&stage, REMEX_INTERNAL, REMEX_STAGE_SESSION, EIO);
        g_assert_true(kernel_refused());
    }
    kernel_refuse(KERNEL_FCNTL, 1, EMFILE);
    check_launch_fails(
            &stage, REMEX_RESOURCE_EXHAUSTED, REMEX_STAGE_RESOURCES, EMFILE);
    g_assert_true(kernel_refused());
    stage_close(&stage);
}

static void what_is_no_terminal_cannot_control(void)
{
    char program[] = "/bin/true";
    char *const candidates[] = { program, NULL };
    struct spawn_failure failure = { REMEX_STAGE_NONE, 0 };
    struct spawner spawner;
    struct spawned spawned;
    struct spawn_order order = {
        .program_fd = -1, .terminal = true, .group_fd = -1
    };

    g_assert_cmpint(spawner_init(&spawner), ==, REMEX_OK);
    order.candidates = candidates;
    order.argv = order.candidates;
    order.envp = order.candidates + 1;
    for (int i = 0; i < SPAWN_STDIO; i++)
        order.stdio[i] = spawner.null_fd;
    g_assert_cmpint(nursery_run(&spawner, &order, &spawned, &failure), ==,
            REMEX_INTERNAL);
    g_assert_cmpint(failure.stage, ==, REMEX_STAGE_SESSION);
    g_assert_cmpint(failure.os_error, ==, ENOTTY);
    spawner_deinit(&spawner);
}

/* Each descriptor that a start needs is the one too many once. */
static void without_descriptors_a_terminal_fails_and_leaves_nothing(void)
{
    const char *const argv[] = { "true", NULL };
    struct process_spec spec = terminal_spec(argv);
    unsigned int failures = 0;
    struct rlimit before;
    struct rlimit tight;
    struct stage stage;
    struct actor *actor = NULL;

    stage_open(&stage);
    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &before), ==, 0);
    tight = before;
    for (rlim_t limit = 4; !actor; limit++) {
        struct remex_error error = { 0 };

        tight.rlim_cur = limit;
        g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &tight), ==, 0);
        actor = stage_start(&stage, &spec, &error);
        g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &before), ==, 0);
        if (!actor) {
            failures++;
            g_assert_cmpint(error.status, ==, REMEX_RESOURCE_EXHAUSTED);
        }
    }
    g_assert_cmpuint(failures, >=, 4);
    stage_until_closed(actor);
    g_assert_cmpstr(actor->told->str, ==, "exit 0\nclosed eof\n");
    stage_close(&stage);
    stage_spec_free(&spec);
}

static void without_memory_a_terminal_is_not_started(void)
{
    const char *const argv[] = { "true", NULL };
    struct process_spec spec = terminal_spec(argv);
    struct actor *actor = NULL;
    struct stage stage;

    stage_open(&stage);
    for (unsigned int nth = 1; !actor; nth++) {
        struct remex_error error = { 0 };

        fault_fail_allocation(nth);
        actor = stage_start(&stage, &spec, &error);
        g_assert_true(fault_happened() == !actor);
        if (!actor)
            g_assert_cmpint(error.status, ==, REMEX_RESOURCE_EXHAUSTED);
    }
    stage_until_closed(actor);
    stage_close(&stage);
    stage_spec_free(&spec);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/terminal", a_terminal_is_all_three_streams_and_controls);
    SUITE_ADD("/terminal", output_of_both_kinds_is_one_stream);
    SUITE_ADD("/terminal", a_terminal_has_its_size_and_leads_the_foreground);
    SUITE_ADD("/terminal", what_env_states_about_term_counts_more);
    SUITE_ADD("/terminal", the_end_of_stdin_is_an_end_of_file);
    SUITE_ADD("/terminal", behind_an_unfinished_line_too);
    SUITE_ADD("/terminal", one_end_of_file_is_typed_behind_whole_lines);
    SUITE_ADD("/terminal", a_terminal_that_nobody_types_at_is_at_its_end);
    SUITE_ADD("/terminal", raw_mode_knows_no_end_of_file);
    SUITE_ADD("/terminal", raw_mode_is_exact_to_the_byte_both_ways);
    SUITE_ADD("/terminal", who_never_reads_the_terminal_holds_its_bound);
    SUITE_ADD("/terminal", a_typed_interrupt_is_a_death_by_signal);
    SUITE_ADD("/terminal", a_new_size_reaches_the_foreground);
    SUITE_ADD("/terminal", pipes_have_no_size);
    SUITE_ADD("/terminal", what_was_said_last_comes_before_the_exit);
    SUITE_ADD("/terminal", late_output_of_a_descendant_is_kept);
    SUITE_ADD("/terminal", descendants_hang_up_with_the_leader);
    SUITE_ADD("/terminal", a_terminal_that_descendants_hold_is_abandoned);
    SUITE_ADD("/terminal",
            a_session_of_its_own_does_not_hold_the_terminal_for_ever);
    SUITE_ADD("/terminal", what_is_in_the_terminal_comes_before_the_end);
    SUITE_ADD("/terminal",
            a_terminal_that_is_open_nowhere_for_a_while_has_not_ended);
    SUITE_ADD("/terminal", a_host_without_terminals_says_so);
    SUITE_ADD("/terminal", what_is_no_terminal_cannot_control);
    SUITE_ADD("/terminal",
            without_descriptors_a_terminal_fails_and_leaves_nothing);
    SUITE_ADD("/terminal", without_memory_a_terminal_is_not_started);
    return g_test_run();
}
