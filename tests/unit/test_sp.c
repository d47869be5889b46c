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

static void greet(struct sp_reader *reader)
{
    uint8_t hello[SP_HELLO_BYTES];

    sp_reader_init(reader, SP_REQ, MAX_MESSAGE);
    sp_put_hello(hello, SP_REQ);
    g_assert_cmpint(feed_all(reader, hello, sizeof(hello)), ==, SP_HELLO);
}

static void messages_come_whole_in_whatever_pieces(void)
{
    uint8_t bytes[SP_HELLO_BYTES + 3 * SP_LENGTH_BYTES + 3 + 0 + MAX_MESSAGE];
    uint8_t *at = bytes;

    sp_put_hello(at, SP_REQ);
    at += SP_HELLO_BYTES;
    sp_put_length(at, 3);
    memcpy(at + SP_LENGTH_BYTES, "abc", 3);
    at += SP_LENGTH_BYTES + 3;
    sp_put_length(at, 0);
    at += SP_LENGTH_BYTES;
    sp_put_length(at, MAX_MESSAGE);
    memset(at + SP_LENGTH_BYTES, 'x', MAX_MESSAGE);

    for (size_t piece = 1; piece <= sizeof(bytes); piece++) {
        static const size_t sizes[] = { 3, 0, MAX_MESSAGE };
        struct sp_reader reader;
        enum sp_progress progress;
        size_t used;

        sp_reader_init(&reader, SP_REQ, MAX_MESSAGE);
        used = feed(&reader, bytes, sizeof(bytes), piece, &progress);
        g_assert_cmpint(progress, ==, SP_HELLO);
        for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
            uint8_t *message;
            size_t size;

            used += feed(&reader, bytes + used, sizeof(bytes) - used, piece,
                    &progress);
            g_assert_cmpint(progress, ==, SP_MESSAGE);
            message = sp_reader_take(&reader, &size);
            g_assert_cmpuint(size, ==, sizes[i]);
            g_assert_true(size == 0 || message[0] == (i == 0 ? 'a' : 'x'));
            free(message);
        }
        g_assert_cmpuint(used, ==, sizeof(bytes));
        sp_reader_deinit(&reader);
    }
}

static void who_does_not_speak_sp_is_refused(void)
{
    for (size_t i = 0; i < SP_HELLO_BYTES; i++) {
        uint8_t hello[SP_HELLO_BYTES];
        struct sp_reader reader;

        sp_put_hello(hello, SP_REQ);
        hello[i] ^= 1;
        sp_reader_init(&reader, SP_REQ, MAX_MESSAGE);
        g_assert_cmpint(
                feed_all(&reader, hello, sizeof(hello)), ==, SP_REFUSED);
    }
}

static void what_is_too_long_is_refused_before_it_comes(void)
{
    static const uint64_t lengths[] = { MAX_MESSAGE + 1, UINT32_MAX,
        UINT64_C(1) << 32, INT64_MAX, UINT64_MAX };

    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
        uint8_t length[SP_LENGTH_BYTES];
        struct sp_reader reader;

        greet(&reader);
        sp_put_length(length, lengths[i]);
        g_assert_cmpint(
                feed_all(&reader, length, sizeof(length)), ==, SP_REFUSED);
    }
}

static void without_memory_it_says_so(void)
{
    uint8_t length[SP_LENGTH_BYTES];
    struct sp_reader reader;

    greet(&reader);
    sp_put_length(length, 7);
    fault_fail_allocation(1);
    g_assert_cmpint(
            feed_all(&reader, length, sizeof(length)), ==, SP_NO_MEMORY);
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
    SUITE_ADD("/sp", without_memory_it_says_so);
    SUITE_ADD("/sp", the_way_back_ends_at_the_highest_bit);
    return g_test_run();
}
