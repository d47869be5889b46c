/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Output: all of it, in order, in bounded memory, and nobody's reader in
 * anybody's way. ctest-timeout: 300
 */

#include <string.h>
#include <unistd.h>

#include <glib.h>

#include "support/daemon.h"
#include "support/gate.h"
#include "support/remote.h"
#include "support/sanitizers.h"
#include "support/suite.h"
#include "support/transcript.h"
#include "support/tree.h"

#define MIB ((uint64_t)1024 * 1024)
#define GIB (1024 * MIB)
#define GROWTH_KIB ((uint64_t)16 * 1024)

static struct remex_process *spew(struct remex_client *client,
        const char *bytes, const struct remex_process_options *options)
{
    return remote_start(
            client, REMOTE_ARGV(REMOTE_CHILD("spew"), bytes), options);
}

/* The most memory that each of the three ever held. */
struct peaks {
    uint64_t client;
    uint64_t executor;
    uint64_t front;
};

static struct peaks peaks_now(const struct daemon *daemon)
{
    return (struct peaks){
        .client = tree_memory_kib(getpid(), "VmHWM"),
        .executor = tree_memory_kib(daemon_executor(daemon), "VmHWM"),
        .front = tree_memory_kib(daemon_front(daemon), "VmHWM"),
    };
}

static void check_growth(
        const char *who, uint64_t before_kib, uint64_t after_kib)
{
    g_test_message("%s: peak %" G_GUINT64_FORMAT
                   " KiB, before %" G_GUINT64_FORMAT " KiB",
            who, after_kib, before_kib);
    if (after_kib - before_kib > GROWTH_KIB && !sanitizers_on())
        g_error("the %s grew by %" G_GUINT64_FORMAT " KiB", who,
                after_kib - before_kib);
}

static void check_bounded(const struct daemon *daemon, struct peaks before)
{
    struct peaks after = peaks_now(daemon);

    check_growth("client", before.client, after.client);
    check_growth("executor", before.executor, after.executor);
    check_growth("front", before.front, after.front);
}

static void a_gibibyte_arrives_whole_in_little_memory(void)
{
    struct daemon daemon;
    struct remex_client *client;
    struct remex_process *process;
    struct transcript story;
    struct peaks before;
    char *size = g_strdup_printf("%" G_GUINT64_FORMAT, (guint64)GIB);

    daemon_start(&daemon);
    client = remote_connect_to(daemon.address);
    before = peaks_now(&daemon);
    process = spew(client, size, NULL);
    transcript_init(&story);
    story.verify = true;
    transcript_follow(&story, process);
    transcript_check_exit(&story, 0);
    g_assert_null(strpbrk(story.order->str, "GF"));
    g_assert_cmpuint(story.bytes[0], ==, GIB);
    check_bounded(&daemon, before);
    transcript_deinit(&story);
    remex_process_free(process);
    remex_client_free(client);
    daemon_stop(&daemon);
    g_free(size);
}

static void both_streams_keep_their_order(void)
{
    struct remex_client *client = remote_connect();
    char *script = g_strdup_printf("%s 10000000 2 & %s 20000000 1; wait",
            REMOTE_CHILD("spew"), REMOTE_CHILD("spew"));
    struct remex_process *process = remote_shell(client, script);
    struct transcript story;

    transcript_init(&story);
    story.verify = true;
    transcript_follow(&story, process);
    transcript_check_exit(&story, 0);
    g_assert_cmpuint(story.bytes[0], ==, 20000000);
    g_assert_cmpuint(story.bytes[1], ==, 10000000);
    transcript_deinit(&story);
    remex_process_free(process);
    g_free(script);
    remex_client_free(client);
}

static void run_another(struct remex_client *client)
{
    struct remex_process *other = remote_shell(client, "echo x");
    struct transcript story;

    transcript_init(&story);
    transcript_follow(&story, other);
    transcript_check_exit(&story, 0);
    transcript_check_text(&story, REMEX_STDOUT, "x\n");
    transcript_deinit(&story);
    remex_process_free(other);
}

static void a_handle_that_nobody_reads_holds_only_its_process(void)
{
    struct daemon daemon;
    struct remex_client *client;
    struct remex_process *process;
    struct remex_exit ended;
    struct transcript story;
    struct peaks before;

    daemon_start(&daemon);
    client = remote_connect_to(daemon.address);
    before = peaks_now(&daemon);
    process = spew(client, "100000000", NULL);
    for (int i = 0; i < 20; i++)
        run_another(client);
    g_assert_cmpint(remex_process_wait(process, 200, &ended), ==,
            REMEX_DEADLINE_EXCEEDED);
    check_bounded(&daemon, before);

    transcript_init(&story);
    story.verify = true;
    transcript_follow(&story, process);
    g_assert_cmpuint(story.bytes[0], ==, 100000000);
    g_assert_null(strchr(story.order->str, 'G'));
    transcript_deinit(&story);
    remex_process_free(process);
    remex_client_free(client);
    daemon_stop(&daemon);
}

static void a_lossy_stream_never_holds_its_process(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_process *process;
    struct remex_exit ended;
    struct transcript story;

    options.out.delivery = REMEX_DELIVERY_LOSSY;
    options.err.delivery = REMEX_DELIVERY_LOSSY;
    process = spew(client, "100000000", &options);
    g_assert_cmpint(
            remex_process_wait(process, 60 * 1000, &ended), ==, REMEX_OK);
    g_assert_cmpint(ended.code, ==, 0);
    transcript_init(&story);
    story.verify = true;
    transcript_follow(&story, process);
    g_assert_nonnull(strchr(story.order->str, 'G'));
    g_assert_cmpuint(story.bytes[0], ==, 100000000);
    transcript_deinit(&story);
    remex_process_free(process);
    remex_client_free(client);
}

static void many_spew_at_once(void)
{
    enum { COUNT = 20 };
    struct remex_client *client = remote_connect();
    struct remex_process *processes[COUNT];

    for (int i = 0; i < COUNT; i++)
        processes[i] = spew(client, "5000000", NULL);
    for (int i = COUNT - 1; i >= 0; i--) {
        struct transcript story;

        transcript_init(&story);
        story.verify = true;
        transcript_follow(&story, processes[i]);
        transcript_check_exit(&story, 0);
        g_assert_cmpuint(story.bytes[0], ==, 5000000);
        transcript_deinit(&story);
        remex_process_free(processes[i]);
    }
    remex_client_free(client);
}

static void late_output_of_a_grandchild_is_kept(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_process *process;
    struct remex_exit ended;
    struct transcript story;
    struct gate gate;

    gate_init(&gate);
    options.eof_linger_ms = REMEX_FOREVER;
    process = remote_start(
            client, REMOTE_ARGV(REMOTE_CHILD("late"), gate.path), &options);
    g_assert_cmpint(
            remex_process_wait(process, 10 * 1000, &ended), ==, REMEX_OK);
    g_assert_cmpint(ended.code, ==, 3);
    gate_open(&gate);
    transcript_init(&story);
    transcript_follow(&story, process);
    g_assert_cmpstr(story.order->str, ==, "OXOC");
    transcript_check_text(&story, REMEX_STDOUT, "early\nlate\n");
    transcript_check_exit(&story, 3);
    transcript_deinit(&story);
    remex_process_free(process);
    gate_deinit(&gate);
    remex_client_free(client);
}

static void a_stream_that_is_held_for_too_long_is_abandoned(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_process *process;
    struct transcript story;
    gint64 before = g_get_monotonic_time();

    options.eof_linger_ms = 200;
    process = remote_start(client,
            REMOTE_ARGV("/bin/sh", "-c", "sleep 1000 2>/dev/null & echo x"),
            &options);
    transcript_init(&story);
    transcript_follow(&story, process);
    transcript_check_text(&story, REMEX_STDOUT, "x\n");
    transcript_check_exit(&story, 0);
    for (size_t i = 0; i < story.ending.closed.count; i++) {
        const struct remex_stream_end *end = &story.ending.closed.ends[i];

        g_assert_cmpint(end->kind, ==,
                end->stream == REMEX_STDOUT ? REMEX_END_ABANDONED
                                            : REMEX_END_EOF);
    }
    g_assert_cmpint(g_get_monotonic_time() - before, <, 10 * G_USEC_PER_SEC);
    transcript_deinit(&story);
    remex_process_free(process);
    remex_client_free(client);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/streams", a_gibibyte_arrives_whole_in_little_memory);
    SUITE_ADD("/streams", both_streams_keep_their_order);
    SUITE_ADD("/streams", a_handle_that_nobody_reads_holds_only_its_process);
    SUITE_ADD("/streams", a_lossy_stream_never_holds_its_process);
    SUITE_ADD("/streams", many_spew_at_once);
    SUITE_ADD("/streams", late_output_of_a_grandchild_is_kept);
    SUITE_ADD("/streams", a_stream_that_is_held_for_too_long_is_abandoned);
    return g_test_run();
}
