/* SPDX-License-Identifier: Apache-2.0 */
#include "support/echo.h"

#include <glib.h>

#include "support/remote.h"
#include "support/transcript.h"

enum { PATIENCE_MS = 30 * 1000 };

void echo_init(struct echo *echo, struct remex_client *client)
{
    struct remex_process_options options = remote_with_stdin();

    *echo = (struct echo){ .client = client };
    echo->cat = remote_start(client, REMOTE_ARGV("cat"), &options);
    echo_check(echo);
}

void echo_check(struct echo *echo)
{
    static const char word[] = "still here\n";
    struct remex_event event;
    size_t written;

    g_assert_cmpint(remex_process_write(echo->cat, word, sizeof(word),
                            PATIENCE_MS, &written, NULL),
            ==, REMEX_OK);
    echo->told += written;
    do {
        g_assert_cmpint(
                remex_process_next_event(echo->cat, PATIENCE_MS, &event), ==,
                REMEX_OK);
        g_assert_cmpint(event.kind, ==, REMEX_EVENT_OUTPUT);
    } while (event.output.offset + event.output.data.size < echo->told);
}

void echo_deinit(struct echo *echo)
{
    remex_process_free(echo->cat);
}

void echo_leave(struct echo *echo)
{
    echo_deinit(echo);
    remex_client_free(echo->client);
}

void echo_once(struct remex_process *cat)
{
    struct transcript story;

    g_assert_cmpint(
            remex_process_write(cat, "on\n", 3, PATIENCE_MS, NULL, NULL), ==,
            REMEX_OK);
    g_assert_cmpint(remex_process_close_stdin(cat, NULL), ==, REMEX_OK);
    transcript_init(&story);
    transcript_follow(&story, cat);
    transcript_check_text(&story, REMEX_STDOUT, "on\n");
    transcript_check_exit(&story, 0);
    transcript_deinit(&story);
}
