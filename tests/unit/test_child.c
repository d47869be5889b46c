/* SPDX-License-Identifier: Apache-2.0 */

/* ctest-timeout: 120 */

#include "executor/child.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <glib.h>

#include "common/clock.h"
#include "support/children/pattern.h"
#include "support/fault.h"
#include "support/gate.h"
#include "support/kernel.h"
#include "support/stage.h"
#include "support/suite.h"
#include "support/tree.h"

#define CHILDREN REMEX_BIN_DIR "/children/"

/* Runs a script to its end and gives what was told. */
static char *tell_sh(const char *script)
{
    struct stage stage;
    struct actor *actor;
    char *told;

    stage_open(&stage);
    actor = stage_sh(&stage, script);
    stage_until_closed(actor);
    told = g_strdup(actor->told->str);
    stage_close(&stage);
    return told;
}

static void check_sh(const char *script, const char *expected)
{
    char *told = tell_sh(script);

    g_assert_cmpstr(told, ==, expected);
    g_free(told);
}

static void output_and_exit_are_told_in_order(void)
{
    check_sh("echo hello", "out:hello\nexit 0\nclosed eof eof\n");
    check_sh("exit 7", "exit 7\nclosed eof eof\n");
    check_sh("echo oops >&2; exit 1", "err:oops\nexit 1\nclosed eof eof\n");
}

static void a_signal_is_not_an_exit_code(void)
{
    check_sh("kill -9 $$", "signal 9\nclosed eof eof\n");
    check_sh("kill -15 $$", "signal 15\nclosed eof eof\n");
}

static void what_a_child_used_is_told(void)
{
    struct stage stage;
    struct actor *actor;
    const struct remex_exit *exited;

    stage_open(&stage);
    actor = stage_sh(
            &stage, "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done");
    stage_until_closed(actor);
    exited = process_exit(actor->process);
    g_assert_cmpuint(exited->user_us + exited->system_us, >, 1000);
    g_assert_cmpuint(exited->wall_us, >, 1000);
    g_assert_cmpuint(exited->max_rss_kib, >, 100);
    g_assert_cmpint(exited->reason, ==, REMEX_EXIT_OWN);
    stage_close(&stage);
}

/* --- Output -------------------------------------------------------------- */

static void check_pattern(const GString *out, uint64_t size)
{
    uint8_t *expected = g_malloc(size);

    pattern_fill(expected, size, 0);
    g_assert_cmpuint(out->len, ==, size);
    g_assert_true(memcmp(out->str, expected, size) == 0);
    g_free(expected);
}

static bool has_exited(void *user)
{
    const struct actor *actor = user;

    return process_exit(actor->process) != NULL;
}

#define BULK ((size_t)16 * 1048576)
#define BULK_TEXT "16777216"

static void bulk_output_arrives_byte_for_byte(void)
{
    const char *const argv[] = { CHILDREN "spew", BULK_TEXT, NULL };
    struct stage stage;
    struct actor *actor;

    stage_open(&stage);
    actor = stage_run(&stage, argv);
    stage_until_closed(actor);
    check_pattern(actor->out, BULK);
    g_assert_cmpuint(actor->gaps, ==, 0);
    stage_close(&stage);
}

static bool is_full(void *user)
{
    const struct actor *actor = user;

    return event_log_kept_bytes(process_log(actor->process)) >= 192512;
}

static bool has_bulk(void *user)
{
    const struct actor *actor = user;

    return process_stream_bytes(actor->process, REMEX_STDOUT) >= BULK;
}

/* A reader who takes nothing holds the child, and loses nothing. */
static void a_reliable_child_is_held_until_its_reader_goes_on(void)
{
    const char *const argv[] = { CHILDREN "spew", BULK_TEXT, NULL };
    struct stage stage;
    struct actor *actor;
    struct actor *other;

    stage_open(&stage);
    actor = stage_run(&stage, argv);
    actor->reads = false;
    process_set_consumed(actor->process, 0);
    stage_until(&stage, is_full, actor);
    other = stage_sh(&stage, "echo not delayed");
    stage_until_closed(other);
    g_assert_cmpint(process_state(actor->process), ==, PROCESS_RUNNING);
    g_assert_cmpuint(
            event_log_kept_bytes(process_log(actor->process)), <=, 196608);

    actor->reads = true;
    stage_until_closed(actor);
    check_pattern(actor->out, BULK);
    stage_close(&stage);
}

static bool said_on_stderr(void *user)
{
    const struct actor *actor = user;

    return process_stream_bytes(actor->process, REMEX_STDERR) > 0;
}

/* What one pipe may take of a turn is bounded. */
static void a_child_who_never_stops_starves_neither_itself_nor_others(void)
{
    const char *const argv[] = { "sh", "-c",
        CHILDREN "spew 1000000000000 & read go; echo there >&2; wait", NULL };
    const struct write_request write = { .offset = 0 };
    struct write_reply reply;
    struct process_spec spec = stage_spec(argv);
    struct stage stage;
    struct actor *actor;
    struct actor *other;

    spec.stdin_kind = STDIN_PIPE;
    spec.out.delivery = DELIVERY_LOSSY;
    spec.out.retention = RETENTION_NONE;
    stage_open(&stage);
    actor = stage_start(&stage, &spec, NULL);
    actor->reads = false;
    stage_until(&stage, has_bulk, actor);
    for (int i = 0; i < 5; i++) {
        other = stage_sh(&stage, "echo other; echo err >&2");
        stage_until_closed(other);
        g_assert_cmpstr(other->out->str, ==, "other\n");
    }
    g_assert_cmpint(process_write(actor->process, &write,
                            (struct remex_bytes){ "go\n", 3 }, &reply, NULL),
            ==, REMEX_OK);
    stage_until(&stage, said_on_stderr, actor);
    g_assert_cmpint(process_state(actor->process), ==, PROCESS_RUNNING);
    stage_close(&stage);
    stage_spec_free(&spec);
}

static void a_lossy_child_is_never_held_and_its_loss_is_told(void)
{
    const char *const argv[] = { CHILDREN "spew", BULK_TEXT, NULL };
    struct process_spec spec = stage_spec(argv);
    struct stage stage;
    struct actor *actor;

    spec.out.delivery = DELIVERY_LOSSY;
    spec.err.delivery = DELIVERY_LOSSY;
    stage_open(&stage);
    actor = stage_start(&stage, &spec, NULL);
    actor->reads = false;
    process_set_consumed(actor->process, 0);
    stage_until_closed(actor);

    actor->reads = true;
    loop_defer(stage.loop, &stage.look);
    stage_until_closed(actor);
    g_assert_cmpuint(actor->gaps, ==, 1);
    g_assert_true(g_str_has_prefix(actor->told->str, "gap 16"));
    g_assert_true(
            g_str_has_suffix(actor->told->str, "exit 0\nclosed eof eof\n"));
    g_assert_cmpuint(actor->cursor.position, ==, BULK);
    stage_close(&stage);
    stage_spec_free(&spec);
}

static void a_discarded_stream_is_never_read(void)
{
    const char *const argv[] = { "sh", "-c",
        "echo out; echo err >&2; [ -c /dev/stdout ] && echo null >&2", NULL };
    struct process_spec spec = stage_spec(argv);
    struct stage stage;
    struct actor *actor;

    spec.out.capture = CAPTURE_DISCARD;
    stage_open(&stage);
    actor = stage_start(&stage, &spec, NULL);
    stage_until_closed(actor);
    g_assert_cmpstr(actor->out->str, ==, "");
    g_assert_cmpstr(actor->err->str, ==, "err\nnull\n");
    g_assert_true(g_str_has_suffix(
            actor->told->str, "exit 0\nclosed discarded eof\n"));
    stage_close(&stage);
    stage_spec_free(&spec);
}

static void chunks_are_no_larger_than_asked(void)
{
    const char *const argv[] = { "echo", "hello world", NULL };
    struct process_spec spec = stage_spec(argv);
    struct stage stage;
    struct actor *actor;

    spec.out.chunk_bytes = 5;
    stage_open(&stage);
    actor = stage_start(&stage, &spec, NULL);
    stage_until_closed(actor);
    g_assert_cmpstr(actor->told->str, ==,
            "out:helloout: worlout:d\nexit 0\nclosed eof eof\n");
    stage_close(&stage);
    stage_spec_free(&spec);
}

/* --- Endings ------------------------------------------------------------- */

static struct actor *start_late(
        struct stage *stage, const struct gate *gate, uint64_t linger_ms)
{
    const char *const argv[] = { CHILDREN "late", gate->path, NULL };
    struct process_spec spec = stage_spec(argv);
    struct actor *actor;

    spec.has_eof_linger = true;
    spec.eof_linger_ms = linger_ms;
    actor = stage_start(stage, &spec, NULL);
    g_assert_nonnull(actor);
    stage_spec_free(&spec);
    return actor;
}

static void late_output_of_a_descendant_comes_after_the_exit(void)
{
    struct gate gate;
    struct stage stage;
    struct actor *actor;

    gate_init(&gate);
    stage_open(&stage);
    actor = start_late(&stage, &gate, 0);
    stage_until(&stage, has_exited, actor);
    stage_until_said(actor, "early\n");
    g_assert_cmpint(process_state(actor->process), ==, PROCESS_EXITED);
    gate_open(&gate);
    stage_until_closed(actor);
    g_assert_cmpstr(actor->told->str, ==,
            "out:early\nexit 3\nout:late\nclosed eof eof\n");
    stage_close(&stage);
    gate_deinit(&gate);
}

static void streams_that_descendants_hold_are_abandoned(void)
{
    struct gate gate;
    struct stage stage;
    struct actor *actor;
    int64_t before;

    gate_init(&gate);
    stage_open(&stage);
    actor = start_late(&stage, &gate, 50);
    stage_until(&stage, has_exited, actor);
    before = clock_monotonic_ns();
    stage_until_closed(actor);
    g_assert_cmpint(clock_monotonic_ns() - before, <, clock_from_ms(2000));
    g_assert_cmpstr(actor->told->str, ==,
            "out:early\nexit 3\nclosed abandoned abandoned\n");
    stage_close(&stage);
    gate_deinit(&gate);
}

/* Its reader is slow: what is in the pipe is not abandoned with the stream. */
static void what_is_in_the_pipe_comes_before_the_end(void)
{
    const char *const argv[] = { "sh", "-c",
        "sleep 1000 & exec " CHILDREN "spew 300000", NULL };
    struct process_spec spec = stage_spec(argv);
    struct stage stage;
    struct actor *actor;

    spec.has_eof_linger = true;
    spec.eof_linger_ms = 1;
    stage_open(&stage);
    actor = stage_start(&stage, &spec, NULL);
    actor->reads = false;
    process_set_consumed(actor->process, 0);
    stage_until(&stage, has_exited, actor);
    g_assert_cmpuint(
            process_stream_bytes(actor->process, REMEX_STDOUT), <, 300000);
    process_tick(actor->process, clock_monotonic_ns() + clock_from_ms(1000));
    actor->reads = true;
    stage_until_closed(actor);
    check_pattern(actor->out, 300000);
    g_assert_true(
            g_str_has_suffix(actor->told->str, "closed abandoned abandoned\n"));
    stage_close(&stage);
    stage_spec_free(&spec);
}

/* --- Stdin --------------------------------------------------------------- */

static struct actor *start_with_stdin(
        struct stage *stage, const char *const *argv)
{
    struct process_spec spec = stage_spec(argv);
    struct actor *actor;

    spec.stdin_kind = STDIN_PIPE;
    actor = stage_start(stage, &spec, NULL);
    g_assert_nonnull(actor);
    stage_spec_free(&spec);
    return actor;
}

struct feeding {
    struct actor *actor;
    uint8_t *data;
    size_t size;
    uint64_t next;
};

static bool fed_all(void *user)
{
    struct feeding *feeding = user;
    struct write_reply reply = stage_write(feeding->actor, feeding->next,
            feeding->data + feeding->next, feeding->size - feeding->next, true);

    feeding->next = reply.next_offset;
    return reply.eof &&
            process_state(feeding->actor->process) == PROCESS_CLOSED;
}

static void stdin_goes_through_cat_byte_for_byte(void)
{
    const char *const argv[] = { "cat", NULL };
    struct feeding feeding = { .size = 5000000 };
    struct stage stage;

    stage_open(&stage);
    feeding.actor = start_with_stdin(&stage, argv);
    feeding.data = g_malloc(feeding.size);
    pattern_fill(feeding.data, feeding.size, 0);
    stage_until(&stage, fed_all, &feeding);
    check_pattern(feeding.actor->out, feeding.size);
    g_assert_nonnull(strstr(feeding.actor->told->str, "exit 0\n"));
    g_assert_true(
            g_str_has_suffix(feeding.actor->told->str, "closed eof eof\n"));
    g_free(feeding.data);
    stage_close(&stage);
}

/* Of one stream: what it said, the other one and the exit are told as ever. */
static void h8_a_read_error_is_an_ending_of_its_own(void)
{
    const char *const argv[] = { "sh", "-c",
        "printf partial; read line; echo lost; echo kept >&2; exit 4", NULL };
    struct remex_event event;
    struct cursor cursor = { 0 };
    struct stage stage;
    struct actor *actor;

    stage_open(&stage);
    actor = start_with_stdin(&stage, argv);
    stage_until_said(actor, "partial");
    kernel_refuse(KERNEL_READ, 1, EIO);
    stage_write(actor, 0, "\n", 1, false);
    stage_until_closed(actor);
    g_assert_true(kernel_refused());
    g_assert_cmpstr(actor->out->str, ==, "partial");
    g_assert_cmpstr(actor->err->str, ==, "kept\n");
    g_assert_nonnull(strstr(actor->told->str, "exit 4\n"));
    g_assert_true(g_str_has_suffix(actor->told->str, "closed error eof\n"));
    while (event_log_next(process_log(actor->process), &cursor, &event, NULL))
        cursor_pass(&cursor, &event);
    g_assert_cmpint(event.closed.ends[0].os_error, ==, EIO);
    g_assert_cmpuint(event.closed.ends[0].bytes, ==, strlen("partial"));
    stage_close(&stage);
}

/* Not an error of the pipe: there is no page to read into at the moment. */
static void for_memory_of_the_log_it_waits(void)
{
    const char *const argv[] = { "sh", "-c",
        "printf before; read line; printf ' and after'; exit 4", NULL };
    struct stage stage;
    struct actor *actor;

    stage_open(&stage);
    actor = start_with_stdin(&stage, argv);
    stage_until_said(actor, "before");
    kernel_refuse(KERNEL_READ, 1, EFAULT);
    stage_write(actor, 0, "\n", 1, false);
    stage_until_closed(actor);
    g_assert_true(kernel_refused());
    g_assert_cmpstr(actor->out->str, ==, "before and after");
    g_assert_true(g_str_has_suffix(actor->told->str, "closed eof eof\n"));
    stage_close(&stage);
}

static void who_never_reads_stdin_holds_its_bound_and_delays_nobody(void)
{
    const char *const argv[] = { "sleep", "1000", NULL };
    struct write_reply reply = { .room = 1 };
    char *data = g_malloc0(65536);
    struct stage stage;
    struct actor *actor;
    struct actor *other;

    stage_open(&stage);
    actor = start_with_stdin(&stage, argv);
    while (reply.room > 0)
        reply = stage_write(actor, reply.next_offset, data, 65536, false);
    g_assert_cmpuint(reply.next_offset, >=, 262144);
    g_assert_cmpuint(reply.next_offset, <=, 2097152);
    reply = stage_write(actor, reply.next_offset, data, 1, false);
    g_assert_cmpint(reply.outcome, ==, WRITE_ACCEPTED);
    g_assert_cmpuint(reply.room, ==, 0);
    other = stage_sh(&stage, "echo not delayed");
    stage_until_closed(other);
    process_terminate(actor->process, NULL, 0, REMEX_EXIT_TERMINATED,
            loop_now(stage.loop));
    stage_until_closed(actor);
    reply = stage_write(actor, reply.next_offset, data, 1, false);
    g_assert_cmpint(reply.outcome, ==, WRITE_EXITED);
    g_free(data);
    stage_close(&stage);
}

static void a_stdin_that_the_child_closed_says_so(void)
{
    struct stage stage;
    struct actor *actor;
    struct write_reply reply;
    const char *const argv[] = { "sh", "-c",
        "exec <&-; echo closed; sleep 1000", NULL };

    stage_open(&stage);
    actor = start_with_stdin(&stage, argv);
    stage_until_said(actor, "closed");
    stage_write(actor, 0, "x", 1, false); /* finds out */
    reply = stage_write(actor, 1, "y", 1, false);
    g_assert_cmpint(reply.outcome, ==, WRITE_STDIN_CLOSED);
    g_assert_cmpuint(reply.next_offset, ==, 1);
    stage_close(&stage);
}

static void a_stdin_that_was_never_open_reads_as_ended(void)
{
    struct stage stage;
    struct actor *actor;
    struct write_reply reply;

    stage_open(&stage);
    actor = stage_sh(&stage, "cat; echo end");
    reply = stage_write(actor, 0, "x", 1, false);
    g_assert_cmpint(reply.outcome, ==, WRITE_STDIN_CLOSED);
    stage_until_closed(actor);
    g_assert_cmpstr(actor->told->str, ==, "out:end\nexit 0\nclosed eof eof\n");
    stage_close(&stage);
}

/* --- Signals and deadlines ----------------------------------------------- */

static void a_signal_reaches_the_leader_or_the_group(void)
{
    struct stage stage;
    struct actor *actor;

    stage_open(&stage);
    actor = stage_sh(&stage,
            "trap 'echo leader' USR1\n"
            "sh -c 'trap \"echo member; exit\" USR1; echo ready;"
            "       while :; do sleep 0.01; done'\n"
            "echo on; sleep 1000");
    stage_until_said(actor, "ready");
    g_assert_cmpint(
            stage_signal(actor, SIGUSR1, SIGNAL_GROUP), ==, SIGNAL_DELIVERED);
    stage_until_said(actor, "on\n");
    g_assert_nonnull(strstr(actor->out->str, "member\n"));
    g_assert_nonnull(strstr(actor->out->str, "leader\n"));
    g_assert_cmpint(
            stage_signal(actor, SIGTERM, SIGNAL_LEADER), ==, SIGNAL_DELIVERED);
    stage_until(&stage, has_exited, actor);
    g_assert_cmpint(
            process_exit(actor->process)->reason, ==, REMEX_EXIT_TERMINATED);
    g_assert_cmpint(
            stage_signal(actor, SIGTERM, SIGNAL_LEADER), ==, SIGNAL_EXITED);
    stage_close(&stage);
}

static void a_plan_goes_on_to_the_kill(void)
{
    const struct stop_step plan[] = { { SIGINT, 0 }, { SIGTERM, 30 } };
    const char *const argv[] = { CHILDREN "deaf", NULL };
    struct stage stage;
    struct actor *actor;

    stage_open(&stage);
    actor = stage_run(&stage, argv);
    stage_until_said(actor, "\n");
    g_assert_true(process_terminate(actor->process, plan, 2,
            REMEX_EXIT_TERMINATED, loop_now(stage.loop)));
    stage_until_closed(actor);
    g_assert_cmpint(process_exit(actor->process)->code, ==, SIGKILL);
    g_assert_cmpint(
            process_exit(actor->process)->reason, ==, REMEX_EXIT_TERMINATED);
    g_assert_cmpuint(process_exit(actor->process)->wall_us, >=, 30000);
    stage_until_dead(&stage, stage_pid_said(actor));
    stage_close(&stage);
}

static void a_plan_ends_with_the_process(void)
{
    const struct stop_step plan[] = { { SIGTERM, 100000 } };
    struct stage stage;
    struct actor *actor;

    stage_open(&stage);
    actor = stage_sh(&stage,
            "trap 'exit 5' TERM; echo ready; "
            "while :; do sleep 0.01; done");
    stage_until_said(actor, "ready");
    process_terminate(actor->process, plan, 1, REMEX_EXIT_OWNER_LOST,
            loop_now(stage.loop));
    stage_until_closed(actor);
    g_assert_cmpint(process_exit(actor->process)->code, ==, 5);
    g_assert_cmpint(
            process_exit(actor->process)->reason, ==, REMEX_EXIT_OWNER_LOST);
    stage_close(&stage);
}

static void wall_time_ends_for_its_own_reason(void)
{
    const char *const argv[] = { CHILDREN "deaf", NULL };
    struct process_spec spec = stage_spec(argv);
    struct stage stage;
    struct actor *actor;

    spec.wall_time_ms = 100;
    stage_open(&stage);
    actor = stage_start(&stage, &spec, NULL);
    stage_until_closed(actor);
    g_assert_cmpint(process_exit(actor->process)->code, ==, SIGKILL);
    g_assert_cmpint(
            process_exit(actor->process)->reason, ==, REMEX_EXIT_WALL_TIME);
    stage_close(&stage);
    stage_spec_free(&spec);
}

/* --- Many lives ---------------------------------------------------------- */

#define LIVES 2000
#define AT_ONCE 20

/* Nothing is left behind by any of them, while the executor lives on. */
static void thousands_of_lives_leave_nothing(void)
{
    const char *const argv[] = { CHILDREN "exit0", NULL };
    struct process_spec spec = stage_spec(argv);
    unsigned int descriptors;
    struct stage stage;

    spec.stdin_kind = STDIN_PIPE;
    stage_open(&stage);
    descriptors = tree_descriptors(getpid());
    for (int i = 0; i < LIVES / AT_ONCE; i++) {
        for (int j = 0; j < AT_ONCE; j++)
            g_assert_nonnull(stage_start(&stage, &spec, NULL));
        stage_until_all_closed(&stage);
        for (guint j = 0; j < stage.actors->len; j++) {
            struct actor *actor = stage.actors->pdata[j];

            if (actor->process)
                stage_free_process(actor);
        }
    }
    g_assert_cmpuint(tree_zombies(getpid()), ==, 0);
    g_assert_cmpuint(tree_descriptors(getpid()), ==, descriptors);
    stage_close(&stage);
    stage_spec_free(&spec);
}

static void freeing_a_running_process_kills_its_tree(void)
{
    const char *const argv[] = { CHILDREN "deaf", NULL };
    struct stage stage;
    struct actor *actor;
    pid_t leader;

    stage_open(&stage);
    actor = stage_run(&stage, argv);
    stage_until_said(actor, "\n");
    leader = (pid_t)process_pid(actor->process);
    stage_free_process(actor);
    stage_until_dead(&stage, leader);
    stage_until_dead(&stage, stage_pid_said(actor));
    stage_close(&stage);
}

static int64_t cpu_time_ns(void)
{
    struct timespec time;

    g_assert_cmpint(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time), ==, 0);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static bool never(void *user)
{
    (void)user;
    return false;
}

static void on_alarm(struct loop_timer *timer)
{
    struct stage *stage = *(struct stage **)(void *)(timer + 1);

    loop_stop(stage->loop);
}

/* Asked of the kernel: how often we were woken in a while. */
static long count_wakes(struct stage *stage)
{
    struct {
        struct loop_timer timer;
        struct stage *stage;
    } alarm = { .timer.due = on_alarm, .stage = stage };
    struct rusage before;
    struct rusage after;

    getrusage(RUSAGE_THREAD, &before);
    g_assert_cmpint(loop_timer_set(stage->loop, &alarm.timer,
                            clock_monotonic_ns() + clock_from_ms(300)),
            ==, REMEX_OK);
    stage->done = never;
    loop_run(stage->loop);
    getrusage(RUSAGE_THREAD, &after);
    return after.ru_nvcsw - before.ru_nvcsw;
}

static void an_idle_child_wakes_nobody(void)
{
    struct stage stage;
    struct actor *actor;

    stage_open(&stage);
    actor = stage_sh(&stage, "echo ready; exec sleep 1000");
    stage_until_said(actor, "ready");
    g_assert_cmpint(count_wakes(&stage), <=, 2);
    stage_close(&stage);
}

/* It writes, it closes, it has ended: all that waits for the reader. */
static void a_held_child_wakes_nobody(void)
{
    const char *const argv[] = { "sh", "-c",
        "exec 2>&-; sleep 1000 & exec " CHILDREN "spew 300000", NULL };
    struct process_spec spec = stage_spec(argv);
    struct stage stage;
    struct actor *actor;
    int64_t before;

    spec.has_eof_linger = true;
    stage_open(&stage);
    actor = stage_start(&stage, &spec, NULL);
    actor->reads = false;
    process_set_consumed(actor->process, 0);
    stage_until(&stage, has_exited, actor);
    before = cpu_time_ns();
    g_assert_cmpint(count_wakes(&stage), <=, 4);
    g_assert_cmpint(cpu_time_ns() - before, <, clock_from_ms(100));
    stage_close(&stage);
    stage_spec_free(&spec);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/child", output_and_exit_are_told_in_order);
    SUITE_ADD("/child", a_signal_is_not_an_exit_code);
    SUITE_ADD("/child", what_a_child_used_is_told);
    SUITE_ADD("/child", bulk_output_arrives_byte_for_byte);
    SUITE_ADD("/child", a_reliable_child_is_held_until_its_reader_goes_on);
    SUITE_ADD("/child",
            a_child_who_never_stops_starves_neither_itself_nor_others);
    SUITE_ADD("/child", a_lossy_child_is_never_held_and_its_loss_is_told);
    SUITE_ADD("/child", a_discarded_stream_is_never_read);
    SUITE_ADD("/child", chunks_are_no_larger_than_asked);
    SUITE_ADD("/child", late_output_of_a_descendant_comes_after_the_exit);
    SUITE_ADD("/child", streams_that_descendants_hold_are_abandoned);
    SUITE_ADD("/child", what_is_in_the_pipe_comes_before_the_end);
    SUITE_ADD("/child", stdin_goes_through_cat_byte_for_byte);
    SUITE_ADD("/child", h8_a_read_error_is_an_ending_of_its_own);
    SUITE_ADD("/child", for_memory_of_the_log_it_waits);
    SUITE_ADD(
            "/child", who_never_reads_stdin_holds_its_bound_and_delays_nobody);
    SUITE_ADD("/child", a_stdin_that_the_child_closed_says_so);
    SUITE_ADD("/child", a_stdin_that_was_never_open_reads_as_ended);
    SUITE_ADD("/child", a_signal_reaches_the_leader_or_the_group);
    SUITE_ADD("/child", a_plan_goes_on_to_the_kill);
    SUITE_ADD("/child", a_plan_ends_with_the_process);
    SUITE_ADD("/child", wall_time_ends_for_its_own_reason);
    SUITE_ADD("/child", thousands_of_lives_leave_nothing);
    SUITE_ADD("/child", freeing_a_running_process_kills_its_tree);
    SUITE_ADD("/child", an_idle_child_wakes_nobody);
    SUITE_ADD("/child", a_held_child_wakes_nobody);
    return g_test_run();
}
