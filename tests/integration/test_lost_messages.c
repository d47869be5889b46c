/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Requests and replies that never arrive: whatever was asked for happens once,
 * and is answered truthfully. ctest-timeout: 240
 */

#include <remex/inspect.h>
#include <remex/process.h>

#include <signal.h>
#include <string.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "support/loss.h"
#include "support/remote.h"
#include "support/suite.h"
#include "support/transcript.h"

/* --- Starts --------------------------------------------------------------- */

/* Threads of one client resume together; clients do not wait for each other. */
enum { CLIENTS = 4, THREADS = 8, STARTS = 1000 };

/* Where every process that runs leaves its name. */
struct ledger {
    struct remex_client *client;
    char *directory;
    char *path;
    int first;
    int count;
};

static void ledger_init(struct ledger *ledger, struct remex_client *client)
{
    ledger->client = client;
    ledger->directory = g_dir_make_tmp("remex-ledger-XXXXXX", NULL);
    ledger->path = g_build_filename(ledger->directory, "names", NULL);
    g_assert_true(g_file_set_contents(ledger->path, "", 0, NULL));
}

/* Every name from 0 on, so many, is there once. */
static void ledger_check(const struct ledger *ledger, int count)
{
    unsigned int *seen = g_new0(unsigned int, (gsize)count);
    char *text = NULL;
    char **names;

    g_assert_true(g_file_get_contents(ledger->path, &text, NULL, NULL));
    names = g_strsplit(text, "\n", -1);
    for (char **name = names; *name && **name; name++) {
        gint64 number = g_ascii_strtoll(*name, NULL, 10);

        g_assert_cmpint(number, >=, 0);
        g_assert_cmpint(number, <, count);
        seen[number]++;
    }
    for (int i = 0; i < count; i++) {
        if (seen[i] != 1)
            g_error("process %d ran %u times", i, seen[i]);
    }
    g_strfreev(names);
    g_free(text);
    g_free(seen);
}

static void ledger_deinit(struct ledger *ledger)
{
    g_unlink(ledger->path);
    g_rmdir(ledger->directory);
    g_free(ledger->path);
    g_free(ledger->directory);
}

/* Starts a process that signs, and sees it through to its one ending. */
static void sign(const struct ledger *ledger, int number)
{
    char *name = g_strdup_printf("%d", number);
    struct remex_process *process = remote_start(ledger->client,
            REMOTE_ARGV("/bin/sh", "-c", "echo \"$1\" >>\"$0\"; exit 7",
                    ledger->path, name),
            NULL);
    struct transcript story;

    transcript_init(&story);
    transcript_follow(&story, process);
    transcript_check_exit(&story, 7);
    g_assert_cmpstr(story.order->str, ==, "XC");
    transcript_deinit(&story);
    remex_process_free(process);
    g_free(name);
}

static void *sign_many(void *data)
{
    const struct ledger *ledger = data;

    for (int i = 0; i < ledger->count; i++)
        sign(ledger, ledger->first + i);
    return NULL;
}

static void half_of_all_answers_lost_start_nothing_twice(void)
{
    struct ledger parts[THREADS];
    GThread *threads[THREADS];
    struct remex_client *clients[CLIENTS];
    struct proxy_statistics statistics;
    struct loss_scene scene;
    struct ledger ledger;
    gint64 before = g_get_monotonic_time();

    loss_scene_init(&scene);
    ledger_init(&ledger, scene.client);
    proxy_fate_share(
            scene.proxy, PROXY_REPLIES, PROXY_START, PROXY_CUT_BEFORE, 30);
    proxy_fate_share(
            scene.proxy, PROXY_REPLIES, PROXY_START, PROXY_CUT_WITHIN, 30);
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = remote_connect_to(proxy_address(scene.proxy));
    for (int i = 0; i < THREADS; i++) {
        parts[i] = ledger;
        parts[i].client = clients[i % CLIENTS];
        parts[i].first = i * (STARTS / THREADS);
        parts[i].count = STARTS / THREADS;
        threads[i] = g_thread_new("start", sign_many, &parts[i]);
    }
    for (int i = 0; i < THREADS; i++)
        g_thread_join(threads[i]);
    statistics = proxy_statistics(scene.proxy);
    g_test_message("%" G_GUINT64_FORMAT " requests to start, %" G_GUINT64_FORMAT
                   " answers, %" G_GUINT64_FORMAT " of them lost, %.1f s",
            statistics.messages[PROXY_REQUESTS][PROXY_START],
            statistics.messages[PROXY_REPLIES][PROXY_START],
            statistics.lost[PROXY_REPLIES],
            (double)(g_get_monotonic_time() - before) / G_USEC_PER_SEC);
    g_assert_cmpuint(statistics.lost[PROXY_REPLIES], >=, STARTS / 2);
    ledger_check(&ledger, STARTS);
    for (int i = 0; i < CLIENTS; i++)
        remex_client_free(clients[i]);
    ledger_deinit(&ledger);
    loss_scene_deinit(&scene);
}

/* --- Every kind of call --------------------------------------------------- */

static void read_until(struct transcript *story, struct remex_process *process,
        const char *text)
{
    transcript_follow_until(story, process, REMEX_STDOUT, strlen(text));
    transcript_check_text(story, REMEX_STDOUT, text);
}

static void talk_to_cat(struct loss_scene *scene, const struct loss *loss)
{
    uint64_t cuts = proxy_statistics(scene->proxy).cuts;
    struct remex_process_options options = remote_with_stdin();
    struct remex_process *cat;
    struct remex_log *log;
    struct transcript story;

    transcript_init(&story);
    loss_next(scene, PROXY_START, loss);
    cat = remote_start(scene->client, REMOTE_ARGV("cat"), &options);
    loss_check(scene, &cuts);
    loss_next(scene, PROXY_WRITE, loss);
    g_assert_cmpint(remex_process_write(cat, "one ", 4, 20000, NULL, NULL), ==,
            REMEX_OK);
    loss_check(scene, &cuts);
    read_until(&story, cat, "one ");
    loss_next(scene, PROXY_PULL, loss);
    g_assert_cmpint(remex_process_write(cat, "two", 3, 20000, NULL, NULL), ==,
            REMEX_OK);
    read_until(&story, cat, "one two");
    loss_check(scene, &cuts);
    loss_next(scene, PROXY_READ, loss);
    g_assert_cmpint(
            remex_process_read(cat, 0, 0, 20000, &log, NULL), ==, REMEX_OK);
    g_assert_cmpuint(log->count, ==, 2);
    remex_log_free(log);
    loss_check(scene, &cuts);
    loss_next(scene, PROXY_WRITE, loss);
    g_assert_cmpint(remex_process_close_stdin(cat, NULL), ==, REMEX_OK);
    loss_check(scene, &cuts);
    transcript_follow(&story, cat);
    transcript_check_exit(&story, 0);
    transcript_check_text(&story, REMEX_STDOUT, "one two");
    transcript_deinit(&story);
    remex_process_free(cat);
}

static void signal_and_kill(struct loss_scene *scene, const struct loss *loss)
{
    static const char script[] = "trap 'echo got' USR1; sleep 1000 & echo up; "
                                 "while :; do wait $!; done";
    uint64_t cuts = proxy_statistics(scene->proxy).cuts;
    struct remex_process *shell = remote_shell(scene->client, script);
    struct transcript story;
    bool answer;

    transcript_init(&story);
    read_until(&story, shell, "up\n");
    loss_next(scene, PROXY_SIGNAL, loss);
    g_assert_cmpint(remex_process_signal(
                            shell, SIGUSR1, REMEX_SIGNAL_LEADER, &answer, NULL),
            ==, REMEX_OK);
    g_assert_true(answer);
    loss_check(scene, &cuts);
    read_until(&story, shell, "up\ngot\n");
    g_assert_cmpint(remex_process_signal(
                            shell, SIGUSR1, REMEX_SIGNAL_LEADER, &answer, NULL),
            ==, REMEX_OK);
    read_until(&story, shell, "up\ngot\ngot\n");
    loss_next(scene, PROXY_TERMINATE, loss);
    g_assert_cmpint(
            remex_process_terminate(shell, &answer, NULL), ==, REMEX_OK);
    loss_check(scene, &cuts);
    transcript_follow(&story, shell);
    transcript_check_text(&story, REMEX_STDOUT, "up\ngot\ngot\n");
    g_assert_cmpint(story.ending.kind, ==, REMEX_EVENT_CLOSED);
    g_assert_true(story.exit.by_signal);
    transcript_deinit(&story);
    remex_process_free(shell);
}

static void look_and_let_go(struct loss_scene *scene, const struct loss *loss)
{
    uint64_t cuts = proxy_statistics(scene->proxy).cuts;
    struct remex_process *process =
            remote_start(scene->client, REMOTE_ARGV("sleep", "1000"), NULL);
    struct remex_process_status *status;
    struct remex_process_list *list;
    struct remex_process *other;
    struct transcript story;

    loss_next(scene, PROXY_INSPECT, loss);
    g_assert_cmpint(
            remex_process_inspect(process, &status, NULL), ==, REMEX_OK);
    remex_process_status_free(status);
    loss_check(scene, &cuts);
    loss_next(scene, PROXY_LIST, loss);
    g_assert_cmpint(
            remex_client_list(scene->client, NULL, &list, NULL), ==, REMEX_OK);
    g_assert_cmpuint(list->count, >=, 1);
    remex_process_list_free(list);
    loss_check(scene, &cuts);
    loss_next(scene, PROXY_FOLLOW, loss);
    g_assert_cmpint(remex_process_attach(scene->client,
                            remex_process_id(process), NULL, &other, NULL),
            ==, REMEX_OK);
    loss_check(scene, &cuts);
    /* Freed, it kills: the other handle tells. */
    loss_next(scene, PROXY_TERMINATE, loss);
    loss_next(scene, PROXY_UNFOLLOW, loss);
    remex_process_free(process);
    transcript_init(&story);
    transcript_follow(&story, other);
    g_assert_cmpint(story.ending.kind, ==, REMEX_EVENT_CLOSED);
    g_assert_true(proxy_wait_cuts(scene->proxy, cuts + 2, 20000));
    transcript_deinit(&story);
    remex_process_free(other);
}

static void every_call_survives_the_loss_of_its_messages(void)
{
    for (size_t i = 0; i < LOSSES; i++) {
        struct loss_scene scene;

        loss_scene_init(&scene);
        talk_to_cat(&scene, &losses[i]);
        signal_and_kill(&scene, &losses[i]);
        look_and_let_go(&scene, &losses[i]);
        loss_scene_deinit(&scene);
    }
}

/* The connection lives on, and nothing tells of the loss. */
static void an_answer_that_vanishes_is_missed_after_a_while(void)
{
    static const struct loss drops[] = {
        { PROXY_REQUESTS, PROXY_DROP },
        { PROXY_REPLIES, PROXY_DROP },
    };
    struct loss_scene scene;
    struct ledger ledger;

    loss_scene_init(&scene);
    ledger_init(&ledger, scene.client);
    for (size_t i = 0; i < G_N_ELEMENTS(drops); i++) {
        gint64 before = g_get_monotonic_time();

        loss_next(&scene, PROXY_START, &drops[i]);
        sign(&ledger, (int)i);
        g_assert_cmpint(
                g_get_monotonic_time() - before, <, 10 * G_USEC_PER_SEC);
        g_assert_cmpuint(
                proxy_statistics(scene.proxy).lost[drops[i].way], ==, 1);
    }
    loss_next(&scene, PROXY_PULL, &drops[1]);
    sign(&ledger, 2);
    g_assert_cmpuint(proxy_statistics(scene.proxy).lost[PROXY_REPLIES], ==, 2);
    ledger_check(&ledger, 3);
    ledger_deinit(&ledger);
    loss_scene_deinit(&scene);
}

static void the_end_of_a_session_may_be_lost(void)
{
    for (size_t i = 0; i < LOSSES; i++) {
        struct loss_scene scene;
        gint64 before;

        loss_scene_init(&scene);
        loss_next(&scene, PROXY_CLOSE, &losses[i]);
        before = g_get_monotonic_time();
        loss_scene_deinit(&scene);
        g_assert_cmpint(g_get_monotonic_time() - before, <, 5 * G_USEC_PER_SEC);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    suite_set_patience(10000); /* NNG lets go of what was cut in its time */
    SUITE_ADD("/lost_messages", half_of_all_answers_lost_start_nothing_twice);
    SUITE_ADD("/lost_messages", every_call_survives_the_loss_of_its_messages);
    SUITE_ADD(
            "/lost_messages", an_answer_that_vanishes_is_missed_after_a_while);
    SUITE_ADD("/lost_messages", the_end_of_a_session_may_be_lost);
    return g_test_run();
}
