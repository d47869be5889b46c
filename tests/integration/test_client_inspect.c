/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How processes stand, and their ids.
 */

#include <remex/inspect.h>

#include <string.h>

#include <glib.h>

#include "support/remote.h"
#include "support/suite.h"
#include "support/transcript.h"

#define MANY 300 /* more than a page of the list */

static void finish(struct remex_process *process)
{
    struct transcript story;

    transcript_init(&story);
    transcript_follow(&story, process);
    transcript_deinit(&story);
}

static void a_running_process_is_told_in_full(void)
{
    static const struct remex_label labels[] = { { "who", "me" },
        { "empty", NULL } };
    struct remex_client *client = remote_connect();
    struct remex_process_options options = remote_with_stdin();
    struct remex_process_status *status;
    struct remex_process *process;
    struct remex_event event;

    options.id = "looked at";
    options.cwd = "/";
    options.labels = labels;
    options.label_count = 2;
    options.err.capture = REMEX_CAPTURE_DISCARD;
    process = remote_start(
            client, REMOTE_ARGV("/bin/sh", "-c", "echo hi; read x"), &options);
    g_assert_cmpint(remex_process_next_event(process, REMEX_FOREVER, &event),
            ==, REMEX_OK);
    g_assert_cmpint(
            remex_process_inspect(process, &status, NULL), ==, REMEX_OK);
    g_assert_cmpstr(status->id, ==, "looked at");
    g_assert_cmpint(status->state, ==, REMEX_PROCESS_RUNNING);
    g_assert_cmpint(status->pid, ==, remex_process_pid(process));
    g_assert_cmpstr(status->argv[2], ==, "echo hi; read x");
    g_assert_null(status->argv[3]);
    g_assert_cmpstr(status->cwd, ==, "/");
    g_assert_cmpuint(status->label_count, ==, 2);
    g_assert_cmpstr(status->labels[0].value, ==, "me");
    g_assert_cmpstr(status->labels[1].name, ==, "empty");
    g_assert_cmpstr(status->labels[1].value, ==, "");
    g_assert_cmpuint(status->next_seq, ==, 2);
    g_assert_cmpuint(status->followers, ==, 1);
    g_assert_true(status->owned);
    g_assert_false(status->has_exit);
    g_assert_cmpuint(status->stream_count, >=, 1);
    g_assert_cmpint(status->streams[0].stream, ==, REMEX_STDOUT);
    g_assert_cmpuint(status->streams[0].bytes, ==, 3);
    g_assert_cmpint(status->streams[0].options.retention, ==, REMEX_RETAIN_ALL);
    remex_process_status_free(status);
    remex_process_free(process);
    remex_client_free(client);
}

static void an_ended_one_tells_how(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process *process = remote_shell(client, "exit 9");
    struct remex_process_status *status;

    finish(process);
    g_assert_cmpint(remex_client_inspect(
                            client, remex_process_id(process), &status, NULL),
            ==, REMEX_OK);
    g_assert_cmpint(status->state, ==, REMEX_PROCESS_CLOSED);
    g_assert_true(status->has_exit);
    g_assert_cmpint(status->exit.code, ==, 9);
    g_assert_true(status->streams[0].ended);
    g_assert_cmpint(status->streams[0].end.kind, ==, REMEX_END_EOF);
    remex_process_status_free(status);
    g_assert_cmpint(remex_client_inspect(client, "nobody", &status, NULL), ==,
            REMEX_NOT_FOUND);
    remex_process_free(process);
    remex_client_free(client);
}

/* --- Lists --------------------------------------------------------------- */

static void a_list_has_everything_in_order(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process *processes[MANY];
    struct remex_process_list *list;

    for (int i = 0; i < MANY; i++) {
        struct remex_process_options options =
                REMEX_DEFAULTS(remex_process_options);
        char id[16];

        g_snprintf(id, sizeof(id), "p%03d", i);
        options.id = id;
        processes[i] = remote_start(client, REMOTE_ARGV("true"), &options);
    }
    g_assert_cmpint(remex_client_list(client, NULL, &list, NULL), ==, REMEX_OK);
    g_assert_cmpuint(list->count, ==, MANY);
    for (int i = 0; i < MANY; i++) {
        g_assert_cmpstr(
                list->processes[i].id, ==, remex_process_id(processes[i]));
        g_assert_cmpstr(list->processes[i].argv[0], ==, "true");
    }
    remex_process_list_free(list);
    for (int i = 0; i < MANY; i++)
        remex_process_free(processes[i]);
    remex_client_free(client);
}

static void labels_choose(void)
{
    static const struct remex_label red = { "colour", "red" };
    static const struct remex_label blue = { "colour", "blue" };
    struct remex_list_options only = REMEX_DEFAULTS(remex_list_options);
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_client *client = remote_connect();
    struct remex_process *process;
    struct remex_process_list *list;

    options.labels = &red;
    options.label_count = 1;
    process = remote_start(client, REMOTE_ARGV("sleep", "1000"), &options);
    only.label_count = 1;
    only.labels = &blue;
    g_assert_cmpint(
            remex_client_list(client, &only, &list, NULL), ==, REMEX_OK);
    g_assert_cmpuint(list->count, ==, 0);
    remex_process_list_free(list);
    only.labels = &red;
    g_assert_cmpint(
            remex_client_list(client, &only, &list, NULL), ==, REMEX_OK);
    g_assert_cmpuint(list->count, ==, 1);
    remex_process_list_free(list);
    remex_process_free(process);
    remex_client_free(client);
}

/* --- Forgetting, sealing, resizing --------------------------------------- */

static void only_closed_ones_are_forgotten(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process_options options = remote_with_stdin();
    struct remex_process *process =
            remote_start(client, REMOTE_ARGV("cat"), &options);
    const char *id = remex_process_id(process);
    struct remex_process_status *status;

    g_assert_cmpint(remex_client_forget(client, id, NULL), ==,
            REMEX_FAILED_PRECONDITION);
    g_assert_cmpint(remex_process_close_stdin(process, NULL), ==, REMEX_OK);
    finish(process);
    g_assert_cmpint(remex_client_forget(client, id, NULL), ==, REMEX_OK);
    g_assert_cmpint(remex_client_forget(client, id, NULL), ==, REMEX_OK);
    g_assert_cmpint(remex_client_inspect(client, id, &status, NULL), ==,
            REMEX_NOT_FOUND);
    remex_process_free(process);
    remex_client_free(client);
}

static void sealing_shows(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process *process =
            remote_start(client, REMOTE_ARGV("sleep", "1000"), NULL);
    struct remex_process_status *status;

    g_assert_cmpint(remex_process_seal(process, NULL), ==, REMEX_OK);
    g_assert_cmpint(remex_process_seal(process, NULL), ==, REMEX_OK);
    g_assert_cmpint(
            remex_process_inspect(process, &status, NULL), ==, REMEX_OK);
    g_assert_true(status->streams[0].sealed);
    remex_process_status_free(status);
    remex_process_free(process);
    remex_client_free(client);
}

/* Four bytes come and go at a time: each is an output of its own. */
static void echo_pieces(struct remex_process *process, unsigned int count)
{
    struct remex_event event;

    for (unsigned int i = 0; i < count; i++) {
        g_assert_cmpint(
                remex_process_write(process, "abcd", 4, 60000, NULL, NULL), ==,
                REMEX_OK);
        g_assert_cmpint(
                remex_process_next_event(process, 60000, &event), ==, REMEX_OK);
        g_assert_cmpuint(event.output.data.size, ==, 4);
    }
    g_assert_cmpint(remex_process_close_stdin(process, NULL), ==, REMEX_OK);
}

static void what_is_kept_is_counted(void)
{
    struct remex_process_options options = remote_with_stdin();
    struct remex_client *client = remote_connect();
    struct remex_process_status *status;
    struct remex_process *process;
    struct remex_event event;
    enum remex_status got;
    char *id;

    options.out.retention = REMEX_RETAIN_BYTES;
    options.out.retention_amount = 10;
    process = remote_start(client, REMOTE_ARGV("cat"), &options);
    id = g_strdup(remex_process_id(process));
    echo_pieces(process, 5);
    while ((got = remex_process_next_event(process, 60000, &event)) == REMEX_OK)
        continue;
    g_assert_cmpint(got, ==, REMEX_ENDED);
    remex_process_free(process); /* nobody needs more than is to be kept */
    g_assert_cmpint(
            remex_client_inspect(client, id, &status, NULL), ==, REMEX_OK);
    g_assert_cmpuint(status->followers, ==, 0);
    g_assert_cmpuint(status->streams[0].bytes, ==, 20);
    g_assert_cmpuint(status->streams[0].retained_bytes, ==, 12);
    g_assert_cmpuint(status->streams[0].retained_events, ==, 3);
    g_assert_cmpuint(status->streams[0].dropped_bytes, ==, 0);
    g_assert_cmpuint(status->first_seq, ==, 3);
    g_assert_cmpuint(status->next_seq, ==, 8);
    remex_process_status_free(status);
    remex_client_free(client);
    g_free(id);
}

/* What a follower did not get is dropped; more may be, which it got but had not
 * taken yet. */
static void what_is_lost_is_counted(void)
{
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_client *client = remote_connect();
    struct remex_process_status *status;
    struct remex_process *process;
    struct remex_event event;
    struct remex_exit ended;
    uint64_t lost = 0;
    uint64_t events = 0;
    uint64_t seq = 0;

    options.out.delivery = REMEX_DELIVERY_LOSSY;
    process = remote_start(
            client, REMOTE_ARGV(REMOTE_CHILD("spew"), "20000000"), &options);
    g_assert_cmpint(remex_process_wait(process, 60000, &ended), ==, REMEX_OK);
    while (remex_process_next_event(process, 60000, &event) == REMEX_OK) {
        seq = event.seq;
        if (event.kind != REMEX_EVENT_GAP)
            continue;
        lost += event.gap.bytes;
        events += event.seq - event.gap.first_seq + 1;
    }
    g_assert_cmpuint(lost, >, 0);
    g_assert_cmpint(
            remex_process_inspect(process, &status, NULL), ==, REMEX_OK);
    g_assert_cmpuint(status->streams[0].bytes, ==, 20000000);
    g_assert_cmpuint(status->streams[0].dropped_bytes, >=, lost);
    g_assert_cmpuint(status->streams[0].dropped_bytes, <, 20000000);
    g_assert_cmpuint(status->streams[0].dropped_events, >, 0);
    g_assert_cmpuint(status->follower_count, ==, 1);
    g_assert_cmpuint(status->follower_list[0].lost_bytes[0], ==, lost);
    g_assert_cmpuint(status->follower_list[0].lost_bytes[1], ==, 0);
    g_assert_cmpuint(status->follower_list[0].lost_events, ==, events);
    g_assert_cmpuint(status->follower_list[0].sent_seq, ==, seq);
    g_assert_true(status->follower_list[0].connected);
    g_assert_false(status->follower_list[0].exclusive);
    g_assert_true(
            g_str_has_suffix(g_get_prgname(), status->follower_list[0].client));
    g_assert_cmpuint(status->streams[1].dropped_bytes, ==, 0);
    g_assert_cmpint(
            status->streams[0].options.delivery, ==, REMEX_DELIVERY_LOSSY);
    remex_process_status_free(status);
    remex_process_free(process);
    remex_client_free(client);
}

static void only_terminals_have_a_size(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process *process =
            remote_start(client, REMOTE_ARGV("sleep", "1000"), NULL);

    g_assert_cmpint(remex_process_resize(process, 30, 100, NULL), ==,
            REMEX_FAILED_PRECONDITION);
    g_assert_cmpint(remex_process_resize(process, 0, 100, NULL), ==,
            REMEX_INVALID_ARGUMENT);
    remex_process_free(process);
    remex_client_free(client);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/client_inspect", a_running_process_is_told_in_full);
    SUITE_ADD("/client_inspect", an_ended_one_tells_how);
    SUITE_ADD("/client_inspect", a_list_has_everything_in_order);
    SUITE_ADD("/client_inspect", labels_choose);
    SUITE_ADD("/client_inspect", only_closed_ones_are_forgotten);
    SUITE_ADD("/client_inspect", sealing_shows);
    SUITE_ADD("/client_inspect", what_is_kept_is_counted);
    SUITE_ADD("/client_inspect", what_is_lost_is_counted);
    SUITE_ADD("/client_inspect", only_terminals_have_a_size);
    return g_test_run();
}
