/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Starts that must fail, each in its own words; and many at once that must not.
 */

#include <errno.h>
#include <string.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "support/remote.h"
#include "support/suite.h"
#include "support/transcript.h"

#define THREADS 30
#define STARTS_PER_THREAD 10
#define MIB ((size_t)1024 * 1024)

/* Starts it, which must fail; the handle must not be touched. */
static struct remex_error refused(struct remex_client *client,
        const char *const *argv, const struct remex_process_options *options)
{
    struct remex_process *process = NULL;
    struct remex_error error = { 0 };
    enum remex_status status =
            remex_process_start(client, argv, options, &process, &error);

    g_assert_cmpint(status, !=, REMEX_OK);
    g_assert_cmpint(error.status, ==, status);
    g_assert_cmpstr(error.text, !=, "");
    g_assert_null(process);
    return error;
}

static void check_runs(struct remex_client *client,
        const struct remex_process_options *options)
{
    struct remex_process *process =
            remote_start(client, REMOTE_ARGV("true"), options);
    struct transcript story;

    transcript_init(&story);
    transcript_follow(&story, process);
    transcript_check_exit(&story, 0);
    transcript_deinit(&story);
    remex_process_free(process);
}

/* A launch that fails at that stage with that errno, and leaves its id free. */
static void check_launch(const char *const *argv, const char *cwd,
        enum remex_launch_stage stage, int os_error)
{
    struct remex_client *client = remote_connect();
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_error error;

    options.id = "the-only-id";
    options.cwd = cwd;
    error = refused(client, argv, &options);
    g_assert_cmpint(error.kind, ==, REMEX_ERROR_LAUNCH_FAILED);
    g_assert_cmpstr(remex_launch_stage_name(error.stage), ==,
            remex_launch_stage_name(stage));
    g_assert_cmpstr(g_strerror(error.os_error), ==, g_strerror(os_error));
    options.cwd = NULL;
    check_runs(client, &options);
    remex_client_free(client);
}

static void no_such_program(void)
{
    check_launch(
            REMOTE_ARGV("/no/such/program"), NULL, REMEX_STAGE_EXEC, ENOENT);
    check_launch(REMOTE_ARGV("no-such-program-in-path"), NULL, REMEX_STAGE_EXEC,
            ENOENT);
}

static void no_such_directory(void)
{
    check_launch(REMOTE_ARGV("true"), "/no/such", REMEX_STAGE_CWD, ENOENT);
    check_launch(REMOTE_ARGV("true"), "/etc/passwd", REMEX_STAGE_CWD, ENOTDIR);
}

static void not_executable(void)
{
    check_launch(REMOTE_ARGV("/etc/passwd"), NULL, REMEX_STAGE_EXEC, EACCES);
    check_launch(REMOTE_ARGV("/usr"), NULL, REMEX_STAGE_EXEC, EACCES);
}

static void no_program_after_all(void)
{
    char *path = NULL;
    int fd = g_file_open_tmp("remex-XXXXXX", &path, NULL);

    g_assert_true(g_file_set_contents(path, "neither\n", -1, NULL));
    g_assert_cmpint(g_chmod(path, 0700), ==, 0);
    g_assert_true(g_close(fd, NULL));
    check_launch(REMOTE_ARGV(path), NULL, REMEX_STAGE_EXEC, ENOEXEC);
    g_unlink(path);
    g_free(path);
}

static void one_argument_too_long_for_the_kernel(void)
{
    char *argument = g_strnfill(200 * 1024, 'x');

    check_launch(REMOTE_ARGV("true", argument), NULL, REMEX_STAGE_EXEC, E2BIG);
    g_free(argument);
}

static void arguments_over_the_limit_are_named(void)
{
    struct remex_client *client = remote_connect();
    char *argument = g_strnfill(64 * MIB, 'x');
    struct remex_error error =
            refused(client, REMOTE_ARGV("true", argument), NULL);

    g_assert_cmpint(error.kind, ==, REMEX_ERROR_LIMIT_HIT);
    g_assert_cmpuint(error.asked, >, error.allowed);
    g_assert_cmpstr(error.name, !=, "");
    check_runs(client, NULL);
    g_free(argument);
    remex_client_free(client);
}

static void check_invalid(struct remex_client *client, const char *const *argv,
        const struct remex_process_options *options)
{
    struct remex_error error = refused(client, argv, options);

    g_assert_cmpstr(remex_status_name(error.status), ==,
            remex_status_name(REMEX_INVALID_ARGUMENT));
}

static void what_makes_no_sense_is_invalid(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    static const char *const nameless[] = { "=value", NULL };
    char *long_id = g_strnfill(129, 'x');

    check_invalid(client, (const char *const[]){ NULL }, NULL);
    options.cwd = "relative";
    check_invalid(client, REMOTE_ARGV("true"), &options);
    options.cwd = NULL;
    options.id = "";
    check_invalid(client, REMOTE_ARGV("true"), &options);
    options.id = long_id;
    check_invalid(client, REMOTE_ARGV("true"), &options);
    options.id = NULL;
    options.env = nameless;
    check_invalid(client, REMOTE_ARGV("true"), &options);
    options.env = NULL;
    options.wall_time_ms = -5;
    check_invalid(client, REMOTE_ARGV("true"), &options);
    check_runs(client, NULL);
    g_free(long_id);
    remex_client_free(client);
}

static void an_id_names_one_process(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process_options options = remote_with_stdin();
    struct remex_process *process;

    options.id = "one";
    process = remote_start(client, REMOTE_ARGV("cat"), &options);
    g_assert_cmpstr(remex_process_id(process), ==, "one");
    g_assert_cmpint(refused(client, REMOTE_ARGV("cat", "-n"), &options).status,
            ==, REMEX_ALREADY_EXISTS);
    remex_process_free(process);
    remex_client_free(client);
}

static void *start_and_follow_some(void *data)
{
    struct remex_client *client = data;
    struct remex_process *processes[STARTS_PER_THREAD];

    for (int i = 0; i < STARTS_PER_THREAD; i++)
        processes[i] = remote_shell(client, "echo x; echo y >&2; exit 4");
    for (int i = 0; i < STARTS_PER_THREAD; i++) {
        struct transcript story;

        transcript_init(&story);
        transcript_follow(&story, processes[i]);
        transcript_check_text(&story, REMEX_STDOUT, "x\n");
        transcript_check_text(&story, REMEX_STDERR, "y\n");
        transcript_check_exit(&story, 4);
        transcript_deinit(&story);
        remex_process_free(processes[i]);
    }
    return NULL;
}

static void three_hundred_starts_at_once_all_finish(void)
{
    struct remex_client *client = remote_connect();
    GThread *threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        threads[i] = g_thread_new("starter", start_and_follow_some, client);
    for (int i = 0; i < THREADS; i++)
        g_thread_join(threads[i]);
    remex_client_free(client);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/launch", no_such_program);
    SUITE_ADD("/launch", no_such_directory);
    SUITE_ADD("/launch", not_executable);
    SUITE_ADD("/launch", no_program_after_all);
    SUITE_ADD("/launch", one_argument_too_long_for_the_kernel);
    SUITE_ADD("/launch", arguments_over_the_limit_are_named);
    SUITE_ADD("/launch", what_makes_no_sense_is_invalid);
    SUITE_ADD("/launch", an_id_names_one_process);
    SUITE_ADD("/launch", three_hundred_starts_at_once_all_finish);
    return g_test_run();
}
