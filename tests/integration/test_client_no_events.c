/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Handles for calls alone: they follow nothing, so they are in nobody's way,
 * and are told what they ask.
 */

#include <remex/inspect.h>
#include <remex/process.h>

#include <signal.h>

#include <glib.h>

#include "support/couple.h"
#include "support/remote.h"
#include "support/suite.h"
#include "support/transcript.h"

static struct remex_process *attach(
        struct remex_client *client, const struct remex_process *to, bool armed)
{
    struct remex_attach_options options = REMEX_DEFAULTS(remex_attach_options);
    struct remex_process *process;
    struct remex_error error;

    options.no_events = true;
    options.armed = armed;
    if (remex_process_attach(client, remex_process_id(to), &options, &process,
                &error) != REMEX_OK)
        g_error("cannot attach: %s", error.text);
    g_assert_cmpint(remex_process_pid(process), ==, remex_process_pid(to));
    return process;
}

static void check_followers(struct remex_process *process, unsigned int count)
{
    struct remex_process_status *status;

    g_assert_cmpint(
            remex_process_inspect(process, &status, NULL), ==, REMEX_OK);
    g_assert_cmpuint(status->followers, ==, count);
    remex_process_status_free(status);
}

static void calls_work_beside_one_who_follows_alone(void)
{
    struct remex_process_options options = remote_with_stdin();
    struct remex_process *process;
    struct remex_process *beside;
    struct remex_exit ended;
    struct remex_event event;
    struct remex_log *log;
    struct couple couple;

    couple_init(&couple);
    options.exclusive = true;
    process = remote_start(couple.first, REMOTE_ARGV("cat"), &options);
    beside = attach(couple.second, process, false);
    check_followers(beside, 1);
    g_assert_cmpint(
            remex_process_wait(beside, 0, &ended), ==, REMEX_DEADLINE_EXCEEDED);
    g_assert_cmpint(remex_process_wait(beside, 20, &ended), ==,
            REMEX_DEADLINE_EXCEEDED);
    g_assert_cmpint(remex_process_write(beside, "x", 1, 60000, NULL, NULL), ==,
            REMEX_OK);
    g_assert_cmpint(remex_process_close_stdin(beside, NULL), ==, REMEX_OK);
    g_assert_cmpint(remex_process_wait(beside, 60000, &ended), ==, REMEX_OK);
    g_assert_false(ended.by_signal);
    g_assert_cmpint(
            remex_process_read(beside, 0, 0, 60000, &log, NULL), ==, REMEX_OK);
    g_assert_cmpint(log->events[0].kind, ==, REMEX_EVENT_OUTPUT);
    g_assert_cmpuint(remex_process_newest_seq(beside), ==, log->next_seq - 1);
    remex_log_free(log);
    g_assert_cmpint(
            remex_process_next_event(beside, 0, &event), ==, REMEX_AGAIN);
    remex_process_free(beside);
    remex_process_free(process);
    couple_deinit(&couple);
}

static void it_holds_nothing_up_and_kills_only_if_armed(void)
{
    struct remex_process *process;
    struct remex_process *beside;
    struct remex_exit ended;
    struct couple couple;

    couple_init(&couple);
    process = remote_start(
            couple.first, REMOTE_ARGV(REMOTE_CHILD("spew"), "9000000"), NULL);
    beside = attach(couple.second, process, false);
    remex_process_detach(process);
    remex_process_free(process);
    g_assert_cmpint(remex_process_wait(beside, 60000, &ended), ==, REMEX_OK);
    g_assert_cmpint(ended.code, ==, 0);
    remex_process_free(beside);

    process = remote_start(couple.first, REMOTE_ARGV("sleep", "1000"), NULL);
    remex_process_free(attach(couple.second, process, false));
    g_assert_cmpint(remex_process_wait(process, 50, &ended), ==,
            REMEX_DEADLINE_EXCEEDED);
    remex_process_free(attach(couple.second, process, true));
    g_assert_cmpint(remex_process_wait(process, 60000, &ended), ==, REMEX_OK);
    g_assert_cmpint(ended.code, ==, SIGKILL);
    remex_process_free(process);
    couple_deinit(&couple);
}

static void what_is_not_there_is_told(void)
{
    struct remex_attach_options options = REMEX_DEFAULTS(remex_attach_options);
    struct remex_process *process;
    struct remex_process *beside;
    struct remex_error error;
    struct transcript story;
    struct remex_exit ended;
    struct couple couple;

    couple_init(&couple);
    options.no_events = true;
    g_assert_cmpint(remex_process_attach(
                            couple.first, "nobody", &options, &process, &error),
            ==, REMEX_NOT_FOUND);
    options.take_over = true;
    g_assert_cmpint(remex_process_attach(
                            couple.first, "nobody", &options, &process, &error),
            ==, REMEX_INVALID_ARGUMENT);
    g_assert_cmpstr(error.name, ==, "options.no_events");

    process = remote_shell(couple.first, "exit 3");
    beside = attach(couple.second, process, true);
    transcript_init(&story);
    transcript_follow(&story, process);
    transcript_check_exit(&story, 3);
    transcript_deinit(&story);
    g_assert_cmpint(
            remex_client_forget(couple.first, remex_process_id(process), NULL),
            ==, REMEX_OK);
    g_assert_cmpint(
            remex_process_wait(beside, 60000, &ended), ==, REMEX_NOT_FOUND);
    remex_process_free(beside);
    remex_process_free(process);
    couple_deinit(&couple);
}

static void *wait_for_exit(void *data)
{
    struct remex_exit ended;

    return GINT_TO_POINTER(remex_process_wait(data, REMEX_FOREVER, &ended));
}

/* It goes on waiting when the link comes back, and fails with its client. */
static void a_lost_link_is_told_once(void)
{
    struct remex_process *process;
    struct remex_process *beside;
    struct remex_event event;
    GThread *waiting;
    struct couple couple;

    couple_init(&couple);
    process = remote_start(couple.first, REMOTE_ARGV("sleep", "1000"), NULL);
    beside = attach(couple.second, process, false);
    waiting = g_thread_new("wait", wait_for_exit, beside);
    daemon_kill_front(&couple.daemon);
    check_followers(beside, 1);
    daemon_kill(&couple.daemon);
    daemon_restart(&couple.daemon);
    g_assert_cmpint(
            GPOINTER_TO_INT(g_thread_join(waiting)), ==, REMEX_DISCONNECTED);
    g_assert_cmpint(
            remex_process_next_event(beside, 60000, &event), ==, REMEX_OK);
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_FAILED);
    g_assert_cmpint(event.failure, ==, REMEX_FAILURE_EXECUTOR_RESTARTED);
    g_assert_cmpint(
            remex_process_next_event(beside, 60000, &event), ==, REMEX_ENDED);
    remex_process_free(beside);
    remex_process_free(process);
    couple_deinit(&couple);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/client_no_events", calls_work_beside_one_who_follows_alone);
    SUITE_ADD("/client_no_events", it_holds_nothing_up_and_kills_only_if_armed);
    SUITE_ADD("/client_no_events", what_is_not_there_is_told);
    SUITE_ADD("/client_no_events", a_lost_link_is_told_once);
    return g_test_run();
}
