/* SPDX-License-Identifier: Apache-2.0 */
#include "support/both_ways.h"

#include <string.h>

#include "support/children/pattern.h"
#include "support/remote.h"

#define PIECE_BYTES 100000 /* no power of two, to be cut anywhere */

static void *feed(void *data)
{
    const struct both_ways *both = data;
    uint8_t *piece = g_malloc(PIECE_BYTES);
    struct remex_error error;

    for (uint64_t at = 0; at < both->size;) {
        size_t size = (size_t)MIN(both->size - at, PIECE_BYTES);
        size_t written;

        pattern_fill(piece, size, at);
        if (remex_process_write(both->process, piece, size, REMEX_FOREVER,
                    &written, &error) != REMEX_OK)
            g_error("after %zu of %zu: %s", written, size, error.text);
        g_assert_cmpuint(written, ==, size);
        at += size;
    }
    if (remex_process_close_stdin(both->process, &error) != REMEX_OK)
        g_error("cannot close stdin: %s", error.text);
    g_free(piece);
    return NULL;
}

void both_ways_begin(
        struct both_ways *both, struct remex_client *client, uint64_t size)
{
    struct remex_process_options options = remote_with_stdin();

    both->process = remote_start(client, REMOTE_ARGV("cat"), &options);
    both->size = size;
    transcript_init(&both->story);
    both->story.verify = true;
    both->feeder = g_thread_new("feed", feed, both);
}

void both_ways_reach(struct both_ways *both, uint64_t bytes)
{
    transcript_follow_until(&both->story, both->process, REMEX_STDOUT, bytes);
}

void both_ways_end(struct both_ways *both)
{
    transcript_follow(&both->story, both->process);
    g_thread_join(both->feeder);
    transcript_check_exit(&both->story, 0);
    g_assert_null(strpbrk(both->story.order->str, "GF"));
    g_assert_cmpuint(both->story.bytes[0], ==, both->size);
    transcript_deinit(&both->story);
    remex_process_free(both->process);
}
