/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The remex command between pipes, files, terminals and nothing at all.
 */

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

#include "support/children/pattern.h"
#include "support/command.h"
#include "support/daemon.h"
#include "support/remote.h"
#include "support/suite.h"
#include "support/tree.h"

#define RUN(...) \
    REMOTE_ARGV(REMEX_BIN_DIR "/remex", "run", "--at", "local:", __VA_ARGS__)
#define SCRIPT(text) RUN("--", "/bin/sh", "-c", text)
#define MIB ((size_t)1024 * 1024)

static void run_prepared(const char *const *argv, void (*prepare)(void),
        const void *input, size_t size, struct command_result *result)
{
    struct command command;

    command_start(&command, argv, prepare);
    command_finish(&command, input, size, result);
}

/* Runs it so prepared; it must end like that, and `err` be part of what it
 * says, all of it if it is "". */
static void check_prepared(const char *const *argv, void (*prepare)(void),
        int status, const char *out, const char *err)
{
    struct command_result result;

    run_prepared(argv, prepare, NULL, 0, &result);
    g_assert_nonnull(strstr(result.err_text, err));
    if (err[0] == '\0')
        g_assert_cmpstr(result.err_text, ==, "");
    g_assert_cmpstr(result.out_text, ==, out);
    g_assert_cmpint(result.status, ==, status);
    command_result_deinit(&result);
}

static void check_through_cat(void (*prepare)(void), size_t size)
{
    uint8_t *input = g_malloc(size);
    struct command_result result;

    pattern_fill(input, size, 0);
    run_prepared(RUN("--", "cat"), prepare, input, size, &result);
    g_assert_cmpstr(result.err_text, ==, "");
    g_assert_cmpint(result.status, ==, 0);
    g_assert_cmpuint(result.out->len, ==, size);
    g_assert_true(memcmp(result.out->data, input, size) == 0);
    command_result_deinit(&result);
    g_free(input);
}

static void bytes_go_both_ways_at_once(void)
{
    check_through_cat(NULL, 16 * MIB);
    check_through_cat(NULL, 1);
}

static void make_nonblocking(void)
{
    for (int fd = 0; fd <= 2; fd++)
        fcntl(fd, F_SETFL, O_NONBLOCK);
}

static void pipes_that_do_not_block_are_waited_for(void)
{
    check_through_cat(make_nonblocking, 4 * MIB);
}

static void a_pipe_that_is_empty_at_first_is_no_end(void)
{
    struct command command;
    struct command_result result;
    char *line;

    command_start(&command, SCRIPT("echo up; cat"), make_nonblocking);
    line = command_read_line(command.out);
    g_assert_cmpstr(line, ==, "up");
    command_finish(&command, "down\n", 5, &result);
    g_assert_cmpstr(result.err_text, ==, "");
    g_assert_cmpstr(result.out_text, ==, "down\n");
    g_assert_cmpint(result.status, ==, 0);
    command_result_deinit(&result);
    g_free(line);
}

static void both_outputs_stay_apart(void)
{
    char *script = g_strdup_printf("%s 3000000 2 & %s 3000000 1; wait",
            REMOTE_CHILD("spew"), REMOTE_CHILD("spew"));
    uint8_t *wanted = g_malloc(3000000);
    struct command_result result;

    pattern_fill(wanted, 3000000, 0);
    command_run(SCRIPT(script), &result);
    g_assert_cmpint(result.status, ==, 0);
    g_assert_cmpuint(result.out->len, ==, 3000000);
    g_assert_cmpuint(result.err->len, ==, 3000000);
    g_assert_true(memcmp(result.out->data, wanted, 3000000) == 0);
    g_assert_true(memcmp(result.err->data, wanted, 3000000) == 0);
    command_result_deinit(&result);
    g_free(wanted);
    g_free(script);
}

static void an_exit_does_not_wait_for_our_stdin(void)
{
    struct command command;
    struct command_result result;

    command_start(&command, SCRIPT("echo x; exit 3"), NULL);
    command_finish_with_open_stdin(&command, &result);
    g_assert_cmpstr(result.out_text, ==, "x\n");
    g_assert_cmpstr(result.err_text, ==, "");
    g_assert_cmpint(result.status, ==, 3);
    command_result_deinit(&result);
}

static void an_unwanted_stdin_is_no_failure(void)
{
    uint8_t *input = g_malloc0(4 * MIB);
    struct command_result result;

    run_prepared(
            SCRIPT("exec 0<&-; echo x; exit 4"), NULL, input, 4 * MIB, &result);
    g_assert_cmpstr(result.out_text, ==, "x\n");
    g_assert_cmpstr(result.err_text, ==, "");
    g_assert_cmpint(result.status, ==, 4);
    command_result_deinit(&result);
    g_free(input);
}

static void read_from_null(void)
{
    dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
}

static void close_stdin(void)
{
    close(0);
}

static void no_stdin_is_an_empty_one(void)
{
    check_prepared(SCRIPT("cat; echo end"), read_from_null, 0, "end\n", "");
    check_prepared(SCRIPT("cat; echo end"), close_stdin, 0, "end\n", "");
}

static void read_from_a_directory(void)
{
    dup2(open("/", O_RDONLY | O_CLOEXEC), 0);
}

static void a_stdin_that_cannot_be_read_is_no_early_end(void)
{
    check_prepared(SCRIPT("cat; echo end; sleep 1000"), read_from_a_directory,
            125, "", "cannot read standard input");
}

static void close_stdout(void)
{
    close(1);
}

static void close_stderr(void)
{
    close(2);
}

static void close_everything(void)
{
    close(0);
    close(1);
    close(2);
}

static void closed_outputs_matter_once_there_is_output(void)
{
    check_prepared(SCRIPT("exit 5"), close_everything, 5, "", "");
    check_prepared(SCRIPT("echo x >&2; exit 6"), close_stdout, 6, "", "x\n");
    check_prepared(SCRIPT("echo x; exit 7"), close_stderr, 7, "x\n", "");
    check_prepared(SCRIPT("echo x; exit 0"), close_stdout, 125, "",
            "cannot write standard output");
    check_prepared(SCRIPT("echo x >&2; exit 0"), close_stderr, 125, "", "");
}

static void write_to_a_full_disk(void)
{
    dup2(open("/dev/full", O_WRONLY | O_CLOEXEC), 1);
}

static void a_full_disk_is_told(void)
{
    check_prepared(SCRIPT("echo x; sleep 1000"), write_to_a_full_disk, 125, "",
            "No space left");
}

/* Writes until nobody has taken any for half a second. */
static void write_until_full(int fd)
{
    static const char piece[65536];
    struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };

    while (poll(&poll_fd, 1, 500) == 1)
        g_assert_cmpint(write(fd, piece, sizeof(piece)), >, 0);
}

/* Not on a private executor, which would take its end from ours; and with more
 * input under way than the program wants. */
static void nobody_reading_ends_it_quietly(void)
{
    struct daemon daemon;
    struct command command;
    struct command_result result;
    char *script = g_strdup_printf(
            "echo $$ >&2; exec %s 100000000000", REMOTE_CHILD("spew"));
    char byte;

    daemon_start(&daemon);
    command_start(&command,
            REMOTE_ARGV(REMEX_BIN_DIR "/remex", "run", "--at", daemon.address,
                    "--", "/bin/sh", "-c", script),
            NULL);
    write_until_full(command.in);
    g_assert_cmpint(read(command.out, &byte, 1), ==, 1);
    close(command.out);
    command.out = -1;
    command_finish_with_open_stdin(&command, &result);
    g_assert_cmpint(result.status, ==, 128 + SIGPIPE);
    g_assert_true(tree_wait_gone(
            (pid_t)g_ascii_strtoll(result.err_text, NULL, 10), 1000));
    g_assert_cmpuint(strlen(result.err_text), <, 12); /* a pid, no more */
    command_result_deinit(&result);
    daemon_stop(&daemon);
    g_free(script);
}

/* A pipeline's reader must see the end when remex ends, not when its private
 * executor does. */
static void nothing_of_ours_keeps_the_pipes_open(void)
{
    struct command command;
    struct command_result result;

    command_start(&command, SCRIPT("echo up; exec sleep 1000"), NULL);
    g_free(command_read_line(command.out));
    g_assert_cmpint(kill(command.pid, SIGKILL), ==, 0);
    command_finish(&command, NULL, 0, &result);
    g_assert_cmpint(result.status, ==, 128 + SIGKILL);
    command_result_deinit(&result);
}

static int terminal;

static void read_from_a_terminal(void)
{
    setsid();
    dup2(open(ptsname(terminal), O_RDWR | O_CLOEXEC), 0);
}

static void a_terminal_may_be_read(void)
{
    struct command command;
    struct command_result result;
    static const char typed[] = "line\n\004";

    terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    g_assert_cmpint(grantpt(terminal) | unlockpt(terminal), ==, 0);
    command_start(&command, RUN("--", "cat"), read_from_a_terminal);
    g_assert_cmpint(
            write(terminal, typed, sizeof(typed) - 1), ==, sizeof(typed) - 1);
    command_finish(&command, NULL, 0, &result);
    g_assert_cmpstr(result.out_text, ==, "line\n");
    g_assert_cmpint(result.status, ==, 0);
    command_result_deinit(&result);
    close(terminal);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/cli_streams", bytes_go_both_ways_at_once);
    SUITE_ADD("/cli_streams", pipes_that_do_not_block_are_waited_for);
    SUITE_ADD("/cli_streams", a_pipe_that_is_empty_at_first_is_no_end);
    SUITE_ADD("/cli_streams", both_outputs_stay_apart);
    SUITE_ADD("/cli_streams", an_exit_does_not_wait_for_our_stdin);
    SUITE_ADD("/cli_streams", an_unwanted_stdin_is_no_failure);
    SUITE_ADD("/cli_streams", no_stdin_is_an_empty_one);
    SUITE_ADD("/cli_streams", a_stdin_that_cannot_be_read_is_no_early_end);
    SUITE_ADD("/cli_streams", closed_outputs_matter_once_there_is_output);
    SUITE_ADD("/cli_streams", a_full_disk_is_told);
    SUITE_ADD("/cli_streams", nobody_reading_ends_it_quietly);
    SUITE_ADD("/cli_streams", nothing_of_ours_keeps_the_pipes_open);
    SUITE_ADD("/cli_streams", a_terminal_may_be_read);
    return g_test_run();
}
