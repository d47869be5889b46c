/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a front is left with, and what it costs to try for more: the front, and
 * nothing else.
 */

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <glib.h>

#include "support/command.h"
#include "support/daemon.h"
#include "support/inject.h"
#include "support/remote.h"
#include "support/secret.h"
#include "support/suite.h"
#include "support/transcript.h"
#include "support/tree.h"

#define NO_CAPABILITIES "0000000000000000"
#define GIVEN 54321
#define REMEXD REMEX_BIN_DIR "/remexd"

enum { PATIENCE_MS = 10000 };

/* What follows "NAME:" in a thread's status; yours to g_free. */
static char *status_line(const char *directory, const char *name)
{
    char *path = g_build_filename(directory, "status", NULL);
    char *text = NULL;
    char **lines;
    char *found = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    lines = g_strsplit(text, "\n", 0);
    for (char **line = lines; *line && !found; line++) {
        if (g_str_has_prefix(*line, name) && (*line)[strlen(name)] == ':')
            found = g_strstrip(g_strdup(*line + strlen(name) + 1));
    }
    g_assert_nonnull(found);
    g_strfreev(lines);
    g_free(text);
    g_free(path);
    return found;
}

static void check_line(
        const char *directory, const char *name, const char *expected)
{
    char *line = status_line(directory, name);

    g_assert_cmpstr(line, ==, expected);
    g_free(line);
}

/* The one user id that a thread has. */
static unsigned long uid_of(const char *directory)
{
    char *line = status_line(directory, "Uid");
    char **ids = g_strsplit(line, "\t", 0);
    unsigned long uid = strtoul(ids[0], NULL, 10);

    for (char **id = ids; *id; id++)
        g_assert_cmpstr(*id, ==, ids[0]);
    g_strfreev(ids);
    g_free(line);
    return uid;
}

/* Each of its threads; the user that they are. */
static unsigned long check_threads(pid_t front)
{
    char *path = g_strdup_printf("/proc/%d/task", (int)front);
    GDir *dir = g_dir_open(path, 0, NULL);
    unsigned long uid = geteuid();
    unsigned int count = 0;
    const char *name;

    g_assert_nonnull(dir);
    while ((name = g_dir_read_name(dir))) {
        char *thread = g_build_filename(path, name, NULL);

        check_line(thread, "NoNewPrivs", "1");
        check_line(thread, "Seccomp", "2");
        check_line(thread, "CapEff", NO_CAPABILITIES);
        check_line(thread, "CapPrm", NO_CAPABILITIES);
        check_line(thread, "CapInh", NO_CAPABILITIES);
        if (count++ > 0)
            g_assert_cmpuint(uid_of(thread), ==, uid);
        uid = uid_of(thread);
        g_free(thread);
    }
    g_assert_cmpuint(count, >, 0);
    g_dir_close(dir);
    g_free(path);
    return uid;
}

/* Whether root has users to give to fronts here: not in every namespace. */
static bool has_other_users(void)
{
    char *text = NULL;
    bool all;

    g_assert_true(g_file_get_contents("/proc/self/uid_map", &text, NULL, NULL));
    all = geteuid() == 0 && strstr(text, "4294967295");
    g_free(text);
    return all;
}

static void check_user(unsigned long uid)
{
    if (has_other_users())
        g_assert_cmpuint(uid, >=, 0x78000000);
    else
        g_assert_cmpuint(uid, ==, geteuid());
}

/* --- What it is ----------------------------------------------------------- */

static void check_socket(const struct daemon *daemon, const char *name)
{
    char *path = g_build_filename(daemon->directory, name, NULL);
    struct stat status;

    g_assert_cmpint(stat(path, &status), ==, 0);
    g_assert_cmpint(status.st_mode & 0777, ==, 0600);
    g_free(path);
}

static void of_ipc_it_is_nobody_with_nothing(void)
{
    struct daemon daemon;

    daemon_start(&daemon);
    check_user(check_threads(daemon_front(&daemon)));
    check_socket(&daemon, "socket");
    check_socket(&daemon, "socket.hints");
    daemon_stop(&daemon);
}

static void of_tcp_as_well(void)
{
    struct daemon daemon;

    daemon_start_tcp(&daemon, "a token that nobody guesses");
    check_user(check_threads(daemon_front(&daemon)));
    daemon_stop(&daemon);
}

static void of_tls_as_well(void)
{
    char *pki = secret_pki();
    struct daemon daemon;

    daemon_start_tls(&daemon, pki);
    check_user(check_threads(daemon_front(&daemon)));
    daemon_stop(&daemon);
    secret_free(pki);
}

static void its_user_can_be_given(void)
{
    static const char *const given[] = { "--front-user", "54321:54321", NULL };
    struct daemon daemon;
    char *home;
    char *listen;

    if (!has_other_users()) {
        g_test_skip("only root can become another user");
        return;
    }
    home = g_dir_make_tmp("remex-test-XXXXXX", NULL);
    listen = g_strdup_printf("ipc://%s/socket", home);
    daemon_start_with(&daemon, listen, given);
    g_assert_cmpuint(check_threads(daemon_front(&daemon)), ==, GIVEN);
    daemon_kill_front(&daemon);
    daemon_stop(&daemon);
    g_assert_cmpint(rmdir(home), ==, 0);
    g_free(listen);
    g_free(home);
}

/* --- What is refused ------------------------------------------------------ */

static void check_refuses(const char *const *argv, const char *reason)
{
    struct command_result result;

    command_run(argv, &result);
    g_assert_cmpint(result.status, ==, 2);
    if (!strstr(result.err_text, reason))
        g_error("'%s' does not say '%s'", result.err_text, reason);
    command_result_deinit(&result);
}

static void a_user_that_is_no_use_is_refused(void)
{
    check_refuses(REMOTE_ARGV(REMEXD, "--front-user", "no-such-user"),
            "there is no user 'no-such-user'");
    if (geteuid() != 0) {
        check_refuses(REMOTE_ARGV(REMEXD, "--front-user", "54321:54321"),
                "only root");
        check_refuses(
                REMOTE_ARGV(REMEXD, "--run-as", "54321:54321"), "only root");
        return;
    }
    check_refuses(REMOTE_ARGV(REMEXD, "--front-user", "root"),
            "they must not be root");
    check_refuses(REMOTE_ARGV(REMEXD, "--run-as", "54321:54321", "--front-user",
                          "54321:54321"),
            "could get hold of the fronts");
}

/* --- What it costs -------------------------------------------------------- */

static void check_echo(struct remex_process *process, struct transcript *story,
        uint64_t *count)
{
    size_t taken;

    g_assert_cmpint(
            remex_process_write(process, "x", 1, PATIENCE_MS, &taken, NULL), ==,
            REMEX_OK);
    transcript_follow_until(story, process, REMEX_STDOUT, ++*count);
}

static void a_forbidden_call_costs_the_front_and_nothing_else(void)
{
    struct remex_process_options options = remote_with_stdin();
    struct daemon daemon;
    struct remex_client *client;
    struct remex_process *process;
    struct transcript story;
    uint64_t count = 0;
    pid_t executor;
    pid_t front;

    daemon_start(&daemon);
    client = remote_connect_to(daemon.address);
    process = remote_start(client, REMOTE_ARGV("cat"), &options);
    transcript_init(&story);
    check_echo(process, &story, &count);
    executor = daemon_executor(&daemon);
    front = daemon_front(&daemon);
    if (inject_call(front, SYS_unlinkat)) {
        g_assert_true(tree_wait_gone(front, PATIENCE_MS));
        g_assert_cmpint(daemon_front(&daemon), !=, front);
        check_echo(process, &story, &count);
        g_assert_cmpint(daemon_executor(&daemon), ==, executor);
        g_assert_null(strpbrk(story.order->str, "GF"));
    } else {
        g_test_skip("no code can be put into a front here");
    }
    transcript_deinit(&story);
    remex_process_free(process);
    remex_client_free(client);
    daemon_stop(&daemon);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    suite_start_nng();
    SUITE_ADD("/confinement", of_ipc_it_is_nobody_with_nothing);
    SUITE_ADD("/confinement", of_tcp_as_well);
    SUITE_ADD("/confinement", of_tls_as_well);
    SUITE_ADD("/confinement", its_user_can_be_given);
    SUITE_ADD("/confinement", a_user_that_is_no_use_is_refused);
    SUITE_ADD(
            "/confinement", a_forbidden_call_costs_the_front_and_nothing_else);
    return g_test_run();
}
