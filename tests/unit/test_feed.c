/* SPDX-License-Identifier: Apache-2.0 */
#include "client/feed.h"

#include <string.h>

#include <glib.h>

#include "support/suite.h"

static const char text[] = "0123456789";

/* A write of the text, with or without the end behind it. */
struct writing {
    struct handle handle;
    struct call call;
    struct feed feed;
};

static void begin(struct writing *writing, bool eof)
{
    handle_init(&writing->handle, 1, "p", 1, 4096, 4096);
    feed_init(&writing->feed, &writing->handle, &writing->call);
    writing->feed.data = (const uint8_t *)text;
    writing->feed.size = 10;
    writing->feed.eof = eof;
    writing->feed.patient = true;
}

/* What is sent next: so many bytes from that offset on, and whether the end. */
static void check_sends(
        struct writing *writing, uint64_t offset, size_t size, bool eof)
{
    const struct request *request = &writing->call.request;

    writing->call.prepare(&writing->call, 100);
    g_assert_cmpuint(request->write.offset, ==, offset);
    g_assert_cmpuint(request->payload.size, ==, size);
    g_assert_true(request->write.eof == eof);
}

static enum remex_status answer(
        struct writing *writing, uint64_t next_offset, uint64_t room, bool eof)
{
    struct reply reply = { .method = METHOD_WRITE,
        .write = { .outcome = WRITE_ACCEPTED,
                .next_offset = next_offset,
                .room = room,
                .eof = eof } };

    return writing->call.replied(&writing->call, &reply);
}

static void finish(struct writing *writing)
{
    feed_over(&writing->feed);
    handle_deinit(&writing->handle);
}

static void what_was_not_taken_is_sent_again(void)
{
    struct writing writing;

    begin(&writing, false);
    check_sends(&writing, 0, 10, false);
    g_assert_cmpint(answer(&writing, 4, 0, false), ==, REMEX_AGAIN);
    g_assert_true(writing.call.waits);
    check_sends(&writing, 4, 6, false);
    g_assert_true(memcmp(writing.call.request.payload.data, "456789", 6) == 0);
    g_assert_cmpint(answer(&writing, 10, 0, false), ==, REMEX_OK);
    g_assert_cmpuint(writing.feed.taken, ==, 10);
    finish(&writing);
    g_assert_false(writing.handle.stdin_ended);
}

/* All bytes taken is not the end taken. */
static void the_end_is_sent_until_it_is_taken(void)
{
    struct writing writing;

    begin(&writing, true);
    check_sends(&writing, 0, 10, true);
    g_assert_cmpint(answer(&writing, 10, 90, false), ==, REMEX_AGAIN);
    check_sends(&writing, 10, 0, true);
    g_assert_cmpint(answer(&writing, 10, 90, true), ==, REMEX_OK);
    finish(&writing);
    g_assert_true(writing.handle.stdin_ended);
}

/* Then an empty write asks, and nothing is sent twice. */
static void who_is_unsure_asks_first(void)
{
    struct writing writing;

    begin(&writing, true);
    writing.handle.stdin_unsure = true;
    writing.handle.stdin_offset = 3;
    check_sends(&writing, 3, 0, false);
    g_assert_cmpint(answer(&writing, 7, 90, false), ==, REMEX_AGAIN);
    check_sends(&writing, 7, 10, true);
    g_assert_cmpint(answer(&writing, 17, 80, true), ==, REMEX_OK);
    g_assert_cmpuint(writing.feed.taken, ==, 10);
    finish(&writing);
}

static void an_offset_that_cannot_be_is_refused(void)
{
    struct writing writing;

    begin(&writing, false);
    check_sends(&writing, 0, 10, false);
    g_assert_cmpint(answer(&writing, 11, 90, false), ==, REMEX_PROTOCOL_ERROR);
    finish(&writing);
    begin(&writing, false);
    writing.handle.stdin_offset = 5;
    check_sends(&writing, 5, 10, false);
    g_assert_cmpint(answer(&writing, 4, 90, false), ==, REMEX_PROTOCOL_ERROR);
    finish(&writing);
}

static void who_has_no_patience_does_not_wait_for_room(void)
{
    struct writing writing;

    begin(&writing, false);
    writing.feed.patient = false;
    check_sends(&writing, 0, 10, false);
    g_assert_cmpint(answer(&writing, 4, 0, false), ==, REMEX_OK);
    g_assert_cmpuint(writing.feed.taken, ==, 4);
    finish(&writing);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/feed", what_was_not_taken_is_sent_again);
    SUITE_ADD("/feed", the_end_is_sent_until_it_is_taken);
    SUITE_ADD("/feed", who_is_unsure_asks_first);
    SUITE_ADD("/feed", an_offset_that_cannot_be_is_refused);
    SUITE_ADD("/feed", who_has_no_patience_does_not_wait_for_room);
    return g_test_run();
}
