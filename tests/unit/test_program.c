/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/program.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "common/text.h"
#include "executor/policy_parse.h"
#include "executor/spawn.h"
#include "support/nursery.h"
#include "support/secret.h"
#include "support/suite.h"

/* A directory with the programs "good" (exit status 0) and "evil" (1), the link
 * "link" to the first, and a policy. */
struct place {
    char *directory;
    struct policy policy;
};

static char *path_of(const struct place *place, const char *name)
{
    return g_build_filename(place->directory, name, NULL);
}

static void copy_program(
        const struct place *place, const char *from, const char *name)
{
    char *path = path_of(place, name);
    char *content = NULL;
    gsize size;

    g_assert_true(g_file_get_contents(from, &content, &size, NULL));
    g_assert_true(g_file_set_contents(path, content, (gssize)size, NULL));
    g_assert_cmpint(g_chmod(path, 0755), ==, 0);
    g_free(content);
    g_free(path);
}

static void point_link(const struct place *place, const char *name)
{
    char *path = path_of(place, "link");

    g_unlink(path);
    g_assert_cmpint(symlink(name, path), ==, 0);
    g_free(path);
}

/* DIR stands for the directory in the text. */
static void place_init(struct place *place, const char *text)
{
    struct policy_mistake mistake;
    char **parts = g_strsplit(text, "DIR", 0);
    char *made = g_dir_make_tmp("remex-test-XXXXXX", NULL);
    char *whole;

    place->directory = realpath(made, NULL);
    g_free(made);
    whole = g_strjoinv(place->directory, parts);
    g_assert_true(policy_parse(whole, strlen(whole), &place->policy, &mistake));
    copy_program(place, "/bin/true", "good");
    copy_program(place, "/bin/false", "evil");
    point_link(place, "good");
    g_strfreev(parts);
    g_free(whole);
}

static void place_deinit(struct place *place)
{
    char *directory = g_strdup(place->directory);

    free(place->directory);
    policy_deinit(&place->policy);
    secret_free(directory);
}

/* What a client asks for; NULL: nothing of that. */
struct wish {
    const char *name;
    const char *arg0;
    const char *cwd; /* the place's directory, if not stated */
    const struct credentials *user;
};

static enum remex_status open_wish(const struct place *place,
        const struct wish *wish, struct launch *launch,
        struct remex_error *error)
{
    char *path_entry = g_strconcat("PATH=/nowhere:", place->directory, NULL);
    const char *cwd = wish->cwd ? wish->cwd : place->directory;
    struct remex_bytes argv = text_bytes(wish->name);
    struct remex_bytes env = text_bytes(path_entry);
    struct process_spec spec = { .argv = &argv,
        .argv_count = 1,
        .env_base = ENV_EMPTY,
        .env = &env,
        .env_count = 1,
        .cwd = text_bytes(cwd) };
    enum remex_status status;

    if (wish->arg0)
        spec.arg0 = text_bytes(wish->arg0);
    status = launch_init(launch, &spec, wish->user, error);
    g_assert_cmpint(status, ==, REMEX_OK);
    status = program_open(launch, &spec, place->policy.sections, error);
    if (status != REMEX_OK)
        launch_deinit(launch);
    g_free(path_entry);
    return status;
}

/* Opens a program that is asked for by `name`, in the directory. */
static enum remex_status open_program(const struct place *place,
        const char *name, struct launch *launch, struct remex_error *error)
{
    return open_wish(place, &(struct wish){ .name = name }, launch, error);
}

/* How the program ends that was opened. */
static int run(struct launch *launch)
{
    struct spawn_failure failure = { REMEX_STAGE_NONE, 0 };
    struct spawn_order order = {
        .candidates = launch->candidates,
        .program_fd = launch->program_fd,
        .argv = launch->argv,
        .envp = launch->envp,
        .group_fd = -1,
    };
    struct spawned spawned;
    struct spawner spawner;
    int status;

    g_assert_cmpint(spawner_init(&spawner), ==, REMEX_OK);
    for (size_t i = 0; i < SPAWN_STDIO; i++)
        order.stdio[i] = spawner.null_fd;
    g_assert_cmpint(
            nursery_run(&spawner, &order, &spawned, &failure), ==, REMEX_OK);
    spawner_deinit(&spawner);
    launch_deinit(launch);
    g_assert_cmpint(waitpid(spawned.pid, &status, 0), ==, spawned.pid);
    close(spawned.pidfd);
    return WEXITSTATUS(status);
}

static int open_and_run(const struct place *place, const char *name)
{
    struct remex_error error;
    struct launch launch;

    if (open_program(place, name, &launch, &error) != REMEX_OK)
        g_error("%s: %s", name, error.text);
    return run(&launch);
}

static void check_refused(const struct place *place, const char *name)
{
    struct remex_error unknown;
    struct remex_error error;
    struct launch launch;

    g_assert_cmpint(open_program(place, name, &launch, &error), ==,
            REMEX_PERMISSION_DENIED);
    g_assert_cmpint(error.kind, ==, REMEX_ERROR_POLICY);
    g_assert_cmpstr(error.name, ==, "program");
    /* Nobody learns by it what is there and what is not. */
    g_assert_cmpint(open_program(place, "/no/such/program", &launch, &unknown),
            ==, REMEX_PERMISSION_DENIED);
    g_assert_cmpstr(error.text, ==, unknown.text);
}

static void what_was_checked_is_what_runs(void)
{
    struct place place;
    struct remex_error error;
    struct launch launch;
    char *evil;
    char *good;

    place_init(&place, "for *\ndeny DIR/evil\nallow DIR/link\n");
    g_assert_cmpint(
            open_program(&place, "link", &launch, &error), ==, REMEX_OK);
    point_link(&place, "evil");
    g_assert_cmpint(run(&launch), ==, 0);
    g_assert_cmpint(open_program(&place, "link", &launch, &error), ==,
            REMEX_PERMISSION_DENIED);

    point_link(&place, "good");
    g_assert_cmpint(
            open_program(&place, "link", &launch, &error), ==, REMEX_OK);
    evil = path_of(&place, "evil");
    good = path_of(&place, "good");
    g_assert_cmpint(g_rename(evil, good), ==, 0);
    g_assert_cmpint(run(&launch), ==, 0);
    g_free(good);
    g_free(evil);
    place_deinit(&place);
}

static void links_and_patterns_are_of_files(void)
{
    struct place place;
    char *link;

    place_init(&place, "for *\nallow DIR/good\n");
    g_assert_cmpint(open_and_run(&place, "good"), ==, 0);
    check_refused(&place, "link"); /* the same file, but not by its name */
    check_refused(&place, "./good");
    check_refused(&place, "evil");
    place_deinit(&place);
    place_init(&place, "for *\nallow DIR/g*\nallow DIR/link\n");
    link = path_of(&place, "link");
    g_assert_cmpint(open_and_run(&place, "good"), ==, 0);
    g_assert_cmpint(open_and_run(&place, link), ==, 0);
    check_refused(&place, "evil");
    point_link(&place, "evil");
    g_assert_cmpint(open_and_run(&place, link), ==, 1); /* it says so */
    g_free(link);
    place_deinit(&place);
}

static void what_is_not_there_is_told_by_names_that_are_allowed(void)
{
    struct place place;
    struct remex_error error;
    struct launch launch;

    place_init(&place, "for *\nallow DIR/nothing\n");
    g_assert_cmpint(open_program(&place, "nothing", &launch, &error), ==,
            REMEX_NOT_FOUND);
    g_assert_cmpint(error.kind, ==, REMEX_ERROR_LAUNCH_FAILED);
    g_assert_cmpint(error.os_error, ==, ENOENT);
    check_refused(&place, "something");
    place_deinit(&place);
}

static void a_file_that_everybody_may_write_to_is_not_run(void)
{
    struct remex_error error;
    struct launch launch;
    struct place place;
    char *path;

    place_init(&place, "for *\nallow DIR/*\n");
    path = path_of(&place, "good");
    g_assert_cmpint(g_chmod(path, 0757), ==, 0);
    g_assert_cmpint(open_program(&place, "good", &launch, &error), ==,
            REMEX_PERMISSION_DENIED);
    g_assert_nonnull(strstr(error.text, "everybody"));
    g_free(path);
    place_deinit(&place);
}

/* --- With rights that others have ----------------------------------------- */

/* Another user's process, to whom the directory is one of his own making, where
 * "good" is what he likes; and how we find it. */
struct forger {
    pid_t pid;
    char *path;
};

static bool see_another_directory(const struct place *place)
{
    if (unshare(CLONE_NEWNS) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
        return false;
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("none", place->directory, "tmpfs", 0, NULL) < 0)
        return false;
    copy_program(place, "/bin/false", "good");
    return true;
}

static bool forger_init(struct forger *forger, const struct place *place)
{
    int ends[2];
    char ready = 0;

    g_assert_cmpint(pipe(ends), ==, 0);
    forger->pid = fork();
    if (forger->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (see_another_directory(place) && write(ends[1], "!", 1) == 1)
            pause();
        _exit(1);
    }
    close(ends[1]);
    g_assert_cmpint(read(ends[0], &ready, 1), >=, 0);
    close(ends[0]);
    forger->path = g_strdup_printf(
            "/proc/%d/root%s/good", (int)forger->pid, place->directory);
    return ready == '!';
}

static void forger_deinit(struct forger *forger)
{
    kill(forger->pid, SIGKILL);
    g_assert_cmpint(waitpid(forger->pid, NULL, 0), ==, forger->pid);
    g_free(forger->path);
}

/* Both by a line for the path, and by one for a pattern. */
static void check_forged(const char *policy)
{
    struct forger forger;
    struct place place;
    struct remex_error error;
    struct launch launch;

    place_init(&place, policy);
    if (!forger_init(&forger, &place)) {
        g_test_skip("no mounts can be made here");
    } else {
        g_assert_cmpint(open_and_run(&place, "good"), ==, 0);
        g_assert_cmpint(access(forger.path, X_OK), ==, 0);
        g_assert_cmpint(
                open_wish(&place,
                        &(struct wish){ .name = forger.path, .arg0 = "good" },
                        &launch, &error),
                ==, REMEX_PERMISSION_DENIED);
        g_assert_cmpint(error.kind, ==, REMEX_ERROR_POLICY);
    }
    forger_deinit(&forger);
    place_deinit(&place);
}

static void a_name_of_somebodys_own_making_is_none(void)
{
    check_forged("for *\nallow DIR/good\n");
    check_forged("for *\nallow DIR/*\n");
}

static const struct credentials nobody = { .uid = 65534,
    .gid = 65534,
    .groups = { 65534 },
    .group_count = 1 };

static void check_denied(const struct place *place, const char *cwd,
        enum remex_launch_stage stage)
{
    struct wish wish = { .name = "good", .cwd = cwd, .user = &nobody };
    struct remex_error error;
    struct launch launch;

    g_assert_cmpint(open_wish(place, &wish, &launch, &error), ==,
            REMEX_PERMISSION_DENIED);
    g_assert_cmpint(error.kind, ==, REMEX_ERROR_LAUNCH_FAILED);
    g_assert_cmpint(error.stage, ==, stage);
    g_assert_cmpint(error.os_error, ==, EACCES);
}

/* In a directory that only root can look into. */
static void what_the_user_may_not_see_nobody_is_told(void)
{
    struct wish wish = { .name = "good", .cwd = "/", .user = &nobody };
    struct remex_error error;
    struct launch launch;
    struct place place;
    char *missing;

    if (geteuid() != 0) {
        g_test_skip("only root can look as somebody else");
        return;
    }
    place_init(&place, "for *\nallow DIR/*\n");
    missing = path_of(&place, "missing");
    g_assert_cmpint(g_chmod(place.directory, 0700), ==, 0);
    check_denied(&place, place.directory, REMEX_STAGE_CWD);
    check_denied(&place, missing, REMEX_STAGE_CWD);
    check_denied(&place, "/", REMEX_STAGE_EXEC);
    g_assert_cmpint(g_chmod(place.directory, 0755), ==, 0);
    g_assert_cmpint(open_wish(&place, &wish, &launch, &error), ==, REMEX_OK);
    launch_deinit(&launch);
    /* And root is root again. */
    g_assert_cmpint(g_chmod(place.directory, 0), ==, 0);
    g_assert_cmpint(open_and_run(&place, "good"), ==, 0);
    g_free(missing);
    place_deinit(&place);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/program", what_was_checked_is_what_runs);
    SUITE_ADD("/program", links_and_patterns_are_of_files);
    SUITE_ADD("/program", what_is_not_there_is_told_by_names_that_are_allowed);
    SUITE_ADD("/program", a_file_that_everybody_may_write_to_is_not_run);
    SUITE_ADD("/program", a_name_of_somebodys_own_making_is_none);
    SUITE_ADD("/program", what_the_user_may_not_see_nobody_is_told);
    return g_test_run();
}
