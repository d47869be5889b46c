/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Processes with a terminal, as a program with a screen of its own sees them.
 */

#include <signal.h>
#include <string.h>

#include <glib.h>

#include "support/children/pattern.h"
#include "support/remote.h"
#include "support/suite.h"
#include "support/transcript.h"

#define MINUTE_MS (60 * 1000)
#define MIB ((size_t)1024 * 1024)

/* A client, one process with a terminal, and what it said. */
struct screen {
    struct remex_client *client;
    struct remex_process *process;
    struct transcript story;
};

static void screen_open(struct screen *screen, const char *script)
{
    const struct remex_pty_options pty = { 30, 100, "vt100" };
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);

    options.pty = &pty;
    screen->client = remote_connect();
    screen->process = remote_start(
            screen->client, REMOTE_ARGV("/bin/sh", "-c", script), &options);
    transcript_init(&screen->story);
}

static void screen_close(struct screen *screen)
{
    transcript_deinit(&screen->story);
    remex_process_free(screen->process);
    remex_client_free(screen->client);
}

/* The screen says this, and so far nothing else. */
static void screen_shows(struct screen *screen, const char *text)
{
    transcript_follow_until(
            &screen->story, screen->process, REMEX_TERMINAL, strlen(text));
    transcript_check_text(&screen->story, REMEX_TERMINAL, text);
}

static void screen_type(struct screen *screen, const void *data, size_t size)
{
    size_t written;

    g_assert_cmpint(remex_process_write(screen->process, data, size, MINUTE_MS,
                            &written, NULL),
            ==, REMEX_OK);
    g_assert_cmpuint(written, ==, size);
}

/* All that it ever said, how it exited, and how its one stream ended. */
static void screen_ends(struct screen *screen, const char *text, int code,
        enum remex_stream_end_kind kind)
{
    transcript_follow(&screen->story, screen->process);
    transcript_check_text(&screen->story, REMEX_TERMINAL, text);
    g_assert_false(screen->story.exit.by_signal);
    g_assert_cmpint(screen->story.exit.code, ==, code);
    g_assert_cmpuint(screen->story.ending.closed.count, ==, 1);
    g_assert_cmpint(
            screen->story.ending.closed.ends[0].stream, ==, REMEX_TERMINAL);
    g_assert_cmpint(screen->story.ending.closed.ends[0].kind, ==, kind);
}

static void size_and_kind_are_as_asked(void)
{
    struct screen screen;

    screen_open(&screen, "stty size; echo $TERM; test -t 0 && test -t 2");
    screen_ends(&screen, "30 100\r\nvt100\r\n", 0, REMEX_END_EOF);
    screen_close(&screen);
}

static void a_new_size_is_seen(void)
{
    struct screen screen;

    screen_open(&screen,
            "trap 'stty size; exit 4' WINCH; echo ready;"
            "while :; do sleep 0.01; done");
    screen_shows(&screen, "ready\r\n");
    g_assert_cmpint(
            remex_process_resize(screen.process, 50, 132, NULL), ==, REMEX_OK);
    screen_ends(&screen, "ready\r\n50 132\r\n", 4, REMEX_END_EOF);
    g_assert_cmpint(remex_process_resize(screen.process, 1, 1, NULL), ==,
            REMEX_FAILED_PRECONDITION);
    screen_close(&screen);
}

static void a_typed_interrupt_is_told_as_a_death_by_signal(void)
{
    struct screen screen;

    screen_open(&screen, "stty -echo; echo ready; exec sleep 1000");
    screen_shows(&screen, "ready\r\n");
    screen_type(&screen, "\3", 1);
    transcript_follow(&screen.story, screen.process);
    g_assert_true(screen.story.exit.by_signal);
    g_assert_cmpint(screen.story.exit.code, ==, SIGINT);
    screen_close(&screen);
}

static void a_closed_stdin_is_an_end_of_file(void)
{
    struct screen screen;

    screen_open(&screen, "stty -echo; echo ready; exec cat");
    screen_shows(&screen, "ready\r\n");
    screen_type(&screen, "line\nand half", 13);
    g_assert_cmpint(
            remex_process_close_stdin(screen.process, NULL), ==, REMEX_OK);
    screen_ends(&screen, "ready\r\nline\r\nand half", 0, REMEX_END_EOF);
    screen_close(&screen);
}

static void descendants_hang_up_when_the_leader_ends(void)
{
    struct screen screen;

    screen_open(&screen,
            "stty -echo; (exec 2>/dev/null; trap 'echo hung up; exit' HUP; "
            "echo ready;"
            "while :; do sleep 0.01; done) & read line");
    screen_shows(&screen, "ready\r\n");
    screen_type(&screen, "\n", 1);
    screen_ends(&screen, "ready\r\nhung up\r\n", 0, REMEX_END_EOF);
    screen_close(&screen);
}

/* As an editor reads keys: each at once, none changed, also those that a
 * terminal otherwise takes for itself. */
static void keys_arrive_raw_and_one_by_one(void)
{
    static const char keys[] = "\3\4\32\33[A\r\n\177\0\377";
    char shown[sizeof(keys)] = { 0 };
    struct screen screen;
    size_t ready = strlen("ready");

    screen_open(&screen,
            "stty raw -echo; printf ready; exec dd bs=1 count=11 2>/dev/null");
    screen_shows(&screen, "ready");
    for (size_t i = 0; i + 1 < sizeof(keys); i++) {
        screen_type(&screen, &keys[i], 1);
        transcript_follow_until(
                &screen.story, screen.process, REMEX_TERMINAL, ready + i + 1);
    }
    transcript_follow(&screen.story, screen.process);
    g_assert_cmpint(screen.story.exit.code, ==, 0);
    memcpy(shown, screen.story.streams[REMEX_TERMINAL - 1]->data + ready,
            sizeof(keys) - 1);
    g_assert_true(memcmp(shown, keys, sizeof(keys)) == 0);
    screen_close(&screen);
}

static void *type_pattern(void *data)
{
    uint8_t *pattern = g_malloc(MIB);

    pattern_fill(pattern, MIB, 0);
    screen_type(data, pattern, MIB);
    g_free(pattern);
    return NULL;
}

static void a_mebibyte_in_raw_mode_comes_back_exactly(void)
{
    static const char ready[] = "ready";
    uint8_t *pattern = g_malloc(MIB);
    const GByteArray *shown;
    struct screen screen;
    GThread *thread;

    pattern_fill(pattern, MIB, 0);
    screen_open(&screen, "stty raw -echo; printf ready; exec head -c 1048576");
    screen_shows(&screen, ready);
    thread = g_thread_new("typist", type_pattern, &screen);
    transcript_follow(&screen.story, screen.process);
    g_thread_join(thread);
    shown = screen.story.streams[REMEX_TERMINAL - 1];
    g_assert_cmpuint(shown->len, ==, MIB + strlen(ready));
    g_assert_true(memcmp(shown->data + strlen(ready), pattern, MIB) == 0);
    screen_close(&screen);
    g_free(pattern);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/pty", size_and_kind_are_as_asked);
    SUITE_ADD("/pty", a_new_size_is_seen);
    SUITE_ADD("/pty", a_typed_interrupt_is_told_as_a_death_by_signal);
    SUITE_ADD("/pty", a_closed_stdin_is_an_end_of_file);
    SUITE_ADD("/pty", descendants_hang_up_when_the_leader_ends);
    SUITE_ADD("/pty", keys_arrive_raw_and_one_by_one);
    SUITE_ADD("/pty", a_mebibyte_in_raw_mode_comes_back_exactly);
    return g_test_run();
}
