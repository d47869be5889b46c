/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The remex command and executors that are restarted, silent or picky.
 */

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "support/command.h"
#include "support/daemon.h"
#include "support/remote.h"
#include "support/suite.h"
#include "support/tree.h"

#define PROGRAM REMEX_BIN_DIR "/remex"
#define SECOND_MS 1000
#define TOKEN "an open secret of ours"

static void expect_line(struct command *command, const char *wanted)
{
    char *line = command_read_line(command->out);

    g_assert_cmpstr(line, ==, wanted);
    g_free(line);
}

/* Its end, and one line that holds `words`. */
static void check_end(struct command *command, int status, const char *words)
{
    struct command_result result;

    command_finish(command, NULL, 0, &result);
    if (!strstr(result.err_text, words))
        g_error("no '%s' in: %s", words, result.err_text);
    g_assert_cmpint(result.status, ==, status);
    command_result_deinit(&result);
}

static void start_waiting(struct command *command, const char *address)
{
    command_start(command,
            REMOTE_ARGV(PROGRAM, "run", "--at", address, "--", "/bin/sh", "-c",
                    "trap '' INT; echo up; exec sleep 1000"),
            NULL);
    expect_line(command, "up");
}

static void a_restarted_executor_is_told(void)
{
    struct daemon daemon;
    struct command command;

    daemon_start(&daemon);
    start_waiting(&command, daemon.address);
    daemon_kill(&daemon);
    daemon_restart(&daemon);
    check_end(&command, 125, "restarted");
    daemon_stop(&daemon);
}

static void a_restarted_front_is_not_noticed(void)
{
    struct daemon daemon;
    struct command command;
    struct command_result result;

    daemon_start(&daemon);
    command_start(&command,
            REMOTE_ARGV(PROGRAM, "run", "--at", daemon.address, "--", "/bin/sh",
                    "-c", "echo up; cat; exit 4"),
            NULL);
    expect_line(&command, "up");
    daemon_kill_front(&daemon);
    command_finish(&command, "down\n", 5, &result);
    g_assert_cmpstr(result.err_text, ==, "");
    g_assert_cmpstr(result.out_text, ==, "down\n");
    g_assert_cmpint(result.status, ==, 4);
    command_result_deinit(&result);
    daemon_stop(&daemon);
}

static void interrupt(const struct command *command)
{
    g_assert_cmpint(kill(command->pid, SIGINT), ==, 0);
    g_assert_true(tree_wait_not_pending(command->pid, SIGINT, 10 * SECOND_MS));
}

static void the_third_interrupt_needs_no_executor(void)
{
    struct daemon daemon;
    struct command command;
    pid_t executor;

    daemon_start(&daemon);
    executor = daemon_executor(&daemon);
    start_waiting(&command, daemon.address);
    g_assert_cmpint(kill(executor, SIGSTOP), ==, 0);
    interrupt(&command);
    interrupt(&command);
    interrupt(&command);
    check_end(&command, 128 + SIGINT, "");
    g_assert_cmpint(kill(executor, SIGCONT), ==, 0);
    daemon_stop(&daemon);
}

/* Somebody who lets callers in and says nothing. */
static int listen_at(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_assert_cmpuint(
            g_strlcpy(address.sun_path, path, sizeof(address.sun_path)), <,
            sizeof(address.sun_path));
    g_assert_cmpint(
            bind(fd, (struct sockaddr *)&address, sizeof(address)), ==, 0);
    g_assert_cmpint(listen(fd, 8), ==, 0);
    return fd;
}

static void a_signal_ends_an_attempt_to_connect(void)
{
    char *directory = g_dir_make_tmp("remex-silent-XXXXXX", NULL);
    char *path = g_build_filename(directory, "socket", NULL);
    char *address = g_strconcat("ipc://", path, NULL);
    int listener = listen_at(path);
    struct command command;
    gint64 before;
    int caller;

    command_start(&command,
            REMOTE_ARGV(PROGRAM, "run", "--at", address, "--", "true"), NULL);
    caller = accept(listener, NULL, NULL);
    g_assert_cmpint(caller, >=, 0);
    before = g_get_monotonic_time();
    g_assert_cmpint(kill(command.pid, SIGTERM), ==, 0);
    check_end(&command, 128 + SIGTERM, "");
    g_assert_cmpint(g_get_monotonic_time() - before, <, 2 * SECOND_MS * 1000);
    close(caller);
    close(listener);
    g_unlink(path);
    g_rmdir(directory);
    g_free(address);
    g_free(path);
    g_free(directory);
}

static void check_token(const struct daemon *daemon, const char *token,
        int status, const char *words)
{
    struct command command;
    char *path = g_build_filename(daemon->directory, "ours", NULL);

    g_assert_true(g_file_set_contents(path, token, -1, NULL));
    command_start(&command,
            REMOTE_ARGV(PROGRAM, "run", "--at", daemon->address, "--token-file",
                    path, "--", "true"),
            NULL);
    check_end(&command, status, words);
    g_free(path);
}

static void a_token_opens_a_port(void)
{
    struct daemon daemon;
    struct command command;

    daemon_start_tcp(&daemon, TOKEN);
    check_token(&daemon, TOKEN "\n", 0, "");
    check_token(&daemon, TOKEN ".", 125, "token");
    check_token(&daemon, "\n", 125, "is empty");
    command_start(&command,
            REMOTE_ARGV(PROGRAM, "run", "--at", daemon.address, "--", "true"),
            NULL);
    check_end(&command, 125, "token");
    daemon_stop(&daemon);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/cli_loss", a_restarted_executor_is_told);
    SUITE_ADD("/cli_loss", a_restarted_front_is_not_noticed);
    SUITE_ADD("/cli_loss", the_third_interrupt_needs_no_executor);
    SUITE_ADD("/cli_loss", a_signal_ends_an_attempt_to_connect);
    SUITE_ADD("/cli_loss", a_token_opens_a_port);
    return g_test_run();
}
