/* SPDX-License-Identifier: Apache-2.0 */
#include "common/sp.h"

#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "support/fault.h"
#include "support/suite.h"

#define MAX_MESSAGE 100

/* Gives the reader `size` bytes, at most `piece` at a time, until something has
 * come; how many it took. */
static size_t feed(struct sp_reader *reader, const uint8_t *bytes, size_t size,
        size_t piece, enum sp_progress *out)
{
    size_t used = 0;

    *out = SP_MORE;
    while (used < size && *out == SP_MORE) {
        void *data;
        size_t room;

        sp_reader_room(reader, &data, &room);
        room = MIN(MIN(room, piece), size - used);
        memcpy(data, bytes + used, room);
        used += room;
        *out = sp_reader_took(reader, room);
    }
    return used;
}

static enum sp_progress feed_all(
        struct sp_reader *reader, const uint8_t *bytes, size_t size)
{
    enum sp_progress progress;

    g_assert_cmpuint(feed(reader, bytes, size, size, &progress), ==, size);
    return progress;
}

static const enum sp_framing framings[] = { SP_PLAIN, SP_IPC };

static void greet(struct sp_reader *reader, enum sp_framing framing)
{
    uint8_t hello[SP_HELLO_BYTES];

    sp_reader_init(reader, framing, SP_REQ, MAX_MESSAGE);
    sp_put_hello(hello, SP_REQ);
    g_assert_cmpint(feed_all(reader, hello, sizeof(hello)), ==, SP_HELLO);
}

static uint8_t *put_message(
        uint8_t *at, enum sp_framing framing, char filling, size_t size)
{
    at += sp_put_head(at, framing, size);
    memset(at, filling, size);
    return at + size;
}

static void check_pieces(enum sp_framing framing, const uint8_t *bytes,
        size_t bytes_size, size_t piece)
{
    static const size_t sizes[] = { 3, 0, MAX_MESSAGE };
    struct sp_reader reader;
    enum sp_progress progress;
    size_t used;

    sp_reader_init(&reader, framing, SP_REQ, MAX_MESSAGE);
    used = feed(&reader, bytes, bytes_size, piece, &progress);
    g_assert_cmpint(progress, ==, SP_HELLO);
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        uint8_t *message;
        size_t size;

        used += feed(
                &reader, bytes + used, bytes_size - used, piece, &progress);
        g_assert_cmpint(progress, ==, SP_MESSAGE);
        message = sp_reader_take(&reader, &size);
        g_assert_cmpuint(size, ==, sizes[i]);
        g_assert_true(size == 0 || message[0] == (i == 0 ? 'a' : 'x'));
        free(message);
    }
    g_assert_cmpuint(used, ==, bytes_size);
    sp_reader_deinit(&reader);
}

static void messages_come_whole_in_whatever_pieces(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(framings); i++) {
        uint8_t bytes[SP_HELLO_BYTES + 3 * SP_MAX_HEAD_BYTES + 3 + MAX_MESSAGE];
        uint8_t *at = bytes + SP_HELLO_BYTES;

        sp_put_hello(bytes, SP_REQ);
        at = put_message(at, framings[i], 'a', 3);
        at = put_message(at, framings[i], 'b', 0);
        at = put_message(at, framings[i], 'x', MAX_MESSAGE);
        for (size_t piece = 1; piece <= sizeof(bytes); piece++)
            check_pieces(framings[i], bytes, (size_t)(at - bytes), piece);
    }
}

static void who_does_not_speak_sp_is_refused(void)
{
    for (size_t i = 0; i < SP_HELLO_BYTES; i++) {
        uint8_t hello[SP_HELLO_BYTES];
        struct sp_reader reader;

        sp_put_hello(hello, SP_REQ);
        hello[i] ^= 1;
        sp_reader_init(&reader, SP_IPC, SP_REQ, MAX_MESSAGE);
        g_assert_cmpint(
                feed_all(&reader, hello, sizeof(hello)), ==, SP_REFUSED);
    }
}

static void what_is_too_long_is_refused_before_it_comes(void)
{
    static const uint64_t lengths[] = { MAX_MESSAGE + 1, UINT32_MAX,
        UINT64_C(1) << 32, INT64_MAX, UINT64_MAX };

    for (size_t i = 0; i < 2 * G_N_ELEMENTS(lengths); i++) {
        enum sp_framing framing = framings[i % 2];
        uint8_t head[SP_MAX_HEAD_BYTES];
        size_t size = sp_put_head(head, framing, lengths[i / 2]);
        struct sp_reader reader;

        greet(&reader, framing);
        g_assert_cmpint(feed_all(&reader, head, size), ==, SP_REFUSED);
    }
}

static void over_ipc_messages_are_of_one_kind(void)
{
    for (unsigned int kind = 0; kind <= UINT8_MAX; kind++) {
        uint8_t head[SP_MAX_HEAD_BYTES];
        size_t size = sp_put_head(head, SP_IPC, 7);
        struct sp_reader reader;

        head[0] = (uint8_t)kind;
        greet(&reader, SP_IPC);
        g_assert_cmpint(feed_all(&reader, head, size), ==,
                kind == 1 ? SP_MORE : SP_REFUSED);
        sp_reader_deinit(&reader);
    }
}

static void without_memory_it_says_so(void)
{
    uint8_t head[SP_MAX_HEAD_BYTES];
    size_t size = sp_put_head(head, SP_PLAIN, 7);
    struct sp_reader reader;

    greet(&reader, SP_PLAIN);
    fault_fail_allocation(1);
    g_assert_cmpint(feed_all(&reader, head, size), ==, SP_NO_MEMORY);
    g_assert_true(fault_happened());
    sp_reader_deinit(&reader);
}

static void the_way_back_ends_at_the_highest_bit(void)
{
    uint8_t words[48] = { 0 };

    g_assert_cmpuint(sp_way_back(words, 0), ==, 0);
    g_assert_cmpuint(sp_way_back(words, sizeof(words)), ==, 0);
    words[0] = 0x80;
    g_assert_cmpuint(sp_way_back(words, 3), ==, 0);
    g_assert_cmpuint(sp_way_back(words, 4), ==, 4);
    words[0] = 0;
    words[8] = 0xff;
    g_assert_cmpuint(sp_way_back(words, sizeof(words)), ==, 12);
    words[8] = 0;
    words[32] = 0x80;
    g_assert_cmpuint(sp_way_back(words, sizeof(words)), ==, SP_MAX_WAY_BACK);
    words[32] = 0;
    words[36] = 0x80; /* came a longer way than anybody goes */
    g_assert_cmpuint(sp_way_back(words, sizeof(words)), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/sp", messages_come_whole_in_whatever_pieces);
    SUITE_ADD("/sp", who_does_not_speak_sp_is_refused);
    SUITE_ADD("/sp", what_is_too_long_is_refused_before_it_comes);
    SUITE_ADD("/sp", over_ipc_messages_are_of_one_kind);
    SUITE_ADD("/sp", without_memory_it_says_so);
    SUITE_ADD("/sp", the_way_back_ends_at_the_highest_bit);
    return g_test_run();
}
