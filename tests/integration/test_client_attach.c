/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Handles made of ids.
 */

#include <remex/inspect.h>
#include <remex/process.h>

#include <string.h>

#include <glib.h>

#include "support/daemon.h"
#include "support/remote.h"
#include "support/suite.h"
#include "support/transcript.h"

/* Three outputs, each told as an event of its own, then a line from stdin. */
#define TALK \
    "printf a; read x; printf bb >&2; read x; printf ccc; read x; echo " \
    "\"<$x>\"; exit 5"

static struct remex_attach_options attach_from(
        enum remex_from from, uint64_t after_seq)
{
    struct remex_attach_options options = REMEX_DEFAULTS(remex_attach_options);

    options.from = from;
    options.after_seq = after_seq;
    return options;
}

static struct remex_process *attach(struct remex_client *client, const char *id,
        const struct remex_attach_options *options)
{
    struct remex_process *process;
    struct remex_error error;

    if (remex_process_attach(client, id, options, &process, &error) != REMEX_OK)
        g_error("cannot attach: %s", error.text);
    return process;
}

static void write_line(struct remex_process *process, const char *text)
{
    g_assert_cmpint(remex_process_write(process, text, strlen(text),
                            REMEX_FOREVER, NULL, NULL),
            ==, REMEX_OK);
}

/* The next event is output of that stream. */
static void expect_output(struct remex_process *process,
        enum remex_stream stream, uint64_t offset, const char *text)
{
    struct remex_event event;

    g_assert_cmpint(
            remex_process_next_event(process, 60000, &event), ==, REMEX_OK);
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_OUTPUT);
    g_assert_cmpint(event.output.stream, ==, stream);
    g_assert_cmpuint(event.output.offset, ==, offset);
    g_assert_cmpuint(event.output.data.size, ==, strlen(text));
    g_assert_cmpint(memcmp(event.output.data.data, text, strlen(text)), ==, 0);
}

/* Up to its last question. */
static struct remex_process *start_talk(struct remex_client *client)
{
    struct remex_process_options options = remote_with_stdin();
    struct remex_process *process =
            remote_start(client, REMOTE_ARGV("/bin/sh", "-c", TALK), &options);

    expect_output(process, REMEX_STDOUT, 0, "a");
    write_line(process, "1\n");
    expect_output(process, REMEX_STDERR, 0, "bb");
    write_line(process, "2\n");
    expect_output(process, REMEX_STDOUT, 1, "ccc");
    return process;
}

static void check_ending(struct remex_process *process)
{
    struct remex_event event;

    g_assert_cmpint(
            remex_process_next_event(process, 60000, &event), ==, REMEX_OK);
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_EXITED);
    g_assert_cmpint(event.exited.code, ==, 5);
    g_assert_cmpint(
            remex_process_next_event(process, 60000, &event), ==, REMEX_OK);
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_CLOSED);
    g_assert_cmpint(
            remex_process_next_event(process, 0, &event), ==, REMEX_ENDED);
}

static void another_client_reads_it_all_and_goes_on_writing(void)
{
    struct daemon daemon;
    struct remex_client *first;
    struct remex_client *second;
    struct remex_process *process;
    struct remex_process *attached;

    daemon_start(&daemon);
    first = remote_connect_to(daemon.address);
    second = remote_connect_to(daemon.address);
    process = start_talk(first);
    attached = attach(second, remex_process_id(process), NULL);
    g_assert_cmpint(
            remex_process_pid(attached), ==, remex_process_pid(process));
    expect_output(attached, REMEX_STDOUT, 0, "a");
    expect_output(attached, REMEX_STDERR, 0, "bb");
    expect_output(attached, REMEX_STDOUT, 1, "ccc");
    write_line(attached, "three\n");
    expect_output(attached, REMEX_STDOUT, 4, "<three>\n");
    check_ending(attached);
    expect_output(process, REMEX_STDOUT, 4, "<three>\n");
    check_ending(process);
    remex_process_free(attached);
    remex_process_free(process);
    remex_client_free(second);
    remex_client_free(first);
    daemon_stop(&daemon);
}

static void live_begins_with_what_comes_next(void)
{
    struct remex_attach_options options = attach_from(REMEX_FROM_LIVE, 0);
    struct remex_client *client = remote_connect();
    struct remex_process *process = start_talk(client);
    struct remex_process *live =
            attach(client, remex_process_id(process), &options);
    struct remex_event event;

    g_assert_cmpint(remex_process_next_event(live, 0, &event), ==, REMEX_AGAIN);
    g_assert_cmpuint(remex_process_newest_seq(live), ==, 3);
    write_line(process, "x\n");
    expect_output(live, REMEX_STDOUT, 4, "<x>\n");
    check_ending(live);
    remex_process_free(live);
    live = attach(client, remex_process_id(process), &options);
    g_assert_cmpint(
            remex_process_next_event(live, 60000, &event), ==, REMEX_ENDED);
    remex_process_free(live);
    remex_process_free(process);
    remex_client_free(client);
}

/* From after each event: the rest, at the same offsets. */
static void any_event_may_be_the_last_one_known(void)
{
    static const char *const texts[] = { "a", "bb", "ccc" };
    static const enum remex_stream streams[] = { REMEX_STDOUT, REMEX_STDERR,
        REMEX_STDOUT };
    static const uint64_t offsets[] = { 0, 0, 1 };
    struct remex_client *client = remote_connect();
    struct remex_process *process = start_talk(client);
    struct remex_process *attached[4];

    for (uint64_t after = 0; after < 4; after++) {
        struct remex_attach_options options =
                attach_from(REMEX_FROM_AFTER, after);

        attached[after] = attach(client, remex_process_id(process), &options);
        for (uint64_t i = after; i < 3; i++)
            expect_output(attached[after], streams[i], offsets[i], texts[i]);
    }
    write_line(process, "x\n");
    for (int i = 0; i < 4; i++) {
        expect_output(attached[i], REMEX_STDOUT, 4, "<x>\n");
        check_ending(attached[i]);
        remex_process_free(attached[i]);
    }
    remex_process_free(process);
    remex_client_free(client);
}

static void after_the_exit_only_closed_is_left(void)
{
    struct remex_attach_options options = attach_from(REMEX_FROM_AFTER, 5);
    struct remex_client *client = remote_connect();
    struct remex_process *process = start_talk(client);
    struct remex_process *late;
    struct remex_event event;
    struct remex_exit exited;

    write_line(process, "x\n");
    expect_output(process, REMEX_STDOUT, 4, "<x>\n");
    check_ending(process);
    late = attach(client, remex_process_id(process), &options);
    g_assert_cmpint(
            remex_process_next_event(late, 60000, &event), ==, REMEX_OK);
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_CLOSED);
    g_assert_cmpint(remex_process_wait(late, 0, &exited), ==, REMEX_OK);
    g_assert_cmpint(exited.code, ==, 5);
    remex_process_free(late);
    remex_process_free(process);
    remex_client_free(client);
}

static void what_is_not_there_is_refused(void)
{
    struct remex_attach_options options = attach_from(REMEX_FROM_AFTER, 100);
    struct remex_client *client = remote_connect();
    struct remex_process *process = start_talk(client);
    struct remex_process *attached;
    struct remex_error error;

    g_assert_cmpint(
            remex_process_attach(client, "nobody", NULL, &attached, &error), ==,
            REMEX_NOT_FOUND);
    g_assert_cmpint(remex_process_attach(client, "", NULL, &attached, &error),
            ==, REMEX_INVALID_ARGUMENT);
    g_assert_cmpint(remex_process_attach(client, remex_process_id(process),
                            &options, &attached, &error),
            ==, REMEX_INVALID_ARGUMENT);
    remex_process_free(process);
    remex_client_free(client);
}

/* --- Armed or not -------------------------------------------------------- */

static void only_armed_handles_kill(void)
{
    struct remex_attach_options armed = attach_from(REMEX_FROM_LIVE, 0);
    struct remex_client *client = remote_connect();
    struct remex_process *process =
            remote_start(client, REMOTE_ARGV("sleep", "1000"), NULL);
    struct remex_process *attached;
    struct remex_exit exited;

    armed.armed = true;
    attached = attach(client, remex_process_id(process), NULL);
    remex_process_free(attached);
    attached = attach(client, remex_process_id(process), &armed);
    remex_process_detach(attached);
    remex_process_free(attached);
    g_assert_cmpint(remex_process_wait(process, 200, &exited), ==,
            REMEX_DEADLINE_EXCEEDED);
    attached = attach(client, remex_process_id(process), &armed);
    remex_process_free(attached);
    g_assert_cmpint(
            remex_process_wait(process, REMEX_FOREVER, &exited), ==, REMEX_OK);
    g_assert_true(exited.by_signal);
    remex_process_free(process);
    remex_client_free(client);
}

/* A process left alone goes on, and can be had back by its id. */
static void what_was_detached_is_had_back(void)
{
    struct remex_process_options options = remote_with_stdin();
    struct daemon daemon;
    struct remex_client *client;
    struct remex_process *process;

    daemon_start(&daemon);
    client = remote_connect_to(daemon.address);
    options.id = "mine";
    options.owner_loss = REMEX_OWNER_LOSS_KEEP;
    options.keep_ms = 60000;
    process = remote_start(client, REMOTE_ARGV("cat"), &options);
    write_line(process, "one\n");
    remex_process_detach(process);
    remex_process_free(process);
    remex_client_free(client);
    client = remote_connect_to(daemon.address);
    process = attach(client, "mine", NULL);
    write_line(process, "two\n");
    g_assert_cmpint(remex_process_close_stdin(process, NULL), ==, REMEX_OK);
    {
        struct transcript story;

        transcript_init(&story);
        transcript_follow(&story, process);
        transcript_check_text(&story, REMEX_STDOUT, "one\ntwo\n");
        transcript_check_exit(&story, 0);
        transcript_deinit(&story);
    }
    remex_process_free(process);
    remex_client_free(client);
    daemon_stop(&daemon);
}

/* --- Outages ------------------------------------------------------------- */

/* Handles of one process that begin in different places all go on. */
static void a_killed_front_costs_no_handle_anything(void)
{
    struct daemon daemon;
    struct remex_client *client;
    struct remex_process *process;
    struct remex_process *attached[4];

    daemon_start(&daemon);
    client = remote_connect_to(daemon.address);
    process = start_talk(client);
    for (uint64_t after = 0; after < 4; after++) {
        struct remex_attach_options options =
                attach_from(REMEX_FROM_AFTER, after);

        attached[after] = attach(client, remex_process_id(process), &options);
    }
    daemon_kill_front(&daemon);
    write_line(process, "x\n");
    for (uint64_t after = 0; after < 4; after++) {
        struct transcript story;

        transcript_init(&story);
        story.last_seq = after;
        story.bytes[0] = after == 0 ? 0 : after < 3 ? 1 : 4;
        story.bytes[1] = after < 2 ? 0 : 2;
        transcript_follow(&story, attached[after]);
        g_assert_cmpuint(story.bytes[0], ==, 8);
        g_assert_cmpuint(story.bytes[1], ==, 2);
        transcript_deinit(&story);
        remex_process_free(attached[after]);
    }
    remex_process_free(process);
    remex_client_free(client);
    daemon_stop(&daemon);
}

/* --- News of what is not taken ------------------------------------------- */

static void wake_tells_of_events_that_do_not_come(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process_options options = remote_with_stdin();
    struct remex_process *process;
    uint64_t newest = 0;

    options.window_bytes = 4096;
    process = remote_start(client,
            REMOTE_ARGV("/bin/sh", "-c",
                    "head -c 20000 /dev/zero; read x; head -c 20000 /dev/zero; "
                    "read x"),
            &options);
    /* More than fits into the window, so that the rest does not come. */
    while (newest < 2 || newest < remex_process_newest_seq(process))
        g_assert_cmpint(remex_process_wake(process, newest, 10000, &newest), ==,
                REMEX_OK);
    while (remex_process_wake(process, newest, 1500, &newest) == REMEX_OK)
        ;
    write_line(process, "x\n");
    g_assert_cmpint(
            remex_process_wake(process, newest, 10000, &newest), ==, REMEX_OK);
    g_assert_cmpuint(remex_process_newest_seq(process), >=, newest);
    g_assert_cmpint(
            remex_process_wake(process, newest - 1, 0, NULL), ==, REMEX_OK);
    remex_process_free(process);
    remex_client_free(client);
}

static void wake_knows_the_end(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process *process = remote_shell(client, "exit 0");
    uint64_t newest = 0;

    while (remex_process_wake(process, newest, REMEX_FOREVER, &newest) ==
            REMEX_OK)
        ;
    g_assert_cmpuint(newest, ==, 2);
    g_assert_cmpint(remex_process_wake(process, 2, 0, NULL), ==, REMEX_ENDED);
    remex_process_free(process);
    remex_client_free(client);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD(
            "/client_attach", another_client_reads_it_all_and_goes_on_writing);
    SUITE_ADD("/client_attach", live_begins_with_what_comes_next);
    SUITE_ADD("/client_attach", any_event_may_be_the_last_one_known);
    SUITE_ADD("/client_attach", after_the_exit_only_closed_is_left);
    SUITE_ADD("/client_attach", what_is_not_there_is_refused);
    SUITE_ADD("/client_attach", only_armed_handles_kill);
    SUITE_ADD("/client_attach", what_was_detached_is_had_back);
    SUITE_ADD("/client_attach", a_killed_front_costs_no_handle_anything);
    SUITE_ADD("/client_attach", wake_tells_of_events_that_do_not_come);
    SUITE_ADD("/client_attach", wake_knows_the_end);
    return g_test_run();
}
