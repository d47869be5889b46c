/* SPDX-License-Identifier: Apache-2.0 */
#include "client/status_copy.h"

#include <string.h>

#include <glib.h>

#include "common/text.h"
#include "support/suite.h"

/* What a user gets of it; yours to free with g_free(). */
static struct remex_process_status *copy(const struct inspect_reply *from)
{
    size_t size = status_copy_size(from);
    struct remex_process_status *out = g_malloc(sizeof(*out) + size);

    status_copy(from, out + 1, out);
    return out;
}

static void check_id(struct remex_bytes id, const char *expected)
{
    struct inspect_reply reply = { .process.process_id = id };
    struct remex_process_status *out = copy(&reply);

    g_assert_cmpstr(out->id, ==, expected);
    g_free(out);
}

/* An id is whatever bytes its maker chose, and a user's string is to show it.
 */
static void an_id_that_is_no_text_is_escaped(void)
{
    check_id(text_bytes("build-7"), "build-7");
    check_id(text_bytes("b\xc3\xa4r"), "b\xc3\xa4r");
    check_id(text_bytes("a\\b"), "a\\b");
    check_id((struct remex_bytes){ "a\0b", 3 }, "a\\x00b");
    check_id(text_bytes("a\nb\\"), "a\\x0ab\\x5c");
    check_id(text_bytes("\x7f"), "\\x7f");
    check_id(text_bytes("\xff\xc3\xa4"), "\\xff\\xc3\\xa4");
}

static void check_owner_loss(
        enum owner_loss from, enum remex_owner_loss expected)
{
    struct inspect_reply reply = { .process.owner_loss = from };
    struct remex_process_status *out = copy(&reply);

    g_assert_cmpint(out->owner_loss, ==, expected);
    g_free(out);
}

static void what_becomes_of_it_without_its_owner_is_told(void)
{
    check_owner_loss(OWNER_LOSS_KILL, REMEX_OWNER_LOSS_KILL);
    check_owner_loss(OWNER_LOSS_KEEP, REMEX_OWNER_LOSS_KEEP);
    check_owner_loss(OWNER_LOSS_TERMINATE, REMEX_OWNER_LOSS_TERMINATE);
}

static void check_stream(const struct remex_stream_options *options,
        enum remex_capture capture, enum remex_delivery delivery,
        enum remex_no_follower no_follower)
{
    g_assert_cmpint(options->capture, ==, capture);
    g_assert_cmpint(options->delivery, ==, delivery);
    g_assert_cmpint(options->no_follower, ==, no_follower);
}

static void a_streams_choices_are_told(void)
{
    struct inspect_reply reply = { .process.stream_count = 2 };
    struct stream_status *streams = reply.process.streams;
    struct remex_process_status *out;

    streams[0].stream = REMEX_STDOUT;
    streams[0].spec = (struct stream_spec){ .capture = CAPTURE_PIPE,
        .delivery = DELIVERY_RELIABLE,
        .no_follower = NO_FOLLOWER_HOLD,
        .retention = RETENTION_CHUNKS,
        .retention_amount = 5 };
    streams[1].stream = REMEX_STDERR;
    streams[1].spec = (struct stream_spec){ .capture = CAPTURE_DISCARD,
        .delivery = DELIVERY_LOSSY,
        .no_follower = NO_FOLLOWER_DRAIN,
        .retention = RETENTION_NONE };
    out = copy(&reply);
    g_assert_cmpuint(out->stream_count, ==, 2);
    check_stream(&out->streams[0].options, REMEX_CAPTURE_PIPE,
            REMEX_DELIVERY_RELIABLE, REMEX_NO_FOLLOWER_HOLD);
    g_assert_cmpint(out->streams[0].options.retention, ==, REMEX_RETAIN_CHUNKS);
    g_assert_cmpuint(out->streams[0].options.retention_amount, ==, 5);
    check_stream(&out->streams[1].options, REMEX_CAPTURE_DISCARD,
            REMEX_DELIVERY_LOSSY, REMEX_NO_FOLLOWER_DRAIN);
    g_assert_cmpint(out->streams[1].options.retention, ==, REMEX_RETAIN_NONE);
    g_free(out);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/status_copy", an_id_that_is_no_text_is_escaped);
    SUITE_ADD("/status_copy", what_becomes_of_it_without_its_owner_is_told);
    SUITE_ADD("/status_copy", a_streams_choices_are_told);
    return g_test_run();
}
