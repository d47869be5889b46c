/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Who follows alone, who may not, and who takes over: two clients of one
 * executor.
 */

#include <remex/process.h>
#include <remex/run.h>

#include <string.h>

#include <glib.h>

#include "support/daemon.h"
#include "support/remote.h"
#include "support/suite.h"
#include "support/transcript.h"

struct pair {
    struct daemon daemon;
    struct remex_client *first;
    struct remex_client *second;
};

static void begin(struct pair *pair)
{
    daemon_start(&pair->daemon);
    pair->first = remote_connect_to(pair->daemon.address);
    pair->second = remote_connect_to(pair->daemon.address);
}

static void finish(struct pair *pair)
{
    remex_client_free(pair->second);
    remex_client_free(pair->first);
    daemon_stop(&pair->daemon);
}

static struct remex_process *start_cat(struct pair *pair, bool exclusive)
{
    struct remex_process_options options = remote_with_stdin();

    options.id = "cat";
    options.exclusive = exclusive;
    return remote_start(pair->first, REMOTE_ARGV("cat"), &options);
}

static enum remex_status try_attach(struct remex_client *client, bool exclusive,
        bool take_over, struct remex_process **out, struct remex_error *error)
{
    struct remex_attach_options options = REMEX_DEFAULTS(remex_attach_options);

    options.exclusive = exclusive;
    options.take_over = take_over;
    return remex_process_attach(client, "cat", &options, out, error);
}

static struct remex_process *attach(
        struct remex_client *client, bool exclusive, bool take_over)
{
    struct remex_process *process;
    struct remex_error error;

    if (try_attach(client, exclusive, take_over, &process, &error) != REMEX_OK)
        g_error("cannot attach: %s", error.text);
    return process;
}

/* In words that a program understands, and words that say what to do. */
static void check_refused(
        struct remex_client *client, bool exclusive, bool take_over)
{
    struct remex_process *process = NULL;
    struct remex_error error;

    g_assert_cmpint(try_attach(client, exclusive, take_over, &process, &error),
            ==, REMEX_FAILED_PRECONDITION);
    g_assert_null(process);
    g_assert_cmpint(error.kind, ==, REMEX_ERROR_FOLLOWED);
    g_assert_nonnull(strstr(error.text, "take_over"));
}

/* One Failed, for that reason, and then nothing more. */
static void check_taken_over(struct remex_process *process)
{
    struct remex_event event;

    g_assert_cmpint(
            remex_process_next_event(process, 60000, &event), ==, REMEX_OK);
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_FAILED);
    g_assert_cmpint(event.failure, ==, REMEX_FAILURE_TAKEN_OVER);
    g_assert_cmpint(
            remex_process_next_event(process, 60000, &event), ==, REMEX_ENDED);
    g_assert_cmpint(remex_process_write(process, "x", 1, 60000, NULL, NULL), ==,
            REMEX_DISCONNECTED);
}

/* It lives, and says to `process` what it is told. */
static void check_talks(struct remex_process *process)
{
    struct transcript story;

    g_assert_cmpint(remex_process_write(process, "hello", 5, 60000, NULL, NULL),
            ==, REMEX_OK);
    g_assert_cmpint(remex_process_close_stdin(process, NULL), ==, REMEX_OK);
    transcript_init(&story);
    transcript_follow(&story, process);
    transcript_check_text(&story, REMEX_STDOUT, "hello");
    transcript_check_exit(&story, 0);
    transcript_deinit(&story);
}

static void check_client_lives(struct remex_client *client)
{
    struct remex_process *process = remote_shell(client, "exit 3");
    struct remex_exit ended;

    g_assert_cmpint(remex_process_wait(process, 60000, &ended), ==, REMEX_OK);
    g_assert_cmpint(ended.code, ==, 3);
    remex_process_free(process);
}

static void nobody_joins_one_who_follows_alone(void)
{
    struct remex_process *process;
    struct pair pair;

    begin(&pair);
    process = start_cat(&pair, true);
    check_refused(pair.second, false, false);
    check_refused(pair.second, true, false);
    check_refused(pair.first, false, false);
    check_talks(process);
    remex_process_free(process);
    finish(&pair);
}

static void nobody_is_alone_where_others_follow(void)
{
    struct remex_process *process;
    struct remex_process *other;
    struct pair pair;

    begin(&pair);
    process = start_cat(&pair, false);
    check_refused(pair.second, true, false);
    other = attach(pair.second, false, false);
    check_refused(pair.second, true, false);
    remex_process_free(other);
    check_talks(process);
    remex_process_free(process);
    finish(&pair);
}

/* Freeing the handle that started it would have killed it. */
static void who_is_taken_over_is_told_once_and_leaves_it_alone(void)
{
    struct remex_process *first;
    struct remex_process *second;
    struct pair pair;

    begin(&pair);
    first = start_cat(&pair, true);
    second = attach(pair.second, true, true);
    check_taken_over(first);
    check_client_lives(pair.first);
    remex_process_free(first);
    check_refused(pair.first, false, false);
    check_talks(second);
    remex_process_free(second);
    finish(&pair);
}

static void taking_over_goes_back_and_forth(void)
{
    struct remex_process *handles[4];
    struct pair pair;

    begin(&pair);
    handles[0] = start_cat(&pair, false);
    handles[1] = attach(pair.first, false, false);
    handles[2] = attach(pair.second, true, true);
    check_taken_over(handles[0]);
    check_taken_over(handles[1]);
    handles[3] = attach(pair.first, false, true);
    check_taken_over(handles[2]);
    check_talks(handles[3]);
    for (int i = 0; i < 4; i++)
        remex_process_free(handles[i]);
    finish(&pair);
}

/* Who shares takes nothing from those who share. */
static void who_shares_displaces_nobody_who_shares(void)
{
    struct remex_process *first;
    struct remex_process *second;
    struct pair pair;

    begin(&pair);
    first = start_cat(&pair, false);
    second = attach(pair.second, false, true);
    check_talks(first);
    remex_process_free(second);
    remex_process_free(first);
    finish(&pair);
}

static void once_it_is_free_it_can_be_had_alone(void)
{
    struct remex_process *process;
    struct pair pair;

    begin(&pair);
    process = start_cat(&pair, true);
    remex_process_detach(process);
    remex_process_free(process);
    check_client_lives(pair.first); /* and the unfollow was before it */
    process = attach(pair.second, true, false);
    check_talks(process);
    remex_process_free(process);
    finish(&pair);
}

/* The front is killed: both come back as what they were. */
static void a_resume_is_as_alone_as_before(void)
{
    struct remex_process *first;
    struct pair pair;

    begin(&pair);
    first = start_cat(&pair, true);
    daemon_kill_front(&pair.daemon);
    check_client_lives(pair.first);
    check_refused(pair.second, false, false);
    check_talks(first);
    remex_process_free(first);
    finish(&pair);
}

static void a_run_cannot_be_followed_alone(void)
{
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_client *client = remote_connect();
    struct remex_run_result *result;
    struct remex_error error;

    options.exclusive = true;
    g_assert_cmpint(remex_client_run(client, REMOTE_ARGV("true"), &options,
                            NULL, 0, 1000, 60000, &result, &error),
            ==, REMEX_INVALID_ARGUMENT);
    g_assert_cmpint(error.kind, ==, REMEX_ERROR_BAD_FIELD);
    g_assert_cmpstr(error.name, ==, "options.exclusive");
    remex_client_free(client);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/client_exclusive", nobody_joins_one_who_follows_alone);
    SUITE_ADD("/client_exclusive", nobody_is_alone_where_others_follow);
    SUITE_ADD("/client_exclusive",
            who_is_taken_over_is_told_once_and_leaves_it_alone);
    SUITE_ADD("/client_exclusive", taking_over_goes_back_and_forth);
    SUITE_ADD("/client_exclusive", who_shares_displaces_nobody_who_shares);
    SUITE_ADD("/client_exclusive", once_it_is_free_it_can_be_had_alone);
    SUITE_ADD("/client_exclusive", a_resume_is_as_alone_as_before);
    SUITE_ADD("/client_exclusive", a_run_cannot_be_followed_alone);
    return g_test_run();
}
