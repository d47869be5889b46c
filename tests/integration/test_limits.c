/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Limits as a user meets them: who hits one is told which, others are not
 * disturbed, and it passes. (Those that need no executor are in the unit
 * test of requests.)
 *
 * ctest-long: 300
 */

#include <string.h>

#include <glib.h>

#include "support/daemon.h"
#include "support/remote.h"
#include "support/secret.h"
#include "support/suite.h"
#include "support/transcript.h"

/* A remexd with two tokens. */
struct place {
    char *directory;
    struct daemon daemon;
};

/* `limits` ends with NULL. */
static void place_init(struct place *place, const char *const *limits)
{
    const char *argv[16] = { "--tokens" };
    char *ann = secret_token_line("ann", "run", "ann");
    char *bob = secret_token_line("bob", "run", "bob");
    char *tokens = g_strconcat(ann, bob, NULL);
    char *path;
    size_t count = 1;

    place->directory = g_dir_make_tmp("remex-test-XXXXXX", NULL);
    path = g_build_filename(place->directory, "tokens", NULL);
    g_assert_true(g_file_set_contents_full(
            path, tokens, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    argv[count++] = path;
    for (; *limits; limits++) {
        argv[count++] = "--limit";
        argv[count++] = *limits;
    }
    daemon_start_with(&place->daemon, "tcp://127.0.0.1:0", argv);
    g_free(path);
    g_free(tokens);
    g_free(bob);
    g_free(ann);
}

static void place_deinit(struct place *place)
{
    daemon_stop(&place->daemon);
    secret_free(place->directory);
}

static enum remex_status try_connect(const struct place *place,
        const char *name, struct remex_client **out, struct remex_error *error)
{
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);

    options.token = name;
    return remex_client_connect(place->daemon.address, &options, out, error);
}

static struct remex_client *connect_as(
        const struct place *place, const char *name)
{
    struct remex_client *client;
    struct remex_error error;

    if (try_connect(place, name, &client, &error) != REMEX_OK)
        g_error("%s: %s", name, error.text);
    return client;
}

static struct remex_process *start_cat(struct remex_client *client)
{
    struct remex_process_options options = remote_with_stdin();

    return remote_start(client, REMOTE_ARGV("cat"), &options);
}

static void check_limit(const struct remex_error *error, const char *name)
{
    g_assert_cmpint(error->kind, ==, REMEX_ERROR_LIMIT_HIT);
    g_assert_cmpstr(error->name, ==, name);
    g_assert_nonnull(strstr(error->text, name));
}

static void check_start_hits(struct remex_client *client, const char *limit)
{
    struct remex_process_options options = remote_with_stdin();
    struct remex_process *process;
    struct remex_error error;

    g_assert_cmpint(remex_process_start(client, REMOTE_ARGV("cat"), &options,
                            &process, &error),
            ==, REMEX_RESOURCE_EXHAUSTED);
    check_limit(&error, limit);
}

/* Takes all that it tells, so that it can make room. */
static void finish(struct remex_process *process)
{
    struct transcript story;

    g_assert_cmpint(remex_process_close_stdin(process, NULL), ==, REMEX_OK);
    transcript_init(&story);
    transcript_follow(&story, process);
    transcript_check_exit(&story, 0);
    transcript_deinit(&story);
    remex_process_free(process);
}

static void processes_are_limited(void)
{
    struct place place;
    struct remex_client *ann;
    struct remex_client *bob;
    struct remex_process *first;
    struct remex_process *second;
    struct remex_process *other;

    place_init(&place, REMOTE_ARGV("processes=2"));
    ann = connect_as(&place, "ann");
    bob = connect_as(&place, "bob");
    first = start_cat(ann);
    second = start_cat(ann);
    check_start_hits(ann, "processes");
    other = start_cat(bob);
    finish(first);
    first = start_cat(ann);
    finish(other);
    finish(second);
    finish(first);
    remex_client_free(bob);
    remex_client_free(ann);
    place_deinit(&place);
}

static void sessions_are_limited(void)
{
    struct place place;
    struct remex_client *clients[2];
    struct remex_client *more;
    struct remex_client *bob;
    struct remex_error error;

    place_init(&place, REMOTE_ARGV("sessions=2"));
    clients[0] = connect_as(&place, "ann");
    clients[1] = connect_as(&place, "ann");
    g_assert_cmpint(try_connect(&place, "ann", &more, &error), ==,
            REMEX_RESOURCE_EXHAUSTED);
    check_limit(&error, "sessions");
    bob = connect_as(&place, "bob");
    remex_client_free(clients[0]);
    clients[0] = connect_as(&place, "ann");
    finish(start_cat(clients[0]));
    remex_client_free(bob);
    remex_client_free(clients[1]);
    remex_client_free(clients[0]);
    place_deinit(&place);
}

static void starts_are_limited(void)
{
    struct place place;
    struct remex_client *ann;
    struct remex_client *bob;
    struct remex_process *process;
    struct remex_error error;
    enum remex_status status;

    place_init(&place, REMOTE_ARGV("starts_per_second=5", "starts_burst=2"));
    ann = connect_as(&place, "ann");
    bob = connect_as(&place, "bob");
    do {
        status = remex_process_start(
                ann, REMOTE_ARGV("true"), NULL, &process, &error);
        if (status == REMEX_OK)
            remex_process_free(process);
    } while (status == REMEX_OK);
    g_assert_cmpint(status, ==, REMEX_RESOURCE_EXHAUSTED);
    check_limit(&error, "starts_per_second");
    finish(start_cat(bob));
    while (remex_process_start(ann, REMOTE_ARGV("true"), NULL, &process,
                   &error) != REMEX_OK)
        check_limit(&error, "starts_per_second");
    remex_process_free(process);
    remex_client_free(bob);
    remex_client_free(ann);
    place_deinit(&place);
}

static void retained_bytes_in_all_are_limited(void)
{
    struct place place;
    struct remex_client *ann;
    struct remex_process *first;

    place_init(&place,
            REMOTE_ARGV(
                    "retained_bytes=65536", "retained_bytes_in_all=100000"));
    ann = connect_as(&place, "ann");
    first = start_cat(ann);
    check_start_hits(ann, "retained_bytes_in_all");
    finish(first);
    finish(start_cat(ann));
    remex_client_free(ann);
    place_deinit(&place);
}

/* As much as it says is taken of what a child does not read, and no more. */
static void stdin_bytes_are_limited(void)
{
    struct remex_process_options options = remote_with_stdin();
    struct place place;
    struct remex_client *ann;
    struct remex_process *deaf;
    struct remex_error error;
    char *data = g_malloc0(1024 * 1024);
    size_t taken = 0;

    place_init(&place, REMOTE_ARGV("stdin_bytes=4096"));
    ann = connect_as(&place, "ann");
    deaf = remote_start(ann, REMOTE_ARGV("sleep", "1000"), &options);
    g_assert_cmpint(
            remex_process_write(deaf, data, 1024 * 1024, 500, &taken, &error),
            ==, REMEX_DEADLINE_EXCEEDED);
    g_assert_cmpuint(taken, <=, 4096 + 64 * 1024); /* and the pipe */
    finish(start_cat(ann));
    remex_process_free(deaf);
    remex_client_free(ann);
    g_free(data);
    place_deinit(&place);
}

static void retained_bytes_of_a_principal_are_limited(void)
{
    struct place place;
    struct remex_client *ann;
    struct remex_client *bob;
    struct remex_process *hers;
    struct remex_process *his;

    place_init(&place,
            REMOTE_ARGV("retained_bytes=65536",
                    "retained_bytes_per_principal=100000"));
    ann = connect_as(&place, "ann");
    bob = connect_as(&place, "bob");
    hers = start_cat(ann);
    check_start_hits(ann, "retained_bytes_per_principal");
    his = start_cat(bob);
    finish(hers);
    finish(start_cat(ann));
    finish(his);
    remex_client_free(bob);
    remex_client_free(ann);
    place_deinit(&place);
}

static struct remex_process *start_deaf(struct remex_client *client)
{
    struct remex_process_options options = remote_with_stdin();

    return remote_start(client, REMOTE_ARGV("sleep", "1000"), &options);
}

/* What two children who read nothing leave of it is too little for a third, who
 * is told at once; another principal, and who comes when they are gone, are
 * not. */
static void stdin_bytes_of_a_principal_are_limited(void)
{
    enum { SIZE = 1024 * 1024 };
    struct remex_process *deaf[2];
    struct place place;
    struct remex_client *ann;
    struct remex_client *bob;
    struct remex_process *third;
    struct remex_process *his;
    struct remex_error error;
    char *data = g_malloc0(SIZE);
    size_t taken;

    place_init(&place,
            REMOTE_ARGV(
                    "stdin_bytes=65536", "stdin_bytes_per_principal=131072"));
    ann = connect_as(&place, "ann");
    bob = connect_as(&place, "bob");
    for (size_t i = 0; i < 2; i++) {
        deaf[i] = start_deaf(ann);
        g_assert_cmpint(
                remex_process_write(deaf[i], data, SIZE, 500, &taken, &error),
                ==, REMEX_DEADLINE_EXCEEDED);
    }
    third = start_deaf(ann);
    g_assert_cmpint(remex_process_write(
                            third, data, SIZE, REMEX_FOREVER, &taken, &error),
            ==, REMEX_RESOURCE_EXHAUSTED);
    check_limit(&error, "stdin_bytes_per_principal");
    his = start_cat(bob);
    g_assert_cmpint(
            remex_process_write(his, data, 1000, REMEX_FOREVER, &taken, &error),
            ==, REMEX_OK);
    finish(his);
    for (size_t i = 0; i < 2; i++)
        remex_process_free(deaf[i]);
    finish(start_cat(ann));
    remex_process_free(third);
    remex_client_free(bob);
    remex_client_free(ann);
    g_free(data);
    place_deinit(&place);
}

static void what_runs_for_too_long_is_ended(void)
{
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct place place;
    struct remex_client *ann;
    struct remex_process *process;
    struct transcript story;
    struct remex_error error;

    place_init(&place, REMOTE_ARGV("wall_time_ms=200"));
    ann = connect_as(&place, "ann");
    options.wall_time_ms = 201;
    g_assert_cmpint(remex_process_start(ann, REMOTE_ARGV("true"), &options,
                            &process, &error),
            ==, REMEX_INVALID_ARGUMENT);
    check_limit(&error, "wall_time_ms");
    process = remote_start(ann, REMOTE_ARGV("sleep", "1000"), NULL);
    transcript_init(&story);
    transcript_follow(&story, process);
    g_assert_cmpint(story.exit.reason, ==, REMEX_EXIT_WALL_TIME);
    transcript_deinit(&story);
    remex_process_free(process);
    remex_client_free(ann);
    place_deinit(&place);
}

/* As many as somebody may have who was given more. */
static void a_thousand_processes_are_one_principals(void)
{
    enum { PROCESSES = 1000 };
    struct remex_process *processes[PROCESSES];
    struct place place;
    struct remex_client *ann;

    if (!g_test_slow()) {
        g_test_skip("it takes long");
        return;
    }
    place_init(&place, REMOTE_ARGV("processes=1000", "starts_per_second=0"));
    ann = connect_as(&place, "ann");
    for (size_t i = 0; i < PROCESSES; i++)
        processes[i] = start_cat(ann);
    check_start_hits(ann, "processes");
    for (size_t i = 0; i < PROCESSES; i++)
        finish(processes[i]);
    remex_client_free(ann);
    place_deinit(&place);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/limits", processes_are_limited);
    SUITE_ADD("/limits", sessions_are_limited);
    SUITE_ADD("/limits", starts_are_limited);
    SUITE_ADD("/limits", retained_bytes_in_all_are_limited);
    SUITE_ADD("/limits", stdin_bytes_are_limited);
    SUITE_ADD("/limits", retained_bytes_of_a_principal_are_limited);
    SUITE_ADD("/limits", stdin_bytes_of_a_principal_are_limited);
    SUITE_ADD("/limits", what_runs_for_too_long_is_ended);
    SUITE_ADD("/limits", a_thousand_processes_are_one_principals);
    return g_test_run();
}
