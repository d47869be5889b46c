/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A stream that says little and often. Its other end is the test's, so that
 * what it says comes when the test wants it to; it goes into the log of a child
 * that says nothing.
 */

#include "executor/child_output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

#include "common/clock.h"
#include "executor/event_log.h"
#include "support/kernel.h"
#include "support/stage.h"
#include "support/suite.h"

static const char line[] = "one of many lines, each of them by a write\n";

struct talk {
    struct stage stage;
    struct actor *actor;
    struct child_output output;
    int pipe[2];
    uint64_t said;
};

static void open_talk(struct talk *talk)
{
    memset(talk, 0, sizeof(*talk));
    stage_open(&talk->stage);
    talk->actor = stage_sh(&talk->stage, "exec sleep 1000");
    g_assert_cmpint(pipe2(talk->pipe, O_CLOEXEC | O_NONBLOCK), ==, 0);
    child_output_init(&talk->output, talk->stage.loop, talk->actor->process,
            REMEX_STDOUT);
    g_assert_cmpint(
            child_output_open(&talk->output, talk->pipe[0]), ==, REMEX_OK);
}

static void close_talk(struct talk *talk)
{
    child_output_close(&talk->output);
    g_assert_cmpuint(talk->actor->out->len, ==, talk->said);
    if (talk->pipe[1] >= 0)
        close(talk->pipe[1]);
    stage_close(&talk->stage);
}

static bool has_come(void *user)
{
    const struct talk *talk = user;

    return talk->actor->out->len == talk->said;
}

static void say(struct talk *talk)
{
    ssize_t written = write(talk->pipe[1], line, strlen(line));

    g_assert_cmpint(written, ==, (ssize_t)strlen(line));
    talk->said += (uint64_t)written;
}

/* Until it is left alone, however often others take the core meanwhile. */
static void say_until_it_rests(struct talk *talk)
{
    do {
        say(talk);
        stage_until(&talk->stage, has_come, talk);
    } while (!talk->output.resting);
}

static void who_rests_is_not_looked_at_and_comes_in_one_piece(void)
{
    struct talk talk;
    uint64_t before;

    open_talk(&talk);
    say_until_it_rests(&talk);
    g_assert_true(talk.output.watch.muted);
    before = event_log_next_seq(process_log(talk.actor->process));
    for (int i = 0; i < 100; i++)
        say(&talk);
    stage_until(&talk.stage, has_come, &talk);
    g_assert_cmpuint(
            event_log_next_seq(process_log(talk.actor->process)) - before, <,
            10);
    close_talk(&talk);
}

/* Else a child who says more than that would stand still during each rest. */
static void a_pipe_that_may_have_been_full_is_made_larger(void)
{
    static char much[40 * 1024];
    struct talk talk;
    int size;

    open_talk(&talk);
    size = fcntl(talk.pipe[1], F_GETPIPE_SZ);
    say_until_it_rests(&talk);
    g_assert_cmpint(fcntl(talk.pipe[1], F_GETPIPE_SZ), ==, size);
    g_assert_cmpint(write(talk.pipe[1], much, sizeof(much)), ==, sizeof(much));
    talk.said += sizeof(much);
    stage_until(&talk.stage, has_come, &talk);
    g_assert_cmpint(fcntl(talk.pipe[1], F_GETPIPE_SZ), >, size);
    close_talk(&talk);
}

static void who_is_spoken_to_is_listened_to_at_once(void)
{
    struct talk talk;

    open_talk(&talk);
    say_until_it_rests(&talk);
    child_output_hurry(&talk.output);
    g_assert_false(talk.output.resting);
    g_assert_false(talk.output.watch.muted);
    g_assert_cmpuint(talk.output.retry.slot, ==, 0);
    say(&talk);
    stage_until(&talk.stage, has_come, &talk);
    close_talk(&talk);
}

static void an_end_within_a_rest_is_an_end(void)
{
    struct talk talk;

    open_talk(&talk);
    say_until_it_rests(&talk);
    say(&talk);
    close(talk.pipe[1]);
    talk.pipe[1] = -1;
    child_output_drain(&talk.output);
    g_assert_cmpint(talk.output.watch.fd, ==, -1);
    stage_until(&talk.stage, has_come, &talk);
    close_talk(&talk);
}

/* No usual rest is so long. */
static bool rests_longer(void *user)
{
    const struct talk *talk = user;

    return talk->output.retry.slot != 0 &&
            talk->output.retry.at - clock_monotonic_ns() > 2 * PACE_MOST_NS;
}

static void without_memory_to_listen_it_rests_longer(void)
{
    struct talk talk;

    open_talk(&talk);
    say_until_it_rests(&talk);
    kernel_refuse(KERNEL_EPOLL_CTL, 1, ENOMEM);
    say(&talk);
    stage_poll_until(&talk.stage, rests_longer, &talk);
    g_assert_true(kernel_refused());
    g_assert_true(talk.output.resting);
    g_assert_true(talk.output.watch.muted);
    g_assert_false(has_come(&talk));
    stage_until(&talk.stage, has_come, &talk);
    close_talk(&talk);
}

/* Of what is read while it rests, the log has no room for all. */
static void who_is_paused_within_a_rest_goes_on_after_it(void)
{
    static char much[64 * 1024];
    struct talk talk;

    open_talk(&talk);
    say_until_it_rests(&talk);
    talk.actor->reads = false;
    fcntl(talk.pipe[1], F_SETPIPE_SZ, 1024 * 1024);
    memset(much, 'm', sizeof(much));
    while (!talk.output.paused) {
        ssize_t written = write(talk.pipe[1], much, sizeof(much));

        talk.said += written > 0 ? (uint64_t)written : 0;
        child_output_drain(&talk.output);
    }
    g_assert_true(talk.output.watch.muted);
    talk.actor->reads = true;
    process_set_consumed(talk.actor->process,
            event_log_next_seq(process_log(talk.actor->process)) - 1);
    child_output_resume(&talk.output);
    g_assert_false(talk.output.paused);
    g_assert_false(talk.output.watch.muted);
    stage_until(&talk.stage, has_come, &talk);
    close_talk(&talk);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD(
            "/child_output", who_rests_is_not_looked_at_and_comes_in_one_piece);
    SUITE_ADD("/child_output", a_pipe_that_may_have_been_full_is_made_larger);
    SUITE_ADD("/child_output", who_is_spoken_to_is_listened_to_at_once);
    SUITE_ADD("/child_output", an_end_within_a_rest_is_an_end);
    SUITE_ADD("/child_output", without_memory_to_listen_it_rests_longer);
    SUITE_ADD("/child_output", who_is_paused_within_a_rest_goes_on_after_it);
    return g_test_run();
}
