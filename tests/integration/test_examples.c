/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The examples do what they say.
 */

#include <string.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "support/command.h"
#include "support/daemon.h"
#include "support/remote.h"
#include "support/suite.h"

#define EXAMPLE(name, ...) \
    REMOTE_ARGV(REMEX_BIN_DIR "/examples/" name, __VA_ARGS__)

static void check(
        const char *const *argv, int status, const char *out, const char *err)
{
    struct command_result result;

    command_run(argv, &result);
    g_assert_cmpstr(result.err_text, ==, err);
    g_assert_cmpstr(result.out_text, ==, out);
    g_assert_cmpint(result.status, ==, status);
    command_result_deinit(&result);
}

static void hello_says_where_it_ran(void)
{
    struct command_result result;

    command_run(REMOTE_ARGV(REMEX_BIN_DIR "/examples/hello"), &result);
    g_assert_true(g_str_has_prefix(result.out_text, "Linux "));
    g_assert_cmpint(result.status, ==, 0);
    command_result_deinit(&result);
}

static void run_and_print_tells_all(void)
{
    check(EXAMPLE("run_and_print", "sh", "-c", "echo a; echo b >&2; exit 3"), 0,
            "a\nexit code 3\n", "b\n");
    check(EXAMPLE("run_and_print", "sh", "-c", "kill -9 $$"), 0, "signal 9\n",
            "");
}

static void run_and_print_tells_what_went_wrong(void)
{
    struct command_result result;

    command_run(EXAMPLE("run_and_print", "/no/such"), &result);
    g_assert_true(g_str_has_prefix(result.err_text, "run_and_print: "));
    g_assert_cmpint(result.status, ==, 1);
    command_result_deinit(&result);
}

static void feed_stdin_sorts(void)
{
    check(EXAMPLE("feed_stdin", "c", "a", "b"), 0, "a\nb\nc\n", "");
}

static void own_event_loop_follows_them_all(void)
{
    struct command_result result;

    command_run(EXAMPLE("own_event_loop", "echo one", "exit 2",
                        "echo three >&2; kill -15 $$"),
            &result);
    g_assert_cmpstr(result.err_text, ==, "");
    g_assert_cmpint(result.status, ==, 0);
    g_assert_nonnull(strstr(result.out_text, "[1] one\n"));
    g_assert_nonnull(strstr(result.out_text, "[1] exit code 0\n"));
    g_assert_nonnull(strstr(result.out_text, "[2] exit code 2\n"));
    g_assert_nonnull(strstr(result.out_text, "[3] three\n"));
    g_assert_nonnull(strstr(result.out_text, "[3] signal 15\n"));
    command_result_deinit(&result);
}

static void check_others_loop(const char *program)
{
    struct command_result result;

    command_run(REMOTE_ARGV(program, "echo one", "exit 2",
                        "echo three >&2; kill -15 $$"),
            &result);
    g_assert_cmpstr(result.err_text, ==, "");
    g_assert_cmpint(result.status, ==, 0);
    g_assert_nonnull(strstr(result.out_text, "one\n"));
    g_assert_nonnull(strstr(result.out_text, "exit code 0\n"));
    g_assert_nonnull(strstr(result.out_text, "exit code 2\n"));
    g_assert_nonnull(strstr(result.out_text, "three\n"));
    g_assert_nonnull(strstr(result.out_text, "signal 15\n"));
    command_result_deinit(&result);
    check(REMOTE_ARGV(program), 0, "", ""); /* nothing to wait for */
}

static void glib_loop_follows_them_all(void)
{
    check_others_loop(REMEX_BIN_DIR "/examples/glib_loop");
}

static void libuv_loop_follows_them_all(void)
{
    check_others_loop(REMEX_BIN_DIR "/examples/libuv_loop");
}

static void remote_popen_reads(void)
{
    check(EXAMPLE("remote_popen", "r", "echo a; echo b >&2; exit 3"), 0,
            "A\nexit code 3\n", "b\n");
    check(EXAMPLE("remote_popen", "r", "kill -15 $$"), 0, "signal 15\n", "");
}

/* More both ways than anybody holds for another. */
static void remote_popen_writes(void)
{
    enum { SIZE = 4 * 1024 * 1024 };
    static const char told[] = "exit code 0\n";
    char *input = g_malloc(SIZE);
    struct command command;
    struct command_result result;

    memset(input, 'x', SIZE);
    command_start(&command, EXAMPLE("remote_popen", "w", "cat"), NULL);
    command_finish(&command, input, SIZE, &result);
    g_assert_cmpstr(result.err_text, ==, "");
    g_assert_cmpuint(result.out->len, ==, SIZE + strlen(told));
    g_assert_cmpint(memcmp(result.out->data, input, SIZE), ==, 0);
    g_assert_cmpstr(result.out_text + SIZE, ==, told);
    command_result_deinit(&result);
    g_free(input);
}

static void capture_output_tells_all(void)
{
    check(EXAMPLE("capture_output", "sh", "-c", "cat; echo b >&2; exit 3"), 0,
            "stdout: 6 bytes\nhello\nstderr: 2 bytes\nb\nexit code 3\n", "");
}

static void copy_to_file_copies(void)
{
    char *directory = g_dir_make_tmp("remex-test-XXXXXX", NULL);
    char *path = g_build_filename(directory, "copy", NULL);
    char *text = NULL;

    check(EXAMPLE("copy_to_file", path, "sh", "-c", "echo a; echo b >&2"), 0,
            "2 bytes written\n", "b\n");
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "a\n");
    check(EXAMPLE("copy_to_file", "/dev/full", "sh", "-c", "echo a; sleep 99"),
            1, "0 bytes written\n",
            "copy_to_file: the output cannot be written\n");
    g_unlink(path);
    g_rmdir(directory);
    g_free(text);
    g_free(path);
    g_free(directory);
}

static void wait_until_ready_goes_on_and_stops(void)
{
    check(EXAMPLE("wait_until_ready", "is ready", "last", "sh", "-c",
                  "echo a; echo b is ready; echo last one; exec sleep 99"),
            0, "b is ready\nlast one\nsignal 15, and it exited\nsignal 9\n",
            "");
    check(EXAMPLE("wait_until_ready", "ready", "last", "sh", "-c", "echo a"), 0,
            "no \"ready\": it has ended\nno \"last\": it has ended\n"
            "signal 9\n",
            "");
}

static void run_at_once_tells_all_in_one(void)
{
    check(EXAMPLE("run_at_once", "sh", "-c", "cat; echo b >&2; exit 3"), 0,
            "hello\nexit code 3\n", "b\n");
}

static void attach_by_id_shows_it_from_the_beginning(void)
{
    struct remex_process_options options = remote_with_stdin();
    struct daemon daemon;
    struct remex_client *client;
    struct remex_process *process;
    struct remex_event event;

    daemon_start(&daemon);
    client = remote_connect_to(daemon.address);
    options.id = "shown";
    process = remote_start(client,
            REMOTE_ARGV("/bin/sh", "-c", "echo before; exit 4"), &options);
    while (remex_process_next_event(process, 60000, &event) == REMEX_OK)
        ;
    check(EXAMPLE("attach_by_id", daemon.address, "shown"), 0,
            "before\nexit code 4\n", "");
    remex_process_free(process);
    remex_client_free(client);
    daemon_stop(&daemon);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_unsetenv("REMEX_EXECUTOR");
    SUITE_ADD("/examples", hello_says_where_it_ran);
    SUITE_ADD("/examples", run_and_print_tells_all);
    SUITE_ADD("/examples", run_and_print_tells_what_went_wrong);
    SUITE_ADD("/examples", feed_stdin_sorts);
    SUITE_ADD("/examples", own_event_loop_follows_them_all);
    SUITE_ADD("/examples", glib_loop_follows_them_all);
    SUITE_ADD("/examples", libuv_loop_follows_them_all);
    SUITE_ADD("/examples", remote_popen_reads);
    SUITE_ADD("/examples", remote_popen_writes);
    SUITE_ADD("/examples", capture_output_tells_all);
    SUITE_ADD("/examples", copy_to_file_copies);
    SUITE_ADD("/examples", wait_until_ready_goes_on_and_stops);
    SUITE_ADD("/examples", run_at_once_tells_all_in_one);
    SUITE_ADD("/examples", attach_by_id_shows_it_from_the_beginning);
    return g_test_run();
}
