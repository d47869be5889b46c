/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Thousands of lives leave nothing behind. ctest-timeout: 300
 */

#include <unistd.h>

#include <glib.h>

#include "support/daemon.h"
#include "support/remote.h"
#include "support/sanitizers.h"
#include "support/suite.h"
#include "support/transcript.h"
#include "support/tree.h"

#define THREADS 4
#define WARM_UP 500
#define LIVES 10000
#define SANITIZED_LIVES 1000

/* A client may find only now that it needs another lane, and a front calls
 * itself now and then. */
#define MORE_DESCRIPTORS 6

#define GROWTH_KIB ((uint64_t)8 * 1024)

/* What is held at a moment of rest. */
struct holdings {
    unsigned int descriptors;
    unsigned int zombies;
    uint64_t memory_kib;
};

static struct holdings holdings_of(pid_t pid)
{
    return (struct holdings){
        .descriptors = tree_descriptors(pid),
        .zombies = tree_zombies(pid),
        .memory_kib = tree_memory_kib(pid, "VmRSS"),
    };
}

static void check_same(
        const char *who, struct holdings before, struct holdings after)
{
    g_test_message("%s: %u descriptors, %u zombies, %" G_GUINT64_FORMAT
                   " KiB; before %u, %u, %" G_GUINT64_FORMAT " KiB",
            who, after.descriptors, after.zombies, after.memory_kib,
            before.descriptors, before.zombies, before.memory_kib);
    g_assert_cmpuint(
            after.descriptors, <=, before.descriptors + MORE_DESCRIPTORS);
    g_assert_cmpuint(after.zombies, ==, 0);
    if (!sanitizers_on())
        g_assert_cmpuint(after.memory_kib, <=, before.memory_kib + GROWTH_KIB);
}

struct living {
    struct remex_client *client;
    int count;
};

static void *live(void *data)
{
    const struct living *living = data;

    for (int i = 0; i < living->count; i++) {
        struct remex_process *process = remote_start(
                living->client, REMOTE_ARGV(REMOTE_CHILD("exit0")), NULL);
        struct transcript story;

        transcript_init(&story);
        transcript_follow(&story, process);
        transcript_check_exit(&story, 0);
        transcript_deinit(&story);
        remex_process_free(process);
    }
    return NULL;
}

static void live_many(struct remex_client *client, int count)
{
    struct living living = { client, count / THREADS };
    GThread *threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        threads[i] = g_thread_new("living", live, &living);
    for (int i = 0; i < THREADS; i++)
        g_thread_join(threads[i]);
}

static void ten_thousand_lives_leave_nothing(void)
{
    struct daemon daemon;
    struct remex_client *client;
    struct holdings executor;
    struct holdings front;
    struct holdings here;

    daemon_start(&daemon);
    client = remote_connect_to(daemon.address);
    live_many(client, WARM_UP);
    executor = holdings_of(daemon_executor(&daemon));
    front = holdings_of(daemon_front(&daemon));
    here = holdings_of(getpid());
    live_many(client, sanitizers_on() ? SANITIZED_LIVES : LIVES);
    check_same("executor", executor, holdings_of(daemon_executor(&daemon)));
    check_same("front", front, holdings_of(daemon_front(&daemon)));
    here.zombies = 0;
    check_same("client", here, holdings_of(getpid()));
    remex_client_free(client);
    daemon_stop(&daemon);
}

static void clients_leave_nothing_either(void)
{
    struct daemon daemon;
    struct holdings executor;

    daemon_start(&daemon);
    for (int i = 0; i < 100; i++) {
        struct remex_client *client = remote_connect_to(daemon.address);

        live_many(client, THREADS);
        remex_client_free(client);
        if (i == 10)
            executor = holdings_of(daemon_executor(&daemon));
    }
    check_same("executor", executor, holdings_of(daemon_executor(&daemon)));
    daemon_stop(&daemon);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/lives", ten_thousand_lives_leave_nothing);
    SUITE_ADD("/lives", clients_leave_nothing_either);
    return g_test_run();
}
