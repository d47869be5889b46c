/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Programs under another user than remexd: what they are, what they may not,
 * and that they are as much in its hand as others. Only root can do that.
 */

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "support/daemon.h"
#include "support/remote.h"
#include "support/suite.h"
#include "support/transcript.h"
#include "support/tree.h"

#define NOBODY 65534
#define SOMEBODY_ELSE 65533

enum { PATIENCE_MS = 10000 };

/* An executor whose programs are nobody's, and a directory that they can read,
 * for the build folder may be closed to them. */
struct scene {
    struct daemon daemon;
    struct remex_client *client;
    char *open;
};

static void scene_init(struct scene *scene)
{
    static const char *const arguments[] = { "--run-as", "65534:65534", NULL };
    char *home = g_dir_make_tmp("remex-test-XXXXXX", NULL);
    char *listen = g_strdup_printf("ipc://%s/socket", home);

    /* daemon_start_with makes a directory for files; the socket wants to be in
     * one whose path is known before. */
    daemon_start_with(&scene->daemon, listen, arguments);
    g_assert_cmpint(g_rmdir(scene->daemon.directory), ==, 0);
    g_free(scene->daemon.directory);
    scene->daemon.directory = home;
    scene->client = remote_connect_to(scene->daemon.address);
    scene->open = g_dir_make_tmp("remex-test-XXXXXX", NULL);
    g_assert_cmpint(g_chmod(scene->open, 0755), ==, 0);
    g_free(listen);
}

static void scene_deinit(struct scene *scene)
{
    remex_client_free(scene->client);
    daemon_stop(&scene->daemon);
    g_assert_cmpint(g_rmdir(scene->open), ==, 0);
    g_free(scene->open);
}

/* One of tests/support/children, where everybody may execute it. To be given to
 * put_away. */
static char *lay_out(const struct scene *scene, const char *name)
{
    char *source = g_build_filename(REMEX_BIN_DIR "/children", name, NULL);
    char *path = g_build_filename(scene->open, name, NULL);
    char *text;
    gsize size;

    g_assert_true(g_file_get_contents(source, &text, &size, NULL));
    g_assert_true(g_file_set_contents(path, text, (gssize)size, NULL));
    g_assert_cmpint(g_chmod(path, 0755), ==, 0);
    g_free(text);
    g_free(source);
    return path;
}

static void put_away(char *path)
{
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_free(path);
}

static struct remex_process_options in_root(void)
{
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);

    options.cwd = "/";
    return options;
}

/* Its stdout and, for a terminal, all of it. Yours to g_free. */
static char *output_of(const struct scene *scene, const char *const *argv,
        const struct remex_process_options *options)
{
    struct remex_process *process = remote_start(scene->client, argv, options);
    enum remex_stream stream = options->pty ? REMEX_TERMINAL : REMEX_STDOUT;
    struct transcript story;
    char *text;

    transcript_init(&story);
    transcript_follow(&story, process);
    transcript_check_exit(&story, 0);
    text = g_strndup((const char *)story.streams[stream - 1]->data,
            story.streams[stream - 1]->len);
    transcript_deinit(&story);
    remex_process_free(process);
    return text;
}

static void check_says(const struct scene *scene, const char *script,
        const struct remex_process_options *options, const char *expected)
{
    char *text =
            output_of(scene, REMOTE_ARGV("/bin/sh", "-c", script), options);

    g_assert_cmpstr(text, ==, expected);
    g_free(text);
}

/* --- What they are -------------------------------------------------------- */

static void a_program_is_that_user_and_no_more(void)
{
    struct remex_process_options options = in_root();
    struct scene scene;

    scene_init(&scene);
    check_says(&scene,
            "grep -E '^(Uid|Gid|Groups|Cap[IPEA][a-z]*|NoNewPrivs):' "
            "/proc/self/status | tr -s '\\t ' ' '",
            &options,
            "Uid: 65534 65534 65534 65534\n"
            "Gid: 65534 65534 65534 65534\n"
            "Groups: 65534 \n"
            "CapInh: 0000000000000000\n"
            "CapPrm: 0000000000000000\n"
            "CapEff: 0000000000000000\n"
            "CapAmb: 0000000000000000\n"
            "NoNewPrivs: 1\n");
    scene_deinit(&scene);
}

static void its_environment_is_about_that_user(void)
{
    static const char *const own[] = { "HOME=/tmp", "LOGNAME", NULL };
    static const char *const exact[] = { "PATH=/usr/bin:/bin", NULL };
    struct remex_process_options options = in_root();
    struct scene scene;

    g_setenv("XDG_RUNTIME_DIR", "/run/user/0", TRUE);
    g_setenv("SSH_AUTH_SOCK", "/run/user/0/agent", TRUE);
    scene_init(&scene);
    check_says(&scene, "echo $USER $LOGNAME $XDG_RUNTIME_DIR$SSH_AUTH_SOCK",
            &options, "nobody nobody\n");
    options.env = own;
    check_says(&scene, "echo $HOME ${LOGNAME-none} $USER", &options,
            "/tmp none nobody\n");
    options.env_mode = REMEX_ENV_EXACT;
    options.env = exact;
    check_says(&scene, "env | grep -E '^(HOME|USER|LOGNAME)=' || echo none",
            &options, "none\n");
    g_unsetenv("XDG_RUNTIME_DIR");
    g_unsetenv("SSH_AUTH_SOCK");
    scene_deinit(&scene);
}

/* As many scripts do. */
static void it_may_open_its_streams_by_name(void)
{
    struct remex_pty_options pty = { .rows = 0 };
    struct remex_process_options options = in_root();
    struct scene scene;

    scene_init(&scene);
    check_says(&scene, "echo a > /dev/stdout; echo b > /dev/stderr", &options,
            "a\n");
    options.pty = &pty;
    check_says(&scene, "echo a > $(tty); echo b > /dev/tty", &options,
            "a\r\nb\r\n");
    scene_deinit(&scene);
}

/* --- What they may not ---------------------------------------------------- */

static void check_launch_fails(const struct scene *scene, const char *program,
        const struct remex_process_options *options,
        enum remex_launch_stage stage, int os_error)
{
    struct remex_process *process;
    struct remex_error error = { 0 };

    g_assert_cmpint(remex_process_start(scene->client, REMOTE_ARGV(program),
                            options, &process, &error),
            !=, REMEX_OK);
    g_assert_cmpstr(remex_launch_stage_name(error.stage), ==,
            remex_launch_stage_name(stage));
    g_assert_cmpint(error.os_error, ==, os_error);
}

/* Directory, limits and program are had by his rights, not by root's. */
static void a_start_has_no_more_rights_than_the_user(void)
{
    struct rlimit limit;
    struct remex_rlimit raised = { RLIMIT_NOFILE, 1, 0 };
    struct remex_process_options options = in_root();
    struct scene scene;
    char *closed;

    scene_init(&scene);
    closed = lay_out(&scene, "exit0");
    g_assert_cmpint(g_chmod(closed, 0700), ==, 0);
    check_launch_fails(&scene, closed, &options, REMEX_STAGE_EXEC, EACCES);
    options.cwd = scene.daemon.directory; /* 0700 */
    check_launch_fails(&scene, "true", &options, REMEX_STAGE_CWD, EACCES);
    options.cwd = "/";
    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &limit), ==, 0);
    raised.hard = (uint64_t)limit.rlim_max + 1;
    options.rlimits = &raised;
    options.rlimit_count = 1;
    check_launch_fails(&scene, "true", &options, REMEX_STAGE_LIMITS, EPERM);
    put_away(closed);
    scene_deinit(&scene);
}

static pid_t start_somebody_else(void)
{
    pid_t pid = fork();

    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        if (setresgid(SOMEBODY_ELSE, SOMEBODY_ELSE, SOMEBODY_ELSE) == 0 &&
                setresuid(SOMEBODY_ELSE, SOMEBODY_ELSE, SOMEBODY_ELSE) == 0 &&
                prctl(PR_SET_PDEATHSIG, SIGKILL) == 0)
            pause();
        _exit(1);
    }
    return pid;
}

/* A line for each attempt: "WHOM WHAT: ERRNO". */
static void check_refused(const char *told)
{
    char **lines = g_strsplit(told, "\n", 0);
    unsigned int count = 0;

    for (char **line = lines; **line; line++, count++) {
        g_test_message("%s", *line);
        if (!g_str_has_suffix(*line, ": EPERM") &&
                !g_str_has_suffix(*line, ": EACCES"))
            g_error("not refused: %s", *line);
    }
    g_assert_cmpuint(count, >=, 4 * 30);
    g_strfreev(lines);
}

static void an_intruder_is_refused_everywhere(void)
{
    struct remex_process_options options = in_root();
    pid_t other = start_somebody_else();
    struct scene scene;
    char *intruder;
    char *secret;
    char *told;
    char pids[4][16];

    scene_init(&scene);
    intruder = lay_out(&scene, "intruder");
    secret = g_build_filename(scene.open, "tokens", NULL);
    g_assert_true(g_file_set_contents_full(
            secret, "secret", -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    g_snprintf(pids[0], sizeof(pids[0]), "%d", (int)scene.daemon.pid);
    g_snprintf(pids[1], sizeof(pids[1]), "%d",
            (int)daemon_executor(&scene.daemon));
    g_snprintf(
            pids[2], sizeof(pids[2]), "%d", (int)daemon_front(&scene.daemon));
    g_snprintf(pids[3], sizeof(pids[3]), "%d", (int)other);
    /* So that it is not only the directory that refuses. */
    g_assert_cmpint(g_chmod(scene.daemon.directory, 0755), ==, 0);
    told = output_of(&scene,
            REMOTE_ARGV(intruder, scene.daemon.directory, secret, pids[0],
                    pids[1], pids[2], pids[3]),
            &options);
    check_refused(told);
    g_assert_cmpint(kill(other, SIGKILL), ==, 0);
    g_assert_cmpint(waitpid(other, NULL, 0), ==, other);
    put_away(secret);
    put_away(intruder);
    scene_deinit(&scene);
    g_free(told);
}

/* --- In the hand of who started them -------------------------------------- */

static struct remex_process *start_deaf(
        const struct scene *scene, const char *deaf, pid_t *hidden_out)
{
    struct remex_process_options options = in_root();
    struct remex_process *process =
            remote_start(scene->client, REMOTE_ARGV(deaf), &options);
    struct transcript story;

    transcript_init(&story);
    transcript_follow_until(&story, process, REMEX_STDOUT, 2);
    *hidden_out = (pid_t)g_ascii_strtoll(
            (const char *)story.streams[REMEX_STDOUT - 1]->data, NULL, 10);
    g_assert_cmpint(*hidden_out, >, 1);
    transcript_deinit(&story);
    return process;
}

static void signals_and_kills_reach_the_whole_tree(void)
{
    struct scene scene;
    struct remex_process *process;
    char *deaf;
    pid_t hidden;
    bool delivered = false;

    scene_init(&scene);
    deaf = lay_out(&scene, "deaf");
    process = start_deaf(&scene, deaf, &hidden);
    g_assert_cmpint(remex_process_signal(process, SIGTERM, REMEX_SIGNAL_TREE,
                            &delivered, NULL),
            ==, REMEX_OK);
    g_assert_true(delivered);
    g_assert_true(tree_is_there(hidden));
    g_assert_cmpint(
            remex_process_terminate(process, &delivered, NULL), ==, REMEX_OK);
    g_assert_true(tree_wait_gone(hidden, PATIENCE_MS));
    remex_process_free(process);
    put_away(deaf);
    scene_deinit(&scene);
}

static void nothing_of_theirs_outlives_the_executor(void)
{
    struct scene scene;
    struct remex_process *process;
    char *deaf;
    pid_t hidden;

    scene_init(&scene);
    deaf = lay_out(&scene, "deaf");
    process = start_deaf(&scene, deaf, &hidden);
    daemon_kill_executor(&scene.daemon);
    g_assert_false(tree_is_there(hidden));
    remex_process_free(process);
    put_away(deaf);
    scene_deinit(&scene);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    suite_start_nng();
    if (geteuid() != 0) {
        g_test_message("only root can run programs as another user");
        return 77;
    }
    SUITE_ADD("/run_as", a_program_is_that_user_and_no_more);
    SUITE_ADD("/run_as", its_environment_is_about_that_user);
    SUITE_ADD("/run_as", it_may_open_its_streams_by_name);
    SUITE_ADD("/run_as", a_start_has_no_more_rights_than_the_user);
    SUITE_ADD("/run_as", an_intruder_is_refused_everywhere);
    SUITE_ADD("/run_as", signals_and_kills_reach_the_whole_tree);
    SUITE_ADD("/run_as", nothing_of_theirs_outlives_the_executor);
    return g_test_run();
}
