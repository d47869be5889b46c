/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remexd as its operator meets it: how it starts, refuses to, and ends.
 */

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "support/command.h"
#include "support/stranger.h"
#include "support/suite.h"

static const char remexd[] = REMEX_BIN_DIR "/remexd";

enum { PATIENCE_MS = 10000 };

static void check_refuses(const char *address, int status, const char *reason)
{
    const char *argv[] = { remexd, "--listen", address, NULL };
    struct command_result result;

    command_run(argv, &result);
    g_assert_cmpint(result.status, ==, status);
    g_assert_cmpstr(result.out_text, ==, "");
    if (!strstr(result.err_text, reason))
        g_error("'%s' does not say '%s'", result.err_text, reason);
    g_assert_true(g_str_has_prefix(result.err_text, "remexd: "));
    g_assert_true(strchr(result.err_text, '\n') ==
            result.err_text + strlen(result.err_text) - 1); /* one line */
    command_result_deinit(&result);
}

static void it_says_in_a_line_why_it_cannot_start(void)
{
    char *directory = g_dir_make_tmp("remex-XXXXXX", NULL);
    char *path = g_build_filename(directory, "file", NULL);
    char *address = g_strconcat("ipc://", path, NULL);
    char *text;

    check_refuses("nonsense", 2, "nonsense");
    check_refuses("tcp://127.0.0.1:0", 2, "--tokens");
    check_refuses("ipc:///nowhere/at/all", 1, "/nowhere/at/all");
    g_assert_true(g_file_set_contents(path, "precious", -1, NULL));
    check_refuses(address, 1, "not a socket");
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "precious");
    g_unlink(path);
    g_assert_cmpint(g_rmdir(directory), ==, 0);
    g_free(text);
    g_free(address);
    g_free(path);
    g_free(directory);
}

/* One that listens, and what it listens at. */
struct started {
    struct command command;
    char *address;
};

static void start(struct started *started, const char *const *argv)
{
    command_start(&started->command, argv, NULL);
    started->address = command_read_line(started->command.out);
}

static int end(struct started *started, int signal_number)
{
    struct command_result result;
    int status;

    kill(started->command.pid, signal_number);
    command_finish(&started->command, NULL, 0, &result);
    status = result.status;
    command_result_deinit(&result);
    g_free(started->address);
    return status;
}

/* Whether there is a socket that only its owner can open. */
static bool is_private_socket(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISSOCK(status.st_mode) &&
            (status.st_mode & 0777) == 0600;
}

static void it_tells_where_it_listens_and_ends_when_asked_to(void)
{
    static const int signals[] = { SIGTERM, SIGINT };
    char *directory = g_dir_make_tmp("remex-XXXXXX", NULL);
    char *address = g_strdup_printf("ipc://%s/socket", directory);
    const char *path = address + strlen("ipc://");
    const char *argv[] = { remexd, "--listen", address, "--ready-fd", "1",
        NULL };

    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++) {
        struct started started;

        start(&started, argv);
        g_assert_cmpstr(started.address, ==, address);
        g_assert_cmpint(is_private_socket(path), ==, true);
        g_assert_cmpint(end(&started, signals[i]), ==, 0);
    }
    g_assert_cmpint(g_rmdir(directory), ==, 0); /* nothing is left */
    g_free(address);
    g_free(directory);
}

static void check_default(const char *directory)
{
    const char *argv[] = { remexd, "--ready-fd", "1", NULL };
    char *home = g_build_filename(directory, "remex", NULL);
    struct started started;
    struct stat status;

    g_setenv("XDG_RUNTIME_DIR", directory, TRUE);
    start(&started, argv);
    g_assert_true(g_str_has_suffix(started.address, "/remex/executor"));
    g_assert_cmpint(stat(home, &status), ==, 0);
    g_assert_cmpint(status.st_mode & 0777, ==, 0700);
    g_assert_cmpint(end(&started, SIGTERM), ==, 0);
    g_assert_cmpint(g_rmdir(home), ==, 0);
    g_free(home);
}

static void its_default_is_a_directory_of_its_users(void)
{
    char *directory = g_dir_make_tmp("remex-XXXXXX", NULL);

    if (geteuid() == 0)
        g_test_skip("root's is /run/remex");
    else
        check_default(directory);
    g_assert_cmpint(g_rmdir(directory), ==, 0);
    g_free(directory);
}

static void it_listens_on_several_addresses(void)
{
    char *directory = g_dir_make_tmp("remex-XXXXXX", NULL);
    char *one = g_strdup_printf("ipc://%s/one", directory);
    char *two = g_strdup_printf("ipc://%s/two", directory);
    const char *argv[] = { remexd, "--listen", one, "--listen", two,
        "--ready-fd", "1", NULL };
    struct started started;
    char *second;

    start(&started, argv);
    second = command_read_line(started.command.out);
    g_assert_cmpstr(started.address, ==, one);
    g_assert_cmpstr(second, ==, two);
    stranger_wait_served(one, PATIENCE_MS);
    stranger_wait_served(two, PATIENCE_MS);
    g_assert_cmpint(end(&started, SIGTERM), ==, 0);
    g_assert_cmpint(g_rmdir(directory), ==, 0);
    g_free(second);
    g_free(two);
    g_free(one);
    g_free(directory);
}

/* --- Embedded ------------------------------------------------------------- */

static char *read_text_line(int fd)
{
    GString *line = g_string_new(NULL);
    char c;

    while (read(fd, &c, 1) == 1 && c != '\n')
        g_string_append_c(line, c);
    return g_string_free(line, FALSE);
}

static int host_end;

/* In the child: descriptor 3 is its end. */
static void give_end(void)
{
    dup2(host_end, 3);
}

static void a_private_one_is_nobodys_child_and_ends_with_its_host(void)
{
    const char *argv[] = { remexd, "--embedded", "3", NULL };
    struct command command;
    char *address;
    char *path;
    char c;
    int ends[2];

    g_assert_cmpint(
            socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), ==, 0);
    host_end = ends[1];
    command_start(&command, argv, give_end);
    close(ends[1]);
    g_assert_cmpint(waitpid(command.pid, NULL, 0), ==, command.pid);
    address = read_text_line(ends[0]);
    g_assert_true(g_str_has_prefix(address, "ipc:///"));
    stranger_wait_served(address, PATIENCE_MS);
    path = g_path_get_dirname(address + strlen("ipc://"));
    g_assert_true(g_file_test(path, G_FILE_TEST_IS_DIR));
    shutdown(ends[0], SHUT_WR);
    g_assert_cmpint(read(ends[0], &c, 1), ==, 0); /* nothing of it is left */
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    close(ends[0]);
    close(command.in);
    close(command.out);
    close(command.err);
    g_free(path);
    g_free(address);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    suite_start_nng();
    SUITE_ADD("/startup", it_says_in_a_line_why_it_cannot_start);
    SUITE_ADD("/startup", it_tells_where_it_listens_and_ends_when_asked_to);
    SUITE_ADD("/startup", its_default_is_a_directory_of_its_users);
    SUITE_ADD("/startup", it_listens_on_several_addresses);
    SUITE_ADD(
            "/startup", a_private_one_is_nobodys_child_and_ends_with_its_host);
    return g_test_run();
}
