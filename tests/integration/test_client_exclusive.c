/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Who follows alone, who may not, and who takes over: two clients of one
 * executor.
 */

#include <remex/process.h>
#include <remex/run.h>

#include <string.h>

#include <glib.h>

#include "support/couple.h"
#include "support/echo.h"
#include "support/remote.h"
#include "support/suite.h"

static struct remex_process *start_cat(struct couple *couple, bool exclusive)
{
    struct remex_process_options options = remote_with_stdin();

    options.id = "cat";
    options.exclusive = exclusive;
    return remote_start(couple->first, REMOTE_ARGV("cat"), &options);
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
    struct couple couple;

    couple_init(&couple);
    process = start_cat(&couple, true);
    check_refused(couple.second, false, false);
    check_refused(couple.second, true, false);
    check_refused(couple.first, false, false);
    echo_once(process);
    remex_process_free(process);
    couple_deinit(&couple);
}

static void nobody_is_alone_where_others_follow(void)
{
    struct remex_process *process;
    struct remex_process *other;
    struct couple couple;

    couple_init(&couple);
    process = start_cat(&couple, false);
    check_refused(couple.second, true, false);
    other = attach(couple.second, false, false);
    check_refused(couple.second, true, false);
    remex_process_free(other);
    echo_once(process);
    remex_process_free(process);
    couple_deinit(&couple);
}

/* Freeing the handle that started it would have killed it. */
static void who_is_taken_over_is_told_once_and_leaves_it_alone(void)
{
    struct remex_process *first;
    struct remex_process *second;
    struct couple couple;

    couple_init(&couple);
    first = start_cat(&couple, true);
    second = attach(couple.second, true, true);
    check_taken_over(first);
    check_client_lives(couple.first);
    remex_process_free(first);
    check_refused(couple.first, false, false);
    echo_once(second);
    remex_process_free(second);
    couple_deinit(&couple);
}

static void taking_over_goes_back_and_forth(void)
{
    struct remex_process *handles[4];
    struct couple couple;

    couple_init(&couple);
    handles[0] = start_cat(&couple, false);
    handles[1] = attach(couple.first, false, false);
    handles[2] = attach(couple.second, true, true);
    check_taken_over(handles[0]);
    check_taken_over(handles[1]);
    handles[3] = attach(couple.first, false, true);
    check_taken_over(handles[2]);
    echo_once(handles[3]);
    for (int i = 0; i < 4; i++)
        remex_process_free(handles[i]);
    couple_deinit(&couple);
}

/* Who shares takes nothing from those who share. */
static void who_shares_displaces_nobody_who_shares(void)
{
    struct remex_process *first;
    struct remex_process *second;
    struct couple couple;

    couple_init(&couple);
    first = start_cat(&couple, false);
    second = attach(couple.second, false, true);
    echo_once(first);
    remex_process_free(second);
    remex_process_free(first);
    couple_deinit(&couple);
}

static void once_it_is_free_it_can_be_had_alone(void)
{
    struct remex_process *process;
    struct couple couple;

    couple_init(&couple);
    process = start_cat(&couple, true);
    remex_process_detach(process);
    remex_process_free(process);
    check_client_lives(couple.first); /* and the unfollow was before it */
    process = attach(couple.second, true, false);
    echo_once(process);
    remex_process_free(process);
    couple_deinit(&couple);
}

/* The front is killed: both come back as what they were. */
static void a_resume_is_as_alone_as_before(void)
{
    struct remex_process *first;
    struct couple couple;

    couple_init(&couple);
    first = start_cat(&couple, true);
    daemon_kill_front(&couple.daemon);
    check_client_lives(couple.first);
    check_refused(couple.second, false, false);
    echo_once(first);
    remex_process_free(first);
    couple_deinit(&couple);
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
