/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Connecting where there is no executor, or not for us.
 */

#include <remex/client.h>

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "support/daemon.h"
#include "support/remote.h"
#include "support/suite.h"

#define SECOND_US G_USEC_PER_SEC

static struct remex_client_options with_timeout(int ms)
{
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);

    options.connect_timeout_ms = ms;
    return options;
}

/* Checks that connecting ends so, within `ms`, and says a word of why. */
static void check_refused(const char *address,
        const struct remex_client_options *options, enum remex_status status,
        const char *word, int ms)
{
    gint64 before = g_get_monotonic_time();
    struct remex_client *client = NULL;
    struct remex_error error;

    g_assert_cmpint(remex_client_connect(address, options, &client, &error), ==,
            status);
    g_assert_null(client);
    g_assert_cmpint(error.status, ==, status);
    if (!strstr(error.text, word))
        g_error("'%s' does not say '%s'", error.text, word);
    g_assert_cmpint(g_get_monotonic_time() - before, <, (gint64)ms * 1000);
}

/* A path in a directory of its own. Both are the caller's to remove. */
static char *make_path(char **directory_out)
{
    *directory_out = g_dir_make_tmp("remex-test-XXXXXX", NULL);
    g_assert_nonnull(*directory_out);
    return g_build_filename(*directory_out, "socket", NULL);
}

static void remove_path(char *path, char *directory)
{
    g_unlink(path);
    g_rmdir(directory);
    g_free(path);
    g_free(directory);
}

/* A socket of this type, bound to the path. */
static int bind_to(const char *path, int type)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

    g_assert_cmpint(fd, >=, 0);
    g_strlcpy(to.sun_path, path, sizeof(to.sun_path));
    g_assert_cmpint(bind(fd, (const struct sockaddr *)&to, sizeof(to)), ==, 0);
    return fd;
}

static void check_path_refused(const char *path, enum remex_status status,
        const char *word, int timeout_ms)
{
    struct remex_client_options options = with_timeout(timeout_ms);
    char *address = g_strconcat("ipc://", path, NULL);

    check_refused(address, &options, status, word, timeout_ms + 500);
    g_free(address);
}

static void where_there_is_no_socket(void)
{
    char *directory;
    char *path = make_path(&directory);

    check_path_refused(path, REMEX_NOT_FOUND, "remexd", 1000);
    remove_path(path, directory);
}

static void where_nobody_listens_any_more(void)
{
    char *directory;
    char *path = make_path(&directory);

    close(bind_to(path, SOCK_STREAM));
    check_path_refused(path, REMEX_UNAVAILABLE, "nobody listens", 5000);
    remove_path(path, directory);
}

static void where_something_else_is(void)
{
    char *directory;
    char *path = make_path(&directory);
    int fd;

    g_assert_true(g_file_set_contents(path, "a file", -1, NULL));
    check_path_refused(path, REMEX_UNAVAILABLE, "", 2500);
    g_unlink(path);
    fd = bind_to(path, SOCK_DGRAM);
    check_path_refused(path, REMEX_INVALID_ARGUMENT, "not the socket", 2500);
    close(fd);
    remove_path(path, directory);
}

static void where_somebody_listens_but_says_nothing(void)
{
    char *directory;
    char *path = make_path(&directory);
    int fd = bind_to(path, SOCK_STREAM);

    g_assert_cmpint(listen(fd, 8), ==, 0);
    check_path_refused(path, REMEX_UNAVAILABLE, "does not answer", 700);
    close(fd);
    remove_path(path, directory);
}

static void where_we_may_not_go(void)
{
    char *directory;
    char *path = make_path(&directory);
    int fd;

    if (geteuid() == 0) {
        g_test_skip("root may go anywhere");
    } else {
        fd = bind_to(path, SOCK_STREAM);
        g_assert_cmpint(listen(fd, 8), ==, 0);
        g_assert_cmpint(g_chmod(path, 0), ==, 0);
        check_path_refused(
                path, REMEX_PERMISSION_DENIED, "may not connect", 2000);
        close(fd);
    }
    remove_path(path, directory);
}

static void by_tcp_where_nobody_listens(void)
{
    struct remex_client_options options = with_timeout(5000);

    /* Reserved, and used by nobody. */
    check_refused("tcp://127.0.0.1:1", &options, REMEX_UNAVAILABLE,
            "nobody listens", 4000);
}

static void an_address_that_is_none(void)
{
    check_refused("nonsense", NULL, REMEX_INVALID_ARGUMENT, "", 100);
    check_refused("ipc://", NULL, REMEX_INVALID_ARGUMENT, "", 100);
    check_refused("ssh://-h", NULL, REMEX_INVALID_ARGUMENT, "host", 100);
}

static void a_private_executor_that_is_not_there(void)
{
    struct remex_client_options options = with_timeout(2000);

    options.executor_program = "/nowhere/remexd";
    check_refused(
            "local:", &options, REMEX_UNAVAILABLE, "/nowhere/remexd", 500);
    options.executor_program = "/bin/true";
    check_refused("local:", &options, REMEX_UNAVAILABLE, "ended", 2500);
}

static void a_token_is_asked_for_by_tcp(void)
{
    static const char token[] = "an-extraordinarily-secret-token";
    struct remex_client_options options = with_timeout(5000);
    struct remex_client *client = NULL;
    struct daemon daemon;

    daemon_start_tcp(&daemon, token);
    check_refused(
            daemon.address, &options, REMEX_UNAUTHENTICATED, "token", 5000);
    options.token = "wrong";
    check_refused(
            daemon.address, &options, REMEX_UNAUTHENTICATED, "token", 5000);
    options.token = token;
    g_assert_cmpint(
            remex_client_connect(daemon.address, &options, &client, NULL), ==,
            REMEX_OK);
    remex_client_free(client);
    daemon_stop(&daemon);
}

static void a_failure_is_not_held_against_the_address(void)
{
    struct daemon daemon;
    char *address;

    daemon_start(&daemon);
    address = g_strdup(daemon.address);
    daemon_kill_executor(&daemon);
    check_path_refused(
            address + strlen("ipc://"), REMEX_UNAVAILABLE, "remexd", 2500);
    daemon_restart(&daemon);
    remex_client_free(remote_connect_to(address));
    daemon_stop(&daemon);
    g_free(address);
}

static void options_of_another_size_are_understood(void)
{
    struct remex_client_options options = { .size = sizeof(options.size) };
    struct remex_client *client = NULL;

    /* What lies behind the size is not looked at. */
    options.connect_timeout_ms = -1;
    g_assert_cmpint(remex_client_connect("local:", &options, &client, NULL), ==,
            REMEX_OK);
    remex_client_free(client);
    options.size = 0;
    check_refused("local:", &options, REMEX_INVALID_ARGUMENT, "", 100);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/client_connect", where_there_is_no_socket);
    SUITE_ADD("/client_connect", where_nobody_listens_any_more);
    SUITE_ADD("/client_connect", where_something_else_is);
    SUITE_ADD("/client_connect", where_somebody_listens_but_says_nothing);
    SUITE_ADD("/client_connect", where_we_may_not_go);
    SUITE_ADD("/client_connect", by_tcp_where_nobody_listens);
    SUITE_ADD("/client_connect", an_address_that_is_none);
    SUITE_ADD("/client_connect", a_private_executor_that_is_not_there);
    SUITE_ADD("/client_connect", a_token_is_asked_for_by_tcp);
    SUITE_ADD("/client_connect", a_failure_is_not_held_against_the_address);
    SUITE_ADD("/client_connect", options_of_another_size_are_understood);
    return g_test_run();
}
