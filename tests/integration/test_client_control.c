/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What an executor does for a process while its client is elsewhere: busy
 * waiting, late, or gone.
 */

#include <remex/process.h>

#include <signal.h>
#include <string.h>

#include <glib.h>

#include "support/daemon.h"
#include "support/remote.h"
#include "support/suite.h"
#include "support/transcript.h"

enum { READERS = 8 };

static struct remex_process *attach(struct remex_client *client, const char *id,
        enum remex_from from, uint64_t after_seq)
{
    struct remex_attach_options options = REMEX_DEFAULTS(remex_attach_options);
    struct remex_process *process;
    struct remex_error error;

    options.from = from;
    options.after_seq = after_seq;
    if (remex_process_attach(client, id, &options, &process, &error) !=
            REMEX_OK)
        g_error("cannot attach: %s", error.text);
    return process;
}

/* --- A client that is gone ----------------------------------------------- */

/* The client asks for it, and leaves at once: the first step is seen, and what
 * does not heed it is killed, as nobody but the plan would do so soon. */
static void a_stop_plan_outlives_its_client(void)
{
    static const struct remex_stop_step plan = { SIGTERM, 500 };
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_process *process;
    struct remex_client *client;
    struct transcript story;
    struct daemon daemon;

    daemon_start(&daemon);
    client = remote_connect_to(daemon.address);
    options.id = "stubborn";
    options.owner_loss = REMEX_OWNER_LOSS_KEEP;
    options.keep_ms = 600000;
    process = remote_start(client,
            REMOTE_ARGV("sh", "-c",
                    "trap 'echo heard' TERM; echo up; "
                    "while :; do sleep 0.05; done"),
            &options);
    transcript_init(&story);
    transcript_follow_until(&story, process, REMEX_STDOUT, 3);
    transcript_deinit(&story);
    g_assert_cmpint(
            remex_process_stop(process, &plan, 1, NULL, NULL), ==, REMEX_OK);
    remex_process_detach(process);
    remex_process_free(process);
    remex_client_free(client);

    client = remote_connect_to(daemon.address);
    process = attach(client, "stubborn", REMEX_FROM_OLDEST, 0);
    transcript_init(&story);
    transcript_follow(&story, process);
    g_assert_true(g_str_has_prefix(
            (const char *)story.streams[0]->data, "up\nheard\n"));
    g_assert_true(story.exit.by_signal);
    g_assert_cmpint(story.exit.code, ==, SIGKILL);
    g_assert_cmpint(story.exit.reason, ==, REMEX_EXIT_TERMINATED);
    transcript_deinit(&story);
    remex_process_free(process);
    remex_client_free(client);
    daemon_stop(&daemon);
}

/* --- One that is late ---------------------------------------------------- */

/* Takes an output of one byte, and lets the next one be written. */
static void turn(struct remex_process *process, const char *letter)
{
    struct remex_event event;

    g_assert_cmpint(
            remex_process_next_event(process, 60000, &event), ==, REMEX_OK);
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_OUTPUT);
    g_assert_cmpuint(event.output.data.size, ==, 1);
    g_assert_cmpint(*(const char *)event.output.data.data, ==, *letter);
    g_assert_cmpint(remex_process_write(process, "\n", 1, 60000, NULL, NULL),
            ==, REMEX_OK);
}

/* Events 1 to 4 are a, b, c and d; of those the executor keeps the last. */
static void a_number_that_has_left_begins_with_a_gap(void)
{
    struct remex_process_options options = remote_with_stdin();
    struct remex_client *client = remote_connect();
    struct remex_process *process;
    struct remex_process *late;
    struct remex_event event;

    options.out.retention = REMEX_RETAIN_CHUNKS;
    options.out.retention_amount = 1;
    process = remote_start(client,
            REMOTE_ARGV("sh", "-c",
                    "for i in a b c d; do printf $i; read x; done; read x"),
            &options);
    turn(process, "a");
    turn(process, "b");
    turn(process, "c");
    turn(process, "d");
    late = attach(client, remex_process_id(process), REMEX_FROM_AFTER, 1);
    g_assert_cmpint(
            remex_process_next_event(late, 60000, &event), ==, REMEX_OK);
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_GAP);
    g_assert_cmpuint(event.gap.first_seq, ==, 2);
    g_assert_cmpuint(event.seq, ==, 3);
    g_assert_cmpint(
            remex_process_next_event(late, 60000, &event), ==, REMEX_OK);
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_OUTPUT);
    g_assert_cmpuint(event.seq, ==, 4);
    g_assert_cmpint(*(const char *)event.output.data.data, ==, 'd');
    remex_process_free(late);
    remex_process_free(process);
    remex_client_free(client);
}

/* --- One that waits ------------------------------------------------------ */

struct reader {
    struct remex_process *process;
    GThread *thread;
    enum remex_status status;
    gint *reading;
};

/* Until the end is told; nothing else comes. */
static void *read_on(void *data)
{
    struct reader *reader = data;
    struct remex_log *log;
    uint64_t seq = 0;

    g_atomic_int_inc(reader->reading);
    while ((reader->status = remex_process_read(reader->process, seq, 0,
                    REMEX_FOREVER, &log, NULL)) == REMEX_OK) {
        seq = log->events[log->count - 1].seq;
        remex_log_free(log);
    }
    return NULL;
}

/* More long polls than there are lanes, and a kill that is answered at once. */
static void a_terminate_waits_behind_no_long_poll(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process *process =
            remote_start(client, REMOTE_ARGV("sleep", "1000"), NULL);
    struct reader readers[READERS];
    bool running = false;
    gint reading = 0;
    gint64 before;

    for (int i = 0; i < READERS; i++) {
        readers[i] = (struct reader){ .process = process, .reading = &reading };
        readers[i].thread = g_thread_new("reader", read_on, &readers[i]);
    }
    while (g_atomic_int_get(&reading) < READERS)
        g_thread_yield();
    before = g_get_monotonic_time();
    g_assert_cmpint(
            remex_process_terminate(process, &running, NULL), ==, REMEX_OK);
    g_assert_true(running);
    g_assert_cmpint(g_get_monotonic_time() - before, <, G_USEC_PER_SEC);
    for (int i = 0; i < READERS; i++) {
        g_thread_join(readers[i].thread);
        g_assert_cmpint(readers[i].status, ==, REMEX_ENDED);
    }
    remex_process_free(process);
    remex_client_free(client);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/client_control", a_stop_plan_outlives_its_client);
    SUITE_ADD("/client_control", a_number_that_has_left_begins_with_a_gap);
    SUITE_ADD("/client_control", a_terminate_waits_behind_no_long_poll);
    return g_test_run();
}
