/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Several local readers of one handle.
 */

#include <remex/process.h>
#include <remex/subscription.h>

#include <string.h>

#include <glib.h>

#include "support/remote.h"
#include "support/suite.h"
#include "support/transcript.h"

#define BYTES ((uint64_t)8 * 1024 * 1024)
#define SUBSCRIBERS 4

static void subscribe(struct remex_process *process, enum remex_from from,
        uint64_t after, struct remex_subscription **out)
{
    struct remex_error error;

    if (remex_process_subscribe(process, from, after, out, &error) != REMEX_OK)
        g_error("cannot subscribe: %s", error.text);
}

/* Takes all there is to take, which ends with Closed or Failed. */
static void follow(
        struct transcript *story, struct remex_subscription *subscription)
{
    struct remex_event event;
    enum remex_status status;

    while ((status = remex_subscription_next(subscription, 60000, &event)) ==
            REMEX_OK)
        transcript_take(story, &event);
    g_assert_cmpint(status, ==, REMEX_ENDED);
    g_assert_nonnull(strpbrk(story->order->str, "CF"));
}

/* --- Many, in threads ---------------------------------------------------- */

struct reader {
    struct remex_process *process;
    bool slow;
};

/* Comes anew a few times on his way, to go on where he was. */
static void *read_all(void *data)
{
    struct reader *reader = data;
    struct remex_subscription *subscription;
    struct transcript story;
    struct remex_event event;
    int taken = 0;

    transcript_init(&story);
    story.verify = true;
    subscribe(reader->process, REMEX_FROM_OLDEST, 0, &subscription);
    while (remex_subscription_next(subscription, 60000, &event) == REMEX_OK) {
        transcript_take(&story, &event);
        if (reader->slow)
            g_thread_yield();
        if (++taken % 64 == 0 && event.kind == REMEX_EVENT_OUTPUT) {
            remex_subscription_free(subscription);
            subscribe(reader->process, REMEX_FROM_AFTER, story.last_seq,
                    &subscription);
        }
    }
    g_assert_cmpint(
            remex_subscription_next(subscription, 0, &event), ==, REMEX_ENDED);
    remex_subscription_free(subscription);
    g_assert_cmpint(story.ending.kind, ==, REMEX_EVENT_CLOSED);
    g_assert_cmpuint(story.bytes[0], ==, BYTES);
    transcript_deinit(&story);
    return NULL;
}

/* Each sees every byte at its place, or a gap there; nobody holds anybody. */
static void readers_and_the_user_do_not_meet(void)
{
    struct remex_client *client = remote_connect();
    char *bytes = g_strdup_printf("%" G_GUINT64_FORMAT, BYTES);
    struct remex_process *process = remote_start(
            client, REMOTE_ARGV(REMOTE_CHILD("spew"), bytes), NULL);
    struct reader readers[SUBSCRIBERS];
    GThread *threads[SUBSCRIBERS];
    struct transcript story;

    for (int i = 0; i < SUBSCRIBERS; i++) {
        readers[i] = (struct reader){ .process = process, .slow = i % 2 };
        threads[i] = g_thread_new("reader", read_all, &readers[i]);
    }
    transcript_init(&story);
    story.verify = true;
    transcript_follow(&story, process);
    g_assert_cmpuint(story.bytes[0], ==, BYTES);
    transcript_deinit(&story);
    for (int i = 0; i < SUBSCRIBERS; i++)
        g_thread_join(threads[i]);
    remex_process_free(process);
    remex_client_free(client);
    g_free(bytes);
}

/* --- One after the other ------------------------------------------------- */

static void expect_output(
        struct remex_subscription *subscription, const char *text)
{
    struct remex_event event;

    g_assert_cmpint(
            remex_subscription_next(subscription, 60000, &event), ==, REMEX_OK);
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_OUTPUT);
    g_assert_cmpuint(event.output.data.size, ==, strlen(text));
    g_assert_cmpint(memcmp(event.output.data.data, text, strlen(text)), ==, 0);
}

static void replay_and_live_have_no_seam(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process_options options = remote_with_stdin();
    struct remex_process *process = remote_start(client,
            REMOTE_ARGV("/bin/sh", "-c", "echo 1; read x; echo 2"), &options);
    struct remex_subscription *early;
    struct remex_subscription *live;
    struct remex_event event;

    g_assert_cmpint(remex_process_next_event(process, REMEX_FOREVER, &event),
            ==, REMEX_OK);
    subscribe(process, REMEX_FROM_OLDEST, 0, &early);
    subscribe(process, REMEX_FROM_LIVE, 0, &live);
    g_assert_cmpint(
            remex_process_subscribe(process, REMEX_FROM_AFTER, 2, &early, NULL),
            ==, REMEX_OUT_OF_RANGE);
    g_assert_cmpint(remex_subscription_next(live, 0, &event), ==, REMEX_AGAIN);
    expect_output(early, "1\n");
    g_assert_cmpint(remex_subscription_next(early, 0, &event), ==, REMEX_AGAIN);
    g_assert_cmpint(
            remex_process_write(process, "\n", 1, REMEX_FOREVER, NULL, NULL),
            ==, REMEX_OK);
    /* What the user has not taken is told as well. */
    expect_output(early, "2\n");
    expect_output(live, "2\n");
    remex_subscription_free(early);
    remex_subscription_free(live);
    remex_process_free(process);
    remex_client_free(client);
}

/* Whoever is too slow is told so, and finds the rest at the executor. */
static void a_gap_is_mended_by_a_read(void)
{
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);
    struct remex_client *client;
    struct remex_process *process;
    struct remex_subscription *slow;
    struct transcript story;
    struct remex_event gap;
    uint64_t seq;

    options.history_bytes = 4096;
    g_assert_cmpint(remex_client_connect("local:", &options, &client, NULL), ==,
            REMEX_OK);
    process = remote_start(
            client, REMOTE_ARGV(REMOTE_CHILD("spew"), "300000"), NULL);
    subscribe(process, REMEX_FROM_OLDEST, 0, &slow);
    transcript_init(&story);
    story.verify = true;
    transcript_follow(&story, process);
    transcript_deinit(&story);
    g_assert_cmpint(remex_subscription_next(slow, 0, &gap), ==, REMEX_OK);
    g_assert_cmpint(gap.kind, ==, REMEX_EVENT_GAP);
    g_assert_cmpuint(gap.gap.first_seq, ==, 1);
    transcript_init(&story);
    story.verify = true;
    for (seq = 0; seq < gap.seq;) {
        struct remex_log *log;

        g_assert_cmpint(remex_process_read(process, seq, 0, 10000, &log, NULL),
                ==, REMEX_OK);
        for (size_t i = 0; i < log->count && seq < gap.seq; i++) {
            transcript_take(&story, &log->events[i]);
            seq = log->events[i].seq;
        }
        remex_log_free(log);
    }
    g_assert_cmpuint(story.bytes[0], ==, gap.gap.bytes);
    follow(&story, slow);
    g_assert_cmpuint(story.bytes[0], ==, 300000);
    transcript_deinit(&story);
    remex_subscription_free(slow);
    remex_process_free(process);
    remex_client_free(client);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/client_subscribe", readers_and_the_user_do_not_meet);
    SUITE_ADD("/client_subscribe", replay_and_live_have_no_seam);
    SUITE_ADD("/client_subscribe", a_gap_is_mended_by_a_read);
    return g_test_run();
}
