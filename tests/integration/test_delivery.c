/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Delivery over real pipes: how far a child can run ahead of who reads it, and
 * what the slow, the late and the sealed get. ctest-timeout: 240
 */

#include <remex/inspect.h>

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "support/command.h"
#include "support/daemon.h"
#include "support/remote.h"
#include "support/sanitizers.h"
#include "support/suite.h"
#include "support/transcript.h"
#include "support/tree.h"

#define KIB ((uint64_t)1024)
#define MIB (1024 * KIB)
#define GROWTH_KIB (16 * KIB)

/* What executor.proto says: all of the default 1 MiB log for one stream, three
 * quarters for one of two, and a pipe that was made large. The kernel counts
 * what a child has written from its birth on: the byte by which it may join its
 * control group, too. */
#define JOINING ((uint64_t)1)
#define LONE_BOUND (MIB + MIB + JOINING)
#define BOUND (768 * KIB + MIB + JOINING)

static void attach(struct remex_client *client, const char *id,
        enum remex_from from, struct remex_process **out)
{
    struct remex_attach_options options = REMEX_DEFAULTS(remex_attach_options);
    struct remex_error error;

    options.from = from;
    if (remex_process_attach(client, id, &options, out, &error) != REMEX_OK)
        g_error("cannot attach: %s", error.text);
}

static void expect(struct remex_process *process, struct remex_event *out)
{
    g_assert_cmpint(
            remex_process_next_event(process, 60000, out), ==, REMEX_OK);
}

/* --- Chosen --------------------------------------------------------------- */

static void check_refused(struct remex_client *client,
        const struct remex_process_options *options, const char *field)
{
    char *path = g_build_filename(g_get_tmp_dir(), "remex-test-never", NULL);
    struct remex_process *process;
    struct remex_error error = { 0 };

    g_assert_cmpint(remex_process_start(client, REMOTE_ARGV("touch", path),
                            options, &process, &error),
            ==, REMEX_INVALID_ARGUMENT);
    g_assert_cmpint(error.kind, ==, REMEX_ERROR_BAD_FIELD);
    g_assert_cmpstr(error.name, ==, field);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    g_free(path);
}

static void a_wrong_choice_is_refused_by_its_name_and_nothing_is_started(void)
{
    static const struct {
        struct remex_stream_options policy;
        const char *field;
    } wrong[] = {
        { { .capture = (enum remex_capture)2 }, "capture" },
        { { .delivery = (enum remex_delivery)2 }, "delivery" },
        { { .no_follower = (enum remex_no_follower)2 }, "no_follower" },
        { { .retention = (enum remex_retention)4 }, "retention" },
        { { .retention = REMEX_RETAIN_BYTES }, "retention_amount" },
        { { .retention = REMEX_RETAIN_CHUNKS }, "retention_amount" },
        { { .retention = REMEX_RETAIN_BYTES, .retention_amount = MIB },
                "retention_amount" },
        { { .retention = REMEX_RETAIN_CHUNKS, .retention_amount = MIB },
                "retention_amount" },
    };
    struct remex_client *client = remote_connect();
    struct remex_process_list *list;

    for (size_t i = 0; i < 2 * G_N_ELEMENTS(wrong); i++) {
        struct remex_process_options options =
                REMEX_DEFAULTS(remex_process_options);
        char *field = g_strdup_printf("start.%s_spec.%s",
                i % 2 ? "stderr" : "stdout", wrong[i / 2].field);

        *(i % 2 ? &options.err : &options.out) = wrong[i / 2].policy;
        check_refused(client, &options, field);
        g_free(field);
    }
    g_assert_cmpint(remex_client_list(client, NULL, &list, NULL), ==, REMEX_OK);
    g_assert_cmpuint(list->count, ==, 0);
    remex_process_list_free(list);
    remex_client_free(client);
}

/* --- Held ----------------------------------------------------------------- */

static void check_bound(
        const struct remex_process_options *options, uint64_t bound)
{
    struct remex_client *client = remote_connect();
    struct remex_process *process = remote_start(client,
            REMOTE_ARGV(REMOTE_CHILD("spew"), "1000000000000"), options);
    pid_t pid = (pid_t)remex_process_pid(process);
    struct transcript story;
    uint64_t written;

    transcript_init(&story);
    story.verify = true;
    for (uint64_t taken = 0; taken <= 20 * MIB; taken += 10 * MIB) {
        transcript_follow_until(&story, process, REMEX_STDOUT, taken);
        written = tree_wait_held(pid, story.bytes[0] + 1);
        g_test_message("taken %" PRIu64 ", ahead %" PRIu64, story.bytes[0],
                written - story.bytes[0]);
        g_assert_cmpuint(written - story.bytes[0], <=, bound);
    }
    g_assert_null(strchr(story.order->str, 'G'));
    transcript_deinit(&story);
    remex_process_free(process);
    remex_client_free(client);
}

static void a_child_stops_within_the_bound_and_goes_on_when_it_is_read(void)
{
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);

    check_bound(&options, BOUND);
    options.err.capture = REMEX_CAPTURE_DISCARD;
    check_bound(&options, LONE_BOUND);
}

static void nobody_there_holds_a_child_that_waits_for_somebody(void)
{
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_client *client = remote_connect();
    struct remex_process *process;
    pid_t pid;
    char *id;

    options.out.no_follower = REMEX_NO_FOLLOWER_HOLD;
    options.out.retention = REMEX_RETAIN_NONE;
    process = remote_start(
            client, REMOTE_ARGV(REMOTE_CHILD("spew"), "10000000"), &options);
    id = g_strdup(remex_process_id(process));
    pid = (pid_t)remex_process_pid(process);
    remex_process_detach(process);
    remex_process_free(process);
    g_assert_cmpuint(tree_wait_held(pid, 1), <=, BOUND);
    attach(client, id, REMEX_FROM_OLDEST, &process);
    transcript_follow_pattern(process, 10000000);
    remex_process_free(process);
    remex_client_free(client);
    g_free(id);
}

/* --- Slow ----------------------------------------------------------------- */

#define ROUND (64 * KIB)

/* One round: all of it comes back, with nothing missing. */
static void go_round(struct remex_process *process, uint64_t *at)
{
    static const uint8_t bytes[ROUND];
    uint64_t until = *at + ROUND;

    g_assert_cmpint(remex_process_write(
                            process, bytes, sizeof(bytes), 60000, NULL, NULL),
            ==, REMEX_OK);
    while (*at < until) {
        struct remex_event event;

        expect(process, &event);
        g_assert_cmpint(event.kind, ==, REMEX_EVENT_OUTPUT);
        g_assert_cmpuint(event.output.offset, ==, *at);
        *at += event.output.data.size;
    }
}

static void check_slow_story(
        struct transcript *story, struct remex_process *slow, uint64_t bytes)
{
    unsigned int gaps = 0;

    transcript_follow(story, slow);
    for (const char *at = story->order->str; *at; at++)
        gaps += *at == 'G';
    /* Each time it went on, it was told of all that it had missed at once. */
    g_assert_cmpuint(gaps, >=, 1);
    g_assert_cmpuint(gaps, <=, 3);
    g_assert_true(g_str_has_suffix(story->order->str, "OXC"));
    g_assert_cmpuint(story->ending.closed.ends[0].bytes, ==, bytes);
}

static void a_follower_a_thousand_times_too_slow_leaves_the_other_alone(void)
{
    struct remex_process_options options = remote_with_stdin();
    struct daemon daemon;
    struct remex_client *clients[2];
    struct remex_process *fast;
    struct remex_process *slow;
    struct remex_event event;
    struct transcript story;
    uint64_t before;
    uint64_t at = 0;

    daemon_start(&daemon);
    transcript_init(&story);
    clients[0] = remote_connect_to(daemon.address);
    clients[1] = remote_connect_to(daemon.address);
    options.out.delivery = REMEX_DELIVERY_LOSSY;
    options.out.retention = REMEX_RETAIN_NONE;
    fast = remote_start(clients[0], REMOTE_ARGV("cat"), &options);
    attach(clients[1], remex_process_id(fast), REMEX_FROM_OLDEST, &slow);
    go_round(fast, &at);
    before = tree_memory_kib(daemon_executor(&daemon), "VmHWM");
    for (int i = 0; i < 1000; i++) {
        go_round(fast, &at);
        if (i % 500 == 0) {
            expect(slow, &event);
            transcript_take(&story, &event);
        }
    }
    if (!sanitizers_on())
        g_assert_cmpuint(tree_memory_kib(daemon_executor(&daemon), "VmHWM"), <=,
                before + GROWTH_KIB);
    g_assert_cmpint(remex_process_close_stdin(fast, NULL), ==, REMEX_OK);
    expect(fast, &event);
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_EXITED);
    check_slow_story(&story, slow, at);
    transcript_deinit(&story);
    remex_process_free(slow);
    remex_process_free(fast);
    remex_client_free(clients[1]);
    remex_client_free(clients[0]);
    daemon_stop(&daemon);
}

/* This program in another role: a client that follows, says so, and in the end
 * how its story went. */
static void be_a_follower(
        const char *address, const char *id, const char *lease_ms)
{
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);
    struct remex_client *client;
    struct remex_process *process;
    struct remex_error error;
    struct transcript story;

    options.lease_ms = atoi(lease_ms);
    if (remex_client_connect(address, &options, &client, &error) != REMEX_OK)
        g_error("cannot connect: %s", error.text);
    attach(client, id, REMEX_FROM_OLDEST, &process);
    transcript_init(&story);
    transcript_follow_until(&story, process, REMEX_STDOUT, 1);
    printf("follows\n");
    fflush(stdout);
    transcript_follow(&story, process);
    printf("%s %" PRIu64 "\n", story.order->str,
            story.ending.closed.ends[0].bytes);
    transcript_deinit(&story);
    remex_process_free(process);
    remex_client_free(client);
}

/* `lease_ms`: in digits; "0" is the default. */
static void start_follower(struct command *command, const char *address,
        const char *id, const char *lease_ms)
{
    char *self = g_file_read_link("/proc/self/exe", NULL);
    char *line;

    command_start(command, REMOTE_ARGV(self, "--follow", address, id, lease_ms),
            NULL);
    line = command_read_line(command->out);
    g_assert_cmpstr(line, ==, "follows");
    g_free(line);
    g_free(self);
}

/* What it missed is a Gap to it, its end is not. */
static void check_follower(struct command *command, uint64_t bytes)
{
    char *end = g_strdup_printf("XC %" PRIu64 "\n", bytes);
    struct command_result result;

    g_assert_cmpint(kill(command->pid, SIGCONT), ==, 0);
    command_finish(command, NULL, 0, &result);
    g_assert_cmpint(result.status, ==, 0);
    g_assert_nonnull(strchr(result.out_text, 'G'));
    g_assert_true(g_str_has_suffix(result.out_text, end));
    command_result_deinit(&result);
    g_free(end);
}

static void a_reliable_story_is_whole(struct remex_client *client)
{
    struct remex_process *process = remote_start(
            client, REMOTE_ARGV(REMOTE_CHILD("spew"), "10000000"), NULL);

    transcript_follow_pattern(process, 10000000);
    remex_process_free(process);
}

static void a_follower_that_stands_still_leaves_the_others_alone(void)
{
    struct remex_process_options options = remote_with_stdin();
    struct daemon daemon;
    struct command command;
    struct remex_client *client;
    struct remex_process *process;
    struct remex_event event;
    uint64_t before;
    uint64_t at = 0;

    daemon_start(&daemon);
    client = remote_connect_to(daemon.address);
    options.out.delivery = REMEX_DELIVERY_LOSSY;
    options.out.retention = REMEX_RETAIN_BYTES;
    options.out.retention_amount = ROUND;
    process = remote_start(client, REMOTE_ARGV("cat"), &options);
    go_round(process, &at);
    start_follower(&command, daemon.address, remex_process_id(process), "0");
    g_assert_cmpint(kill(command.pid, SIGSTOP), ==, 0);
    a_reliable_story_is_whole(client);
    before = tree_memory_kib(daemon_executor(&daemon), "VmHWM");
    for (int i = 0; i < 500; i++)
        go_round(process, &at);
    a_reliable_story_is_whole(client);
    if (!sanitizers_on())
        g_assert_cmpuint(tree_memory_kib(daemon_executor(&daemon), "VmHWM"), <=,
                before + GROWTH_KIB);
    g_assert_cmpint(remex_process_close_stdin(process, NULL), ==, REMEX_OK);
    expect(process, &event);
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_EXITED);
    check_follower(&command, at);
    remex_process_free(process);
    remex_client_free(client);
    daemon_stop(&daemon);
}

/* Dead, it holds the child as if it were slow, until its lease is over. */
static void a_follower_that_dies_counts_no_longer_than_its_lease(void)
{
    struct daemon daemon;
    struct command command;
    struct command_result result;
    struct remex_process_status *status;
    struct remex_client *client;
    struct remex_process *process;
    struct transcript story;

    daemon_start(&daemon);
    client = remote_connect_to(daemon.address);
    process = remote_start(
            client, REMOTE_ARGV(REMOTE_CHILD("spew"), "20000000"), NULL);
    start_follower(&command, daemon.address, remex_process_id(process), "1500");
    g_assert_cmpint(kill(command.pid, SIGKILL), ==, 0);
    command_finish(&command, NULL, 0, &result);
    transcript_init(&story);
    story.verify = true;
    transcript_follow(&story, process);
    g_assert_null(strchr(story.order->str, 'G'));
    g_assert_cmpuint(story.bytes[0], ==, 20000000);
    g_assert_cmpint(
            remex_process_inspect(process, &status, NULL), ==, REMEX_OK);
    /* Nor does ours follow any more: it has had Closed. */
    g_assert_cmpuint(status->followers, ==, 0);
    remex_process_status_free(status);
    transcript_deinit(&story);
    command_result_deinit(&result);
    remex_process_free(process);
    remex_client_free(client);
    daemon_stop(&daemon);
}

/* --- Small ---------------------------------------------------------------- */

static void chunks_are_as_small_as_asked_for_on_both_streams(void)
{
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_client *client = remote_connect();
    struct remex_process *process;
    struct remex_event event;

    options.out.chunk_bytes = 2;
    options.err.chunk_bytes = 3;
    process = remote_start(client,
            REMOTE_ARGV(
                    "sh", "-c", "printf 'hello world'; printf 12345678 >&2"),
            &options);
    do {
        expect(process, &event);
        if (event.kind == REMEX_EVENT_OUTPUT)
            g_assert_cmpuint(event.output.data.size, <=,
                    event.output.stream == REMEX_STDOUT ? 2 : 3);
    } while (event.kind != REMEX_EVENT_CLOSED);
    g_assert_cmpuint(event.seq, ==, 6 + 3 + 2); /* ceilings, and the endings */
    remex_process_free(process);
    remex_client_free(client);
}

/* One byte to an event, a million of them, read by nobody. */
static void one_byte_writes_stay_within_the_executors_bounds(void)
{
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct daemon daemon;
    struct remex_client *client;
    struct remex_process *process;
    struct remex_exit ended;
    uint64_t before;

    daemon_start(&daemon);
    client = remote_connect_to(daemon.address);
    before = tree_memory_kib(daemon_executor(&daemon), "VmHWM");
    options.out.delivery = REMEX_DELIVERY_LOSSY;
    options.out.chunk_bytes = 1;
    process = remote_start(
            client, REMOTE_ARGV(REMOTE_CHILD("spew"), "1000000"), &options);
    g_assert_cmpint(remex_process_wait(process, 60000, &ended), ==, REMEX_OK);
    if (!sanitizers_on())
        g_assert_cmpuint(tree_memory_kib(daemon_executor(&daemon), "VmHWM"), <=,
                before + GROWTH_KIB);
    remex_process_free(process);
    remex_client_free(client);
    daemon_stop(&daemon);
}

/* --- Late ----------------------------------------------------------------- */

static void check_late(struct remex_client *client, const char *id,
        const char *order, const char *text)
{
    struct remex_process *process;
    struct transcript story;

    attach(client, id, REMEX_FROM_OLDEST, &process);
    transcript_init(&story);
    transcript_follow(&story, process);
    g_assert_cmpstr(story.order->str, ==, order);
    transcript_check_text(&story, REMEX_STDERR, text);
    transcript_deinit(&story);
    remex_process_free(process);
}

/* H3: everybody who comes late is told the same gaps, here between what is kept
 * of the other stream. */
static void h3_streams_keep_their_own_and_gaps_are_told_to_everybody(void)
{
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_client *client = remote_connect();
    struct remex_process *process;
    struct remex_exit ended;
    struct transcript story;
    char *id;

    options.out.retention = REMEX_RETAIN_NONE;
    process = remote_start(client,
            REMOTE_ARGV("sh", "-c",
                    "echo out; echo one >&2; echo out; echo two >&2; exit 3"),
            &options);
    id = g_strdup(remex_process_id(process));
    transcript_init(&story);
    transcript_follow(&story, process); /* it was there: no gap */
    transcript_check_text(&story, REMEX_STDOUT, "out\nout\n");
    transcript_check_text(&story, REMEX_STDERR, "one\ntwo\n");
    g_assert_cmpint(remex_process_wait(process, 0, &ended), ==, REMEX_OK);
    remex_process_free(process); /* nobody needs anything any more */
    for (int i = 0; i < 3; i++) {
        attach(client, id, REMEX_FROM_OLDEST, &process);
        transcript_deinit(&story);
        transcript_init(&story);
        transcript_follow(&story, process);
        transcript_check_text(&story, REMEX_STDERR, "one\ntwo\n");
        g_assert_nonnull(strchr(story.order->str, 'G'));
        g_assert_cmpint(story.exit.code, ==, 3);
        remex_process_free(process);
    }
    transcript_deinit(&story);
    attach(client, id, REMEX_FROM_OLDEST, &process);
    g_assert_cmpint(remex_process_seal(process, NULL), ==, REMEX_OK);
    remex_process_free(process);
    check_late(client, id, "GXC", "");
    remex_client_free(client);
    g_free(id);
}

static void check_end_is_kept(const struct remex_stream_options *policy)
{
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_client *client = remote_connect();
    struct remex_process *process;
    struct transcript story;
    char *id;

    options.out = *policy;
    process = remote_start(
            client, REMOTE_ARGV("sh", "-c", "printf abcd; exit 3"), &options);
    id = g_strdup(remex_process_id(process));
    transcript_init(&story);
    transcript_follow(&story, process);
    transcript_check_text(&story, REMEX_STDOUT, "abcd");
    remex_process_free(process);
    for (int i = 0; i < 2; i++) { /* the second time it is sealed */
        attach(client, id, REMEX_FROM_OLDEST, &process);
        transcript_deinit(&story);
        transcript_init(&story);
        transcript_follow(&story, process);
        g_assert_true(g_str_has_suffix(story.order->str, "XC"));
        g_assert_cmpint(story.exit.code, ==, 3);
        g_assert_cmpint(story.ending.closed.ends[0].kind, ==, REMEX_END_EOF);
        g_assert_cmpuint(story.ending.closed.ends[0].bytes, ==, 4);
        g_assert_cmpint(remex_process_seal(process, NULL), ==, REMEX_OK);
        remex_process_free(process);
    }
    g_assert_cmpstr(story.order->str, ==, "GXC");
    transcript_deinit(&story);
    remex_client_free(client);
    g_free(id);
}

static void the_end_outlives_every_retention_and_a_seal(void)
{
    static const enum remex_retention retentions[] = { REMEX_RETAIN_NONE,
        REMEX_RETAIN_BYTES, REMEX_RETAIN_CHUNKS, REMEX_RETAIN_ALL };

    for (size_t i = 0; i < G_N_ELEMENTS(retentions); i++)
        for (int lossy = 0; lossy < 2; lossy++)
            check_end_is_kept(&(struct remex_stream_options){
                    .delivery = lossy ? REMEX_DELIVERY_LOSSY
                                      : REMEX_DELIVERY_RELIABLE,
                    .retention = retentions[i],
                    .retention_amount = i == 1 || i == 2 ? 1 : 0,
            });
}

/* H8: how it ended, what it said and how its streams ended are told together,
 * though a descendant holds them. */
static void h8_what_ends_badly_still_tells_all_it_had(void)
{
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_client *client = remote_connect();
    struct remex_process *process;
    struct transcript story;

    options.eof_linger_ms = 50;
    process = remote_start(client,
            REMOTE_ARGV("sh", "-c", "printf partial; sleep 1000 & exit 7"),
            &options);
    transcript_init(&story);
    transcript_follow(&story, process);
    transcript_check_text(&story, REMEX_STDOUT, "partial");
    g_assert_cmpint(story.exit.code, ==, 7);
    g_assert_cmpint(story.ending.closed.ends[0].kind, ==, REMEX_END_ABANDONED);
    g_assert_cmpuint(story.ending.closed.ends[0].bytes, ==, 7);
    transcript_deinit(&story);
    remex_process_free(process);
    remex_client_free(client);
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "--follow") == 0) {
        be_a_follower(argv[2], argv[3], argv[4]);
        return 0;
    }
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/delivery",
            a_wrong_choice_is_refused_by_its_name_and_nothing_is_started);
    SUITE_ADD("/delivery",
            a_child_stops_within_the_bound_and_goes_on_when_it_is_read);
    SUITE_ADD("/delivery", nobody_there_holds_a_child_that_waits_for_somebody);
    SUITE_ADD("/delivery",
            a_follower_a_thousand_times_too_slow_leaves_the_other_alone);
    SUITE_ADD(
            "/delivery", a_follower_that_stands_still_leaves_the_others_alone);
    SUITE_ADD(
            "/delivery", a_follower_that_dies_counts_no_longer_than_its_lease);
    SUITE_ADD("/delivery", chunks_are_as_small_as_asked_for_on_both_streams);
    SUITE_ADD("/delivery", one_byte_writes_stay_within_the_executors_bounds);
    SUITE_ADD("/delivery",
            h3_streams_keep_their_own_and_gaps_are_told_to_everybody);
    SUITE_ADD("/delivery", the_end_outlives_every_retention_and_a_seal);
    SUITE_ADD("/delivery", h8_what_ends_badly_still_tells_all_it_had);
    return g_test_run();
}
