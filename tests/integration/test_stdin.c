/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is written to a process: all of it, in order, once; and nobody waits
 * for one that does not read.
 */

#include <string.h>

#include <glib.h>

#include "support/children/pattern.h"
#include "support/gate.h"
#include "support/remote.h"
#include "support/suite.h"
#include "support/transcript.h"

#define MINUTE_MS (60 * 1000)
#define MIB ((size_t)1024 * 1024)
#define PIECE_BYTES 200003 /* no multiple of anything */

static enum remex_status write_text(
        struct remex_process *process, const char *text)
{
    return remex_process_write(
            process, text, strlen(text), MINUTE_MS, NULL, NULL);
}

static enum remex_status close_stdin(struct remex_process *process)
{
    return remex_process_close_stdin(process, NULL);
}

static struct remex_process *start_with_stdin(
        struct remex_client *client, const char *script)
{
    struct remex_process_options options = remote_with_stdin();

    return remote_start(client, REMOTE_ARGV("/bin/sh", "-c", script), &options);
}

/* A thread that writes so many bytes of the pattern, and what came of it. */
struct writing {
    struct remex_process *process;
    size_t size;
    int timeout_ms;
    size_t written;
    enum remex_status status;
};

static void *write_pattern(void *data)
{
    struct writing *writing = data;
    uint8_t *piece = g_malloc(PIECE_BYTES);

    while (writing->written < writing->size && writing->status == REMEX_OK) {
        size_t count = MIN(writing->size - writing->written, PIECE_BYTES);
        size_t taken = 0;

        pattern_fill(piece, count, writing->written);
        writing->status = remex_process_write(writing->process, piece, count,
                writing->timeout_ms, &taken, NULL);
        writing->written += taken;
    }
    g_free(piece);
    return NULL;
}

static void bytes_come_back_from_cat_as_they_went(void)
{
    struct remex_client *client = remote_connect();
    struct writing writing = { .process = start_with_stdin(client, "cat"),
        .size = 64 * MIB,
        .timeout_ms = MINUTE_MS };
    GThread *thread = g_thread_new("writer", write_pattern, &writing);
    struct transcript story;

    transcript_init(&story);
    story.verify = true;
    transcript_follow_until(
            &story, writing.process, REMEX_STDOUT, writing.size);
    g_thread_join(thread);
    g_assert_cmpint(writing.status, ==, REMEX_OK);
    g_assert_cmpint(close_stdin(writing.process), ==, REMEX_OK);
    transcript_follow(&story, writing.process);
    transcript_check_exit(&story, 0);
    g_assert_cmpuint(story.bytes[0], ==, writing.size);
    transcript_deinit(&story);
    remex_process_free(writing.process);
    remex_client_free(client);
}

static void the_end_comes_after_what_was_written(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process *process = start_with_stdin(client, "cat; echo end");
    struct transcript story;

    g_assert_cmpint(write_text(process, "one "), ==, REMEX_OK);
    g_assert_cmpint(write_text(process, ""), ==, REMEX_OK);
    g_assert_cmpint(write_text(process, "two "), ==, REMEX_OK);
    g_assert_cmpint(close_stdin(process), ==, REMEX_OK);
    transcript_init(&story);
    transcript_follow(&story, process);
    transcript_check_text(&story, REMEX_STDOUT, "one two end\n");
    transcript_deinit(&story);
    remex_process_free(process);
    remex_client_free(client);
}

static void closing_again_is_harmless_and_writing_is_refused(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process *process = start_with_stdin(client, "cat");
    struct transcript story;

    g_assert_cmpint(close_stdin(process), ==, REMEX_OK);
    g_assert_cmpint(close_stdin(process), ==, REMEX_OK);
    g_assert_cmpint(write_text(process, "x"), ==, REMEX_FAILED_PRECONDITION);
    transcript_init(&story);
    transcript_follow(&story, process);
    transcript_check_exit(&story, 0);
    g_assert_cmpint(write_text(process, "x"), ==, REMEX_FAILED_PRECONDITION);
    g_assert_cmpint(close_stdin(process), ==, REMEX_OK);
    transcript_deinit(&story);
    remex_process_free(process);
    remex_client_free(client);
}

static void who_asked_for_no_stdin_has_none(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process *process = remote_shell(client, "cat; echo end");
    struct transcript story;

    g_assert_cmpint(write_text(process, "x"), ==, REMEX_FAILED_PRECONDITION);
    transcript_init(&story);
    transcript_follow(&story, process);
    transcript_check_text(&story, REMEX_STDOUT, "end\n");
    transcript_deinit(&story);
    remex_process_free(process);
    remex_client_free(client);
}

static void a_write_out_of_time_says_what_was_taken(void)
{
    struct remex_client *client = remote_connect();
    struct gate gate;
    char *script;
    struct writing writing = { .size = 64 * MIB, .timeout_ms = 300 };
    struct transcript story;

    gate_init(&gate);
    script = g_strdup_printf("read line <%s; cat", gate.path);
    writing.process = start_with_stdin(client, script);
    write_pattern(&writing);
    g_assert_cmpint(writing.status, ==, REMEX_DEADLINE_EXCEEDED);
    g_assert_cmpuint(writing.written, >, 0);
    g_assert_cmpuint(writing.written, <, writing.size);

    gate_open(&gate);
    transcript_init(&story);
    story.verify = true;
    transcript_follow_until(
            &story, writing.process, REMEX_STDOUT, writing.written);
    g_assert_cmpint(close_stdin(writing.process), ==, REMEX_OK);
    transcript_follow(&story, writing.process);
    g_assert_cmpuint(story.bytes[0], ==, writing.written);
    transcript_deinit(&story);
    remex_process_free(writing.process);
    gate_deinit(&gate);
    g_free(script);
    remex_client_free(client);
}

/* Starts `count` processes one after the other, each to its end. */
static void run_others(struct remex_client *client, int count)
{
    for (int i = 0; i < count; i++) {
        struct remex_process *other = remote_shell(client, "echo x");
        struct transcript story;

        transcript_init(&story);
        transcript_follow(&story, other);
        transcript_check_exit(&story, 0);
        transcript_deinit(&story);
        remex_process_free(other);
    }
}

static void a_child_that_never_reads_delays_nobody(void)
{
    struct remex_client *client = remote_connect();
    struct writing writing = { .process = start_with_stdin(
                                       client, "echo up; exec sleep 1000"),
        .size = 64 * MIB,
        .timeout_ms = REMEX_FOREVER };
    GThread *thread = g_thread_new("writer", write_pattern, &writing);
    gint64 before = g_get_monotonic_time();
    struct transcript story;
    bool running = false;

    transcript_init(&story);
    transcript_follow_until(&story, writing.process, REMEX_STDOUT, 3);
    run_others(client, 20);
    g_assert_cmpint(remex_process_terminate(writing.process, &running, NULL),
            ==, REMEX_OK);
    g_assert_true(running);
    g_assert_cmpint(g_get_monotonic_time() - before, <, 10 * G_USEC_PER_SEC);
    g_thread_join(thread); /* the end of the process ends the write */
    g_assert_cmpint(writing.status, ==, REMEX_FAILED_PRECONDITION);
    g_assert_cmpuint(writing.written, <, writing.size);
    transcript_follow(&story, writing.process);
    transcript_deinit(&story);
    remex_process_free(writing.process);
    remex_client_free(client);
}

static void a_child_may_close_its_stdin(void)
{
    struct remex_client *client = remote_connect();
    struct gate gate;
    char *script;
    struct writing writing = { .size = 64 * MIB, .timeout_ms = MINUTE_MS };
    struct transcript story;

    gate_init(&gate);
    script = g_strdup_printf(
            "exec 0<&-; echo closed; read line <%s; echo on", gate.path);
    writing.process = start_with_stdin(client, script);
    transcript_init(&story);
    transcript_follow_until(
            &story, writing.process, REMEX_STDOUT, strlen("closed\n"));
    write_pattern(&writing);
    g_assert_cmpint(writing.status, ==, REMEX_FAILED_PRECONDITION);
    gate_open(&gate);
    transcript_follow(&story, writing.process);
    transcript_check_text(&story, REMEX_STDOUT, "closed\non\n");
    transcript_check_exit(&story, 0);
    transcript_deinit(&story);
    remex_process_free(writing.process);
    gate_deinit(&gate);
    g_free(script);
    remex_client_free(client);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/stdin", bytes_come_back_from_cat_as_they_went);
    SUITE_ADD("/stdin", the_end_comes_after_what_was_written);
    SUITE_ADD("/stdin", closing_again_is_harmless_and_writing_is_refused);
    SUITE_ADD("/stdin", who_asked_for_no_stdin_has_none);
    SUITE_ADD("/stdin", a_write_out_of_time_says_what_was_taken);
    SUITE_ADD("/stdin", a_child_that_never_reads_delays_nobody);
    SUITE_ADD("/stdin", a_child_may_close_its_stdin);
    return g_test_run();
}
