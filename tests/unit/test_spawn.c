/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "support/nursery.h"
#include "support/stage.h"
#include "support/suite.h"

#define CHILDREN REMEX_BIN_DIR "/children/"

static struct remex_bytes bytes_of(const char *text)
{
    return (struct remex_bytes){ text, strlen(text) };
}

/* --- What a child gets --------------------------------------------------- */

static char *output_of(struct process_spec *spec)
{
    struct remex_error error = { 0 };
    struct stage stage;
    struct actor *actor;
    char *output;

    stage_open(&stage);
    actor = stage_start(&stage, spec, &error);
    if (!actor)
        g_error("%s", error.text);
    stage_until_closed(actor);
    output = g_strdup(actor->out->str);
    stage_close(&stage);
    return output;
}

/* Of children/state, without the environment. */
static char *state_of_a_child(void)
{
    const char *const argv[] = { CHILDREN "state", "a b", "", NULL };
    struct process_spec spec = stage_spec(argv);
    char *output;

    spec.env_base = ENV_EMPTY;
    spec.cwd = bytes_of("/usr");
    spec.arg0 = bytes_of("-state");
    output = output_of(&spec);
    stage_spec_free(&spec);
    return output;
}

#define CLEAN_STATE \
    "fd 0 blocking\nfd 1 blocking\nfd 2 blocking\n" \
    "session own\ngroup own\nterminal none\ncwd /usr\n" \
    "argument -state\nargument a b\nargument \n"

static void a_child_gets_a_clean_state(void)
{
    char *state = state_of_a_child();

    g_assert_cmpstr(state, ==, CLEAN_STATE);
    g_free(state);
}

static void ignore(int signal_number)
{
    (void)signal_number;
}

static void nothing_of_ours_reaches_a_child(void)
{
    int leaks[] = { open("/", O_RDONLY), open("/etc/passwd", O_RDONLY) };
    int high = fcntl(leaks[0], F_DUPFD, 900);
    mode_t before_umask = umask(077);
    sigset_t set;
    sigset_t before;
    char *state;

    signal(SIGUSR1, SIG_IGN);
    signal(SIGRTMAX, SIG_IGN);
    signal(SIGUSR2, ignore);
    sigfillset(&set);
    pthread_sigmask(SIG_BLOCK, &set, &before);
    state = state_of_a_child();
    g_assert_cmpstr(state, ==, CLEAN_STATE);

    pthread_sigmask(SIG_SETMASK, &before, NULL);
    signal(SIGUSR1, SIG_DFL);
    signal(SIGUSR2, SIG_DFL);
    signal(SIGRTMAX, SIG_DFL);
    umask(before_umask);
    close(leaks[0]);
    close(leaks[1]);
    close(high);
    g_free(state);
}

static void a_child_has_an_ordinary_umask(void)
{
    const char *const argv[] = { "sh", "-c", "umask", NULL };
    struct process_spec spec = stage_spec(argv);
    mode_t before = umask(0);
    char *output = output_of(&spec);

    umask(before);
    g_assert_cmpstr(output, ==, "0022\n");
    g_free(output);
    stage_spec_free(&spec);
}

static void check_env(enum env_base base, const char *const *env,
        const char *script, const char *expected)
{
    const char *const argv[] = { "/bin/sh", "-c", script, NULL };
    struct process_spec spec = stage_spec(argv);
    struct remex_bytes entries[8];
    char *output;

    spec.env_base = base;
    spec.env = entries;
    for (; env[spec.env_count]; spec.env_count++)
        entries[spec.env_count] = bytes_of(env[spec.env_count]);
    output = output_of(&spec);
    g_assert_cmpstr(output, ==, expected);
    g_free(output);
    stage_spec_free(&spec);
}

static void an_exact_environment_is_exact(void)
{
    const char *const argv[] = { CHILDREN "state", NULL };
    struct process_spec spec = stage_spec(argv);
    struct remex_bytes env[] = { bytes_of("A=1"), bytes_of("B=") };
    char *output;

    spec.env_base = ENV_EMPTY;
    spec.env = env;
    spec.env_count = 2;
    output = output_of(&spec);
    g_assert_cmpstr(
            strstr(output, "variable"), ==, "variable A=1\nvariable B=\n");
    g_free(output);
    stage_spec_free(&spec);
}

static void an_overlay_sets_and_unsets_and_the_last_word_counts(void)
{
    const char *const env[] = { "SET=1", "OWN", "TWICE=1", "TWICE=2",
        "UNDONE=1", "UNDONE", "CHANGED=new", NULL };

    g_setenv("OWN", "ours", TRUE);
    g_setenv("KEPT", "kept", TRUE);
    g_setenv("CHANGED", "old", TRUE);
    check_env(ENV_EXECUTOR, env,
            "echo $SET-$OWN-$TWICE-$UNDONE-$CHANGED-$KEPT; env | grep -c TWICE",
            "1--2--new-kept\n1\n");
    g_unsetenv("OWN");
    g_unsetenv("KEPT");
    g_unsetenv("CHANGED");
}

static void the_executor_keeps_its_dangerous_variables(void)
{
    const char *const env[] = { "LD_LIBRARY_PATH=/stated", NULL };

    g_setenv("REMEX_TOKEN", "secret", TRUE);
    g_setenv("REMEXED", "not secret", TRUE);
    g_setenv("NOTIFY_SOCKET", "/service", TRUE);
    g_setenv("INVOCATION_ID", "0123", TRUE);
    g_setenv("LISTEN_FDS", "1", TRUE);
    g_setenv("MALLOC_CHECK_", "0", TRUE);
    g_setenv("LD_BIND_NOW", "1", TRUE);
    g_setenv("BASH_ENV", "/nowhere", TRUE);
    check_env(ENV_EXECUTOR, env,
            "echo $REMEX_TOKEN-$REMEXED-$MALLOC_CHECK_-$LD_BIND_NOW-$BASH_ENV"
            "-$NOTIFY_SOCKET-$INVOCATION_ID-$LISTEN_FDS-$LD_LIBRARY_PATH",
            "-not secret-------/stated\n");
    g_unsetenv("REMEX_TOKEN");
    g_unsetenv("REMEXED");
    g_unsetenv("NOTIFY_SOCKET");
    g_unsetenv("INVOCATION_ID");
    g_unsetenv("LISTEN_FDS");
    g_unsetenv("MALLOC_CHECK_");
    g_unsetenv("LD_BIND_NOW");
    g_unsetenv("BASH_ENV");
}

static void limits_are_set(void)
{
    const char *const argv[] = { "sh", "-c", "ulimit -Sn; ulimit -Hn", NULL };
    struct process_spec spec = stage_spec(argv);
    const struct rlimit_spec rlimits[] = { { RLIMIT_NOFILE, 50, 60 } };
    char *output;

    spec.rlimits = rlimits;
    spec.rlimit_count = 1;
    output = output_of(&spec);
    g_assert_cmpstr(output, ==, "50\n60\n");
    g_free(output);
    stage_spec_free(&spec);
}

/* --- Failures ------------------------------------------------------------ */

struct directory {
    char *path;
};

static void directory_init(struct directory *directory)
{
    directory->path = g_dir_make_tmp("remex-spawn-XXXXXX", NULL);
    g_assert_nonnull(directory->path);
}

static char *file_in(
        const struct directory *directory, const char *name, const char *text)
{
    char *path = g_build_filename(directory->path, name, NULL);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    return path;
}

static void directory_deinit(struct directory *directory)
{
    GDir *dir = g_dir_open(directory->path, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(dir))) {
        char *path = g_build_filename(directory->path, name, NULL);

        g_assert_cmpint(g_remove(path), ==, 0);
        g_free(path);
    }
    g_dir_close(dir);
    g_assert_cmpint(g_rmdir(directory->path), ==, 0);
    g_free(directory->path);
}

/* Starts `spec`, which must fail in this way and leave nothing. */
static void check_failure(const struct process_spec *spec,
        enum remex_status status, enum remex_launch_stage stage_reached,
        int os_error)
{
    struct remex_error error = { 0 };
    struct stage stage;

    stage_open(&stage);
    g_assert_null(stage_start(&stage, spec, &error));
    g_assert_cmpint(error.status, ==, status);
    g_assert_cmpint(error.kind, ==, REMEX_ERROR_LAUNCH_FAILED);
    g_assert_cmpint(error.stage, ==, stage_reached);
    g_assert_cmpint(error.os_error, ==, os_error);
    g_assert_nonnull(strstr(error.text, strerrordesc_np(os_error)));
    stage_close(&stage);
}

static void check_program_fails(
        const char *program, enum remex_status status, int os_error)
{
    const char *const argv[] = { program, NULL };
    struct process_spec spec = stage_spec(argv);

    check_failure(&spec, status, REMEX_STAGE_EXEC, os_error);
    stage_spec_free(&spec);
}

static void what_cannot_be_executed_says_why(void)
{
    struct directory directory;
    char *text;
    char *script;
    char *orphan;

    directory_init(&directory);
    text = file_in(&directory, "text", "hello");
    script = file_in(&directory, "script", "echo no interpreter\n");
    orphan = file_in(&directory, "orphan", "#!/no/interpreter\n");
    g_chmod(script, 0755);
    g_chmod(orphan, 0755);

    check_program_fails("/no/such/program", REMEX_NOT_FOUND, ENOENT);
    check_program_fails("no-such-program", REMEX_NOT_FOUND, ENOENT);
    check_program_fails("/etc/passwd/x", REMEX_NOT_FOUND, ENOTDIR);
    check_program_fails(orphan, REMEX_NOT_FOUND, ENOENT);
    check_program_fails(text, REMEX_PERMISSION_DENIED, EACCES);
    check_program_fails("/", REMEX_PERMISSION_DENIED, EACCES);
    check_program_fails(script, REMEX_INVALID_ARGUMENT, ENOEXEC);
    g_free(text);
    g_free(script);
    g_free(orphan);
    directory_deinit(&directory);
}

static void check_cwd_fails(
        const char *cwd, enum remex_status status, int os_error)
{
    const char *const argv[] = { "true", NULL };
    struct process_spec spec = stage_spec(argv);

    spec.cwd = bytes_of(cwd);
    check_failure(&spec, status, REMEX_STAGE_CWD, os_error);
    stage_spec_free(&spec);
}

static void a_bad_directory_is_another_failure(void)
{
    check_cwd_fails("/no/such/directory", REMEX_NOT_FOUND, ENOENT);
    check_cwd_fails("/etc/passwd", REMEX_NOT_FOUND, ENOTDIR);
}

static void too_large_arguments_are_refused(void)
{
    char *large = g_strnfill(2000000, 'x');
    const char *const argv[] = { "true", large, NULL };
    struct process_spec spec = stage_spec(argv);

    check_failure(&spec, REMEX_INVALID_ARGUMENT, REMEX_STAGE_EXEC, E2BIG);
    stage_spec_free(&spec);
    g_free(large);
}

static void a_limit_that_may_not_be_raised_is_refused(void)
{
    const char *const argv[] = { "true", NULL };
    struct process_spec spec = stage_spec(argv);
    const struct rlimit_spec rlimits[] = { { RLIMIT_NOFILE, 1 << 30,
            1 << 30 } };

    spec.rlimits = rlimits;
    spec.rlimit_count = 1;
    check_failure(&spec, REMEX_PERMISSION_DENIED, REMEX_STAGE_LIMITS, EPERM);
    stage_spec_free(&spec);
}

static void a_program_is_searched_in_the_childs_path(void)
{
    struct directory directory;
    char *entry;
    char *denied;
    const char *const argv[] = { "remex-here", NULL };
    struct process_spec spec = stage_spec(argv);
    struct remex_bytes env[1];
    char *file;
    char *output;

    directory_init(&directory);
    file = file_in(&directory, "remex-here", "#!/bin/sh\necho found\n");
    entry = g_strdup_printf("PATH=/nowhere:/etc/passwd:%s", directory.path);
    env[0] = bytes_of(entry);
    spec.env_base = ENV_EMPTY;
    spec.env = env;
    spec.env_count = 1;

    /* Found but not executable beats not found elsewhere. */
    denied = g_strdup_printf("%s:/nowhere", entry);
    env[0] = bytes_of(denied);
    check_failure(&spec, REMEX_PERMISSION_DENIED, REMEX_STAGE_EXEC, EACCES);

    g_chmod(file, 0755);
    env[0] = bytes_of(entry);
    output = output_of(&spec);
    g_assert_cmpstr(output, ==, "found\n");
    g_free(output);
    spec.env_count = 0; /* the default path */
    check_failure(&spec, REMEX_NOT_FOUND, REMEX_STAGE_EXEC, ENOENT);

    g_free(file);
    g_free(entry);
    g_free(denied);
    directory_deinit(&directory);
    stage_spec_free(&spec);
}

/* Each descriptor that a start needs is the one too many once. */
static void without_descriptors_a_start_fails_and_leaves_nothing(void)
{
    const char *const argv[] = { "true", NULL };
    struct process_spec spec = stage_spec(argv);
    unsigned int failures = 0;
    struct rlimit before;
    struct rlimit tight;
    struct stage stage;
    struct actor *actor = NULL;

    spec.stdin_kind = STDIN_PIPE;
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
    g_assert_cmpuint(failures, >=, 7);
    stage_until_closed(actor);
    g_assert_cmpstr(actor->told->str, ==, "exit 0\nclosed eof eof\n");
    stage_close(&stage);
    stage_spec_free(&spec);
}

/* --- Those that do not get on -------------------------------------------- */

/* A child that is held before it has its program: by a pipe that has no room
 * for what it writes where a group's list would be. */
struct held {
    struct spawner spawner;
    struct spawn *spawn;
    struct spawned spawned;
    struct spawn_order order;
    char *argv[2];
    int ends[2];
};

static void fill(int fd)
{
    static const char bytes[4096];

    g_assert_cmpint(fcntl(fd, F_SETFL, O_NONBLOCK), ==, 0);
    while (write(fd, bytes, sizeof(bytes)) > 0)
        continue;
    g_assert_cmpint(errno, ==, EAGAIN);
    g_assert_cmpint(fcntl(fd, F_SETFL, 0), ==, 0);
}

static void hold_one(struct held *held)
{
    static char program[] = "/bin/true";
    struct spawn_failure failure;

    *held = (struct held){ .argv = { program, NULL } };
    g_assert_cmpint(spawner_init(&held->spawner), ==, REMEX_OK);
    g_assert_cmpint(pipe2(held->ends, O_CLOEXEC), ==, 0);
    fill(held->ends[1]);
    held->order = (struct spawn_order){
        .candidates = held->argv,
        .argv = held->argv,
        .envp = held->argv + 1,
        .program_fd = -1,
        .group_fd = -1,
        .limited = true,
        .limit_fds = &held->ends[1],
        .limit_count = 1,
    };
    for (int i = 0; i < SPAWN_STDIO; i++)
        held->order.stdio[i] = held->spawner.null_fd;
    g_assert_cmpint(spawner_begin(&held->spawner, &held->order, &held->spawn,
                            &held->spawned, &failure),
            ==, REMEX_OK);
}

static int bury_held(struct held *held)
{
    int status;

    g_assert_cmpint(
            waitpid(held->spawned.pid, &status, 0), ==, held->spawned.pid);
    close(held->spawned.pidfd);
    close(held->ends[0]);
    close(held->ends[1]);
    spawner_deinit(&held->spawner);
    return status;
}

static void who_is_held_up_holds_up_nobody(void)
{
    struct spawn_failure failure;
    struct spawned spawned;
    struct spawn_order order;
    char bytes[8192];
    struct held held;
    int status;

    hold_one(&held);
    order = held.order;
    order.limit_count = 0;
    g_assert_cmpint(nursery_run(&held.spawner, &order, &spawned, &failure), ==,
            REMEX_OK);
    g_assert_cmpint(waitpid(spawned.pid, &status, 0), ==, spawned.pid);
    g_assert_cmpint(status, ==, 0);
    close(spawned.pidfd);
    g_assert_false(spawn_is_over(held.spawn));
    g_assert_cmpint(read(held.ends[0], bytes, sizeof(bytes)), >, 0);
    spawn_wait(held.spawn);
    g_assert_cmpint(spawn_end(held.spawn, &spawned, &failure), ==, REMEX_OK);
    g_assert_cmpint(bury_held(&held), ==, 0);
}

/* Which takes the ten seconds that the headers state. */
static void who_does_not_get_on_is_killed(void)
{
    gint64 began = g_get_monotonic_time();
    struct spawn_failure failure;
    struct spawned spawned;
    struct held held;
    int status;

    hold_one(&held);
    spawn_wait(held.spawn);
    g_assert_cmpint(g_get_monotonic_time() - began, >=, 9900000);
    g_assert_cmpint(
            spawn_end(held.spawn, &spawned, &failure), ==, REMEX_INTERNAL);
    g_assert_cmpint(failure.stage, ==, REMEX_STAGE_EXEC);
    g_assert_cmpint(failure.os_error, ==, ETIMEDOUT);
    status = bury_held(&held);
    g_assert_true(WIFSIGNALED(status));
    g_assert_cmpint(WTERMSIG(status), ==, SIGKILL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/spawn", a_child_gets_a_clean_state);
    SUITE_ADD("/spawn", nothing_of_ours_reaches_a_child);
    SUITE_ADD("/spawn", a_child_has_an_ordinary_umask);
    SUITE_ADD("/spawn", an_exact_environment_is_exact);
    SUITE_ADD("/spawn", an_overlay_sets_and_unsets_and_the_last_word_counts);
    SUITE_ADD("/spawn", the_executor_keeps_its_dangerous_variables);
    SUITE_ADD("/spawn", limits_are_set);
    SUITE_ADD("/spawn", what_cannot_be_executed_says_why);
    SUITE_ADD("/spawn", a_bad_directory_is_another_failure);
    SUITE_ADD("/spawn", too_large_arguments_are_refused);
    SUITE_ADD("/spawn", a_limit_that_may_not_be_raised_is_refused);
    SUITE_ADD("/spawn", a_program_is_searched_in_the_childs_path);
    SUITE_ADD("/spawn", without_descriptors_a_start_fails_and_leaves_nothing);
    SUITE_ADD("/spawn", who_is_held_up_holds_up_nobody);
    SUITE_ADD("/spawn", who_does_not_get_on_is_killed);
    return g_test_run();
}
